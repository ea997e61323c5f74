//! How attempts without an answer end: lost workers, and the provider's own records.

use super::{PageState, RetryPolicy};
use crate::delivery::{DeliveryState, Reason};

/// Claims that may end without an outcome before a page is given up as *not confirmed*.
pub const MOST_LOST_CLAIMS: u8 = 5;

/// Questions in a row that may come to nothing before a delivery stays *not confirmed*: about a day of them.
const MOST_VAIN: u8 = 100;
/// The same for an emergency, which then goes once more by itself: a quarter of an hour.
const MOST_VAIN_IN_EMERGENCY: u8 = 4;
/// Longest wait between two questions, in milliseconds.
const LONGEST_WAIT_MS: i64 = 900_000;

/// What the provider's own records say about an unresolved attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// As many records as attempts: ours is among them.
    Accepted {
        /// The provider's id, when exactly one record can be ours.
        id: Option<String>,
    },
    /// No record.
    Nothing,
    /// Neither: nobody can say.
    Unclear,
    /// Nobody can say now: the question itself failed, or what it depends on is on its way.
    NotNow,
}

impl PageState {
    /// Places of the deliveries about which the provider must still be asked.
    pub fn unresolved(&self) -> Vec<usize> {
        (0..self.slots.len())
            .filter(|&i| self.slots[i].unresolved() && self.standing(i).state == DeliveryState::Unknown)
            .collect()
    }

    /// Whether the provider must be asked about anything, also while other deliveries of the page wait for a send:
    /// [`PageState::next`] names only the send then.
    pub fn wants_asking(&self) -> bool {
        self.claim.is_none() && !self.unresolved().is_empty()
    }

    /// How long to wait before the provider is asked, in milliseconds: `least_ms`, doubled with every question in a
    /// row that came to nothing.
    pub fn ask_in(&self, least_ms: i64) -> i64 {
        let vain = self.unresolved().into_iter().map(|i| self.slots[i].vain).min().unwrap_or(0);
        least_ms.saturating_mul(1_i64 << vain.min(16)).min(LONGEST_WAIT_MS.max(least_ms))
    }

    /// Attempts at the delivery at `index` of which the provider may have a record that the page cannot name: what its
    /// unclaimed records must be counted against.
    pub fn unaccounted(&self, index: usize) -> usize {
        let slot = &self.slots[index];
        let nameless = slot.state == DeliveryState::Unknown || slot.id.as_deref() == Some("");
        let current = nameless.then_some(slot.attempt);
        let earlier = slot.past.iter().filter(|p| p.id.is_empty()).chain(&slot.open).map(|p| p.attempt);
        let named = |attempt: u32| self.receipts.of(index).any(|(a, e)| a == attempt && e.id.is_some());
        current.into_iter().chain(earlier).filter(|attempt| !named(*attempt)).count()
    }

    /// When the earliest and the latest of these attempts began, or were accepted, in milliseconds since 1970.
    pub fn unaccounted_between(&self, index: usize) -> Option<(i64, i64)> {
        let slot = &self.slots[index];
        let earlier = slot.past.iter().filter(|p| p.id.is_empty()).chain(&slot.open).map(|p| p.at_ms);
        let began = || slot.at_ms.into_iter().chain(earlier.clone());
        Some((began().min()?, began().max()?))
    }

    /// The page after its worker was lost: what it may have sent is *unknown*.
    #[must_use]
    pub fn abandoned(mut self) -> Self {
        let attempted = self.pending();
        let Some(claim) = self.claim.take() else { return self };
        let fence = self.fence;
        self.lost = self.lost.saturating_add(1);
        let given_up = self.lost >= MOST_LOST_CLAIMS;
        for index in attempted {
            let slot = &mut self.slots[index];
            slot.keep_accepted();
            slot.attempt = fence;
            slot.state = DeliveryState::Unknown;
            slot.reason = Some(Reason::NotConfirmed);
            slot.code = None;
            slot.at_ms = Some(claim.at_ms);
            (slot.asked, slot.vain) = (0, 0);
            slot.given_up = given_up;
        }
        self.fence += 1;
        self
    }

    /// The page after the provider was asked about its unknown deliveries. None found, asked twice: that attempt counts
    /// as refused. Nobody can say: stays unknown, except that it is sent once more if `send_once_more` says so, as it
    /// does for an emergency that nobody stopped.
    #[must_use]
    pub fn asked(
        mut self,
        found: Vec<(usize, Found)>,
        send_once_more: bool,
        policy: RetryPolicy,
        now_ms: i64,
    ) -> Self {
        self.fence += 1;
        // What waits for its turn after a refusal is not hurried along by what is found about its neighbours.
        let mut due_ms = if self.pending().is_empty() { now_ms } else { self.due_ms };
        for (index, found) in found {
            let Some(slot) = self.slots.get_mut(index) else { continue };
            if found != Found::NotNow {
                slot.vain = 0;
            }
            match found {
                Found::Accepted { id } => {
                    slot.state = DeliveryState::Accepted;
                    slot.reason = None;
                    slot.id = id.or_else(|| Some(String::new()));
                    slot.past.append(&mut slot.open);
                }
                Found::Nothing if slot.asked == 0 => slot.asked = 1,
                Found::Nothing => {
                    slot.asked = 0;
                    slot.at_ms = None;
                    slot.open.clear();
                    slot.refused = slot.refused.saturating_add(1);
                    if slot.refused < policy.most {
                        slot.state = DeliveryState::Retrying;
                        slot.reason = None;
                        due_ms = due_ms.max(policy.due(slot.refused, now_ms));
                    } else {
                        slot.state = DeliveryState::TemporaryFailure;
                        slot.reason = Some(Reason::TryLater);
                    }
                }
                Found::Unclear => slot.given_up = true,
                Found::NotNow => {
                    slot.vain = slot.vain.saturating_add(1);
                    let most = if send_once_more { MOST_VAIN_IN_EMERGENCY } else { MOST_VAIN };
                    slot.given_up = slot.vain >= most;
                }
            }
            if slot.given_up && send_once_more && !slot.resent {
                slot.resent = true;
                slot.send_again();
            }
        }
        self.due_ms = due_ms;
        self
    }
}
