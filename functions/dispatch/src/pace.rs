//! When a page may go, where its sender has a limit. No function sleeps for a provider: a page that must wait has its
//! job put back.
//!
//! ```text
//!   routine    ──A──A──A──A──┐           ┌──A──A──A──   every page has a slot of its own, in its state row
//!   emergency                └─E──E──E──E┘              a bucket of its own: it waits for emergencies only
//! ```
//! A routine page whose slot has come while emergencies of its sender are under way takes a new slot behind them all,
//! so that both together keep the limit.

use channels::bucket::Rate;
use domain::job::{Job, PageRef};
use domain::message::Purpose;
use domain::page::PageState;
use store::{School, Slot};

use crate::Dispatch;
use crate::bodies::Ready;
use crate::error::Result;

/// How far ahead slots are given out, in milliseconds.
const HORIZON_MS: i64 = 3_600_000;
/// A slot this near is as good as now, in milliseconds.
const NEAR_MS: i64 = 1_000;
/// A slot missed by more than this is given up: after a standstill, pages must not all go at once. In milliseconds.
const LAPSED_MS: i64 = 120_000;
/// Shortest wait of a page that got no slot, in milliseconds: far less than the horizon, so that the sender never falls
/// idle, and long enough that thousands of pages do not crowd around one row.
const FULL_MS: i64 = 600_000;
/// Over which such pages are spread, in seconds. Together with `FULL_MS` no more than a queue's longest delay.
const FULL_SPREAD_S: u32 = 300;

/// A page that asks to go.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub(crate) school: &'a School,
    pub(crate) page: &'a PageRef,
    pub(crate) fence: u32,
    /// What the job says of its slot.
    pub(crate) slot: Option<i64>,
    pub(crate) ready: &'a Ready,
}

impl Dispatch {
    /// Whether the page may go now. If not, its job has been put back, or another job will bring it.
    pub(crate) async fn may_go(&self, asking: Asking<'_>) -> Result<bool> {
        if self.providers.twilio_per_second.is_none() && self.providers.mail_per_second.is_none() {
            return Ok(true);
        }
        let now_ms = self.clock.now_ms();
        let later = |at_ms: i64| at_ms > now_ms + NEAR_MS;
        if let Some(at_ms) = asking.slot.filter(|at| later(*at)) {
            // A queue cuts long delays: the rest is waited for in another round.
            return self.come_back(asking, Some(at_ms), at_ms - now_ms).await;
        }
        let (state, slot) = asking.school.pages().state_and_slot(asking.page).await?;
        let Some(per_second) = self.providers.per_second(state.channel) else { return Ok(true) };
        if state.fence != asking.fence || state.claim.is_some() {
            return Ok(false);
        }
        let from_ms = self.not_before(&state, asking.ready, now_ms).await?;
        match slot {
            Some(at_ms) if later(at_ms) => return self.come_back(asking, slot, at_ms - now_ms).await,
            Some(at_ms) if from_ms <= now_ms && at_ms + LAPSED_MS >= now_ms => return Ok(true),
            None if later(state.due_ms) => return self.come_back(asking, None, state.due_ms - now_ms).await,
            _ => {}
        }
        let units = state.pending().into_iter().filter_map(|i| state.units.get(i)).map(|u| u.0).sum();
        let bucket = self.bucket(&state, asking.ready);
        match self.store.reserve_slot(&bucket, Rate { per_second }.millis(units), from_ms, HORIZON_MS).await?
        {
            Slot::At(at_ms) if !later(at_ms) => Ok(true),
            Slot::At(at_ms) => self.wait(asking, &state, at_ms, true, now_ms).await,
            Slot::Full { wait_ms } => {
                let spread_ms = i64::from(asking.page.page.wrapping_mul(7_919) % FULL_SPREAD_S) * 1_000;
                let at_ms = now_ms + wait_ms.max(FULL_MS) + spread_ms;
                self.wait(asking, &state, at_ms, false, now_ms).await
            }
        }
    }

    /// Writes when the page is due, so that no other job and no look at the message asks for it before then.
    async fn wait(
        &self,
        asking: Asking<'_>,
        seen: &PageState,
        at_ms: i64,
        reserved: bool,
        now_ms: i64,
    ) -> Result<bool> {
        if asking.school.pages().postpone(asking.page, seen, at_ms, reserved).await? {
            self.come_back(asking, reserved.then_some(at_ms), at_ms - now_ms).await
        } else {
            // Another job for the page was quicker.
            Ok(false)
        }
    }

    async fn come_back(&self, asking: Asking<'_>, slot: Option<i64>, delay_ms: i64) -> Result<bool> {
        let job = Job::Page { page: asking.page.clone(), fence: asking.fence, slot };
        self.enqueue(asking.ready.body.message.purpose, vec![(job, delay_ms)]).await?;
        Ok(false)
    }

    /// When the page may go at the earliest: routine pages let their sender's emergencies pass.
    async fn not_before(&self, state: &PageState, ready: &Ready, now_ms: i64) -> Result<i64> {
        if ready.body.message.purpose == Purpose::Emergency {
            return Ok(now_ms);
        }
        let ahead = self.store.sender_free_at(&emergency_bucket(&self.sender_bucket(state, ready))).await?;
        Ok(ahead.map_or(now_ms, |at_ms| at_ms.max(now_ms)))
    }

    fn bucket(&self, state: &PageState, ready: &Ready) -> String {
        let sender = self.sender_bucket(state, ready);
        if ready.body.message.purpose == Purpose::Emergency { emergency_bucket(&sender) } else { sender }
    }

    fn sender_bucket(&self, state: &PageState, ready: &Ready) -> String {
        let sender = self.providers.sender(state.channel, &ready.body.settings);
        format!("{}#{sender}", state.channel.code())
    }
}

fn emergency_bucket(sender: &str) -> String {
    format!("{sender}#emergency")
}
