//! A message leaves the hands of a member of staff: at once, with a PIN, or into the queue for somebody to authorise it.

use domain::approval::{Figures, Held, Recipients, Release, Sender, release};
use domain::attendance::SentAllTheSame;
use domain::audit::{Act, Change};
use domain::ids::MessageId;
use domain::job::Job;
use domain::message::{Message, MessageState, Purpose};
use domain::notice::Notice;
use domain::settings::Settings;
use runtime::queue_for;
use sha2::{Digest, Sha256};
use store::{
    Accepted, Allowance, Body, Entrance, Hold, IdempotencyKey, NewMessage, PinAsked, School, StoreError,
    Tried, pin_text,
};
use subtle::ConstantTimeEq;

use crate::auth::SignedIn;
use crate::auth::factor;
use crate::error::{ApiError, Result};
use crate::services::compose::Preview;
use crate::services::costing::Costing;
use crate::services::notify::notify;
use crate::services::send::{FIRST_LOOK_MS, Sent, fits, repeated};
use crate::state::ApiState;

/// How long a PIN serves, in milliseconds.
const PIN_MS: i64 = 10 * 60_000;
/// PINs that one user may ask for in an hour.
const PINS_AN_HOUR: u32 = 10;
const HOUR_S: i64 = 3_600;
const TOLD: &str = "Somebody else has just told one of these families. Nothing was sent. Go back to the absence page: it \
    shows who was told, and who is left.";

/// A message that its author wants sent.
#[derive(Debug, Clone)]
pub struct Letter<'a> {
    /// What it says.
    pub message: Message,
    /// In whose name.
    pub settings: Settings,
    /// What it comes to now.
    pub preview: &'a Preview,
    /// Makes repeating the request harmless.
    pub key: Option<IdempotencyKey>,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handed {
    /// It is accepted: it goes, or waits.
    In(Sent),
    /// A PIN was sent to its author; the message takes this id.
    Pin(MessageId),
}

/// Why a PIN did not let a message go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotRight {
    /// The code is another. So many tries are left.
    Wrong(u32),
    /// It was asked for longer ago than it serves, or not at all.
    Over,
    /// It was for another text, or other people.
    Another,
    /// Too many codes were tried.
    TooMany,
}

/// What a plan comes to, in figures.
pub fn figures(costing: &Costing) -> Figures {
    let (texts, units) = costing.sms.as_ref().map_or((0, 0), |c| (c.messages, c.units));
    let (calls, minutes) = costing.voice.map_or((0, 0), |c| (c.messages, c.minutes));
    Figures {
        recipients: costing.recipients as u64,
        unreachable: costing.unreachable as u64,
        texts,
        units,
        calls,
        minutes,
        emails: costing.email.map_or(0, |c| c.messages),
        price: costing.total(),
    }
}

/// What the log says of a message: what it is for, and how large. Nobody is in it, and not a word of the text.
pub fn changes(message: &Message, figures: &Figures) -> Vec<Change> {
    let channels: Vec<&str> = message.contents.channels().map(domain::channel::Channel::code).collect();
    let said = [
        ("purpose", message.purpose.code().to_owned()),
        ("channels", channels.join(" ")),
        ("people", figures.recipients.to_string()),
        ("messages", figures.messages().to_string()),
        ("price", figures.price.to_string()),
    ];
    let about = message.to.about.map(|about| {
        let what = format!("{} {} {}", about.matter.code(), about.date, about.session.code());
        let why = about.all_the_same.map_or("", SentAllTheSame::code);
        [("about", what), ("marks_old_sent_because", why.to_owned())]
    });
    let said = said.into_iter().chain(about.into_iter().flatten());
    said.filter_map(|(field, now)| Change::of(field, "", &now)).collect()
}

/// Sends a message, asks for a PIN, or hands it in to be authorised, as its author's rights and its size have it.
pub async fn hand_over(state: &ApiState, by: &SignedIn, letter: Letter<'_>) -> Result<Handed> {
    if let Some(before) = before(state, by, &letter).await? {
        return Ok(Handed::In(before));
    }
    fits(&letter.message)?;
    let now_ms = state.now_ms();
    let id = MessageId::new(state.ids().ulid(now_ms));
    let figures = figures(&letter.preview.costing);
    match release(sender(by), letter.message.purpose, &figures, &letter.settings.control) {
        Release::Now => {
            let changes = changes(&letter.message, &figures);
            let deed = by.deed(Act::MessageSent, id.to_string(), changes);
            accept(state, by, id, letter, Entrance::Open, None, &deed).await.map(Handed::In)
        }
        Release::Wait(why) => hand_in(state, by, id, letter, why, figures).await.map(Handed::In),
        Release::Pin => {
            let recipients = Recipients::of(&letter.preview.plan, &id.to_string());
            ask_pin(state, by, id, about(&letter, &recipients)).await?;
            Ok(Handed::Pin(id))
        }
    }
}

/// How a message would leave the hands of somebody with these rights.
pub fn would_release(sender: Sender, message: &Message, costing: &Costing, settings: &Settings) -> Release {
    release(sender, message.purpose, &figures(costing), &settings.control)
}

/// What the person may do, as far as sending goes.
pub fn sender(by: &SignedIn) -> Sender {
    let account = &by.person.account;
    Sender {
        rights: by.rights(),
        email_confirmed: account.email_confirmed,
        second_factor: account.second_factor.is_some(),
    }
}

async fn hand_in(
    state: &ApiState,
    by: &SignedIn,
    id: MessageId,
    letter: Letter<'_>,
    why: Held,
    figures: Figures,
) -> Result<Sent> {
    let recipients = Recipients::of(&letter.preview.plan, &id.to_string());
    let mut changes = changes(&letter.message, &figures);
    changes.extend(Change::of("why", "", why.code()));
    let deed = by.deed(Act::MessageHandedIn, id.to_string(), changes);
    let hold = Hold { why, figures, recipients };
    accept(state, by, id, letter, Entrance::Waits(&hold), None, &deed).await
}

/// Ties a PIN to what a message says and to whom it goes.
fn about(letter: &Letter<'_>, recipients: &Recipients) -> String {
    let text = serde_json::to_vec(&letter.message).unwrap_or_default();
    let hash = Sha256::new_with_prefix(text)
        .chain_update(b"\0")
        .chain_update(&letter.settings.email_reply_to)
        .chain_update(b"\0")
        .chain_update(recipients.digest());
    hex::encode(hash.finalize())
}

async fn ask_pin(state: &ApiState, by: &SignedIn, id: MessageId, about: String) -> Result<()> {
    let now_ms = state.now_ms();
    let what = format!("pin user {}", by.user);
    if let Allowance::Blocked { retry_after_s } =
        state.store().hit(&what, PINS_AN_HOUR, HOUR_S, now_ms).await?
    {
        return Err(ApiError::TooMany { retry_after_s: u32::try_from(retry_after_s).unwrap_or(u32::MAX) });
    }
    let pin = PinAsked { user: by.user, about, nonce: state.ids().secret(), until_ms: now_ms + PIN_MS };
    by.school.pins().create(id, &pin).await?;
    by.school.audit().record(&by.deed(Act::PinAsked, id.to_string(), Vec::new()), now_ms).await?;
    notify(state, by.school.id(), Notice::Pin { user: by.user, message: id }).await
}

/// Sends a message with its PIN: `id` is what [`hand_over`] has given it. Every try is counted before it is compared.
pub async fn hand_over_with_pin(
    state: &ApiState,
    by: &SignedIn,
    id: MessageId,
    letter: Letter<'_>,
    code: &str,
) -> Result<std::result::Result<Sent, NotRight>> {
    if let Some(before) = before(state, by, &letter).await? {
        return Ok(Ok(before));
    }
    fits(&letter.message)?;
    let figures = figures(&letter.preview.costing);
    let recipients = Recipients::of(&letter.preview.plan, &id.to_string());
    let about = about(&letter, &recipients);
    // A right that was lost since, or an address that is no longer confirmed: it waits like any other.
    match release(sender(by), letter.message.purpose, &figures, &letter.settings.control) {
        Release::Wait(why) => return hand_in(state, by, id, letter, why, figures).await.map(Ok),
        Release::Now | Release::Pin => {}
    }
    let now_ms = state.now_ms();
    let (nonce, left) = match by.school.pins().count_try(id, by.user, &about, now_ms).await? {
        Tried::Compare { nonce, left } => (nonce, left),
        Tried::Over | Tried::Spent => return Ok(Err(NotRight::Over)),
        Tried::Another => return Ok(Err(NotRight::Another)),
        Tried::TooMany => return Ok(Err(NotRight::TooMany)),
    };
    let right = pin_code(state, &by.school, id, &nonce);
    let typed: String = code.chars().filter(char::is_ascii_digit).take(12).collect();
    let mut fits = bool::from(typed.as_bytes().ct_eq(right.as_bytes()));
    let mut given = "PIN";
    // In an emergency nobody waits for an e-mail: the code of an authenticator app serves as well (FEATURES §3).
    if !fits && letter.message.purpose == Purpose::Emergency {
        fits = factor::check_app(state, &by.person, code).await?;
        given = "code of the authenticator app";
    }
    if !fits {
        by.school.audit().record(&by.deed(Act::PinWrong, id.to_string(), Vec::new()), now_ms).await?;
        return Ok(Err(if left == 0 { NotRight::TooMany } else { NotRight::Wrong(left) }));
    }
    let right = Change::of("given", "", given).into_iter().collect();
    by.school.audit().record(&by.deed(Act::PinRight, id.to_string(), right), now_ms).await?;
    let deed = by.deed(Act::MessageSent, id.to_string(), changes(&letter.message, &figures));
    let entrance = Entrance::Approved(&recipients);
    accept(state, by, id, letter, entrance, Some(&about), &deed).await.map(Ok)
}

/// The code of a PIN: nobody without the product's key can work it out, so it is kept nowhere.
fn pin_code(state: &ApiState, school: &School, id: MessageId, nonce: &str) -> String {
    state.references().code("pin", &pin_text(school.id(), id, nonce))
}

/// What the same request came to when it was made before.
async fn before(state: &ApiState, by: &SignedIn, letter: &Letter<'_>) -> Result<Option<Sent>> {
    let Some(key) = &letter.key else { return Ok(None) };
    match by.school.messages().accepted_as(key, state.now_ms()).await? {
        Some(before) => repeated(&by.school, before).await.map(Some),
        None => Ok(None),
    }
}

async fn accept(
    state: &ApiState,
    by: &SignedIn,
    id: MessageId,
    letter: Letter<'_>,
    entrance: Entrance<'_>,
    pin: Option<&str>,
    deed: &domain::audit::Deed,
) -> Result<Sent> {
    let now_ms = state.now_ms();
    let Letter { message, settings, key, .. } = letter;
    let purpose = message.purpose;
    let new = NewMessage { id, body: Body { message, settings }, author: by.author(), cap: None };
    let due_ms = now_ms + FIRST_LOOK_MS;
    let accepted = by
        .school
        .messages()
        .accept_recorded(&new, key.as_ref(), entrance, pin, deed, now_ms, due_ms)
        .await
        .map_err(|e| match e {
            StoreError::Conflict => ApiError::Conflict("This PIN was used already.".to_owned()),
            StoreError::Told => ApiError::Conflict(TOLD.to_owned()),
            e => e.into(),
        })?;
    match (accepted, entrance) {
        (Accepted::New, Entrance::Waits(_)) => Ok(Sent { id, state: MessageState::AwaitingAuthorisation }),
        (Accepted::New, _) => {
            plan_soon(state, &by.school, id, purpose, 1).await;
            Ok(Sent { id, state: MessageState::Queued })
        }
        (before, _) => repeated(&by.school, before).await,
    }
}

/// Has a message planned. It is due for the sweep, which makes up for a lost job.
pub(crate) async fn plan_soon(
    state: &ApiState,
    school: &School,
    id: MessageId,
    purpose: Purpose,
    revision: u32,
) {
    let plan = Job::Plan { school: school.id(), message: id, revision };
    if let Err(error) = state.queue().send(queue_for(purpose), vec![(plan, 0)]).await {
        tracing::warn!(message = %id, %error, "plan not queued; the sweep will");
    }
}
