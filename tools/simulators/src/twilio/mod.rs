//! Twilio's REST API: Messages and Calls, as far as a sender of texts and calls uses them.

pub(crate) mod calls;
pub(crate) mod list;
pub(crate) mod messages;
pub(crate) mod overrides;
pub(crate) mod receipts;
pub(crate) mod refusal;
pub(crate) mod resource;
pub(crate) mod twiml;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, StatusCode, header};

use crate::app::{App, Shared};
use crate::faults::{On, Target};
use crate::kind::Kind;
use crate::record::Record;
use crate::server;
use refusal::{Refusal, Twilio};

/// What every account's paths begin with.
const API: &str = "/2010-04-01";

/// Twilio's routes.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/2010-04-01/Accounts/{account}/Messages.json", get(list::messages).post(messages::create))
        .route("/2010-04-01/Accounts/{account}/Calls.json", get(list::calls).post(calls::create))
        .route("/2010-04-01/Accounts/{account}/Messages/{file}", get(list::message))
        .route("/2010-04-01/Accounts/{account}/Calls/{file}", get(list::call))
        .route("/2010-04-01/{*rest}", axum::routing::any(unknown))
}

async fn unknown() -> Response {
    Refusal::not_found().into_response()
}

/// Lets in who has the account's credentials and asks for that account.
fn authorise(app: &App, account: &str, headers: &HeaderMap) -> Result<(), Refusal> {
    let given = headers.get(header::AUTHORIZATION).map(http::HeaderValue::as_bytes);
    if given != Some(app.basic.as_bytes()) {
        return Err(Refusal::new(20003, "Authenticate"));
    }
    if account != app.account.sid {
        return Err(Refusal::not_found());
    }
    Ok(())
}

/// Takes what `accept` makes of the request, unless its sender is unknown or a fault has it otherwise.
async fn send<'a>(
    app: &App,
    account: &str,
    headers: &HeaderMap,
    target: Target,
    accept: impl FnOnce() -> Result<Record<'a>, Refusal>,
) -> Response {
    if let Err(refusal) = authorise(app, account, headers) {
        return refusal.into_response();
    }
    app.answer_slowly().await;
    let take = || accept().map_or_else(Refusal::into_response, |record| created(app, &record));
    app.faults.pass::<Twilio>(target, On::Send, take).await
}

/// Keeps the record and answers 201 with the resource it became.
fn created(app: &App, record: &Record<'_>) -> Response {
    if app.accept(record).is_err() {
        // Not kept, so not accepted: the client may try again.
        return Refusal::new(20500, "Internal Server Error").into_response();
    }
    let resource = match record.kind {
        Kind::Call => resource::call(app, record, 0),
        _ => resource::message(app, record, 0),
    };
    match resource {
        Ok(body) => server::json(StatusCode::CREATED, body),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// What Twilio checks of a text and of a call alike, in its order; who may be the sender differs.
fn check_ends(to: &str, from: &str) -> Result<(), Refusal> {
    if to.is_empty() {
        return Err(Refusal::new(21604, "A 'To' phone number is required."));
    }
    if !is_e164(to) {
        return Err(Refusal::new(21211, format!("Invalid 'To' Phone Number: {to}")));
    }
    if from.is_empty() {
        return Err(Refusal::new(21603, "A 'From' phone number is required."));
    }
    Ok(())
}

/// E.164: a plus and 7 to 15 digits, the first not 0.
fn is_e164(number: &str) -> bool {
    let Some(digits) = number.strip_prefix('+') else {
        return false;
    };
    (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit())
}

/// A callback must be an absolute URL; these simulators can only call plain HTTP.
fn check_callback(url: &str) -> Result<(), Refusal> {
    let parsed = url.parse::<http::Uri>();
    let callable = parsed.is_ok_and(|uri| uri.scheme_str() == Some("http") && uri.host().is_some());
    if url.is_empty() || callable {
        return Ok(());
    }
    Err(Refusal::new(
        21609,
        "The 'StatusCallback' URL is not a valid URL that this simulator can call (plain http).",
    ))
}
