//! `POST Calls.json`. A call plays the `Twiml` that comes with it; a `Url` to fetch it from is refused.

use std::borrow::Cow;

use axum::extract::{Path, State};
use axum::response::Response;
use http::HeaderMap;
use hyper::body::Bytes;

use super::refusal::Refusal;
use super::{check_callback, check_ends, is_e164, send, twiml};
use crate::app::{App, Shared};
use crate::clock;
use crate::faults::Target;
use crate::kind::Kind;
use crate::record::{CallEvents, Record};

/// Longest TwiML that Twilio takes in a request, in characters.
const LONGEST: usize = 4000;

#[derive(Default)]
struct Form<'a> {
    to: Cow<'a, str>,
    from: Cow<'a, str>,
    twiml: Cow<'a, str>,
    callback: Cow<'a, str>,
    events: CallEvents,
}

impl<'a> Form<'a> {
    fn parse(body: &'a [u8]) -> Self {
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(body) {
            match &*name {
                "To" => form.to = value,
                "From" => form.from = value,
                "Twiml" => form.twiml = value,
                "StatusCallback" => form.callback = value,
                "StatusCallbackEvent" => form.events.add(&value),
                _ => {}
            }
        }
        form
    }

    fn check(&self) -> Result<(), Refusal> {
        check_ends(&self.to, &self.from)?;
        if !is_e164(&self.from) {
            let message = format!("The source phone number provided, {}, is not yet verified.", self.from);
            return Err(Refusal::new(21210, message));
        }
        if self.twiml.is_empty() {
            return Err(Refusal::new(
                21205,
                "A 'Twiml' is required: this simulator fetches none from a 'Url'.",
            ));
        }
        if self.twiml.chars().count() > LONGEST || !twiml::is_response(&self.twiml) {
            return Err(Refusal::new(12100, "Document parse failure"));
        }
        check_callback(&self.callback)
    }
}

/// Takes a call.
pub(crate) async fn create(
    State(app): State<Shared>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    send(&app, &account, &headers, Target::Call, || accept(&app, &body)).await
}

fn accept<'a>(app: &App, body: &'a [u8]) -> Result<Record<'a>, Refusal> {
    let form = Form::parse(body);
    form.check()?;
    let mut record = Record::new(Kind::Call, app.sids.next(), clock::now());
    record.from = form.from;
    record.to = form.to;
    record.body = form.twiml;
    record.callback = form.callback;
    record.events = form.events;
    Ok(record)
}
