//! `/_control`: what the simulators saw, and orders for trouble.

use std::collections::BTreeMap;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use crate::app::{App, Shared, Targets};
use crate::book::{Counts, Wanted};
use crate::courier::{Parcel, ReceiptCounts};
use crate::faults::Order;
use crate::kind::Kind;
use crate::mail::{self, Attachment, Mail};
use crate::record::Record;
use crate::sid::Sid;
use crate::{clock, outcome, segments, server, ses, twilio};

/// The control routes.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/_control/log", get(log))
        .route("/_control/counts", get(counts))
        .route("/_control/faults", post(add_fault).delete(clear_faults))
        .route("/_control/pause", post(pause))
        .route("/_control/resume", post(resume))
        .route("/_control/replay", post(replay))
        .route("/_control/inbound", post(inbound))
        .route("/_control/targets", post(targets))
}

fn problem(status: StatusCode, detail: &str) -> Response {
    server::as_json(status, &serde_json::json!({ "error": detail }))
}

#[derive(Deserialize)]
struct LogQuery {
    kind: Option<Kind>,
    to: Option<String>,
    /// At most this many, the newest of them.
    limit: Option<usize>,
}

/// One line of the log.
#[derive(Serialize)]
struct Seen<'a> {
    kind: Kind,
    sid: String,
    from: &'a str,
    to: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also: Vec<&'a str>,
    /// When it was accepted.
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    units: Option<u32>,
    /// The text of an SMS, or what a call says.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment>,
    #[serde(skip_serializing_if = "str::is_empty")]
    callback: &'a str,
    /// How it ends, in the provider's word; e-mail by its last event.
    outcome: &'static str,
}

fn seen<'a>(record: &'a Record<'_>) -> Seen<'a> {
    let mut seen = Seen {
        kind: record.kind,
        sid: record.public_sid(),
        from: &record.from,
        to: &record.to,
        also: record.also.iter().map(String::as_str).collect(),
        at: clock::iso(record.at),
        reference: record.reference(),
        units: None,
        body: None,
        subject: None,
        text: None,
        html: None,
        attachments: Vec::new(),
        callback: &record.callback,
        outcome: outcome::status(record, 9),
    };
    match record.kind {
        Kind::Email => {
            let mail = Mail::parse(&mail::raw(record));
            seen.subject = Some(mail.subject);
            seen.text = Some(mail.text);
            seen.html = mail.html;
            seen.attachments = mail.attachments;
            seen.outcome = outcome::steps(record).last().map_or("Send", |step| step.event);
        }
        Kind::Call => seen.body = Some(twilio::twiml::spoken(&record.body)),
        _ => {
            seen.body = Some(record.body.to_string());
            seen.units = Some(record.units);
        }
    }
    seen
}

async fn log(State(app): State<Shared>, Query(query): Query<LogQuery>) -> Response {
    // Thousands of lines to read and e-mails to take apart: not on a thread that serves.
    let written = tokio::task::spawn_blocking(move || written_log(&app, &query)).await;
    match written {
        Ok(body) => server::json(StatusCode::OK, body),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn written_log(app: &App, query: &LogQuery) -> String {
    let all = [Kind::Sms, Kind::Call, Kind::Email, Kind::Tweet, Kind::Inbound];
    let one = query.kind.map(|kind| [kind]);
    let kinds: &[Kind] = one.as_ref().map_or(&all, |kind| kind);
    let wanted = Wanted { kinds, to: query.to.as_deref(), ..Wanted::default() };
    let lines = app.book.list(&wanted, query.limit.unwrap_or(usize::MAX));
    let mut out = String::from("[");
    for (_, line) in lines.iter().rev() {
        let Some(text) = line.record().and_then(|record| serde_json::to_string(&seen(&record)).ok()) else {
            continue;
        };
        if out.len() > 1 {
            out.push_str(",\n");
        }
        out.push_str(&text);
    }
    out.push(']');
    out
}

#[derive(Serialize)]
struct Totals {
    #[serde(flatten)]
    counts: Counts,
    receipts: ReceiptCounts,
    /// Requests that went wrong as ordered, by kind of fault.
    faults: BTreeMap<&'static str, u64>,
}

async fn counts(State(app): State<Shared>) -> Response {
    let totals =
        Totals { counts: app.book.counts(), receipts: app.courier.counts(), faults: app.faults.struck() };
    server::as_json(StatusCode::OK, &totals)
}

async fn add_fault(State(app): State<Shared>, Json(order): Json<Order>) -> StatusCode {
    app.faults.add(order);
    StatusCode::NO_CONTENT
}

async fn clear_faults(State(app): State<Shared>) -> StatusCode {
    app.faults.clear();
    StatusCode::NO_CONTENT
}

async fn pause(State(app): State<Shared>) -> StatusCode {
    app.courier.pause(true);
    StatusCode::NO_CONTENT
}

async fn resume(State(app): State<Shared>) -> StatusCode {
    app.courier.pause(false);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct Moved {
    ses_events: Option<String>,
    inbound: Option<String>,
}

async fn targets(State(app): State<Shared>, Json(moved): Json<Moved>) -> StatusCode {
    app.point_to(|targets| {
        *targets = Targets {
            ses_events: moved.ses_events.or_else(|| targets.ses_events.take()),
            inbound: moved.inbound.or_else(|| targets.inbound.take()),
        };
    });
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct Replay {
    sid: String,
    /// A status callback's word, or an SES event's.
    status: String,
    #[serde(default = "once")]
    times: u16,
    /// Sign with a wrong token; for e-mail, change the tags.
    #[serde(default)]
    forge: bool,
}

fn once() -> u16 {
    1
}

/// Sends receipts at once, all together, and tells what was answered to each (`null` for no answer).
async fn replay(State(app): State<Shared>, Json(replay): Json<Replay>) -> Response {
    let number = Sid::parse(&replay.sid).and_then(|sid| app.book.find(sid));
    let Some(line) = number.and_then(|number| app.book.read(number)) else {
        return problem(StatusCode::NOT_FOUND, "no record has this sid");
    };
    let parcel = || -> Option<Parcel> {
        let record = line.record()?;
        match (record.kind, replay.forge) {
            (Kind::Email, forge) => ses::events::again(&app, &record, &replay.status, forge),
            (_, true) => twilio::receipts::forged(&app, &record, &replay.status),
            (_, false) => twilio::receipts::parcel(&app, &record, &replay.status),
        }
    };
    let mut posts = JoinSet::new();
    for _ in 0..replay.times {
        let Some(parcel) = parcel() else {
            return problem(
                StatusCode::CONFLICT,
                "this record has nowhere to send receipts, or none of this name",
            );
        };
        let app = Shared::clone(&app);
        posts.spawn(async move { app.courier.post(parcel).await.map(|status| status.as_u16()) });
    }
    server::as_json(StatusCode::OK, &serde_json::json!({ "answers": posts.join_all().await }))
}

/// A text from a phone.
#[derive(Deserialize)]
pub(crate) struct Inbound {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) body: String,
    /// Where to post it, if not where the simulators were told at the start.
    pub(crate) url: Option<String>,
}

/// The answer to a text from a phone.
#[derive(Debug, Serialize)]
pub(crate) struct Received {
    pub(crate) sid: String,
    /// The product's answer; `None` for no answer.
    pub(crate) answer: Option<u16>,
}

/// Keeps a text from a phone and posts it, signed, once: Twilio does not retry these.
pub(crate) async fn receive(app: &App, text: &Inbound) -> Result<Received, &'static str> {
    let url = text.url.clone().or_else(|| app.targets().inbound).ok_or("nowhere to post it: give a url")?;
    let mut record = Record::new(Kind::Inbound, app.sids.next(), clock::now());
    record.from = text.from.as_str().into();
    record.to = text.to.as_str().into();
    record.body = text.body.as_str().into();
    record.units = segments::count(&text.body);
    let parcel = twilio::receipts::inbound(app, &record, &url).ok_or("the url is not valid")?;
    app.book.accept(&record).map_err(|_| "it could not be kept")?;
    let answer = app.courier.post(parcel).await.map(|status| status.as_u16());
    Ok(Received { sid: record.public_sid(), answer })
}

async fn inbound(State(app): State<Shared>, Json(text): Json<Inbound>) -> Response {
    match receive(&app, &text).await {
        Ok(received) => server::as_json(StatusCode::OK, &received),
        Err(why) => problem(StatusCode::UNPROCESSABLE_ENTITY, why),
    }
}
