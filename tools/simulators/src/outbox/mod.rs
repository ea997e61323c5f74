//! The Outbox: what was sent, as the parents' phones and mailboxes show it.

mod mail;
mod view;
mod words;

use std::hash::{DefaultHasher, Hasher as _};

use askama::Template;
use axum::extract::{Form, Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;

use crate::app::Shared;
use crate::book::Line;
use crate::control::{self, Inbound};
use crate::sid::Sid;

/// The simulators' pages run no script and load no style but their own; e-mail may bring inline styles into its frame.
pub(crate) const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const MAIL_POLICY: &str = "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src data:; frame-src 'self'; \
     form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// The Outbox's routes.
pub(crate) fn routes() -> Router<Shared> {
    let file = |media_type, text| get(file).layer(Extension(File { media_type, text }));
    Router::new()
        .route("/", get(board))
        .route("/outbox", get(board))
        .route("/outbox/mail/{sid}", get(mail_page))
        .route("/outbox/reply", post(reply))
        .route("/outbox/style.css", file("text/css; charset=utf-8", include_str!("../../assets/outbox.css")))
        .route(
            "/outbox/live.js",
            file("text/javascript; charset=utf-8", include_str!("../../assets/outbox.js")),
        )
}

#[derive(Clone, Copy)]
struct File {
    media_type: &'static str,
    text: &'static str,
}

async fn file(Extension(file): Extension<File>) -> Response {
    ([(header::CONTENT_TYPE, file.media_type), (header::CACHE_CONTROL, "no-cache")], file.text)
        .into_response()
}

pub(crate) fn html(page: &impl Template, policy: &'static str) -> Response {
    let Ok(body) = page.render() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, body).into_response()
}

async fn board(State(app): State<Shared>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let query = query.unwrap_or_default();
    let built = tokio::task::spawn_blocking(move || view::board(&app, &query)).await;
    let Ok(page) = built else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let Ok(body) = page.render() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut hasher = DefaultHasher::new();
    hasher.write(body.as_bytes());
    let tag = format!("\"{:016x}\"", hasher.finish());
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    let mut response = html(&page, POLICY);
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

async fn mail_page(State(app): State<Shared>, Path(sid): Path<String>) -> Response {
    let number = Sid::parse(&sid).and_then(|sid| app.book.find(sid));
    let line = number.and_then(|number| app.book.read(number));
    let record = line.as_ref().and_then(Line::record);
    match record.and_then(|record| mail::page(&app, &record)) {
        Some(page) => html(&page, MAIL_POLICY),
        None => (StatusCode::NOT_FOUND, "There is no such e-mail. Go back to the Outbox.").into_response(),
    }
}

#[derive(Deserialize)]
struct Reply {
    phone: String,
    to: String,
    body: String,
    /// The query of the page to go back to.
    back: String,
}

async fn reply(State(app): State<Shared>, headers: HeaderMap, Form(reply): Form<Reply>) -> Response {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    if site.is_some_and(|site| site != b"same-origin" && site != b"none") {
        return (StatusCode::FORBIDDEN, "Replies come from the Outbox page only.").into_response();
    }
    let text = Inbound { from: reply.phone, to: reply.to, body: reply.body, url: None };
    let outcome = if text.body.trim().is_empty() {
        "empty"
    } else {
        match control::receive(&app, &text).await {
            Ok(received) if received.answer.is_some_and(|status| (200..300).contains(&status)) => "taken",
            Ok(received) if received.answer.is_some() => "refused",
            _ => "unanswered",
        }
    };
    Redirect::to(&view::address(&reply.back, Some(outcome))).into_response()
}
