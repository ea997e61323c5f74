//! Where messages stood a moment ago.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::delivery::DeliveryState;
use domain::ids::{MessageId, SchoolId};
use domain::message::{MessageState, Purpose};
use domain::usage::Totals;
use store::{Author, Edited, Meta};

/// How long an answer is given again without asking the table, so that many who watch one large send cost little.
const FRESH: Duration = Duration::from_millis(500);
/// Messages whose answers are kept.
const KEPT: usize = 256;

/// Where a message stands as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The message.
    pub id: MessageId,
    /// Its state.
    pub state: MessageState,
    /// What it is for.
    pub purpose: Purpose,
    /// Who wrote it.
    pub author: Author,
    /// When it was accepted, in milliseconds since 1970.
    pub created_ms: i64,
    /// Its deliveries by state; empty until it is planned.
    pub totals: Totals,
    /// Units of the texts that the provider accepted: what is billed.
    pub sms_units: u64,
    /// Contacts that could not be reached when it was planned.
    pub unreachable: u32,
    /// Why it was rejected, in plain words.
    pub reason: Option<String>,
    /// Who gave it another text while it waited to be authorised.
    pub edits: Vec<Edited>,
    /// It waits for a sync run.
    pub waits: Option<Waits>,
}

/// How a message waits for a sync run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waits {
    /// The run is at work.
    ForRun,
    /// It did not finish: a later one, or somebody's word, lets the message go.
    LetDown,
}

impl Waits {
    pub(crate) const fn of(meta: &Meta) -> Option<Self> {
        if !matches!(meta.state, MessageState::Queued)
            || meta.unsynced.since_ms.is_none()
            || meta.unsynced.waived
        {
            return None;
        }
        Some(if meta.unsynced.let_down { Self::LetDown } else { Self::ForRun })
    }
}

impl Status {
    /// All deliveries.
    pub fn deliveries(&self) -> u64 {
        self.totals.values().sum()
    }

    /// Deliveries in any of these states.
    pub fn count(&self, wanted: impl Fn(DeliveryState) -> bool) -> u64 {
        self.totals.iter().filter(|(state, _)| wanted(**state)).map(|(_, count)| count).sum()
    }

    /// Deliveries that *resend* would take.
    pub fn can_resend(&self) -> u64 {
        match self.state {
            MessageState::Sending | MessageState::Finished => self.count(DeliveryState::can_resend),
            _ => 0,
        }
    }

    /// Whether nothing more is queued or being sent; receipts may still refine the totals.
    pub const fn is_over(&self) -> bool {
        matches!(self.state, MessageState::Finished | MessageState::Stopped | MessageState::Rejected)
    }
}

/// Answers of the last half second, each with when it was made.
#[derive(Debug, Default)]
pub(crate) struct StatusCache(Mutex<HashMap<Key, (Duration, Arc<Status>)>>);

type Key = (SchoolId, MessageId);

impl StatusCache {
    pub(crate) fn find(&self, key: Key, now: Duration) -> Option<Arc<Status>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, status) = kept.get(&key)?;
        (now.saturating_sub(*at) < FRESH).then(|| Arc::clone(status))
    }

    pub(crate) fn keep(&self, key: Key, now: Duration, status: Arc<Status>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.retain(|_, (at, _)| now.saturating_sub(*at) < FRESH);
        }
        if kept.len() < KEPT {
            kept.insert(key, (now, status));
        }
    }

    /// Forgets a message that was just acted on.
    pub(crate) fn forget(&self, school: SchoolId, message: MessageId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&(school, message));
    }
}
