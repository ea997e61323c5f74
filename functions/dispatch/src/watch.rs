//! Watch: the one owner of a message's progress (DESIGN §4.8). It puts lost jobs back, has lost workers found, and
//! sees the message to its end. Everything that it needs stands in the table; it may run at any time, and twice.

use domain::channel::Channel;
use domain::delivery::DeliveryState;
use domain::ids::{Epoch, MessageId};
use domain::job::{Job, PageRef};
use domain::message::MessageState;
use domain::page::{Next, PageState};
use domain::usage::{Days, Totals, count_page, total_page};
use runtime::QueueName;
use store::{Meta, School};
use tracing::warn;

use crate::Dispatch;
use crate::error::Result;
use crate::receipts::Receipt;

/// Deliveries that are asked for by id in one look.
const FETCHES_AT_ONCE: usize = 100;

/// What a look at all pages came to.
#[derive(Default)]
struct Look {
    /// Jobs that find out about workers and unknown deliveries.
    questions: Vec<(Job, i64)>,
    /// Jobs for pages that are due.
    pages: Vec<(Job, i64)>,
    /// Pages that wait or are held.
    waiting: u32,
    unresolved: bool,
    /// When the next accepted delivery without a receipt should be fetched, in milliseconds since 1970.
    fetch_due: Option<i64>,
    /// Pages with deliveries that have been silent for so long that they are asked for now.
    silent: Vec<(PageRef, PageState)>,
    days: Days,
    totals: Totals,
}

impl Dispatch {
    /// How far after a planned look the sweep steps in, because the job for it was lost.
    pub(crate) const fn grace_ms(&self) -> i64 {
        self.timing.watch_ms * 6
    }

    pub(crate) async fn watch(&self, school: &School, message: MessageId) -> Result<()> {
        let Some(meta) = school.meta(message).await? else { return Ok(()) };
        let now_ms = self.clock.now_ms();
        match meta.due_ms {
            // Somebody looked a moment ago and has queued the next look: one chain is enough.
            Some(due) if now_ms < due - self.grace_ms() => return Ok(()),
            None => return Ok(()),
            Some(_) => {}
        }
        match (meta.state, meta.epoch.clone()) {
            (MessageState::Queued, _) => self.plan_again(school, &meta).await,
            (MessageState::Rejected, _) | (_, None) => self.close_unplanned(school, &meta).await,
            (_, Some(epoch)) => self.watch_pages(school, &meta, &epoch, now_ms).await,
        }
    }

    /// The job that plans the message may be lost.
    async fn plan_again(&self, school: &School, meta: &Meta) -> Result<()> {
        let plan = Job::Plan { school: school.id(), message: meta.id, revision: meta.revision };
        self.enqueue(meta.purpose, vec![(plan, 0)]).await?;
        Ok(school.set_due(meta.id, self.clock.now_ms() + self.timing.lease_ms, u32::MAX).await?)
    }

    /// Rejected, or stopped before it was planned: nothing was sent, nothing is left to do.
    async fn close_unplanned(&self, school: &School, meta: &Meta) -> Result<()> {
        self.drop_orphans(school, meta.id).await?;
        school.update_summary(meta.id, meta.state, &meta.totals).await?;
        Ok(school.settle(meta.id, meta.due_ms).await?)
    }

    async fn watch_pages(&self, school: &School, meta: &Meta, epoch: &Epoch, now_ms: i64) -> Result<()> {
        let nudge = now_ms - meta.nudged_ms >= self.timing.lease_ms;
        let mut look = Look::default();
        let states = school.page_states(meta.id, epoch, meta.pages).await?;
        let zone = self.bodies.get(school, meta.id).await?.body.settings.time_zone();
        for (number, state) in (0_u32..).zip(states) {
            let page = school.page_ref(meta.id, epoch, number);
            let state = self.mend(school, meta, &page, state, now_ms).await?;
            count_page(&mut look.days, &state, &zone);
            total_page(&mut look.totals, &state);
            self.look_at(&mut look, page, state, now_ms);
        }
        if nudge {
            let mut jobs = std::mem::take(&mut look.questions);
            if look.waiting >= meta.waiting {
                // Nothing has moved since the last look: the jobs may be lost.
                jobs.append(&mut look.pages);
            }
            if !jobs.is_empty() {
                self.enqueue(meta.purpose, jobs).await?;
                school.set_nudged(meta.id, now_ms).await?;
            }
        }
        self.fetch_silent(&mut look, now_ms).await?;
        if look.waiting > 0 {
            return self.next_look(school, meta, now_ms + self.pace(meta), look.waiting).await;
        }
        self.conclude(school, meta, look, now_ms).await
    }

    /// Pages of a stopped message that nobody holds are cancelled; deliveries that were silent for too long expire.
    async fn mend(
        &self,
        school: &School,
        meta: &Meta,
        page: &PageRef,
        state: PageState,
        now_ms: i64,
    ) -> Result<PageState> {
        let mended = if meta.state == MessageState::Stopped && matches!(state.next(), Next::Send { .. }) {
            Some(state.clone().closed(DeliveryState::Cancelled, None))
        } else {
            state.clone().expired(now_ms - self.timing.expire_ms)
        };
        let Some(mended) = mended else { return Ok(state) };
        // If somebody moved it meanwhile, the next look sees how.
        let moved = school.advance_page(page, &state, &mended).await?;
        Ok(if moved { mended } else { state })
    }

    fn look_at(&self, look: &mut Look, page: PageRef, state: PageState, now_ms: i64) {
        let fence = state.fence;
        match state.next() {
            Next::Recover => {
                look.waiting += 1;
                // Delayed by the lease: whoever then sees the same fence knows that the worker is gone.
                look.questions.push((Job::Recover { page, fence }, self.timing.lease_ms));
                return;
            }
            Next::Send { due_ms } => {
                look.waiting += 1;
                if due_ms <= now_ms {
                    look.pages.push((Job::Page { page, fence, slot: None }, 0));
                }
                return;
            }
            Next::Ask => {
                look.unresolved = true;
                look.questions.push((Job::Recover { page: page.clone(), fence }, 0));
            }
            Next::Settled => {}
        }
        self.note_silent(look, page, state, now_ms);
    }

    /// Accepted for an hour without a word: ask by id.
    fn note_silent(&self, look: &mut Look, page: PageRef, state: PageState, now_ms: i64) {
        // E-mail cannot be asked for: it only expires.
        let asks = state.channel != Channel::Email;
        let step = if asks { self.timing.fetch_ms } else { self.timing.expire_ms };
        let mut silent = false;
        for index in 0..state.slots.len() {
            let standing = state.standing(index);
            if standing.state != DeliveryState::Accepted {
                continue;
            }
            let accepted = standing.at_ms.unwrap_or(now_ms);
            let age = (now_ms - accepted).max(0);
            silent |= asks && age >= step;
            let due = accepted + (age / step.max(1) + 1) * step;
            look.fetch_due = Some(look.fetch_due.map_or(due, |d| d.min(due)));
        }
        if silent {
            look.silent.push((page, state));
        }
    }

    async fn fetch_silent(&self, look: &mut Look, now_ms: i64) -> Result<()> {
        let mut left = FETCHES_AT_ONCE;
        for (page, state) in std::mem::take(&mut look.silent) {
            let mut receipts: Vec<Receipt> = Vec::new();
            for index in 0..state.slots.len() {
                let old = state.standing(index);
                let due = old.state == DeliveryState::Accepted
                    && old.at_ms.is_some_and(|t| now_ms - t >= self.timing.fetch_ms);
                let id = state.slots[index].id.as_deref().filter(|id| !id.is_empty());
                let (true, Some(id), Ok(place)) = (due && left > 0, id, u8::try_from(index)) else {
                    continue;
                };
                left -= 1;
                match self.providers.fetch(state.channel, id).await {
                    Ok(Some(evidence)) if evidence.state != DeliveryState::Accepted => {
                        receipts.push((place, state.slots[index].attempt, evidence));
                    }
                    Ok(_) => {}
                    Err(e) => {
                        warn!(message = %page.message, page = page.page, error = %e, "state not fetched");
                    }
                }
            }
            if !receipts.is_empty() {
                self.merge(&page, &receipts).await?;
            }
        }
        Ok(())
    }

    /// Nothing waits and nothing is held. Finish, have it counted, and see whether anything can still be learnt.
    async fn conclude(&self, school: &School, meta: &Meta, look: Look, now_ms: i64) -> Result<()> {
        if meta.state == MessageState::Sending {
            school.mark_finished(meta.id).await?;
        }
        let counted = meta.counted_version > 0 && meta.totals == look.totals && meta.counted == look.days;
        if !counted {
            let finish = Job::Finish { school: school.id(), message: meta.id };
            self.queue.send(QueueName::Finished, vec![(finish, 0)]).await?;
            return self.next_look(school, meta, now_ms + self.pace(meta), 0).await;
        }
        self.drop_orphans(school, meta.id).await?;
        if look.unresolved {
            return self.next_look(school, meta, now_ms + self.timing.ask_ms, 0).await;
        }
        match look.fetch_due {
            Some(due_ms) => Ok(school.set_due(meta.id, due_ms.max(now_ms + self.timing.watch_ms), 0).await?),
            None => Ok(school.settle(meta.id, meta.due_ms).await?),
        }
    }

    async fn drop_orphans(&self, school: &School, message: MessageId) -> Result<()> {
        let orphans = school.orphan_plans(message).await?;
        for (epoch, pages) in &orphans {
            school.drop_plan(message, epoch, *pages).await?;
        }
        if !orphans.is_empty() {
            school.forget_orphans(message).await?;
        }
        Ok(())
    }

    /// A look at a large message reads all its pages: look less often.
    fn pace(&self, meta: &Meta) -> i64 {
        self.timing.watch_ms + i64::from(meta.pages)
    }

    async fn next_look(&self, school: &School, meta: &Meta, at_ms: i64, waiting: u32) -> Result<()> {
        school.set_due(meta.id, at_ms + self.grace_ms(), waiting).await?;
        let look = Job::Watch { school: school.id(), message: meta.id };
        self.enqueue(meta.purpose, vec![(look, (at_ms - self.clock.now_ms()).max(0))]).await
    }
}
