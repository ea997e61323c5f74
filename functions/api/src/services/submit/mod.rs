//! The one way in for a message, whoever submits it: it is checked, released and accepted. Once accepted it is in the
//! table and will be sent, whatever happens to this process.

mod check;
mod pin;
mod release;

use domain::approval::{Recipients, Release};
use domain::audit::{Act, AuditEvent, Change};
use domain::ids::MessageId;
use domain::message::{Message, MessageState};
use domain::settings::Settings;
use sha2::{Digest, Sha256};
use store::{Accepted, Author, Body, Entrance, Hold, IdempotencyKey, NewMessage, School, StoreError};

pub(crate) use check::over_cap;
pub use check::{Checked, check, fits, problems_of, refuse};
pub use pin::{GivenPin, PinRejected};
pub use release::{changes, figures, release_rule, sender};

use crate::auth::SignedIn;
use crate::error::{ApiError, Result};
use crate::services::jobs;
use crate::state::ApiState;

/// When the sweep looks after a message whose first job was lost.
pub(crate) const FIRST_LOOK_MS: i64 = 5_000;

const FAMILY_KNOWS: &str = "Somebody else has just told one of these families. Nothing was sent. Go back to the \
    absence page: it shows who was told, and who is left.";

/// A message that somebody wants sent.
#[derive(Debug)]
pub struct Submission<'a> {
    /// What it says, and to whom it goes.
    pub message: Message,
    /// In whose name.
    pub settings: Settings,
    /// Who submits it.
    pub origin: Origin<'a>,
    /// Makes repeating the request harmless.
    pub idempotency: Option<IdempotencyKey>,
}

/// Who submits a message.
#[derive(Debug)]
pub enum Origin<'a> {
    /// A member of staff. It goes at once, with a PIN, or once somebody has authorised it.
    Staff(Staff<'a>),
    /// A partner's system. It goes at once.
    Partner {
        /// The school whose key it has.
        school: &'a School,
        /// As the history names it.
        author: Author,
        /// Most deliveries that its key may send at once.
        cap: Option<u32>,
    },
}

/// A member of staff who submits a message.
#[derive(Debug, Clone, Copy)]
pub struct Staff<'a> {
    /// Who.
    pub by: &'a SignedIn,
    /// What the message comes to, as the page showed it.
    pub checked: &'a Checked,
    /// The PIN that was asked for when the message was first submitted.
    pub pin: Option<GivenPin<'a>>,
}

/// What became of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Submitted {
    /// It is accepted: it goes, or waits.
    Accepted {
        /// The message.
        id: MessageId,
        /// Where it stands.
        state: MessageState,
    },
    /// A PIN was sent to its author; the message takes this id once it is submitted with the PIN.
    PinAsked(MessageId),
    /// The PIN did not let it go.
    PinRejected(MessageId, PinRejected),
}

impl Submission<'_> {
    fn school(&self) -> &School {
        match &self.origin {
            Origin::Staff(staff) => &staff.by.school,
            Origin::Partner { school, .. } => school,
        }
    }
}

/// How a message is accepted.
struct Acceptance<'a> {
    id: MessageId,
    entrance: Entrance<'a>,
    /// What the PIN was given for, if one was asked for.
    pin: Option<&'a str>,
    /// What the audit log says of it.
    event: Option<AuditEvent>,
}

/// Makes repeating a request harmless. `scope` keeps the keys of pages and partners apart; `request` is all that
/// must be the same in a repeated one.
pub fn idempotency(scope: &str, key: &str, request: &[u8]) -> IdempotencyKey {
    IdempotencyKey {
        key_hash: hex::encode(Sha256::digest(format!("{scope}\0{key}"))),
        body_hash: hex::encode(Sha256::digest(request)),
    }
}

/// Accepts a message for sending now, has it wait to be authorised, or asks for a PIN, depending on its author's rights
/// and its size. 422 if it cannot be sent as it is, with all there is to mend.
pub async fn submit(state: &ApiState, submission: Submission<'_>) -> Result<Submitted> {
    // A repeated request is answered before anything is checked: the people whom it names may have changed since.
    if let Some(key) = &submission.idempotency
        && let Some(before) = submission.school().messages().accepted_as(key, state.now_ms()).await?
    {
        return repeated(submission.school(), before).await;
    }
    match submission.origin {
        Origin::Partner { school, cap, .. } => {
            let Submission { message, settings, .. } = &submission;
            check::check_partner(state, school, message, settings, cap).await?;
            let open = Acceptance { id: new_id(state), entrance: Entrance::Open, pin: None, event: None };
            accept(state, submission, open).await
        }
        Origin::Staff(staff) => {
            if !staff.checked.problems.is_empty() {
                return Err(refuse(staff.checked.problems.clone()));
            }
            fits(&submission.message)?;
            by_staff(state, submission, staff).await
        }
    }
}

async fn by_staff(state: &ApiState, submission: Submission<'_>, staff: Staff<'_>) -> Result<Submitted> {
    let Staff { by, checked, pin } = staff;
    let Submission { message, settings, .. } = &submission;
    let id = pin.map_or_else(|| new_id(state), |pin| pin.message);
    let recipients = || Recipients::of(&checked.plan, &id.to_string());
    let figures = figures(&checked.costing);
    let mut event = by.audit_event(Act::MessageSent, id.to_string(), changes(message, &figures));
    match (release_rule(sender(by), message, &checked.costing, settings), pin) {
        // With a PIN too: a right may be lost since it was sent, or the address is no longer confirmed.
        (Release::Wait(why), _) => {
            let hold = Hold { why, figures, recipients: recipients() };
            event.act = Act::MessageHandedIn;
            event.changes.extend(Change::of("why", "", why.code()));
            let how = Acceptance { id, entrance: Entrance::Waits(&hold), pin: None, event: Some(event) };
            accept(state, submission, how).await
        }
        (Release::Now, None) => {
            let how = Acceptance { id, entrance: Entrance::Open, pin: None, event: Some(event) };
            accept(state, submission, how).await
        }
        (Release::Pin, None) => {
            pin::ask(state, by, id, pin::about(message, settings, &recipients())).await?;
            Ok(Submitted::PinAsked(id))
        }
        (Release::Now | Release::Pin, Some(given)) => {
            let recipients = recipients();
            let about = pin::about(message, settings, &recipients);
            if let Err(why) = pin::check(state, by, given, message.purpose, &about).await? {
                return Ok(Submitted::PinRejected(id, why));
            }
            let entrance = Entrance::Approved(&recipients);
            accept(state, submission, Acceptance { id, entrance, pin: Some(&about), event: Some(event) })
                .await
        }
    }
}

async fn accept(state: &ApiState, submission: Submission<'_>, how: Acceptance<'_>) -> Result<Submitted> {
    let Submission { message, settings, origin, idempotency } = submission;
    let Acceptance { id, entrance, pin, event } = how;
    let (school, author, cap) = match origin {
        Origin::Staff(Staff { by, .. }) => (&by.school, by.author(), None),
        Origin::Partner { school, author, cap } => (school, author, cap),
    };
    let (now_ms, purpose) = (state.now_ms(), message.purpose);
    let due_ms = now_ms + FIRST_LOOK_MS;
    let new = NewMessage { id, body: Body { message, settings }, author, cap };
    let key = idempotency.as_ref();
    let accepted = match &event {
        Some(event) => {
            school.messages().accept_recorded(&new, key, entrance, pin, event, now_ms, due_ms).await
        }
        None => school.messages().accept(&new, key, now_ms, due_ms).await,
    };
    let accepted = accepted.map_err(|e| match e {
        StoreError::Conflict if pin.is_some() => ApiError::Conflict("This PIN was used already.".to_owned()),
        StoreError::Told => ApiError::Conflict(FAMILY_KNOWS.to_owned()),
        e => e.into(),
    })?;
    match (accepted, entrance) {
        (Accepted::New, Entrance::Waits(_)) => {
            Ok(Submitted::Accepted { id, state: MessageState::AwaitingAuthorisation })
        }
        (Accepted::New, _) => {
            jobs::plan(state, school.id(), id, purpose, 1).await;
            Ok(Submitted::Accepted { id, state: MessageState::Queued })
        }
        (before, _) => repeated(school, before).await,
    }
}

fn new_id(state: &ApiState) -> MessageId {
    MessageId::new(state.ids().ulid(state.now_ms()))
}

/// What the first request came to.
async fn repeated(school: &School, before: Accepted) -> Result<Submitted> {
    match before {
        Accepted::Before(id) => {
            let meta = school.messages().meta(id).await?.ok_or(ApiError::NotFound)?;
            Ok(Submitted::Accepted { id, state: meta.state })
        }
        Accepted::New | Accepted::KeyReused => Err(ApiError::field(
            "Idempotency-Key",
            "This key was used for another request. Repeat that request unchanged, or use a new key.",
        )),
    }
}
