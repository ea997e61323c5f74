//! `POST /2/tweets`.

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use hyper::body::Bytes;
use serde::Deserialize;

use super::signed::check;
use super::state::Account;
use super::tokens::{access_of, account_of};
use crate::app::{App, Shared};
use crate::book::Wanted;
use crate::faults::{On, Target, Voice};
use crate::kind::Kind;
use crate::record::Record;
use crate::{clock, server};

/// Most characters that are taken; X's own weights are for the sender to keep to.
const MOST: usize = 280;
/// Posts among which the same words are looked for.
const RECENT: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Post {
    text: String,
}

fn problem(status: u16, title: &str, detail: &str) -> Response {
    let body =
        serde_json::json!({ "title": title, "detail": detail, "type": "about:blank", "status": status });
    server::as_json(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), &body)
}

/// X's words for its failures.
struct XWords;

impl Voice for XWords {
    fn error(status: u16, _code: u16) -> Response {
        match status {
            429 => problem(429, "Too Many Requests", "Too Many Requests"),
            500 => problem(500, "Internal Server Error", "Something is broken."),
            503 => problem(503, "Service Unavailable", "Service Unavailable"),
            _ => problem(403, "Forbidden", "You are not permitted to perform this action."),
        }
    }
}

/// Takes a post.
pub(super) async fn create(State(app): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let secret = |token: &str| account_of(token).map(|account| access_of(account).1);
    let signed = check(&app.x, &headers, "/2/tweets", secret);
    let account = signed.and_then(|signed| account_of(signed.get("oauth_token")));
    let revoked = |account: &Account| app.x.lock().revoked.contains(account.id);
    let Some(account) = account.filter(|account| !revoked(account)) else {
        return problem(401, "Unauthorized", "Unauthorized");
    };
    app.answer_slowly().await;
    app.faults.pass::<XWords>(Target::Tweet, On::Send, || accept(&app, account, &body)).await
}

fn accept(app: &App, account: Account, body: &[u8]) -> Response {
    let Ok(post) = serde_json::from_slice::<Post>(body) else {
        return problem(400, "Invalid Request", "One or more parameters to your request was invalid.");
    };
    if post.text.trim().is_empty() || post.text.chars().count() > MOST {
        return problem(400, "Invalid Request", "The text must have 1 to 280 characters.");
    }
    let wanted = Wanted { kinds: &[Kind::Tweet], to: Some(account.name), ..Wanted::default() };
    let same = |record: Record<'_>| record.body == post.text;
    if app.book.list(&wanted, RECENT).iter().any(|(_, line)| line.record().is_some_and(same)) {
        let detail = "You are not allowed to create a Tweet with duplicate content.";
        return problem(403, "Forbidden", detail);
    }
    let mut record = Record::new(Kind::Tweet, app.sids.next(), clock::now());
    record.from = account.name.into();
    record.to = account.name.into();
    record.body = post.text.as_str().into();
    if app.book.accept(&record).is_err() {
        return problem(500, "Internal Server Error", "The post could not be kept.");
    }
    let created = serde_json::json!({ "data": { "id": record.public_sid(), "text": post.text } });
    server::as_json(StatusCode::CREATED, &created)
}
