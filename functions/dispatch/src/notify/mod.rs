//! E-mails and texts to staff: makes the one-time link or code, keeps its hash, sends it to the user's own address.
//!
//! A job that comes twice may write twice; the newer link or code is then the one that works. No receipt is waited for:
//! who got nothing asks again.

mod letters;

use channels::port::{OutgoingEmail, OutgoingSms};
use channels::reference::NOTICE;
use domain::audit::{Act, Deed, Who};
use domain::delivery::Answer;
use domain::email::EmailAddress;
use domain::ids::{MessageId, UserId};
use domain::notice::Notice;
use domain::people::{Role, Standing};
use domain::phone::PhoneNumber;
use store::{Access, Membership, Mint, OneTimeKind, School, StoreError, User};
use tracing::{info, warn};

use self::letters::{Decided, Letter};
use crate::Dispatch;
use crate::error::{DispatchError, Result};

/// How long a new user has to set a password.
const WELCOME_MS: i64 = 7 * 24 * HOUR_MS;
/// How long a link that somebody asked for works.
const LINK_MS: i64 = HOUR_MS;
/// How long an address can be confirmed.
const CONFIRM_MS: i64 = 2 * 24 * HOUR_MS;
/// How long a code works.
const CODE_MS: i64 = 10 * 60_000;
const HOUR_MS: i64 = 3_600_000;

impl Dispatch {
    /// Tells somebody on the staff something.
    pub(crate) async fn notify(&self, school: School, notice: Notice) -> Result<()> {
        let kind = notice.kind();
        match notice {
            Notice::ForgottenPassword { username, email, by_sms } => {
                let Some((user, school)) = self.known(&username).await? else { return not_sent(kind) };
                let same =
                    EmailAddress::parse(&email).is_ok_and(|e| e.dedupe_key() == user.email.dedupe_key());
                if !same {
                    return not_sent(kind);
                }
                match user.account.mobile.filter(|_| by_sms) {
                    Some(mobile) => self.password_code(&user, &school, &mobile).await?,
                    None => self.password_link(&user, &school, LINK_MS, letters::forgotten).await?,
                }
                self.record(&school, Who::System, Act::PasswordLinkSent, user.id).await
            }
            Notice::LockedOut { username } => {
                let Some((user, school)) = self.known(&username).await? else { return not_sent(kind) };
                self.record(&school, Who::System, Act::SignInLocked, user.id).await?;
                self.mail(&user, letters::locked_out(&user.username, &self.url("/forgotten"))).await
            }
            Notice::Welcome { user } => {
                let user = self.of(user).await?;
                self.password_link(&user, &school, WELCOME_MS, letters::welcome).await
            }
            Notice::PasswordLink { user } => {
                let user = self.of(user).await?;
                self.password_link(&user, &school, WELCOME_MS, letters::password_link).await
            }
            Notice::Linked { user } => {
                let user = self.of(user).await?;
                let name = school.settings().get().await?.name;
                self.mail(&user, letters::linked(&name, &user.username, &self.url("/sign-in"))).await
            }
            Notice::ConfirmEmail { user } => {
                let user = self.of(user).await?;
                let link = self.link(&user, &school, OneTimeKind::Email, CONFIRM_MS).await?;
                self.mail(&user, letters::confirm_email(&link)).await
            }
            Notice::EmailMoved { user, before } => {
                let user = self.of(user).await?;
                self.mail_to(&before, letters::email_moved(&user.username)).await
            }
            Notice::PasswordChanged { user } => {
                let user = self.of(user).await?;
                self.mail(&user, letters::password_changed(&user.username, &self.url("/forgotten"))).await
            }
            Notice::SecondFactor { user, on } => {
                let user = self.of(user).await?;
                let letter = letters::second_factor(&user.username, on, &self.url("/preferences"));
                self.mail(&user, letter).await
            }
            Notice::RecoveryCodes { user } => {
                let user = self.of(user).await?;
                self.mail(&user, letters::recovery_codes(&user.username, &self.url("/preferences"))).await
            }
            Notice::Pin { user, message } => {
                let user = self.of(user).await?;
                self.pin(&user, &school, message).await
            }
            Notice::Rejected { user, message } => {
                self.decided(user, &school, message, letters::rejected).await
            }
            Notice::Edited { user, message } => self.decided(user, &school, message, letters::edited).await,
            Notice::WaitsForSync { user, message } => {
                let user = self.of(user).await?;
                let name = school.settings().get().await?.name;
                let page = self.url(&format!("/messages/{message}"));
                self.mail(&user, letters::waits_for_sync(&name, &page)).await
            }
        }
    }

    /// Tells an author what became of a message that waited.
    async fn decided(
        &self,
        user: UserId,
        school: &School,
        message: MessageId,
        letter: fn(&Decided<'_>) -> Letter,
    ) -> Result<()> {
        let user = self.of(user).await?;
        let (settings, meta) = tokio::try_join!(school.settings().get(), school.messages().meta(message))?;
        let (reason, edits) = meta.map(|meta| (meta.reason, meta.edits)).unwrap_or_default();
        let page = self.url(&format!("/messages/{message}"));
        let reason = reason.as_deref().unwrap_or_default();
        self.mail(&user, letter(&Decided { school: &settings.name, reason, edits: &edits, page: &page }))
            .await
    }

    async fn of(&self, user: UserId) -> Result<User> {
        self.store.user(user).await?.ok_or_else(|| DispatchError::Fail("no such user".to_owned()))
    }

    /// The user of a name that a stranger typed, and the first school that they can sign in to.
    async fn known(&self, username: &str) -> Result<Option<(User, School)>> {
        let Some(user) = self.store.user_by_username(username).await? else { return Ok(None) };
        let works = |m: &&Membership| m.standing() == Standing::Enabled && m.roles().has(Role::User);
        let memberships = self.store.memberships(&user).await?;
        let Some(membership) = memberships.iter().find(works) else { return Ok(None) };
        let school = self.store.school(Access::of_member(membership));
        Ok(Some((user, school)))
    }

    async fn password_link(
        &self,
        user: &User,
        school: &School,
        lasts_ms: i64,
        letter: fn(&str, &str, &str) -> Letter,
    ) -> Result<()> {
        let name = school.settings().get().await?.name;
        let link = self.link(user, school, OneTimeKind::Password, lasts_ms).await?;
        self.mail(user, letter(&name, &user.username, &link)).await
    }

    /// A fresh link, which ends the one before.
    async fn link(&self, user: &User, school: &School, kind: OneTimeKind, lasts_ms: i64) -> Result<String> {
        let secret = self.ids.secret();
        let expires_ms = self.clock.now_ms().saturating_add(lasts_ms);
        let mailed_to = Some(&user.email);
        let mint = Mint { user, kind, school: school.id(), mailed_to, expires_ms };
        self.store.mint(&secret, mint).await?;
        let page = if kind == OneTimeKind::Email { "confirm-email" } else { "password" };
        Ok(self.url(&format!("/{page}/{secret}")))
    }

    async fn password_code(&self, user: &User, school: &School, mobile: &PhoneNumber) -> Result<()> {
        let code = self.code(user).await?;
        let settings = school.settings().get().await?;
        let reference = self.reference();
        let body = letters::password_code(&code);
        let sms = OutgoingSms { to: mobile, from: &settings.sms_sender, body: &body, reference: &reference };
        ended(&self.providers.sms.send(sms).await)
    }

    async fn pin(&self, user: &User, school: &School, message: MessageId) -> Result<()> {
        // Mail that may reach anybody does not carry what lets a message go.
        if !user.account.email_confirmed {
            return not_sent("pin");
        }
        let asked = school.pins().get(message, self.clock.now_ms()).await?.filter(|pin| pin.user == user.id);
        let Some(asked) = asked else { return not_sent("pin") };
        // Worked out anew by whoever needs it: the code is kept nowhere, and a job that comes twice sends the same.
        let code = self.references.code("pin", &asked.text(school.id(), message));
        let name = school.settings().get().await?.name;
        self.mail(user, letters::pin(&name, &code, &self.url("/send"))).await
    }

    /// A fresh code of six digits, which ends the one before.
    async fn code(&self, user: &User) -> Result<String> {
        // Of 2^64 numbers the last remainders are rarer by less than one in 10^12.
        let code = format!("{:06}", u64::from_be_bytes(self.ids.bytes()) % 1_000_000);
        self.store.set_code(user.id, &code, self.clock.now_ms().saturating_add(CODE_MS)).await?;
        Ok(code)
    }

    async fn mail(&self, user: &User, letter: Letter) -> Result<()> {
        self.mail_to(&user.email, letter).await
    }

    async fn mail_to(&self, to: &EmailAddress, letter: Letter) -> Result<()> {
        let reference = self.reference();
        let from = &self.providers.mail_from;
        let email = OutgoingEmail {
            to,
            from_name: "Messenger",
            from_address: from,
            reply_to: None,
            subject: &letter.subject,
            text: &letter.text,
            attachments: &[],
            unsubscribe_url: None,
            reference: &reference,
            message_id: &format!("{reference}@{}", from.domain()),
            at_ms: self.clock.now_ms(),
        };
        ended(&self.providers.mail.send(email).await)
    }

    /// Names a send of which no report is wanted.
    fn reference(&self) -> String {
        format!("{NOTICE}{}", self.ids.ulid(self.clock.now_ms()))
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.public_url)
    }

    async fn record(&self, school: &School, who: Who, act: Act, on: UserId) -> Result<()> {
        let deed = Deed { who, from: String::new(), act, on: on.to_string(), changes: Vec::new() };
        match school.audit().record(&deed, self.clock.now_ms()).await {
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

fn ended(answer: &Answer) -> Result<()> {
    match answer {
        Answer::Accepted { .. } => Ok(()),
        Answer::Refused { again: false, code, .. } => {
            // Such as an address that does not exist: whoever waits for it asks for another.
            warn!(code, "notice refused");
            Ok(())
        }
        Answer::Refused { .. } | Answer::Unknown => {
            Err(DispatchError::Retry("the provider did not take it".to_owned()))
        }
    }
}
