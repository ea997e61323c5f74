//! A message that was confirmed while a sync runs waits for it, so that it goes to the numbers that are right now
//! (ARCHITECTURE §5.6). An emergency never waits.

use domain::ids::UserId;
use domain::job::Job;
use domain::message::Purpose;
use domain::notice::Notice;
use domain::settings::Settings;
use store::{Meta, School, Unsynced};

use crate::dispatch::Dispatch;
use crate::error::Result;

/// Between two looks while the run is at work, in milliseconds.
const WORKING_MS: i64 = 2_000;
/// Between two looks once it has ended without success: until somebody decides, or a later run finishes.
const FAILED_MS: i64 = 60_000;

/// Whether the message waits for a sync run; then it is looked at again later.
pub(super) async fn waits(
    dispatch: &Dispatch,
    school: &School,
    meta: &Meta,
    settings: &Settings,
) -> Result<bool> {
    let Unsynced { since_ms, waived, .. } = meta.unsynced;
    if waived || meta.purpose == Purpose::Emergency || !settings.mis.is_on() {
        return Ok(false);
    }
    let now_ms = dispatch.clock.now_ms();
    let standing = school.sync().status().await?;
    let working = standing.at_work(now_ms);
    // One that was lost, or broke off while it wrote, has left the book a mixture until another finishes.
    let Some(since_ms) = since_ms.or_else(|| standing.unsynced_since_ms()) else { return Ok(false) };
    if standing.fresh_ms.is_some_and(|fresh_ms| fresh_ms >= since_ms) {
        return Ok(false);
    }
    if working.is_none() {
        sync_failed(dispatch, school, meta, since_ms).await?;
        return Ok(true);
    }
    let due_ms = now_ms + WORKING_MS + 2 * dispatch.grace_ms();
    if school.planning().wait_for_sync(meta.id, since_ms, false, due_ms).await? {
        plan_later(dispatch, school, meta, WORKING_MS).await?;
    }
    Ok(true)
}

/// What the message waits for since then has come to nothing: it waits for a run that finishes, or for somebody's word.
pub(super) async fn sync_failed(
    dispatch: &Dispatch,
    school: &School,
    meta: &Meta,
    since_ms: i64,
) -> Result<()> {
    let due_ms = dispatch.clock.now_ms() + FAILED_MS + 2 * dispatch.grace_ms();
    if !school.planning().wait_for_sync(meta.id, since_ms, true, due_ms).await? {
        return Ok(());
    }
    plan_later(dispatch, school, meta, FAILED_MS).await?;
    if meta.unsynced.let_down {
        return Ok(());
    }
    // A partner's system has no mailbox: it sees that its message is still queued.
    let Ok(user) = meta.author.id.parse::<UserId>() else { return Ok(()) };
    let notice = Notice::WaitsForSync { user, message: meta.id };
    Ok(dispatch.queue.send_now(Job::Notify { school: school.id(), notice }).await?)
}

/// Queues the message's plan once more, after a delay in milliseconds.
pub(super) async fn plan_later(
    dispatch: &Dispatch,
    school: &School,
    meta: &Meta,
    delay_ms: i64,
) -> Result<()> {
    let again = Job::Plan { school: school.id(), message: meta.id, revision: meta.revision };
    dispatch.enqueue(meta.purpose, vec![(again, delay_ms)]).await
}
