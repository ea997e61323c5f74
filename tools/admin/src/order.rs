//! Carrying out a command.

use std::fmt;

use domain::audit::Act;
use domain::ids::{SchoolId, UserId};
use domain::job::Job;
use domain::money::Pence;
use domain::notice::Notice;
use domain::routing::{Routing, VoiceCalling};
use domain::settings::{Prices, Settings};
use runtime::{Ids, Queue, QueueName, hash_password};
use store::{Access, ApiToken, Mint, OneTimeKind, Store, User};

use crate::arguments::{Command, FirstSignIn, NewKey, NewSchool};
use crate::found::{FoundError, by_operator, create_key, create_school, reset_second_factor, school_of};
use crate::verify::{Report, verify_audit};

/// The result of a command: lines of a word and a value, for the terminal and for scripts. Holds secrets that nobody
/// can be told again, so it is printed once and never logged.
pub struct Outcome(Vec<(&'static str, String)>);

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(word, value)| writeln!(f, "{word:<9} {value}"))
    }
}

/// How long a printed link works, in milliseconds: as long as one that is mailed.
const LINK_MS: i64 = 7 * 24 * 3_600_000;
/// Where the product is, unless it is said: on this machine.
const LOCAL_URL: &str = "http://127.0.0.1:8080";

/// Carries out a command at `now_ms` milliseconds since 1970. Mail goes by `queue`; where there is none, what it would
/// say is printed. `anchors` are those of
/// the school whose log is checked.
pub async fn run(
    store: &Store,
    ids: &Ids,
    now_ms: i64,
    queue: Option<&dyn Queue>,
    command: Command,
    anchors: &[Vec<u8>],
) -> Result<Outcome, FoundError> {
    match command {
        Command::VerifyAudit(to) => {
            let report = verify_audit(store, to.school, anchors, now_ms).await?;
            if report.rows == 0 && report.head == 0 && report.anchors == 0 {
                // A mistyped id looks like a school whose log is gone.
                school_of(store, to.school).await?;
            }
            verified(report)
        }
        Command::CreateSchool(school) => new_school(store, ids, now_ms, queue, *school).await,
        Command::CreateKey(key) => new_key(store, ids, now_ms, &key).await,
        Command::ResetSecondFactor(username) => {
            reset_second_factor(store, now_ms, &username).await?;
            Ok(Outcome(vec![("username", username)]))
        }
    }
}

async fn new_school(
    store: &Store,
    ids: &Ids,
    now_ms: i64,
    queue: Option<&dyn Queue>,
    new: NewSchool,
) -> Result<Outcome, FoundError> {
    let id = SchoolId::new(ids.ulid(now_ms));
    // 80 bits, in groups that can be read out.
    let password = [(); 4].map(|()| hex::encode(ids.bytes::<3>())[..5].to_owned()).join("-");
    let user = User {
        id: UserId::new(ids.ulid(now_ms)),
        password_hash: match new.first {
            FirstSignIn::Link => String::new(),
            FirstSignIn::Password => {
                hash_password(&password, ids.bytes()).map_err(|e| FoundError::Password(e.to_string()))?
            }
        },
        username: new.username.clone(),
        email: new.email.clone(),
        forename: new.forename.clone(),
        surname: new.surname.clone(),
        created_ms: now_ms,
        account: store::Account::default(),
        schools: Vec::new(),
    };
    create_school(store, id, &settings(&new), &user, now_ms).await?;
    if new.first == FirstSignIn::Link {
        // In the log before it is out.
        let sent = by_operator(Act::PasswordLinkSent, user.id.to_string(), Vec::new());
        store.school(Access::of_operator(id)).audit().record(&sent, now_ms).await?;
    }
    let way_in = match (new.first, queue) {
        (FirstSignIn::Password, _) => ("password", password),
        (FirstSignIn::Link, Some(queue)) => mailed(queue, id, &user).await?,
        (FirstSignIn::Link, None) => ("link", link(store, ids, now_ms, id, &user, new.url.as_deref()).await?),
    };
    Ok(Outcome(vec![("school", id.to_string()), ("username", user.username), way_in]))
}

/// Has the link mailed by the product itself.
async fn mailed(
    queue: &dyn Queue,
    school: SchoolId,
    user: &User,
) -> Result<(&'static str, String), FoundError> {
    let job = Job::Notify { school, notice: Notice::Welcome { user: user.id } };
    queue
        .send(QueueName::Emergency, vec![(job, 0)])
        .await
        .map_err(|e| FoundError::NotMailed(e.to_string()))?;
    Ok(("mailed", user.email.to_string()))
}

/// A link to set a first password, as it would be mailed.
async fn link(
    store: &Store,
    ids: &Ids,
    now_ms: i64,
    school: SchoolId,
    user: &User,
    url: Option<&str>,
) -> Result<String, FoundError> {
    let secret = ids.secret();
    let kind = OneTimeKind::Password;
    let mint = Mint { user, kind, school, mailed_to: None, expires_ms: now_ms + LINK_MS };
    store.mint(&secret, mint).await?;
    Ok(format!("{}/password/{secret}", url.unwrap_or(LOCAL_URL)))
}

/// A new school's settings: what was not asked for is empty, costs nothing or is the most usual.
fn settings(new: &NewSchool) -> Settings {
    Settings {
        timezone: new.timezone.clone(),
        country: new.country,
        sms_sender: new.sms_sender.clone(),
        sms_header: String::new(),
        voice_caller: new.voice_caller.clone(),
        email_from_name: new.name.clone(),
        email_reply_to: new.reply_to.to_string(),
        routing: Routing::default(),
        voice_calling: VoiceCalling::default(),
        prices: Prices {
            sms_unit: Pence::default(),
            voice_minute: Pence::default(),
            email: Pence::default(),
        },
        head_teacher: String::new(),
        address: String::new(),
        phone: String::new(),
        ..Settings::new(&new.name)
    }
}

/// A log that is not whole is an error, so that a script notices.
fn verified(report: Report) -> Result<Outcome, FoundError> {
    if !report.broken.is_empty() {
        return Err(FoundError::AuditBroken(report.broken.join("\n  ")));
    }
    let anchored =
        report.anchored.unwrap_or_else(|| "never: only the head vouches for these rows".to_owned());
    Ok(Outcome(vec![
        ("audit", "whole".to_owned()),
        ("rows", report.rows.to_string()),
        ("anchors", report.anchors.to_string()),
        ("anchored", anchored),
    ]))
}

async fn new_key(store: &Store, ids: &Ids, now_ms: i64, new: &NewKey) -> Result<Outcome, FoundError> {
    let token = ApiToken::new(&hex::encode(ids.bytes::<8>()), &hex::encode(ids.bytes::<32>()))
        .ok_or_else(|| FoundError::Password("the key that was made is not one".to_owned()))?;
    create_key(store, new.school, &token, &new.name, &new.scopes, now_ms).await?;
    Ok(Outcome(vec![("key", token.reveal())]))
}
