//! E-mails and texts to staff: makes the one-time link or code, keeps its hash, sends it to the user's own address.
//!
//! A job that comes twice may write twice; the newer link or code is then the one that works. No receipt is waited for:
//! who got nothing asks again.

mod letters;

use channels::reference::NOTICE;
use domain::audit::{Act, AuditEvent};
use domain::channel::Channel;
use domain::delivery::Answer;
use domain::email::EmailAddress;
use domain::ids::{MessageId, UserId};
use domain::notice::Notice;
use domain::people::{Role, Standing};
use domain::phone::PhoneNumber;
use domain::settings::Settings;
use domain::texts::Rendered;
use store::{Access, Membership, Mint, OneTimeKind, School, StoreError, User};
use tracing::{info, warn};

use self::letters::{Decided, Letter};
use crate::dispatch::Dispatch;
use crate::error::{DispatchError, Result};
use crate::send::providers::Outgoing;

/// How long a new user has to set a password.
const WELCOME_MS: i64 = 7 * 24 * HOUR_MS;
/// How long a link that somebody asked for works.
const LINK_MS: i64 = HOUR_MS;
/// How long an address can be confirmed.
const CONFIRM_MS: i64 = 2 * 24 * HOUR_MS;
/// How long a code works.
const CODE_MS: i64 = 10 * 60_000;
const HOUR_MS: i64 = 3_600_000;

/// Tells somebody on the staff something.
pub(crate) async fn notify(dispatch: &Dispatch, school: School, notice: Notice) -> Result<()> {
    let kind = notice.kind();
    let found = match &notice {
        Notice::ForgottenPassword { username, .. } | Notice::LockedOut { username } => {
            known(dispatch, username).await?
        }
        notice => match notice.user() {
            Some(user) => Some((existing(dispatch, user).await?, school)),
            None => None,
        },
    };
    let Some((user, school)) = found else { return not_sent(kind) };
    let to = Recipient { dispatch, user, school };
    let name = &to.user.username;
    match notice {
        Notice::ForgottenPassword { email, by_sms, .. } => to.forgotten(&email, by_sms).await,
        Notice::LockedOut { .. } => {
            to.record(Act::SignInLocked).await?;
            to.mail(letters::locked_out(name, &to.url("/forgotten"))).await
        }
        Notice::Welcome { .. } => to.password_link(WELCOME_MS, letters::welcome).await,
        Notice::PasswordLink { .. } => to.password_link(WELCOME_MS, letters::password_link).await,
        Notice::Linked { .. } => {
            to.mail(letters::linked(&to.school_name().await?, name, &to.url("/sign-in"))).await
        }
        Notice::ConfirmEmail { .. } => {
            to.mail(letters::confirm_email(&to.link(OneTimeKind::Email, CONFIRM_MS).await?)).await
        }
        Notice::EmailMoved { before, .. } => to.mail_to(&before, letters::email_moved(name)).await,
        Notice::PasswordChanged { .. } => {
            to.mail(letters::password_changed(name, &to.url("/forgotten"))).await
        }
        Notice::SecondFactor { on, .. } => {
            to.mail(letters::second_factor(name, on, &to.url("/preferences"))).await
        }
        Notice::RecoveryCodes { .. } => to.mail(letters::recovery_codes(name, &to.url("/preferences"))).await,
        Notice::Pin { message, .. } => to.pin(message).await,
        Notice::Rejected { message, .. } => to.decided(message, letters::rejected).await,
        Notice::Edited { message, .. } => to.decided(message, letters::edited).await,
        Notice::WaitsForSync { message, .. } => {
            to.mail(letters::waits_for_sync(&to.school_name().await?, &to.page_of(message))).await
        }
    }
}

async fn existing(dispatch: &Dispatch, user: UserId) -> Result<User> {
    dispatch.store.user(user).await?.ok_or_else(|| DispatchError::Fail("no such user".into()))
}

/// The user of a name that a stranger typed, and the first school that they can sign in to.
async fn known(dispatch: &Dispatch, username: &str) -> Result<Option<(User, School)>> {
    let Some(user) = dispatch.store.user_by_username(username).await? else { return Ok(None) };
    let works = |m: &&Membership| m.standing() == Standing::Enabled && m.roles().has(Role::User);
    let memberships = dispatch.store.memberships(&user).await?;
    let Some(membership) = memberships.iter().find(works) else { return Ok(None) };
    let school = dispatch.store.school(Access::of_member(membership));
    Ok(Some((user, school)))
}

/// Whom a notice is for, and on whose behalf.
struct Recipient<'a> {
    dispatch: &'a Dispatch,
    user: User,
    school: School,
}

impl Recipient<'_> {
    /// Sends what somebody gets who forgot their password, if the address that they typed is theirs.
    async fn forgotten(&self, typed: &str, by_sms: bool) -> Result<()> {
        let user = &self.user;
        let same = EmailAddress::parse(typed).is_ok_and(|e| e.dedupe_key() == user.email.dedupe_key());
        if !same {
            return not_sent("forgotten password");
        }
        match user.account.mobile.as_ref().filter(|_| by_sms) {
            Some(mobile) => self.password_code(mobile).await?,
            None => self.password_link(LINK_MS, letters::forgotten).await?,
        }
        self.record(Act::PasswordLinkSent).await
    }

    /// Tells an author what became of a message that waited.
    async fn decided(&self, message: MessageId, letter: fn(&Decided<'_>) -> Letter) -> Result<()> {
        let (school, meta) =
            tokio::try_join!(self.school.settings().get(), self.school.messages().meta(message))?;
        let (reason, edits) = meta.map(|meta| (meta.reason, meta.edits)).unwrap_or_default();
        let reason = reason.as_deref().unwrap_or_default();
        let page = self.page_of(message);
        self.mail(letter(&Decided { school: &school.name, reason, edits: &edits, page: &page })).await
    }

    async fn password_link(&self, lasts_ms: i64, letter: fn(&str, &str, &str) -> Letter) -> Result<()> {
        let school = self.school_name().await?;
        let link = self.link(OneTimeKind::Password, lasts_ms).await?;
        self.mail(letter(&school, &self.user.username, &link)).await
    }

    /// A fresh link, which ends the one before.
    async fn link(&self, kind: OneTimeKind, lasts_ms: i64) -> Result<String> {
        let Self { dispatch, user, school } = self;
        let secret = dispatch.ids.secret();
        let expires_ms = dispatch.clock.now_ms().saturating_add(lasts_ms);
        let mint = Mint { user, kind, school: school.id(), mailed_to: Some(&user.email), expires_ms };
        dispatch.store.mint(&secret, mint).await?;
        let page = if kind == OneTimeKind::Email { "confirm-email" } else { "password" };
        Ok(self.url(&format!("/{page}/{secret}")))
    }

    /// Texts a fresh code of six digits, which ends the one before.
    async fn password_code(&self, mobile: &PhoneNumber) -> Result<()> {
        let dispatch = self.dispatch;
        // Of 2^64 numbers the last remainders are rarer by less than one in 10^12.
        let code = format!("{:06}", u64::from_be_bytes(dispatch.ids.bytes()) % 1_000_000);
        let expires_ms = dispatch.clock.now_ms().saturating_add(CODE_MS);
        dispatch.store.set_code(self.user.id, &code, expires_ms).await?;
        let settings = self.school.settings().get().await?;
        let rendered = Rendered { subject: None, text: letters::password_code(&code).into() };
        self.send(Channel::Sms, mobile.as_str(), &rendered, &settings).await
    }

    async fn pin(&self, message: MessageId) -> Result<()> {
        let Self { dispatch, user, school } = self;
        // Mail that may reach anybody does not carry what lets a message go.
        if !user.account.email_confirmed {
            return not_sent("pin");
        }
        let asked =
            school.pins().get(message, dispatch.clock.now_ms()).await?.filter(|pin| pin.user == user.id);
        let Some(asked) = asked else { return not_sent("pin") };
        // Worked out again by whoever needs it: the code is kept nowhere, and a job that comes twice sends the same.
        let code = dispatch.references.code("pin", &asked.text(school.id(), message));
        self.mail(letters::pin(&self.school_name().await?, &code, &self.url("/send"))).await
    }

    async fn mail(&self, letter: Letter) -> Result<()> {
        self.mail_to(&self.user.email, letter).await
    }

    async fn mail_to(&self, to: &EmailAddress, letter: Letter) -> Result<()> {
        let rendered = Rendered { subject: Some(letter.subject.into()), text: letter.text.into() };
        self.send(Channel::Email, to.as_str(), &rendered, &Settings::new("Messenger")).await
    }

    async fn send(&self, channel: Channel, to: &str, rendered: &Rendered, settings: &Settings) -> Result<()> {
        let (provider, at_ms) = (self.dispatch.providers.of(channel), self.dispatch.clock.now_ms());
        // Names a send of which no report is wanted.
        let reference = format!("{NOTICE}{}", self.dispatch.ids.ulid(at_ms));
        let domain = provider.sender(settings).rsplit_once('@').map_or("messenger.invalid", |(_, name)| name);
        let out = Outgoing {
            to,
            rendered,
            settings,
            logo: None,
            access: None,
            reference: &reference,
            message_id: &format!("{reference}@{domain}"),
            at_ms,
        };
        match provider.send(out).await {
            Answer::Accepted { .. } => Ok(()),
            Answer::Refused { again: false, code, .. } => {
                // Such as an address that does not exist: whoever waits for it asks for another.
                warn!(code, "notice refused");
                Ok(())
            }
            Answer::Refused { .. } | Answer::Unknown => {
                Err(DispatchError::Retry("the provider did not take it".into()))
            }
        }
    }

    async fn school_name(&self) -> Result<String> {
        Ok(self.school.settings().get().await?.name)
    }

    fn page_of(&self, message: MessageId) -> String {
        self.url(&format!("/messages/{message}"))
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.dispatch.public_url)
    }

    async fn record(&self, act: Act) -> Result<()> {
        let event = AuditEvent::of_system(act, self.user.id.to_string());
        match self.school.audit().record(&event, self.dispatch.clock.now_ms()).await {
            // The mail is out: writing twice would be worse than a line that is missing.
            Err(StoreError::Busy) => Ok(()),
            done => Ok(done?),
        }
    }
}

/// Nothing is sent, on purpose: that is no error.
#[expect(clippy::unnecessary_wraps, reason = "ends a job")]
fn not_sent(kind: &'static str) -> Result<()> {
    info!(kind, "notice is for nobody");
    Ok(())
}
