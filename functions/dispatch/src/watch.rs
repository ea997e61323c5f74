//! Watch: the one owner of a message's progress (DESIGN §4.8). It puts lost jobs back, has lost workers found, and
//! sees the message to its end. Everything that it needs stands in the table; it may run at any time, and twice.

use std::time::Duration;

use domain::delivery::DeliveryState;
use domain::ids::{Epoch, MessageId};
use domain::job::{Job, PageRef};
use domain::message::MessageState;
use domain::page::{Next, PageState};
use domain::usage::{Days, Totals, count_page, total_page};
use futures_util::future::try_join_all;
use runtime::QueueName;
use store::{Finishing, Meta, PAGES_READ_AT_ONCE, School, StoreError};

use crate::Dispatch;
use crate::error::Result;
use crate::silence::Silence;

/// Pages that are written at once.
const PARALLEL_PAGES: usize = 16;
/// Longest wait before a message that was not counted is handed over once more, in leases.
const MOST_LEASES: i64 = 40;

/// What a look at all pages came to.
struct Look {
    /// Jobs that find out about workers and unknown deliveries.
    questions: Vec<(Job, i64)>,
    /// Jobs for pages that are due.
    pages: Vec<(Job, i64)>,
    /// Pages that wait or are held.
    waiting: u32,
    unresolved: bool,
    silence: Silence,
    days: Days,
    totals: Totals,
}

impl Dispatch {
    /// How far after a planned look the sweep steps in, because the job for it was lost.
    pub(crate) const fn grace_ms(&self) -> i64 {
        self.timing.watch_ms * 6
    }

    /// Looks at a message in a batch that `began` then.
    pub(crate) async fn watch(&self, school: &School, message: MessageId, began: Duration) -> Result<()> {
        let Some(meta) = school.messages().meta(message).await? else { return Ok(()) };
        let now_ms = self.clock.now_ms();
        match meta.due_ms {
            // Somebody looked a moment ago and has queued the next look: one chain is enough.
            Some(due) if now_ms < due - self.grace_ms() => return Ok(()),
            None => return Ok(()),
            Some(_) => {}
        }
        match (meta.state, meta.epoch.clone()) {
            (MessageState::Queued, _) => self.plan_again(school, &meta, now_ms).await,
            (MessageState::Rejected, _) | (_, None) => self.close_unplanned(school, &meta, now_ms).await,
            (_, Some(epoch)) => self.watch_pages(school, &meta, &epoch, began).await,
        }
    }

    /// The job that plans the message may be lost.
    async fn plan_again(&self, school: &School, meta: &Meta, now_ms: i64) -> Result<()> {
        let plan = Job::Plan { school: school.id(), message: meta.id, revision: meta.revision };
        self.enqueue(meta.purpose, vec![(plan, 0)]).await?;
        // If it was planned or stopped meanwhile, whoever did that has said when it is due.
        school.progress().put_off(meta.id, meta.news, Some(now_ms + self.timing.lease_ms)).await?;
        Ok(())
    }

    /// Rejected, or stopped before it was planned: nothing was sent, nothing is left to do.
    async fn close_unplanned(&self, school: &School, meta: &Meta, now_ms: i64) -> Result<()> {
        self.drop_orphans(school, meta.id).await?;
        school.messages().update_summary(meta.id, meta.state, &meta.totals).await?;
        self.rest(school, meta, None, now_ms).await
    }

    async fn watch_pages(&self, school: &School, meta: &Meta, epoch: &Epoch, began: Duration) -> Result<()> {
        let now_ms = self.clock.now_ms();
        let mut look = self.look(school, meta, epoch, now_ms).await?;
        if now_ms - meta.nudged_ms >= self.timing.lease_ms {
            let mut jobs = std::mem::take(&mut look.questions);
            if look.waiting >= meta.waiting {
                // Nothing has moved since the last look: the jobs may be lost.
                jobs.append(&mut look.pages);
            }
            if !jobs.is_empty() {
                self.enqueue(meta.purpose, jobs).await?;
                school.progress().set_nudged(meta.id, now_ms).await?;
            }
        }
        let silent_due = look.silence.due_ms;
        let silence = std::mem::replace(&mut look.silence, Silence::of(meta, now_ms));
        let more_silent = self.ask_for_silent(school, meta, epoch, silence, began).await?;
        if look.waiting > 0 && meta.state == MessageState::Finished {
            // Deliveries were put back into work by somebody who could not say so any more.
            match school.progress().reopen(meta.id, now_ms).await {
                Ok(()) | Err(StoreError::Conflict) => {}
                Err(e) => return Err(e.into()),
            }
        }
        if look.waiting > 0 || more_silent {
            return self.next_look(school, meta, now_ms, look.waiting).await;
        }
        self.conclude(school, meta, &look, silent_due, now_ms).await
    }

    /// Reads all pages, some at a time, and mends what time or a stop has changed.
    async fn look(&self, school: &School, meta: &Meta, epoch: &Epoch, now_ms: i64) -> Result<Look> {
        let zone = self.bodies.get(school, meta.id).await?.body.settings.time_zone();
        let mut look = Look {
            questions: Vec::new(),
            pages: Vec::new(),
            waiting: 0,
            unresolved: false,
            silence: Silence::of(meta, now_ms),
            days: Days::new(),
            totals: Totals::new(),
        };
        let mut first = 0;
        while first < meta.pages {
            let mut states =
                school.pages().states_from(meta.id, epoch, first, meta.pages).await?.into_iter().zip(first..);
            loop {
                let some: Vec<(PageState, u32)> = states.by_ref().take(PARALLEL_PAGES).collect();
                if some.is_empty() {
                    break;
                }
                let mut mending = Vec::with_capacity(some.len());
                for (state, number) in some {
                    let page = school.pages().reference(meta.id, epoch, number);
                    mending.push(self.mend(school, meta, page, state, now_ms));
                }
                for (page, state) in try_join_all(mending).await? {
                    count_page(&mut look.days, &state, &zone);
                    total_page(&mut look.totals, &state);
                    self.look_at(&mut look, page, &state, now_ms);
                }
            }
            first = first.saturating_add(PAGES_READ_AT_ONCE);
        }
        Ok(look)
    }

    /// Pages of a stopped message that nobody holds are cancelled; deliveries that were silent for too long expire.
    async fn mend(
        &self,
        school: &School,
        meta: &Meta,
        page: PageRef,
        state: PageState,
        now_ms: i64,
    ) -> Result<(PageRef, PageState)> {
        let mended = if meta.state == MessageState::Stopped && matches!(state.next(), Next::Send { .. }) {
            Some(state.clone().closed(DeliveryState::Cancelled, None))
        } else {
            state.clone().expired(now_ms - self.timing.expire_ms)
        };
        let Some(mended) = mended else { return Ok((page, state)) };
        // If somebody moved it meanwhile, the next look sees how.
        let moved = school.pages().advance(&page, &state, &mended).await?;
        Ok((page, if moved { mended } else { state }))
    }

    fn look_at(&self, look: &mut Look, page: PageRef, state: &PageState, now_ms: i64) {
        let fence = state.fence;
        self.note_silent(&mut look.silence, page.page, state);
        let next = state.next();
        if next != Next::Recover && state.wants_asking() {
            look.unresolved = true;
            // Delayed: nobody else's question was about this fence, so this one comes a pause after the last.
            let ask = Job::Recover { page: page.clone(), fence };
            look.questions.push((ask, state.ask_in(self.timing.ask_ms)));
        }
        match next {
            Next::Recover => {
                look.waiting += 1;
                // Delayed by the lease: whoever then sees the same fence knows that the worker is gone.
                look.questions.push((Job::Recover { page, fence }, self.timing.lease_ms));
            }
            Next::Send { due_ms } => {
                look.waiting += 1;
                if due_ms <= now_ms {
                    look.pages.push((Job::Page { page, fence, slot: None }, 0));
                }
            }
            Next::Ask | Next::Settled => {}
        }
    }

    /// Nothing waits and nothing is held. Finish, have it counted, and see whether anything can still be learnt.
    async fn conclude(
        &self,
        school: &School,
        meta: &Meta,
        look: &Look,
        silent_due_ms: Option<i64>,
        now_ms: i64,
    ) -> Result<()> {
        let sending = meta.state == MessageState::Sending;
        if sending && school.progress().mark_finished(meta.id, meta.news).await? {
            school.messages().update_summary(meta.id, MessageState::Finished, &look.totals).await?;
        }
        let counted = meta.counted_version > 0 && meta.totals == look.totals && meta.counted == look.days;
        if !counted {
            return self.have_counted(school, meta, now_ms).await;
        }
        if sending {
            // A receipt that came before the message was over told nobody: only the next look may be the last.
            return self.next_look(school, meta, now_ms, 0).await;
        }
        self.drop_orphans(school, meta.id).await?;
        // A count that began before the end may have written the history's line after it.
        school.messages().update_summary(meta.id, meta.state, &look.totals).await?;
        if look.unresolved {
            return self.rest_and_look(school, meta, now_ms + self.timing.ask_ms, now_ms).await;
        }
        // A look reads every page: once in a while is enough for those that fall due one after another.
        let least_ms = self.timing.watch_ms.max(self.timing.fetch_ms / 60);
        self.rest(school, meta, silent_due_ms.map(|due_ms| due_ms.max(now_ms + least_ms)), now_ms).await
    }

    /// Hands the message over to be counted: at once, and then, where that does not help, less and less often.
    async fn have_counted(&self, school: &School, meta: &Meta, now_ms: i64) -> Result<()> {
        let before = Some(meta.finishing).filter(|f| f.version == meta.counted_version && f.times > 0);
        let again =
            before.map(|f| f.at_ms + self.timing.lease_ms * (1 << (f.times - 1).min(16)).min(MOST_LEASES));
        if let Some(at_ms) = again.filter(|at_ms| now_ms < *at_ms) {
            return self.rest_and_look(school, meta, at_ms, now_ms).await;
        }
        let times = before.map_or(1, |f| f.times.saturating_add(1));
        let finishing = Finishing { version: meta.counted_version, times, at_ms: now_ms };
        school.progress().set_finishing(meta.id, finishing).await?;
        let finish = Job::Finish { school: school.id(), message: meta.id };
        self.queue.send(QueueName::Finished, vec![(finish, 0)]).await?;
        self.next_look(school, meta, now_ms, 0).await
    }

    async fn drop_orphans(&self, school: &School, message: MessageId) -> Result<()> {
        let orphans = school.planning().orphans(message).await?;
        for (epoch, pages) in &orphans {
            school.pages().delete_all(message, epoch, *pages).await?;
        }
        if !orphans.is_empty() {
            school.planning().forget_orphans(message).await?;
        }
        Ok(())
    }

    /// A look at a large message reads all its pages: look less often.
    fn pace(&self, meta: &Meta) -> i64 {
        self.timing.watch_ms + i64::from(meta.pages)
    }

    /// Looks again soon.
    async fn next_look(&self, school: &School, meta: &Meta, now_ms: i64, waiting: u32) -> Result<()> {
        let at_ms = now_ms + self.pace(meta);
        school.progress().set_due(meta.id, at_ms + self.grace_ms(), waiting).await?;
        self.look_later(school, meta, at_ms).await
    }

    /// Leaves the message alone until `due_ms`, or for good, unless something was heard that this look has missed.
    async fn rest(&self, school: &School, meta: &Meta, due_ms: Option<i64>, now_ms: i64) -> Result<()> {
        if school.progress().put_off(meta.id, meta.news, due_ms).await? {
            return Ok(());
        }
        self.next_look(school, meta, now_ms, 0).await
    }

    /// As [`Dispatch::rest`], with a look of its own at the end.
    async fn rest_and_look(&self, school: &School, meta: &Meta, at_ms: i64, now_ms: i64) -> Result<()> {
        if school.progress().put_off(meta.id, meta.news, Some(at_ms + self.grace_ms())).await? {
            return self.look_later(school, meta, at_ms).await;
        }
        self.next_look(school, meta, now_ms, 0).await
    }

    async fn look_later(&self, school: &School, meta: &Meta, at_ms: i64) -> Result<()> {
        let look = Job::Watch { school: school.id(), message: meta.id };
        self.enqueue(meta.purpose, vec![(look, (at_ms - self.clock.now_ms()).max(0))]).await
    }
}
