//! Calls that speak a text.

use domain::delivery::Answer;

use super::records::{self, Resource};
use super::{Twilio, twiml};
use crate::port::{BoxFuture, Fetched, Found, OutgoingCall, VoiceCaller};

const SIDS: &[&str] = &["CA"];

impl VoiceCaller for Twilio {
    fn send<'a>(&'a self, call: OutgoingCall<'a>) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            let to = call.to.e164();
            let callback = self.status_url(call.reference);
            let twiml = twiml::spoken(call.text);
            let fields = [
                ("To", to.as_str()),
                ("From", call.from),
                ("Twiml", twiml.as_str()),
                ("StatusCallback", callback.as_str()),
                ("StatusCallbackMethod", "POST"),
                ("StatusCallbackEvent", "answered"),
                ("StatusCallbackEvent", "completed"),
            ];
            self.create("Calls", &fields, SIDS).await
        })
    }

    fn find<'a>(&'a self, to: &'a str, from: &'a str, since_ms: i64, until_ms: i64) -> Found<'a> {
        Box::pin(async move {
            let found = self.list("Calls", &[("To", to), ("From", from)], since_ms..=until_ms).await?;
            Ok(found.into_iter().map(|c| c.into_record(records::Kind::Call, until_ms)).collect())
        })
    }

    fn fetch<'a>(&'a self, id: &'a str) -> Fetched<'a> {
        Box::pin(async move {
            let found: Option<Resource> = self.one("Calls", id, SIDS).await?;
            found.map(|c| c.evidence(records::Kind::Call)).transpose()
        })
    }
}
