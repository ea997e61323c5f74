//! Twilio's words for where a message or a call stands.

use domain::delivery::{DeliveryState, Evidence, Reason};

use super::errors;

/// Where something stands, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Report {
    state: DeliveryState,
    reason: Option<Reason>,
}

impl Report {
    pub(super) const ACCEPTED: Self = Self { state: DeliveryState::Accepted, reason: None };
    pub(super) const DELIVERED: Self = Self { state: DeliveryState::Delivered, reason: None };

    const fn failed(reason: Reason, again: bool) -> Self {
        let state = if again { DeliveryState::TemporaryFailure } else { DeliveryState::PermanentFailure };
        Self { state, reason: Some(reason) }
    }

    pub(super) fn evidence(self, code: Option<u32>, seconds: Option<u32>, at_ms: i64, sid: &str) -> Evidence {
        Evidence { state: self.state, reason: self.reason, code, seconds, at_ms, id: Some(sid.to_owned()) }
    }
}

/// The meaning of a message's status; `None` for a word that says nothing about a message of ours.
pub(super) fn of_message(word: &str, code: Option<u32>) -> Option<Report> {
    Some(match word {
        "accepted" | "scheduled" | "queued" | "sending" | "sent" | "partially_delivered" => Report::ACCEPTED,
        "delivered" | "read" => Report::DELIVERED,
        "undelivered" | "failed" => {
            let meaning = errors::classify(code, None);
            Report::failed(meaning.reason, meaning.again)
        }
        "canceled" => Report::failed(Reason::Other, false),
        _ => return None,
    })
}

/// The meaning of a call's status, with the error code or the carrier's SIP response where there is one.
///
/// A call in progress has been answered, but counts as delivered only once it has ended: its length is known then, and
/// if the report of its end is lost it is still asked for.
pub(super) fn of_call(word: &str, code: Option<u32>, sip: Option<u16>) -> Option<Report> {
    Some(match word {
        "queued" | "initiated" | "ringing" | "in-progress" => Report::ACCEPTED,
        "completed" => Report::DELIVERED,
        "busy" => Report::failed(Reason::Busy, true),
        "no-answer" => Report::failed(Reason::NoAnswer, true),
        "canceled" => Report::failed(Reason::Other, true),
        "failed" => match (code, sip) {
            (Some(_), _) => {
                let meaning = errors::classify(code, None);
                Report::failed(meaning.reason, meaning.again)
            }
            (None, Some(404 | 410 | 484 | 604)) => Report::failed(Reason::NoSuchAddress, false),
            (None, Some(408 | 480)) => Report::failed(Reason::Unreachable, true),
            (None, Some(486 | 600)) => Report::failed(Reason::Busy, true),
            (None, Some(403 | 603 | 607 | 608)) => Report::failed(Reason::Blocked, false),
            (None, Some(500..=599)) => Report::failed(Reason::TryLater, true),
            (None, _) => Report::failed(Reason::Other, false),
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_a_message_has_its_state() {
        use DeliveryState::{Accepted, Delivered, PermanentFailure, TemporaryFailure};
        let cases = [
            ("accepted", None, Accepted, None),
            ("queued", None, Accepted, None),
            ("sending", None, Accepted, None),
            ("sent", None, Accepted, None),
            ("scheduled", None, Accepted, None),
            ("delivered", None, Delivered, None),
            ("read", None, Delivered, None),
            ("undelivered", Some(30_003), TemporaryFailure, Some(Reason::Unreachable)),
            ("undelivered", Some(30_005), PermanentFailure, Some(Reason::NoSuchAddress)),
            ("undelivered", Some(30_007), PermanentFailure, Some(Reason::Blocked)),
            ("undelivered", None, PermanentFailure, Some(Reason::Other)),
            ("failed", Some(30_001), TemporaryFailure, Some(Reason::TryLater)),
            ("failed", Some(21_610), PermanentFailure, Some(Reason::OptedOut)),
            ("canceled", None, PermanentFailure, Some(Reason::Other)),
        ];
        for (word, code, state, reason) in cases {
            assert_eq!(of_message(word, code), Some(Report { state, reason }), "{word} {code:?}");
        }
        for word in ["receiving", "received", "", "Delivered", "new word"] {
            assert_eq!(of_message(word, None), None, "{word}");
        }
    }

    #[test]
    fn every_word_of_a_call_has_its_state() {
        use DeliveryState::{Accepted, Delivered, PermanentFailure, TemporaryFailure};
        let cases = [
            ("queued", None, None, Accepted, None),
            ("initiated", None, None, Accepted, None),
            ("ringing", None, None, Accepted, None),
            ("in-progress", None, None, Accepted, None),
            ("completed", None, Some(200), Delivered, None),
            ("busy", None, Some(486), TemporaryFailure, Some(Reason::Busy)),
            ("no-answer", None, Some(487), TemporaryFailure, Some(Reason::NoAnswer)),
            ("canceled", None, None, TemporaryFailure, Some(Reason::Other)),
            ("failed", None, Some(404), PermanentFailure, Some(Reason::NoSuchAddress)),
            ("failed", None, Some(480), TemporaryFailure, Some(Reason::Unreachable)),
            ("failed", None, Some(503), TemporaryFailure, Some(Reason::TryLater)),
            ("failed", None, Some(603), PermanentFailure, Some(Reason::Blocked)),
            ("failed", Some(21_217), Some(503), PermanentFailure, Some(Reason::NoSuchAddress)),
            ("failed", None, None, PermanentFailure, Some(Reason::Other)),
        ];
        for (word, code, sip, state, reason) in cases {
            assert_eq!(of_call(word, code, sip), Some(Report { state, reason }), "{word} {code:?} {sip:?}");
        }
        assert_eq!(of_call("delivered", None, None), None);
    }
}
