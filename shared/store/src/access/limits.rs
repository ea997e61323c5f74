//! Counters that hold back: tries at signing in, and the pace of each sender.

use crate::error::{Result, StoreError};
use crate::secret::sha256_hex;
use crate::table::{n, number};
use crate::update::Updated;
use crate::{Store, keys};

/// How long a bucket is kept after it has run empty, in seconds.
const BUCKET_KEPT_S: i64 = 24 * 3_600;
/// Rounds of the two updates that reserve a slot: more than one only when somebody else fills the empty bucket.
const SLOT_ROUNDS: u32 = 4;

/// When the sender is free again, in milliseconds since 1970.
const FREE_AT: &str = "free_at";

/// Whether a try may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowance {
    /// It may.
    Allowed,
    /// Too many were made.
    Blocked {
        /// Seconds until the next may be made.
        retry_after_s: i64,
    },
}

/// A place in a sender's pace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// Reserved: send then, in milliseconds since 1970.
    At(i64),
    /// Nothing is reserved, because the sender is busy for longer than the horizon.
    Full {
        /// Milliseconds after which there may be a slot.
        wait_ms: i64,
    },
}

impl Store {
    /// Counts one try at `what` (such as signing in as a user, or from an address): `limit` of them, at least one, are
    /// allowed in each window of `window_s` seconds, counted from 1970. So two windows' worth may meet at the edge of
    /// two windows. `what` is stored as a hash.
    pub async fn hit(&self, what: &str, limit: u32, window_s: i64, now_ms: i64) -> Result<Allowance> {
        let window = Window::at(window_s, now_ms);
        let update = "ADD hits :one SET #ttl = :ttl";
        let condition = "attribute_not_exists(hits) OR hits < :limit";
        // Kept for a while after its end, against clocks that differ.
        let values = [(":one", n(1)), (":limit", n(limit)), (":ttl", n(window.end_s + window_s.max(60)))];
        match self.table.update_if(&window.key(what), update, condition, values).await? {
            Updated::Done(_) => Ok(Allowance::Allowed),
            Updated::Refused(_) => {
                let retry_after_s = (window.end_s - now_ms.div_euclid(1_000)).max(1);
                Ok(Allowance::Blocked { retry_after_s })
            }
        }
    }

    /// Forgets the tries at `what` in the present window: after one that was right.
    pub async fn forget_hits(&self, what: &str, window_s: i64, now_ms: i64) -> Result<()> {
        self.table.delete(&Window::at(window_s, now_ms).key(what)).await
    }

    /// Takes one try at `what` in the present window back: it was right, where only those that fail count.
    pub async fn take_back_hit(&self, what: &str, window_s: i64, now_ms: i64) -> Result<()> {
        let key = Window::at(window_s, now_ms).key(what);
        // A window that began since has nothing to take back.
        let back = [(":less", n(-1)), (":none", n(0))];
        self.table.update_if(&key, "ADD hits :less", "hits > :none", back).await?;
        Ok(())
    }

    /// Reserves the next `cost_ms` of a sender's time, if they begin within `horizon_ms` of `from_ms`, and not before
    /// `from_ms`. No two reservations overlap, whoever makes them. A sender without a cost has no pace and no row.
    pub async fn reserve_slot(
        &self,
        sender: &str,
        cost_ms: i64,
        from_ms: i64,
        horizon_ms: i64,
    ) -> Result<Slot> {
        if cost_ms <= 0 {
            return Ok(Slot::At(from_ms));
        }
        let key = keys::bucket(sender);
        let latest = from_ms.saturating_add(horizon_ms.max(0));
        let ttl = latest.saturating_add(cost_ms) / 1_000 + BUCKET_KEPT_S;
        for _ in 0..SLOT_ROUNDS {
            // Busy first: then a large send costs its bucket, which is one key, one write a page.
            let busy = "free_at > :from AND free_at <= :latest";
            let values =
                [(":cost", n(cost_ms)), (":from", n(from_ms)), (":latest", n(latest)), (":ttl", n(ttl))];
            let update = "SET free_at = free_at + :cost, #ttl = :ttl";
            let refused = match self.table.update_if(&key, update, busy, values).await? {
                Updated::Done(row) => {
                    let end: i64 =
                        number(&row, FREE_AT).ok_or_else(|| StoreError::corrupt("bucket", "free_at"))?;
                    return Ok(Slot::At(end - cost_ms));
                }
                Updated::Refused(row) => row,
            };
            let free_at: Option<i64> = refused.as_ref().and_then(|row| number(row, FREE_AT));
            if let Some(free_at) = free_at.filter(|at| *at > latest) {
                return Ok(Slot::Full { wait_ms: free_at - latest });
            }
            let idle = "attribute_not_exists(free_at) OR free_at <= :from";
            let values =
                [(":end", n(from_ms.saturating_add(cost_ms))), (":from", n(from_ms)), (":ttl", n(ttl))];
            let update = "SET free_at = :end, #ttl = :ttl";
            if let Updated::Done(_) = self.table.update_if(&key, update, idle, values).await? {
                return Ok(Slot::At(from_ms));
            }
        }
        Err(StoreError::Database { operation: "reserve slot", code: "contention".to_owned() })
    }

    /// When the last of a sender's reservations ends, in milliseconds since 1970; `None` if there are none.
    pub async fn sender_free_at(&self, sender: &str) -> Result<Option<i64>> {
        let row = self.table.get(&keys::bucket(sender), false).await?;
        Ok(row.as_ref().and_then(|row| number(row, FREE_AT)))
    }
}

/// One window of a limit.
struct Window {
    length_s: i64,
    index: i64,
    end_s: i64,
}

impl Window {
    fn at(window_s: i64, now_ms: i64) -> Self {
        let length_s = window_s.max(1);
        let index = now_ms.div_euclid(1_000).div_euclid(length_s);
        Self { length_s, index, end_s: (index + 1).saturating_mul(length_s) }
    }

    fn key(&self, what: &str) -> keys::Key {
        keys::rate(&format!("{}#{}#{}", sha256_hex(what), self.length_s, self.index))
    }
}
