//! Texts.

use domain::delivery::Answer;

use super::records::{self, Resource};
use super::{Twilio, is_sid};
use crate::port::{BoxFuture, Fetched, Found, OutgoingSms, SmsSender};

const SIDS: &[&str] = &["SM", "MM"];

/// Whether a sender is the name of a pool of numbers (a messaging service).
fn is_pool(from: &str) -> bool {
    is_sid(from, &["MG"])
}

impl SmsSender for Twilio {
    fn send<'a>(&'a self, sms: OutgoingSms<'a>) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            let to = sms.to.e164();
            let callback = self.status_url(sms.reference);
            // A pool of numbers may have smart encoding switched on, and does unless it is told otherwise: Twilio would
            // replace characters, and what it has on record would no longer be what was sent.
            let fields = [
                ("To", to.as_str()),
                (if is_pool(sms.from) { "MessagingServiceSid" } else { "From" }, sms.from),
                ("Body", sms.body),
                ("SmartEncoded", "false"),
                ("StatusCallback", callback.as_str()),
            ];
            self.create("Messages", &fields, SIDS).await
        })
    }

    fn find<'a>(&'a self, to: &'a str, from: &'a str, since_ms: i64, until_ms: i64) -> Found<'a> {
        Box::pin(async move {
            let mut filters = vec![("To", to)];
            // Twilio picks the number out of a pool, so that its records cannot be listed by the pool's name.
            if !is_pool(from) {
                filters.push(("From", from));
            }
            let found = self.list("Messages", &filters, since_ms..=until_ms).await?;
            let ours = found
                .into_iter()
                .filter(|m| !is_pool(from) || m.messaging_service_sid.as_deref() == Some(from));
            Ok(ours.map(|m| m.into_record(records::Kind::Message, until_ms)).collect())
        })
    }

    fn fetch<'a>(&'a self, id: &'a str) -> Fetched<'a> {
        Box::pin(async move {
            let found: Option<Resource> = self.one("Messages", id, SIDS).await?;
            found.map(|m| m.evidence(records::Kind::Message)).transpose()
        })
    }
}
