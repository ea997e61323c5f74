//! When a page may go, where its sender has a limit. No function sleeps for a provider: a page that must wait has its
//! job put back.
//!
//! ```text
//!   routine    ──A──A──A──A──┐           ┌──A──A──A──   every page has a slot of its own, in its state row
//!   emergency                └─E──E──E──E┘              a bucket of its own: it waits for emergencies only
//! ```
//! A routine page whose slot has come while emergencies of its sender are under way takes a new slot behind them all,
//! so that both together keep the limit.

use std::num::NonZeroU32;

use channels::bucket::Rate;
use domain::job::{Job, PageRef};
use domain::message::Purpose;
use domain::page::PageState;
use store::{School, Slot};

use super::bodies::Ready;
use crate::dispatch::Dispatch;
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

/// A page that is to go, as its job has it.
#[derive(Clone, Copy)]
pub(crate) struct PageJob<'a> {
    pub(crate) school: &'a School,
    pub(crate) page: &'a PageRef,
    pub(crate) fence: u32,
    /// The slot that was reserved for it, if one was.
    pub(crate) slot: Option<i64>,
    pub(crate) ready: &'a Ready,
}

impl PageJob<'_> {
    fn is_emergency(&self) -> bool {
        self.ready.body.message.purpose == Purpose::Emergency
    }

    /// Puts the job back, to come again after a delay in milliseconds.
    pub(super) async fn put_back(&self, dispatch: &Dispatch, slot: Option<i64>, delay_ms: i64) -> Result<()> {
        let job = Job::Page { page: self.page.clone(), fence: self.fence, slot };
        dispatch.enqueue(self.ready.body.message.purpose, vec![(job, delay_ms)]).await
    }
}

/// Whether the page may go now. If not, its job has been put back, or another job will bring it.
pub(super) async fn may_go(dispatch: &Dispatch, job: PageJob<'_>) -> Result<bool> {
    if dispatch.providers.are_unlimited() {
        return Ok(true);
    }
    let now_ms = dispatch.clock.now_ms();
    if let Some(at_ms) = job.slot.filter(|at_ms| is_later(*at_ms, now_ms)) {
        // A queue cuts long delays: the rest is waited for in another round.
        job.put_back(dispatch, Some(at_ms), at_ms - now_ms).await?;
        return Ok(false);
    }
    let (state, slot) = job.school.pages().state_and_slot(job.page).await?;
    let Some(per_second) = dispatch.providers.of(state.channel).per_second() else { return Ok(true) };
    if state.fence != job.fence || state.claim.is_some() {
        return Ok(false);
    }
    let from_ms = not_before(dispatch, &job, &state, now_ms).await?;
    match slot {
        Some(at_ms) if is_later(at_ms, now_ms) => {
            job.put_back(dispatch, slot, at_ms - now_ms).await?;
            Ok(false)
        }
        // Its turn is now, and no emergency that came since goes before it.
        Some(at_ms) if from_ms <= now_ms && at_ms + LAPSED_MS >= now_ms => Ok(true),
        // It waits for a retry, or for a slot to ask for.
        None if is_later(state.due_ms, now_ms) => {
            job.put_back(dispatch, None, state.due_ms - now_ms).await?;
            Ok(false)
        }
        _ => reserve(dispatch, &job, &state, per_second, (from_ms, now_ms)).await,
    }
}

const fn is_later(at_ms: i64, now_ms: i64) -> bool {
    at_ms > now_ms + NEAR_MS
}

/// Reserves a slot for the page, and writes when it is due, so that no other job and no look at the message asks for it
/// before then. Says whether it may go at once.
async fn reserve(
    dispatch: &Dispatch,
    job: &PageJob<'_>,
    state: &PageState,
    per_second: NonZeroU32,
    (from_ms, now_ms): (i64, i64),
) -> Result<bool> {
    let units = state.pending().into_iter().filter_map(|i| state.units.get(i)).map(|u| u.0).sum();
    let sender = sender_bucket(dispatch, job, state);
    let bucket = if job.is_emergency() { emergency_bucket(&sender) } else { sender };
    let takes_ms = Rate { per_second }.millis(units);
    let (at_ms, slot) = match dispatch.store.reserve_slot(&bucket, takes_ms, from_ms, HORIZON_MS).await? {
        Slot::At(at_ms) if !is_later(at_ms, now_ms) => return Ok(true),
        Slot::At(at_ms) => (at_ms, Some(at_ms)),
        Slot::Full { wait_ms } => {
            // A prime spreads neighbouring pages far apart: they would otherwise all ask again in the same second.
            let spread_ms = i64::from(job.page.page.wrapping_mul(7_919) % FULL_SPREAD_S) * 1_000;
            (now_ms + wait_ms.max(FULL_MS) + spread_ms, None)
        }
    };
    // Where the page has moved meanwhile, another job for it was quicker.
    if job.school.pages().postpone(job.page, state, at_ms, slot.is_some()).await? {
        job.put_back(dispatch, slot, at_ms - now_ms).await?;
    }
    Ok(false)
}

/// When the page may go at the earliest: routine pages let their sender's emergencies pass.
async fn not_before(dispatch: &Dispatch, job: &PageJob<'_>, state: &PageState, now_ms: i64) -> Result<i64> {
    if job.is_emergency() {
        return Ok(now_ms);
    }
    let emergencies = emergency_bucket(&sender_bucket(dispatch, job, state));
    let ahead = dispatch.store.sender_free_at(&emergencies).await?;
    Ok(ahead.map_or(now_ms, |at_ms| at_ms.max(now_ms)))
}

fn sender_bucket(dispatch: &Dispatch, job: &PageJob<'_>, state: &PageState) -> String {
    let sender = dispatch.providers.of(state.channel).sender(&job.ready.body.settings);
    format!("{}#{sender}", state.channel.code())
}

fn emergency_bucket(sender: &str) -> String {
    format!("{sender}#emergency")
}
