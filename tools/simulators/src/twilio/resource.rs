//! Messages and calls as Twilio shows them.

use serde::Serialize;
use serde_json::value::RawValue;

use super::API;
use super::refusal::words;
use crate::app::App;
use crate::clock::{Millis, rfc2822};
use crate::kind::Kind;
use crate::outcome::{self, CallFate, TextFate};
use crate::record::Record;

#[derive(Serialize)]
#[allow(clippy::struct_field_names, reason = "named as on the wire")]
struct Message<'a> {
    body: &'a str,
    num_segments: String,
    direction: &'static str,
    from: &'a str,
    to: &'a str,
    date_updated: &'a str,
    price: Option<&'static str>,
    error_message: Option<&'static str>,
    uri: &'a str,
    account_sid: &'a str,
    num_media: &'static str,
    status: &'static str,
    messaging_service_sid: Option<&'static str>,
    sid: &'a str,
    date_sent: Option<&'a str>,
    date_created: &'a str,
    error_code: Option<u16>,
    price_unit: Option<&'static str>,
    api_version: &'static str,
    subresource_uris: MediaUri,
}

#[derive(Serialize)]
struct MediaUri {
    media: String,
}

#[derive(Serialize)]
struct Call<'a> {
    sid: &'a str,
    date_created: &'a str,
    date_updated: &'a str,
    parent_call_sid: Option<&'static str>,
    account_sid: &'a str,
    to: &'a str,
    to_formatted: &'a str,
    from: &'a str,
    from_formatted: &'a str,
    phone_number_sid: Option<&'static str>,
    status: &'static str,
    start_time: Option<&'a str>,
    end_time: Option<&'a str>,
    duration: Option<String>,
    price: Option<&'static str>,
    price_unit: &'static str,
    direction: &'static str,
    answered_by: Option<&'static str>,
    api_version: &'static str,
    forwarded_from: Option<&'static str>,
    group_sid: Option<&'static str>,
    caller_name: Option<&'static str>,
    queue_time: &'static str,
    trunk_sid: Option<&'static str>,
    uri: &'a str,
    subresource_uris: Empty,
}

#[derive(Serialize)]
struct Empty {}

fn step_time(app: &App, at: Millis, steps: Millis) -> Millis {
    at + steps * i64::try_from(app.latency.step.as_millis()).unwrap_or(0)
}

/// A message, `steps` steps after it was accepted.
pub(crate) fn message(app: &App, record: &Record<'_>, steps: Millis) -> serde_json::Result<String> {
    let sid = record.public_sid();
    let uri = format!("{API}/Accounts/{}/Messages/{sid}.json", app.account.sid);
    let created = rfc2822(record.at);
    let sent = (steps > 0).then(|| rfc2822(step_time(app, record.at, 1)));
    let updated = (steps > 0).then(|| rfc2822(step_time(app, record.at, steps.min(2))));
    let error = match outcome::of_text(&record.to) {
        TextFate::Undelivered(code) if steps > 1 && record.kind == Kind::Sms => Some(code),
        _ => None,
    };
    serde_json::to_string(&Message {
        body: &record.body,
        num_segments: record.units.to_string(),
        direction: if record.kind == Kind::Inbound { "inbound" } else { "outbound-api" },
        from: &record.from,
        to: &record.to,
        date_updated: updated.as_deref().unwrap_or(&created),
        price: None,
        error_message: error.map(words),
        account_sid: &app.account.sid,
        num_media: "0",
        status: outcome::status(record, steps),
        messaging_service_sid: None,
        date_sent: sent.as_deref(),
        date_created: &created,
        error_code: error,
        price_unit: None,
        api_version: "2010-04-01",
        subresource_uris: MediaUri {
            media: format!("{API}/Accounts/{}/Messages/{sid}/Media.json", app.account.sid),
        },
        sid: &sid,
        uri: &uri,
    })
}

/// A call, `steps` steps after it was accepted.
pub(crate) fn call(app: &App, record: &Record<'_>, steps: Millis) -> serde_json::Result<String> {
    let sid = record.public_sid();
    let uri = format!("{API}/Accounts/{}/Calls/{sid}.json", app.account.sid);
    let created = rfc2822(record.at);
    let status = outcome::status(record, steps);
    let over = matches!(status, "completed" | "busy" | "no-answer" | "failed");
    let start = (steps > 0).then(|| rfc2822(step_time(app, record.at, 1)));
    let end = over.then(|| rfc2822(step_time(app, record.at, 3)));
    let duration = match outcome::of_call(&record.to) {
        CallFate::Answered { seconds } if over => Some(seconds.to_string()),
        _ if over => Some("0".to_owned()),
        _ => None,
    };
    serde_json::to_string(&Call {
        date_created: &created,
        date_updated: end.as_deref().or(start.as_deref()).unwrap_or(&created),
        parent_call_sid: None,
        account_sid: &app.account.sid,
        to: &record.to,
        to_formatted: &record.to,
        from: &record.from,
        from_formatted: &record.from,
        phone_number_sid: None,
        status,
        start_time: start.as_deref(),
        end_time: end.as_deref(),
        duration,
        price: None,
        price_unit: "USD",
        direction: "outbound-api",
        answered_by: None,
        api_version: "2010-04-01",
        forwarded_from: None,
        group_sid: None,
        caller_name: None,
        queue_time: "0",
        trunk_sid: None,
        subresource_uris: Empty {},
        sid: &sid,
        uri: &uri,
    })
}

/// The resource of either kind, as it stands now.
pub(crate) fn now(app: &App, record: &Record<'_>) -> Option<Box<RawValue>> {
    let steps = app.steps_since(record.at);
    let text = match record.kind {
        Kind::Call => call(app, record, steps),
        _ => message(app, record, steps),
    };
    RawValue::from_string(text.ok()?).ok()
}
