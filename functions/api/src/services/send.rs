//! Accepting a message: after this it is in the table and will be sent, whatever happens to this process.

use domain::ids::MessageId;
use domain::job::Job;
use domain::message::{Message, MessageState};
use domain::plan::plan;
use domain::settings::Settings;
use runtime::queue_for;
use sha2::{Digest, Sha256};
use store::{Accepted, Author, Body, IdempotencyKey, NewMessage, School};

use crate::error::{ApiError, Result};
use crate::services::compose::{not_subscribed, preview, problems_of, refuse};
use crate::state::ApiState;

/// When the sweep looks after a message whose first job was lost.
pub(crate) const FIRST_LOOK_MS: i64 = 5_000;

/// Most bytes of a message as it is kept: a row of the table has room for 400 kB.
const LARGEST: usize = 350_000;

/// What became of a request to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// The message.
    pub id: MessageId,
    /// Where it stands.
    pub state: MessageState,
}

/// Makes repeating a request harmless. `scope` keeps the keys of pages and partners apart; `request` is all that
/// must be the same in a repeated one.
pub fn idempotency(scope: &str, key: &str, request: &[u8]) -> IdempotencyKey {
    IdempotencyKey {
        key_hash: hex::encode(Sha256::digest(format!("{scope}\0{key}"))),
        body_hash: hex::encode(Sha256::digest(request)),
    }
}

/// Whether it can be sent as it is. While contacts are being imported nobody can be looked up: the message is accepted
/// all the same, and its plan waits for the import; an emergency is not turned away.
async fn check(state: &ApiState, school: &School, message: &Message, settings: &Settings) -> Result<()> {
    let mut problems = problems_of(message);
    problems.extend(not_subscribed(message, settings));
    if !problems.is_empty() {
        return Err(refuse(problems));
    }
    fits(message)?;
    match preview(state, school, message, settings).await {
        Err(ApiError::Busy) => Ok(()),
        found => found?.sendable().map(|_| ()),
    }
}

/// 422 for a message of more deliveries than an API key may send at once. While contacts are being imported they are
/// counted as they stand.
async fn within_cap(
    state: &ApiState,
    school: &School,
    message: &Message,
    settings: &Settings,
    cap: Option<u32>,
) -> Result<()> {
    if cap.is_none() {
        return Ok(());
    }
    let book = school.book().at_once(state.books(), settings.country, state.now_ms()).await?;
    match over_cap(plan(&book, message, settings).deliveries.len(), cap) {
        Some(words) => Err(ApiError::field(
            "to",
            format!("{words} Choose fewer people, or ask the school for a higher cap."),
        )),
        None => Ok(()),
    }
}

/// Why an API key may not send so many messages at once; `None` if it may.
pub(crate) fn over_cap(deliveries: usize, cap: Option<u32>) -> Option<String> {
    let cap = cap.filter(|cap| u32::try_from(deliveries).map_or(true, |deliveries| deliveries > *cap))?;
    Some(format!("This API key may send {cap} messages at once, and this would be {deliveries}."))
}

/// 422 for a message that has no room in the table.
pub(crate) fn fits(message: &Message) -> Result<()> {
    if serde_json::to_vec(message).map_err(ApiError::internal)?.len() <= LARGEST {
        return Ok(());
    }
    let message = "This list of people is too long to keep. Choose groups or everyone, or send in parts.";
    Err(ApiError::field("to", message))
}

/// Accepts a partner's message for sending now, if it is within the `cap` of its key. 422 if it cannot be sent as it is,
/// with all there is to mend.
pub async fn send(
    state: &ApiState,
    school: &School,
    author: Author,
    message: Message,
    settings: Settings,
    cap: Option<u32>,
    idempotency: Option<&IdempotencyKey>,
) -> Result<Sent> {
    // A repeated request is answered before anything is checked: the people whom it names may have changed since.
    if let Some(key) = idempotency
        && let Some(before) = school.messages().accepted_as(key, state.now_ms()).await?
    {
        return repeated(school, before).await;
    }
    let now_ms = state.now_ms();
    let id = MessageId::new(state.ids().ulid(now_ms));
    check(state, school, &message, &settings).await?;
    within_cap(state, school, &message, &settings, cap).await?;
    let purpose = message.purpose;
    let new = NewMessage { id, body: Body { message, settings }, author, cap };
    match school.messages().accept(&new, idempotency, now_ms, now_ms + FIRST_LOOK_MS).await? {
        Accepted::New => {
            let plan = Job::Plan { school: school.id(), message: id, revision: 1 };
            if let Err(error) = state.queue().send(queue_for(purpose), vec![(plan, 0)]).await {
                // The message is due for the sweep, which makes up for the lost job.
                tracing::warn!(message = %id, %error, "plan not queued; the sweep will");
            }
            Ok(Sent { id, state: MessageState::Queued })
        }
        before => repeated(school, before).await,
    }
}

/// What the first request came to.
pub(crate) async fn repeated(school: &School, before: Accepted) -> Result<Sent> {
    match before {
        Accepted::Before(id) => {
            let meta = school.messages().meta(id).await?.ok_or(ApiError::NotFound)?;
            Ok(Sent { id, state: meta.state })
        }
        Accepted::New | Accepted::KeyReused => Err(ApiError::field(
            "Idempotency-Key",
            "This key was used for another request. Repeat that request unchanged, or use a new key.",
        )),
    }
}
