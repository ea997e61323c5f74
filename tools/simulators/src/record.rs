//! What the simulators keep of each accepted request: one line of JSON, on disk and in memory alike.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::clock::Millis;
use crate::kind::Kind;
use crate::sid::Sid;

/// The call events that the caller asked to be told of, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct CallEvents(u8);

impl CallEvents {
    const NAMES: [&'static str; 4] = ["initiated", "ringing", "answered", "completed"];

    /// Adds every known event named in `text` (names parted by spaces).
    pub(crate) fn add(&mut self, text: &str) {
        for name in text.split_whitespace() {
            if let Some(bit) = Self::NAMES.iter().position(|n| *n == name) {
                self.0 |= 1 << bit;
            }
        }
    }

    /// Whether this event is wanted; with none asked for, only `completed` is.
    pub(crate) fn wants(self, event: &str) -> bool {
        let bits = if self.0 == 0 { 0b1000 } else { self.0 };
        Self::NAMES.iter().position(|n| *n == event).is_some_and(|bit| bits & (1 << bit) != 0)
    }

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_empty(&self) -> bool {
        self.0 == 0
    }
}

/// A name and value that the sender put on an e-mail.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Tag<'a> {
    #[serde(borrow, rename = "Name", alias = "n")]
    pub(crate) name: Cow<'a, str>,
    #[serde(borrow, rename = "Value", alias = "v")]
    pub(crate) value: Cow<'a, str>,
}

/// One accepted request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record<'a> {
    pub(crate) kind: Kind,
    pub(crate) sid: Sid,
    /// When it was accepted.
    #[serde(default)]
    pub(crate) at: Millis,
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub(crate) from: Cow<'a, str>,
    /// The number, or the first address of an e-mail.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub(crate) to: Cow<'a, str>,
    /// Further addresses of an e-mail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) also: Vec<String>,
    /// The text of an SMS, the TwiML of a call, the raw MIME of an e-mail in base64.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub(crate) body: Cow<'a, str>,
    /// Where receipts of texts and calls go; blank for nowhere.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub(crate) callback: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "CallEvents::is_empty")]
    pub(crate) events: CallEvents,
    /// Segments of a text.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) units: u32,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tags: Vec<Tag<'a>>,
    /// The configuration set of an e-mail.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub(crate) set: Cow<'a, str>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

impl<'a> Record<'a> {
    /// A record with only its identity; the rest is filled in where it is accepted.
    pub(crate) fn new(kind: Kind, sid: Sid, at: Millis) -> Self {
        Self {
            kind,
            sid,
            at,
            from: Cow::Borrowed(""),
            to: Cow::Borrowed(""),
            also: Vec::new(),
            body: Cow::Borrowed(""),
            callback: Cow::Borrowed(""),
            events: CallEvents::default(),
            units: 0,
            tags: Vec::new(),
            set: Cow::Borrowed(""),
        }
    }

    /// Reads a line of the journal.
    pub(crate) fn parse(line: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }

    /// The id as the provider writes it.
    pub(crate) fn public_sid(&self) -> String {
        self.sid.public(self.kind, self.at)
    }

    /// The parent's side: who gets it, or who sent it to the school.
    pub(crate) fn party(&self) -> &str {
        if self.kind == Kind::Inbound { &self.from } else { &self.to }
    }

    /// Every address of an e-mail, or the one number.
    pub(crate) fn recipients(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&*self.to).chain(self.also.iter().map(String::as_str))
    }

    /// The sender's own reference: the last segment of the callback's path, or the tag called `reference`
    /// (else the first tag).
    pub(crate) fn reference(&self) -> Option<&str> {
        if self.kind == Kind::Email {
            let named = self.tags.iter().find(|tag| tag.name == "reference");
            return named.or(self.tags.first()).map(|tag| &*tag.value);
        }
        let path = self.callback.split(['?', '#']).next()?;
        path.rsplit('/').next().filter(|segment| !segment.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_reads_back_and_blanks_take_no_room() {
        let mut record = Record::new(Kind::Call, Sid::default(), 5);
        record.to = "+447700900123".into();
        record.callback = "https://school.example/twilio/status/a.b.1?x=y/z".into();
        record.events.add("ringing completed");
        let line = serde_json::to_vec(&record).unwrap();
        assert!(!String::from_utf8_lossy(&line).contains("tags"));
        let back = Record::parse(&line).unwrap();
        assert!(matches!(back.to, Cow::Borrowed(_)));
        assert_eq!(back.reference(), Some("a.b.1"));
        assert!(back.events.wants("ringing") && !back.events.wants("answered"));
    }

    #[test]
    fn no_events_asked_for_means_completed_only() {
        let none = CallEvents::default();
        assert!(none.wants("completed") && !none.wants("initiated"));
    }
}
