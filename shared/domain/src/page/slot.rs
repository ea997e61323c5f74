//! What is known of each delivery of a page: by its workers, and from outside.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::channel::Channel;
use crate::delivery::{DeliveryState, Evidence, Reason};

/// What the worker side knows of one delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// Where it stands. `Sending` is never stored: it is a pending slot of a claimed page.
    #[serde(rename = "s")]
    pub state: DeliveryState,
    /// Fence of the latest attempt; 0 before the first.
    #[serde(rename = "a", default, skip_serializing_if = "is_default")]
    pub attempt: u32,
    /// Evidence of attempts before this one counts only if it says *delivered*: staff asked for a new send.
    #[serde(rename = "f", default, skip_serializing_if = "is_default")]
    pub floor: u32,
    /// When the latest attempt was accepted, or began if that is all that is known; milliseconds since 1970.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub at_ms: Option<i64>,
    /// The provider's id of the latest attempt.
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Why it is where it is.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The provider's own code.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u32>,
    /// Refused attempts since the delivery was last queued.
    #[serde(rename = "n", default, skip_serializing_if = "is_default")]
    pub refused: u8,
    /// How often the provider was asked about an unknown attempt without finding it.
    #[serde(rename = "q", default, skip_serializing_if = "is_default")]
    pub asked: u8,
    /// Questions about an unknown attempt in a row that came to nothing: no answer, or none that says anything yet.
    #[serde(rename = "v", default, skip_serializing_if = "is_default")]
    pub vain: u8,
    /// Set once nobody can find out more about an unknown attempt.
    #[serde(rename = "u", default, skip_serializing_if = "is_default")]
    pub given_up: bool,
    /// Sent once more by itself, as an emergency may be.
    #[serde(rename = "e", default, skip_serializing_if = "is_default")]
    pub resent: bool,
    /// Earlier attempts that the provider accepted: they were billed.
    #[serde(rename = "p", default, skip_serializing_if = "Vec::is_empty")]
    pub past: Vec<Past>,
    /// Earlier attempts that nobody had an answer for when the delivery was sent again. Their ids are empty.
    #[serde(rename = "o", default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<Past>,
}

/// An earlier attempt that the provider accepted, or may have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
    /// Its fence.
    #[serde(rename = "a")]
    pub attempt: u32,
    /// When it was accepted, or began if that is all that is known; milliseconds since 1970.
    #[serde(rename = "t")]
    pub at_ms: i64,
    /// The provider's id; empty if its record cannot be told from others.
    #[serde(rename = "i")]
    pub id: String,
}

/// Values that a row leaves out.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Slot {
    /// A delivery that nobody has tried yet.
    pub const fn queued() -> Self {
        Self {
            state: DeliveryState::Queued,
            attempt: 0,
            floor: 0,
            at_ms: None,
            id: None,
            reason: None,
            code: None,
            refused: 0,
            asked: 0,
            vain: 0,
            given_up: false,
            resent: false,
            past: Vec::new(),
            open: Vec::new(),
        }
    }

    /// Puts the delivery back into the queue because staff, or an emergency, want it sent once more.
    pub(super) fn send_again(&mut self) {
        self.keep_accepted();
        if let (DeliveryState::Unknown, Some(at_ms)) = (self.state, self.at_ms) {
            self.open.push(Past { attempt: self.attempt, at_ms, id: String::new() });
        }
        *self = Self {
            state: DeliveryState::Retrying,
            attempt: self.attempt,
            floor: self.floor,
            resent: self.resent,
            past: std::mem::take(&mut self.past),
            open: std::mem::take(&mut self.open),
            ..Self::queued()
        };
    }

    /// A pending delivery that is not sent once more after all stands where its latest attempt that may have arrived
    /// left it; `false` if there was none.
    pub(super) fn put_back(&mut self) -> bool {
        let latest = |list: &[Past]| list.iter().map(|p| p.attempt).max();
        let (taken, open) = (latest(&self.past), latest(&self.open));
        let (list, state, reason) = if open > taken {
            (&mut self.open, DeliveryState::Unknown, Some(Reason::NotConfirmed))
        } else {
            (&mut self.past, DeliveryState::Accepted, None)
        };
        let Some(place) = open.max(taken).and_then(|a| list.iter().position(|p| p.attempt == a)) else {
            return false;
        };
        let Past { attempt, at_ms, id } = list.remove(place);
        *self = Self {
            state,
            attempt,
            floor: self.floor.min(attempt),
            at_ms: Some(at_ms),
            id: (state == DeliveryState::Accepted).then_some(id),
            reason,
            resent: self.resent,
            past: std::mem::take(&mut self.past),
            open: std::mem::take(&mut self.open),
            ..Self::queued()
        };
        true
    }

    /// Remembers an accepted attempt before the next one takes its place.
    pub(super) fn keep_accepted(&mut self) {
        if let (Some(id), Some(at_ms)) = (self.id.take(), self.at_ms)
            && !self.past.iter().any(|p| p.attempt == self.attempt)
        {
            self.past.push(Past { attempt: self.attempt, at_ms, id });
        }
    }

    pub(super) fn unresolved(&self) -> bool {
        self.state == DeliveryState::Unknown && !self.given_up
    }
}

/// All evidence of a page: by place in the page, then by attempt.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Receipts(pub BTreeMap<u8, BTreeMap<u32, Evidence>>);

impl Receipts {
    /// Merges one piece of evidence; says whether anything changed.
    pub fn merge(&mut self, channel: Channel, index: u8, attempt: u32, evidence: Evidence) -> bool {
        let attempts = self.0.entry(index).or_default();
        match attempts.get_mut(&attempt) {
            None => {
                attempts.insert(attempt, evidence);
                true
            }
            Some(known) => {
                let joined = known.clone().join(evidence, channel);
                let changed = joined != *known;
                *known = joined;
                changed
            }
        }
    }

    pub(super) fn of(&self, index: usize) -> impl Iterator<Item = (u32, &Evidence)> {
        u8::try_from(index).ok().and_then(|i| self.0.get(&i)).into_iter().flatten().map(|(a, e)| (*a, e))
    }
}
