//! A page: up to 25 deliveries of one channel that are claimed, sent and settled together.
//!
//! Every function here is pure; the store makes each change conditional on the fence, so that two workers can never
//! both act on what they read. Invariants:
//! - a delivery is attempted only under a claim, and the fence of that claim is the attempt's number, never used twice;
//! - a claim that is lost turns what it had not settled into *unknown*, never straight back into *queued*.

#[cfg(test)]
mod model;
mod recovery;
mod slot;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::channel::{Channel, Reports};
use crate::delivery::{Answer, DeliveryState, Evidence, Reason};
use crate::sms::Units;

pub use recovery::{Found, MOST_LOST_CLAIMS};
pub use slot::{Past, Receipts, Slot};

/// Most deliveries in a page.
pub const PAGE_SIZE: usize = 25;

/// A worker's hold on a page. It carries no deadline: see `Job::Recover`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The worker's one-time name.
    pub by: String,
    /// When it was taken, in milliseconds since 1970. Only for asking the provider, never for expiry.
    pub at_ms: i64,
}

/// The state row of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageState {
    /// The channel of all its deliveries.
    pub channel: Channel,
    /// Units of each delivery: SMS parts; 1 for calls and e-mail.
    pub units: Vec<Units>,
    /// Moves with every change of `slots`.
    pub fence: u32,
    /// Who is sending it now.
    pub claim: Option<Claim>,
    /// When pending deliveries are due, in milliseconds since 1970.
    pub due_ms: i64,
    /// Claims lost in a row.
    pub lost: u8,
    /// One for each delivery.
    pub slots: Vec<Slot>,
    /// What came in from outside.
    pub receipts: Receipts,
    /// Moves with every change of `receipts`.
    pub version: u32,
}

/// When a refused delivery is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Wait before the first retry, in milliseconds; it doubles with each.
    pub base_ms: i64,
    /// Attempts that may be refused before the delivery has failed.
    pub most: u8,
}

impl RetryPolicy {
    fn due(self, refused: u8, now_ms: i64) -> i64 {
        now_ms.saturating_add(self.base_ms.saturating_mul(1_i64 << refused.saturating_sub(1).min(16)))
    }
}

/// What a page needs next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Somebody holds it: find out later whether they still live.
    Recover,
    /// Ask the provider about unknown deliveries, then look again.
    Ask,
    /// Send what is pending, when due. The provider may have to be asked besides: see [`PageState::wants_asking`].
    Send {
        /// Milliseconds since 1970.
        due_ms: i64,
    },
    /// Nothing: every delivery is settled, as far as we can know.
    Settled,
}

/// The state of one delivery as a reader sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its state.
    pub state: DeliveryState,
    /// Why.
    pub reason: Option<Reason>,
    /// The provider's own code.
    pub code: Option<u32>,
    /// When the provider took it or first reported on it, in milliseconds since 1970.
    pub at_ms: Option<i64>,
}

/// An attempt that the provider took: what usage counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedAttempt {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// Seconds of the answered call.
    pub seconds: u32,
    /// The provider's id, if known.
    pub id: Option<String>,
}

impl PageState {
    /// A page as the plan writes it.
    pub fn new(channel: Channel, units: Vec<Units>, due_ms: i64) -> Self {
        let slots = vec![Slot::queued(); units.len()];
        Self {
            channel,
            units,
            fence: 0,
            claim: None,
            due_ms,
            lost: 0,
            slots,
            receipts: Receipts::default(),
            version: 0,
        }
    }

    /// Where the delivery at `index` stands: the stronger of what the worker wrote and what came in from outside.
    pub fn standing(&self, index: usize) -> Standing {
        let mut standing = self.known(index);
        if self.channel.facts().reports == Reports::Never && standing.state == DeliveryState::Accepted {
            // Whatever X takes is there: no report follows.
            standing.state = DeliveryState::Delivered;
        }
        standing
    }

    fn known(&self, index: usize) -> Standing {
        let slot = &self.slots[index];
        let of_evidence = |e: &Evidence| Standing {
            state: e.state,
            reason: e.reason,
            code: e.code,
            at_ms: slot.at_ms.map_or(Some(e.at_ms), |t| Some(t.min(e.at_ms))),
        };
        let mut latest: Option<(u32, &Evidence)> = None;
        let mut accepted: Option<&Evidence> = None;
        for (attempt, evidence) in self.receipts.of(index) {
            if evidence.state == DeliveryState::Delivered {
                return of_evidence(evidence);
            }
            if attempt >= slot.floor {
                latest = Some((attempt, evidence));
                if evidence.state == DeliveryState::Accepted {
                    accepted = Some(evidence);
                }
            }
        }
        let expired = slot.state == DeliveryState::Expired;
        if let Some(evidence) = accepted.filter(|_| !expired) {
            return of_evidence(evidence);
        }
        match latest {
            // Any report on a pending delivery says that the provider has it after all: it must not be sent again.
            Some((attempt, evidence))
                if (slot.state.is_pending() || attempt >= slot.attempt)
                    && !(expired && evidence.state == DeliveryState::Accepted) =>
            {
                of_evidence(evidence)
            }
            _ => Standing {
                state: match slot.state {
                    state if state.is_pending() && self.claim.is_some() => DeliveryState::Sending,
                    state => state,
                },
                reason: slot.reason,
                code: slot.code,
                at_ms: slot.at_ms,
            },
        }
    }

    /// Places of the deliveries that a claim would send: pending, and not known to have been accepted after all.
    pub fn pending(&self) -> Vec<usize> {
        (0..self.slots.len())
            .filter(|&i| {
                self.slots[i].state.is_pending()
                    && matches!(
                        self.standing(i).state,
                        DeliveryState::Queued | DeliveryState::Retrying | DeliveryState::Sending
                    )
            })
            .collect()
    }

    /// What the page needs next.
    pub fn next(&self) -> Next {
        if self.claim.is_some() {
            Next::Recover
        } else if !self.pending().is_empty() {
            Next::Send { due_ms: self.due_ms }
        } else if !self.unresolved().is_empty() {
            Next::Ask
        } else {
            Next::Settled
        }
    }

    /// The page under a claim. The store makes this conditional on the fence and on there being no claim.
    #[must_use]
    pub fn claimed(mut self, by: &str, now_ms: i64) -> Self {
        self.fence += 1;
        self.claim = Some(Claim { by: by.to_owned(), at_ms: now_ms });
        self
    }

    /// The page after its claim's answers: `answers` holds the place of each attempted delivery.
    #[must_use]
    pub fn settled(mut self, answers: Vec<(usize, Answer)>, policy: RetryPolicy, now_ms: i64) -> Self {
        let fence = self.fence;
        let began = self.claim.take().map_or(now_ms, |c| c.at_ms);
        let mut due: Option<i64> = None;
        for (index, answer) in answers {
            let Some(slot) = self.slots.get_mut(index) else { continue };
            slot.keep_accepted();
            slot.attempt = fence;
            (slot.asked, slot.vain) = (0, 0);
            (slot.reason, slot.code) = (None, None);
            match answer {
                Answer::Accepted { id } => {
                    slot.state = DeliveryState::Accepted;
                    slot.at_ms = Some(now_ms);
                    slot.id = Some(id);
                }
                Answer::Refused { reason, code, again } => {
                    slot.refused = slot.refused.saturating_add(1);
                    (slot.reason, slot.code, slot.at_ms) = (Some(reason), code, None);
                    if again && slot.refused < policy.most {
                        slot.state = DeliveryState::Retrying;
                        let at = policy.due(slot.refused, now_ms);
                        due = Some(due.map_or(at, |d| d.max(at)));
                    } else if again {
                        slot.state = DeliveryState::TemporaryFailure;
                    } else if matches!(reason, Reason::OurFault | Reason::TextChanged) {
                        slot.state = DeliveryState::TechnicalFailure;
                    } else {
                        slot.state = DeliveryState::PermanentFailure;
                    }
                }
                Answer::Unknown => {
                    slot.state = DeliveryState::Unknown;
                    slot.reason = Some(Reason::NotConfirmed);
                    slot.at_ms = Some(began);
                }
            }
        }
        self.due_ms = due.unwrap_or(now_ms);
        self.lost = 0;
        self
    }

    /// The page after a claim that sent nothing, because the message was stopped or the text would differ. A delivery
    /// that was to be sent once more is as its latest attempt left it: that one may have arrived.
    #[must_use]
    pub fn closed(mut self, state: DeliveryState, reason: Option<Reason>) -> Self {
        for index in self.pending() {
            let slot = &mut self.slots[index];
            if !slot.put_back() {
                slot.state = state;
                slot.reason = reason;
            }
        }
        self.claim = None;
        self.lost = 0;
        self.fence += 1;
        self
    }

    /// The claimed page without these pending deliveries: they are not sent, the others are.
    #[must_use]
    pub fn withheld(mut self, indices: &[usize], why: Reason) -> Self {
        for index in self.pending().into_iter().filter(|index| indices.contains(index)) {
            let slot = &mut self.slots[index];
            if !slot.put_back() {
                slot.state = DeliveryState::NotSent;
                slot.reason = Some(why);
            }
        }
        self
    }

    /// The page after a claim that was given back before anything was sent.
    #[must_use]
    pub fn released(mut self, due_ms: i64) -> Self {
        self.claim = None;
        self.due_ms = due_ms;
        self.fence += 1;
        self
    }

    /// The page after staff asked to send again what failed or is not confirmed; and how many that were.
    #[must_use]
    pub fn resent(mut self, now_ms: i64) -> (Self, usize) {
        let again: Vec<usize> =
            (0..self.slots.len()).filter(|&i| self.standing(i).state.can_resend()).collect();
        if self.claim.is_some() || again.is_empty() {
            return (self, 0);
        }
        self.fence += 1;
        let next_attempt = self.fence;
        for &index in &again {
            self.slots[index].send_again();
            self.slots[index].floor = next_attempt;
        }
        self.due_ms = now_ms;
        self.lost = 0;
        (self, again.len())
    }

    /// The page after a long silence: what was accepted and never reported on has expired. `None` if nothing changes.
    #[must_use]
    pub fn expired(mut self, accepted_before_ms: i64) -> Option<Self> {
        let old: Vec<usize> = (0..self.slots.len())
            .filter(|&i| {
                let standing = self.standing(i);
                standing.state == DeliveryState::Accepted
                    && standing.at_ms.is_some_and(|t| t < accepted_before_ms)
            })
            .collect();
        if old.is_empty() || self.claim.is_some() {
            return None;
        }
        for index in old {
            self.slots[index].state = DeliveryState::Expired;
            self.slots[index].reason = Some(Reason::NoReport);
        }
        self.fence += 1;
        Some(self)
    }

    /// Every attempt of the delivery at `index` that the provider took, each once.
    pub fn accepted_attempts(&self, index: usize) -> Vec<AcceptedAttempt> {
        let slot = &self.slots[index];
        let mut attempts: BTreeMap<u32, AcceptedAttempt> = BTreeMap::new();
        for past in &slot.past {
            let id = Some(past.id.clone());
            attempts.insert(past.attempt, AcceptedAttempt { at_ms: past.at_ms, seconds: 0, id });
        }
        if let (Some(at_ms), Some(id)) = (slot.at_ms, &slot.id) {
            attempts.insert(slot.attempt, AcceptedAttempt { at_ms, seconds: 0, id: Some(id.clone()) });
        }
        for (attempt, evidence) in self.receipts.of(index) {
            let id = evidence.id.clone();
            // A record that turned up late was taken for a later attempt's: the report says whose it is.
            attempts.retain(|other, known| *other == attempt || id.is_none() || known.id != id);
            let entry =
                attempts.entry(attempt).or_insert(AcceptedAttempt { at_ms: evidence.at_ms, seconds: 0, id });
            if evidence.state == DeliveryState::Delivered {
                entry.seconds = evidence.seconds.unwrap_or(0);
            }
        }
        attempts.into_values().collect()
    }
}
