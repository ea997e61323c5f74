//! `POST Calls.json`. A call plays the `Twiml` that comes with it; a `Url` to fetch it from is refused.

use std::borrow::Cow;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use hyper::body::Bytes;

use super::refusal::{Refusal, Twilio};
use super::{authorise, check_callback, created, is_e164, twiml};
use crate::app::{App, Shared};
use crate::clock;
use crate::faults::{On, Target};
use crate::record::{CallEvents, Kind, Record};

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
        if self.to.is_empty() {
            return Err(Refusal::new(21604, "A 'To' phone number is required."));
        }
        if !is_e164(&self.to) {
            return Err(Refusal::new(21211, format!("Invalid 'To' Phone Number: {}", self.to)));
        }
        if self.from.is_empty() {
            return Err(Refusal::new(21603, "A 'From' phone number is required."));
        }
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
    if let Err(refusal) = authorise(&app, &account, &headers) {
        return refusal.into_response();
    }
    app.answer_slowly().await;
    app.faults.pass::<Twilio>(Target::Call, On::Send, || accept(&app, &body)).await
}

fn accept(app: &App, body: &[u8]) -> Response {
    let form = Form::parse(body);
    if let Err(refusal) = form.check() {
        return refusal.into_response();
    }
    let mut record = Record::new(Kind::Call, app.sids.next(), clock::now());
    record.from = form.from;
    record.to = form.to;
    record.body = form.twiml;
    record.callback = form.callback;
    record.events = form.events;
    created(app, &record)
}
