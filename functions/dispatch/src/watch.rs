//! Watch: the one owner of a message's progress (ARCHITECTURE §4.8). It puts lost jobs back, has lost workers found,
//! and sees the message to its end. Everything that it needs stands in the table; it may run at any time, and twice.

use std::time::Duration;

use domain::delivery::DeliveryState;
use domain::ids::{Epoch, MessageId};
use domain::job::{Job, PageRef};
use domain::message::MessageState;
use domain::page::{Next, PageState};
use domain::usage::{Days, Totals, count_page, total_page};
use futures_util::future::try_join_all;
use store::{Finishing, Meta, PAGES_READ_AT_ONCE, School, StoreError};

use crate::dispatch::Dispatch;
use crate::error::Result;
use crate::recover::unreported::Unreported;

/// Pages that are written at once.
const PARALLEL_PAGES: usize = 16;
/// Longest wait before a message that was not counted is handed over once more, in leases.
const MOST_LEASES: i64 = 40;

/// Looks at a message in a batch that `began` then.
pub(crate) async fn watch(
    dispatch: &Dispatch,
    school: &School,
    message: MessageId,
    began: Duration,
) -> Result<()> {
    let Some(meta) = school.messages().meta(message).await? else { return Ok(()) };
    let now_ms = dispatch.clock.now_ms();
    match meta.due_ms {
        // Somebody looked a moment ago and has queued the next look: one chain is enough.
        Some(due) if now_ms < due - dispatch.grace_ms() => return Ok(()),
        None => return Ok(()),
        Some(_) => {}
    }
    let watch = Watch { dispatch, school, meta: &meta, now_ms };
    match (meta.state, &meta.epoch) {
        (MessageState::Queued, _) => watch.plan_again().await,
        (MessageState::Rejected, _) | (_, None) => watch.close_unplanned().await,
        (_, Some(epoch)) => watch.pages(epoch, began).await,
    }
}

/// A look at one message.
#[derive(Clone, Copy)]
struct Watch<'a> {
    dispatch: &'a Dispatch,
    school: &'a School,
    /// The message as it was when the look began.
    meta: &'a Meta,
    now_ms: i64,
}

/// What a look at all pages came to.
struct Look {
    /// Jobs that find out about workers and unknown deliveries.
    questions: Vec<(Job, i64)>,
    /// Jobs for pages that are due.
    pages: Vec<(Job, i64)>,
    /// Pages that wait or are held.
    waiting: u32,
    unresolved: bool,
    unreported: Unreported,
    days: Days,
    totals: Totals,
}

impl Watch<'_> {
    /// The job that plans the message may be lost.
    async fn plan_again(self) -> Result<()> {
        let Self { dispatch, school, meta, now_ms } = self;
        let plan = Job::Plan { school: school.id(), message: meta.id, revision: meta.revision };
        dispatch.enqueue(meta.purpose, vec![(plan, 0)]).await?;
        // If it was planned or stopped meanwhile, whoever did that has said when it is due.
        school.progress().put_off(meta.id, meta.news, Some(now_ms + dispatch.timing.lease_ms)).await?;
        Ok(())
    }

    /// Rejected, or stopped before it was planned: nothing was sent, nothing is left to do.
    async fn close_unplanned(self) -> Result<()> {
        self.drop_orphans().await?;
        self.school.messages().update_summary(self.meta.id, self.meta.state, &self.meta.totals).await?;
        self.put_off(None).await
    }

    async fn pages(self, epoch: &Epoch, began: Duration) -> Result<()> {
        let Self { dispatch, school, meta, now_ms } = self;
        let mut look = self.look(epoch).await?;
        if now_ms - meta.nudged_ms >= dispatch.timing.lease_ms {
            let mut jobs = std::mem::take(&mut look.questions);
            if look.waiting >= meta.waiting {
                // Nothing has moved since the last look: the jobs may be lost.
                jobs.append(&mut look.pages);
            }
            if !jobs.is_empty() {
                dispatch.enqueue(meta.purpose, jobs).await?;
                school.progress().set_nudged(meta.id, now_ms).await?;
            }
        }
        let unreported_due_ms = look.unreported.due_ms;
        let unreported = std::mem::replace(&mut look.unreported, Unreported::of(meta, now_ms));
        let more_unreported = unreported.ask(dispatch, school, meta, epoch, began).await?;
        if look.waiting > 0 && meta.state == MessageState::Finished {
            // Deliveries were put back into work by somebody who could not say so any more.
            match school.progress().reopen(meta.id, now_ms).await {
                Ok(()) | Err(StoreError::Conflict) => {}
                Err(e) => return Err(e.into()),
            }
        }
        if look.waiting > 0 || more_unreported {
            return self.next_look(look.waiting).await;
        }
        self.conclude(&look, unreported_due_ms).await
    }

    /// Reads all pages, some at a time, and writes what time or a stop has changed.
    async fn look(self, epoch: &Epoch) -> Result<Look> {
        let Self { dispatch, school, meta, now_ms } = self;
        let zone = dispatch.bodies.get(school, meta.id).await?.body.settings.time_zone();
        let mut look = Look {
            questions: Vec::new(),
            pages: Vec::new(),
            waiting: 0,
            unresolved: false,
            unreported: Unreported::of(meta, now_ms),
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
                let mut updates = Vec::with_capacity(some.len());
                for (state, number) in some {
                    updates.push(self.update_page(school.pages().reference(meta.id, epoch, number), state));
                }
                for (page, state) in try_join_all(updates).await? {
                    count_page(&mut look.days, &state, &zone);
                    total_page(&mut look.totals, &state);
                    look.unreported.note(&dispatch.timing, page.page, &state);
                    self.look_at(&mut look, page, &state);
                }
            }
            first = first.saturating_add(PAGES_READ_AT_ONCE);
        }
        Ok(look)
    }

    /// Pages of a stopped message that nobody holds are cancelled; deliveries that were unreported for too long expire.
    async fn update_page(self, page: PageRef, state: PageState) -> Result<(PageRef, PageState)> {
        let stopped = self.meta.state == MessageState::Stopped;
        let update = if stopped && matches!(state.next(), Next::Send { .. }) {
            Some(state.clone().closed(DeliveryState::Cancelled, None))
        } else {
            state.clone().expired(self.now_ms - self.dispatch.timing.expire_ms)
        };
        let Some(update) = update else { return Ok((page, state)) };
        // If somebody moved it meanwhile, the next look sees how.
        let moved = self.school.pages().advance(&page, &state, &update).await?;
        Ok((page, if moved { update } else { state }))
    }

    fn look_at(self, look: &mut Look, page: PageRef, state: &PageState) {
        let timing = &self.dispatch.timing;
        let fence = state.fence;
        let next = state.next();
        if next != Next::Recover && state.wants_asking() {
            look.unresolved = true;
            // Delayed: nobody else's question was about this fence, so this one comes a pause after the last.
            let ask = Job::Recover { page: page.clone(), fence };
            look.questions.push((ask, state.ask_in(timing.ask_ms)));
        }
        match next {
            Next::Recover => {
                look.waiting += 1;
                // Delayed by the lease: whoever then sees the same fence knows that the worker is gone.
                look.questions.push((Job::Recover { page, fence }, timing.lease_ms));
            }
            Next::Send { due_ms } => {
                look.waiting += 1;
                if due_ms <= self.now_ms {
                    look.pages.push((Job::Page { page, fence, slot: None }, 0));
                }
            }
            Next::Ask | Next::Settled => {}
        }
    }

    /// Nothing waits and nothing is held. Finish, have it counted, and see whether anything can still be learnt.
    async fn conclude(self, look: &Look, unreported_due_ms: Option<i64>) -> Result<()> {
        let Self { dispatch, school, meta, now_ms } = self;
        let sending = meta.state == MessageState::Sending;
        if sending && school.progress().mark_finished(meta.id, meta.news).await? {
            school.messages().update_summary(meta.id, MessageState::Finished, &look.totals).await?;
        }
        let counted = meta.counted_version > 0 && meta.totals == look.totals && meta.counted == look.days;
        if !counted {
            return self.have_counted().await;
        }
        if sending {
            // A receipt that came before the message was over told nobody: only the next look may be the last.
            return self.next_look(0).await;
        }
        self.drop_orphans().await?;
        // A count that began before the end may have written the history's line after it.
        school.messages().update_summary(meta.id, meta.state, &look.totals).await?;
        if look.unresolved {
            return self.put_off_and_look(now_ms + dispatch.timing.ask_ms).await;
        }
        // A look reads every page: once in a while is enough for those that fall due one after another.
        let least_ms = dispatch.timing.watch_ms.max(dispatch.timing.fetch_ms / 60);
        self.put_off(unreported_due_ms.map(|due_ms| due_ms.max(now_ms + least_ms))).await
    }

    /// Hands the message over to be counted: at once, and then, where that does not help, less and less often.
    async fn have_counted(self) -> Result<()> {
        let Self { dispatch, school, meta, now_ms } = self;
        let before = Some(meta.finishing).filter(|f| f.version == meta.counted_version && f.times > 0);
        let again = before
            .map(|f| f.at_ms + dispatch.timing.lease_ms * (1 << (f.times - 1).min(16)).min(MOST_LEASES));
        if let Some(at_ms) = again.filter(|at_ms| now_ms < *at_ms) {
            return self.put_off_and_look(at_ms).await;
        }
        let times = before.map_or(1, |f| f.times.saturating_add(1));
        let finishing = Finishing { version: meta.counted_version, times, at_ms: now_ms };
        school.progress().set_finishing(meta.id, finishing).await?;
        dispatch.queue.send_now(Job::Finish { school: school.id(), message: meta.id }).await?;
        self.next_look(0).await
    }

    /// Removes the pages of plans that another plan was quicker than.
    async fn drop_orphans(self) -> Result<()> {
        let (school, message) = (self.school, self.meta.id);
        let orphans = school.planning().orphans(message).await?;
        for (epoch, pages) in &orphans {
            school.pages().delete_all(message, epoch, *pages).await?;
        }
        if !orphans.is_empty() {
            school.planning().forget_orphans(message).await?;
        }
        Ok(())
    }

    /// Looks again soon; less often at a large message, because a look reads all its pages.
    async fn next_look(self, waiting: u32) -> Result<()> {
        let Self { dispatch, school, meta, now_ms } = self;
        let at_ms = now_ms + dispatch.timing.watch_ms + i64::from(meta.pages);
        school.progress().set_due(meta.id, at_ms + dispatch.grace_ms(), waiting).await?;
        self.look_later(at_ms).await
    }

    /// Leaves the message alone until `due_ms`, or for good, unless something was heard that this look has missed.
    async fn put_off(self, due_ms: Option<i64>) -> Result<()> {
        if self.school.progress().put_off(self.meta.id, self.meta.news, due_ms).await? {
            return Ok(());
        }
        self.next_look(0).await
    }

    /// As [`Watch::put_off`], with a look of its own at the end.
    async fn put_off_and_look(self, at_ms: i64) -> Result<()> {
        let due_ms = at_ms + self.dispatch.grace_ms();
        if self.school.progress().put_off(self.meta.id, self.meta.news, Some(due_ms)).await? {
            return self.look_later(at_ms).await;
        }
        self.next_look(0).await
    }

    async fn look_later(self, at_ms: i64) -> Result<()> {
        let look = Job::Watch { school: self.school.id(), message: self.meta.id };
        let delay_ms = (at_ms - self.dispatch.clock.now_ms()).max(0);
        self.dispatch.enqueue(self.meta.purpose, vec![(look, delay_ms)]).await
    }
}
