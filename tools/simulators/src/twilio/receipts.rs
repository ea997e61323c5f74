//! Requests from Twilio: status callbacks and texts from phones, signed.

use http::{HeaderValue, Request, header};
use http_body_util::Full;

use crate::app::App;
use crate::clock;
use crate::courier::Parcel;
use crate::kind::Kind;
use crate::outcome::{self, CallFate, TextFate};
use crate::record::Record;
use crate::signature;
use crate::twilio::overrides;

type Form = Vec<(&'static str, String)>;

/// The status callback for a text or call, or `None` where the sender asked for none.
pub(crate) fn parcel(app: &App, record: &Record<'_>, status: &str) -> Option<Parcel> {
    if record.callback.is_empty() {
        return None;
    }
    signed(&record.callback, &form(app, record, status), &app.account.auth_token)
}

/// The same with a signature that is not Twilio's.
pub(crate) fn forged(app: &App, record: &Record<'_>, status: &str) -> Option<Parcel> {
    signed(&record.callback, &form(app, record, status), "not the account's token")
}

fn form(app: &App, record: &Record<'_>, status: &str) -> Form {
    if record.kind == Kind::Call { call_form(app, record, status) } else { text_form(app, record, status) }
}

fn text_form(app: &App, record: &Record<'_>, status: &str) -> Form {
    let sid = record.public_sid();
    let mut form = vec![
        ("SmsSid", sid.clone()),
        ("SmsStatus", status.to_owned()),
        ("MessageStatus", status.to_owned()),
        ("To", record.to.to_string()),
        ("MessageSid", sid),
        ("AccountSid", app.account.sid.clone()),
        ("From", record.from.to_string()),
        ("ApiVersion", "2010-04-01".to_owned()),
    ];
    if matches!(status, "undelivered" | "failed") {
        let code = match outcome::of_text(&record.to) {
            TextFate::Undelivered(code) => code,
            TextFate::Delivered => 30008,
        };
        form.push(("ErrorCode", code.to_string()));
    }
    form
}

fn call_form(app: &App, record: &Record<'_>, status: &str) -> Form {
    let sequence = match status {
        "initiated" | "queued" => "0",
        "ringing" => "1",
        "in-progress" => "2",
        _ => "3",
    };
    let mut form = vec![
        ("CallSid", record.public_sid()),
        ("AccountSid", app.account.sid.clone()),
        ("From", record.from.to_string()),
        ("Caller", record.from.to_string()),
        ("To", record.to.to_string()),
        ("Called", record.to.to_string()),
        ("CallStatus", status.to_owned()),
        ("Direction", "outbound-api".to_owned()),
        ("ApiVersion", "2010-04-01".to_owned()),
        ("CallbackSource", "call-progress-events".to_owned()),
        ("SequenceNumber", sequence.to_owned()),
        ("Timestamp", clock::rfc2822(clock::now())),
    ];
    let seconds = match outcome::of_call(&record.to) {
        CallFate::Answered { seconds } => seconds,
        _ => 0,
    };
    if matches!(status, "completed" | "busy" | "no-answer" | "failed" | "canceled") {
        form.push(("CallDuration", seconds.to_string()));
        form.push(("Duration", seconds.div_ceil(60).to_string()));
    }
    form
}

/// A text from a phone, to be posted to `url`.
pub(crate) fn inbound(app: &App, record: &Record<'_>, url: &str) -> Option<Parcel> {
    let sid = record.public_sid();
    let form = vec![
        ("ToCountry", "GB".to_owned()),
        ("SmsMessageSid", sid.clone()),
        ("NumMedia", "0".to_owned()),
        ("SmsSid", sid.clone()),
        ("SmsStatus", "received".to_owned()),
        ("Body", record.body.to_string()),
        ("FromCountry", "GB".to_owned()),
        ("To", record.to.to_string()),
        ("NumSegments", record.units.to_string()),
        ("MessageSid", sid),
        ("AccountSid", app.account.sid.clone()),
        ("From", record.from.to_string()),
        ("ApiVersion", "2010-04-01".to_owned()),
    ];
    signed(url, &form, &app.account.auth_token)
}

fn signed(url: &str, form: &Form, token: &str) -> Option<Parcel> {
    let url = overrides::without(url);
    let signature = signature::sign(token, url, form);
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    Request::post(url)
        .header(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded; charset=UTF-8"),
        )
        .header(header::USER_AGENT, HeaderValue::from_static("TwilioProxy/1.1"))
        .header("X-Twilio-Signature", signature)
        .body(Full::from(body))
        .ok()
}
