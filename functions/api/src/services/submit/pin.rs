//! The PIN that a large message of staff needs: sent to its author, tied to what it says and to whom it goes.

use domain::approval::Recipients;
use domain::audit::{Act, Change};
use domain::ids::MessageId;
use domain::message::{Message, Purpose};
use domain::notice::Notice;
use domain::settings::Settings;
use sha2::{Digest, Sha256};
use store::{Allowance, PinAsked, School, Tried, pin_text};
use subtle::ConstantTimeEq;

use crate::auth::{SignedIn, factor};
use crate::error::{ApiError, Result};
use crate::services::jobs;
use crate::state::ApiState;

/// How long a PIN serves, in milliseconds.
const PIN_MS: i64 = 10 * 60_000;
/// PINs that one user may ask for in an hour.
const PINS_AN_HOUR: u32 = 10;
const HOUR_S: i64 = 3_600;

/// A PIN as its author typed it.
#[derive(Debug, Clone, Copy)]
pub struct GivenPin<'a> {
    /// The message that it was asked for.
    pub message: MessageId,
    /// What was typed.
    pub code: &'a str,
}

/// Why a PIN did not let a message go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinRejected {
    /// The code is another. So many tries are left.
    Wrong(u32),
    /// It was asked for longer ago than it serves, or not at all.
    Over,
    /// It was for another text, or other people.
    Another,
    /// Too many codes were tried.
    TooMany,
}

/// Ties a PIN to what a message says and to whom it goes.
pub(super) fn about(message: &Message, settings: &Settings, recipients: &Recipients) -> String {
    let text = serde_json::to_vec(message).unwrap_or_default();
    let hash = Sha256::new_with_prefix(text)
        .chain_update(b"\0")
        .chain_update(&settings.email_reply_to)
        .chain_update(b"\0")
        .chain_update(recipients.digest());
    hex::encode(hash.finalize())
}

/// Sends a PIN to a message's author.
pub(super) async fn ask(state: &ApiState, by: &SignedIn, id: MessageId, about: String) -> Result<()> {
    let now_ms = state.now_ms();
    let what = format!("pin user {}", by.user);
    if let Allowance::Blocked { retry_after_s } =
        state.store().hit(&what, PINS_AN_HOUR, HOUR_S, now_ms).await?
    {
        return Err(ApiError::TooMany { retry_after_s: u32::try_from(retry_after_s).unwrap_or(u32::MAX) });
    }
    let pin = PinAsked { user: by.user, about, nonce: state.ids().secret(), until_ms: now_ms + PIN_MS };
    by.school.pins().create(id, &pin).await?;
    by.school.audit().record(&by.audit_event(Act::PinAsked, id.to_string(), Vec::new()), now_ms).await?;
    jobs::notify(state, by.school.id(), Notice::Pin { user: by.user, message: id }).await
}

/// Whether a PIN lets a message of this purpose go. Every try is counted before it is compared.
pub(super) async fn check(
    state: &ApiState,
    by: &SignedIn,
    given: GivenPin<'_>,
    purpose: Purpose,
    about: &str,
) -> Result<std::result::Result<(), PinRejected>> {
    let GivenPin { message: id, code } = given;
    let now_ms = state.now_ms();
    let (nonce, left) = match by.school.pins().count_try(id, by.user, about, now_ms).await? {
        Tried::Compare { nonce, left } => (nonce, left),
        Tried::Over | Tried::Spent => return Ok(Err(PinRejected::Over)),
        Tried::Another => return Ok(Err(PinRejected::Another)),
        Tried::TooMany => return Ok(Err(PinRejected::TooMany)),
    };
    let right = pin_code(state, &by.school, id, &nonce);
    let typed: String = code.chars().filter(char::is_ascii_digit).take(12).collect();
    let given = if bool::from(typed.as_bytes().ct_eq(right.as_bytes())) {
        "PIN"
    // In an emergency nobody waits for an e-mail: the code of an authenticator app serves as well.
    } else if purpose == Purpose::Emergency && factor::check_app(state, &by.person, code).await? {
        "code of the authenticator app"
    } else {
        by.school.audit().record(&by.audit_event(Act::PinWrong, id.to_string(), Vec::new()), now_ms).await?;
        return Ok(Err(if left == 0 { PinRejected::TooMany } else { PinRejected::Wrong(left) }));
    };
    let given = Change::of("given", "", given).into_iter().collect();
    by.school.audit().record(&by.audit_event(Act::PinRight, id.to_string(), given), now_ms).await?;
    Ok(Ok(()))
}

/// The code of a PIN: nobody without the product's key can work it out, so it is kept nowhere.
fn pin_code(state: &ApiState, school: &School, id: MessageId, nonce: &str) -> String {
    state.references().code("pin", &pin_text(school.id(), id, nonce))
}
