//! Carrying out a command.

use std::fmt;

use api::auth::hash_password;
use domain::ids::{SchoolId, UserId};
use domain::money::Pence;
use domain::routing::{Routing, VoiceCalling};
use domain::settings::{Prices, Settings};
use runtime::Ids;
use store::{ApiToken, Store, User};

use crate::arguments::{Command, NewKey, NewSchool};
use crate::found::{FoundError, create_key, create_school, reset_second_factor};

/// What came of a command: lines of a word and a value, for the terminal and for scripts. Holds secrets that nobody can
/// be told again, so it is printed once and never logged.
pub struct Outcome(Vec<(&'static str, String)>);

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(word, value)| writeln!(f, "{word:<9} {value}"))
    }
}

/// Carries out a command at `now_ms` milliseconds since 1970.
pub async fn run(store: &Store, ids: &Ids, now_ms: i64, command: Command) -> Result<Outcome, FoundError> {
    match command {
        Command::CreateSchool(school) => new_school(store, ids, now_ms, *school).await,
        Command::CreateKey(key) => new_key(store, ids, now_ms, &key).await,
        Command::ResetSecondFactor(username) => {
            reset_second_factor(store, now_ms, &username).await?;
            Ok(Outcome(vec![("username", username)]))
        }
    }
}

async fn new_school(store: &Store, ids: &Ids, now_ms: i64, new: NewSchool) -> Result<Outcome, FoundError> {
    let id = SchoolId::new(ids.ulid(now_ms));
    // 80 bits, in groups that can be read out.
    let password = [(); 4].map(|()| hex::encode(ids.bytes::<3>())[..5].to_owned()).join("-");
    let user = User {
        id: UserId::new(ids.ulid(now_ms)),
        password_hash: hash_password(&password, ids.bytes())
            .map_err(|e| FoundError::Password(e.to_string()))?,
        username: new.username.clone(),
        email: new.email.clone(),
        forename: new.forename.clone(),
        surname: new.surname.clone(),
        created_ms: now_ms,
        account: store::Account::default(),
        schools: Vec::new(),
    };
    create_school(store, id, &settings(&new), &user).await?;
    Ok(Outcome(vec![("school", id.to_string()), ("username", user.username), ("password", password)]))
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

async fn new_key(store: &Store, ids: &Ids, now_ms: i64, new: &NewKey) -> Result<Outcome, FoundError> {
    let token = ApiToken::new(&hex::encode(ids.bytes::<8>()), &hex::encode(ids.bytes::<32>()))
        .ok_or_else(|| FoundError::Password("the key that was made is not one".to_owned()))?;
    create_key(store, new.school, &token, &new.name, &new.scopes, now_ms).await?;
    Ok(Outcome(vec![("key", token.reveal())]))
}
