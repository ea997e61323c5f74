//! A message that was confirmed while a sync runs waits for it, so that it goes to the numbers that are right now
//! (FEATURES §6.8). An emergency never waits.

use domain::ids::UserId;
use domain::job::Job;
use domain::message::Purpose;
use domain::notice::Notice;
use domain::settings::Settings;
use runtime::QueueName;
use store::{Meta, School, Unsynced};

use crate::Dispatch;
use crate::error::Result;

/// Between two looks while the run is at work, in milliseconds.
const WORKING_MS: i64 = 2_000;
/// Between two looks once it has ended without success: until somebody decides, or a later run finishes.
const LET_DOWN_MS: i64 = 60_000;

impl Dispatch {
    /// Whether the message waits for a sync run; then it is looked at again later.
    pub(crate) async fn waits_for_sync(
        &self,
        school: &School,
        meta: &Meta,
        settings: &Settings,
    ) -> Result<bool> {
        let Unsynced { since_ms, waived, .. } = meta.unsynced;
        if waived || meta.purpose == Purpose::Emergency || !settings.mis.is_on() {
            return Ok(false);
        }
        let now_ms = self.clock.now_ms();
        let standing = school.sync().status().await?;
        let working = standing.at_work(now_ms);
        // One that was lost, or broke off while it wrote, has left the book a mixture until another finishes.
        let Some(since_ms) = since_ms.or_else(|| standing.unsynced_since_ms()) else { return Ok(false) };
        if standing.fresh_ms.is_some_and(|fresh_ms| fresh_ms >= since_ms) {
            return Ok(false);
        }
        if working.is_none() {
            self.let_down(school, meta, since_ms).await?;
        } else if school
            .planning()
            .wait_for_sync(meta.id, since_ms, false, now_ms + WORKING_MS + 2 * self.grace_ms())
            .await?
        {
            self.plan_later(school, meta, WORKING_MS).await?;
        }
        Ok(true)
    }

    /// What the message waits for since then has come to nothing: it waits for a run that finishes, or for somebody's word.
    pub(crate) async fn let_down(&self, school: &School, meta: &Meta, since_ms: i64) -> Result<()> {
        let due_ms = self.clock.now_ms() + LET_DOWN_MS + 2 * self.grace_ms();
        if !school.planning().wait_for_sync(meta.id, since_ms, true, due_ms).await? {
            return Ok(());
        }
        self.plan_later(school, meta, LET_DOWN_MS).await?;
        if !meta.unsynced.let_down {
            self.tell_author(school, meta).await?;
        }
        Ok(())
    }

    pub(crate) async fn plan_later(&self, school: &School, meta: &Meta, delay_ms: i64) -> Result<()> {
        let again = Job::Plan { school: school.id(), message: meta.id, revision: meta.revision };
        self.enqueue(meta.purpose, vec![(again, delay_ms)]).await
    }

    /// A partner's system has no mailbox: it sees that its message is still queued.
    async fn tell_author(&self, school: &School, meta: &Meta) -> Result<()> {
        let Ok(user) = meta.author.id.parse::<UserId>() else { return Ok(()) };
        let notice = Notice::WaitsForSync { user, message: meta.id };
        let job = Job::Notify { school: school.id(), notice };
        Ok(self.queue.send(QueueName::Emergency, vec![(job, 0)]).await?)
    }
}
