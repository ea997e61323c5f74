//! Plan: from an accepted message to pages (DESIGN §4.2). The address book is read here for the second time, so that
//! what goes is what is true now.

use std::sync::Arc;
use std::time::Duration;

use domain::approval::Held;
use domain::audit::{Act, Change, Deed};
use domain::book::AddressBook;
use domain::channel::Channel;
use domain::delivery::{DeliveryState, Reason};
use domain::ids::{Epoch, MessageId};
use domain::job::Job;
use domain::message::{MessageState, Purpose};
use domain::page::{PAGE_SIZE, PageState, Slot};
use domain::plan::{Plan, Planned};
use domain::texts::{Rendered, hash_texts};
use tracing::error;

use store::{Body, Meta, PageContent, PlannedDelivery, School, StoreError, WrittenPlan};

use crate::Dispatch;
use crate::bodies::Ready;
use crate::error::Result;

/// Pages written in one go, so that a plan of 100,000 does not hold every row in memory twice.
const PAGES_WRITTEN_AT_ONCE: usize = 200;
/// How often a plan that is being written says so.
const SAYS_EVERY: Duration = Duration::from_secs(1);
/// Wait before a plan looks again whether an upload has ended, in milliseconds.
const BUSY_BOOK_MS: i64 = 2_000;
/// Bytes of a page's content; DynamoDB takes 400 kB.
const PAGE_BYTES: usize = 300_000;
/// Tries before a message that cannot be planned is given up: a quarter of an hour.
const MOST_TRIES: u32 = 10;

const NOBODY: &str =
    "None of the selected people can be reached by these channels any longer. Nothing was sent.";
const TOO_MANY_SHARE: &str =
    "Too many people share one number or address. Correct their contacts or send in parts. Nothing was sent.";
const OVER_CAP: &str =
    "More people would get it by now than the API key may send to at once. Nothing was sent.";
const NOT_PLANNED: &str =
    "This message could not be prepared. Nothing was sent. Tell your Messenger administrator.";

impl Dispatch {
    /// Plans a message in a batch that `began` then.
    pub(crate) async fn plan(
        &self,
        school: &School,
        message: MessageId,
        revision: u32,
        began: Duration,
    ) -> Result<()> {
        let Some(meta) = school.messages().meta(message).await? else { return Ok(()) };
        if meta.state != MessageState::Queued || meta.revision != revision || meta.epoch.is_some() {
            return Ok(());
        }
        if meta.tries >= MOST_TRIES {
            error!(%message, "plan given up");
            return self.reject(school, message, NOT_PLANNED, began).await;
        }
        // Counted before anything can go wrong: a function that dies of it says nothing afterwards.
        if !school.planning().begin_try(message).await? {
            return Ok(());
        }
        // A message that may still go back to be edited is not kept: what is kept never changes.
        let ready = if meta.approved.is_some() {
            self.bodies.fresh(school, message).await?
        } else {
            self.bodies.get(school, message).await?
        };
        if self.waits_for_sync(school, &meta, &ready.body.settings).await? {
            return Ok(());
        }
        let Some(marks) = self.marks_to_go_by(school, &meta, &ready.body).await? else { return Ok(()) };
        let Some(book) = self.book_for(school, &meta, &ready).await? else {
            return self.wait_for_book(school, &meta).await;
        };
        let Body { message: written, settings } = &ready.body;
        let planned = self.planned_now(school, message, &book, (written, settings), &marks).await?;
        if planned.deliveries.is_empty() {
            return self.reject(school, message, NOBODY, began).await;
        }
        if planned.deliveries.iter().any(|d| bytes_of(d) > PAGE_BYTES) {
            return self.reject(school, message, TOO_MANY_SHARE, began).await;
        }
        if meta.cap.is_some_and(|cap| planned.deliveries.len() > cap as usize) {
            return self.reject(school, message, OVER_CAP, began).await;
        }
        if self.has_grown(school, &meta, &planned).await? {
            return self.hold_again(school, &meta, &planned).await;
        }
        self.write_plan(school, (&meta, book.version()), &planned).await
    }

    /// Whether more people would get it than were authorised (DESIGN §4.2). Another number of somebody who was is no
    /// news: the address book is read twice to send to the one that is right now.
    async fn has_grown(&self, school: &School, meta: &Meta, planned: &Plan) -> Result<bool> {
        let Some(approved) = school.approvals().approved_people(meta).await? else { return Ok(false) };
        Ok(planned.deliveries.iter().flat_map(|d| &d.contacts).any(|contact| !approved.has(contact)))
    }

    async fn hold_again(&self, school: &School, meta: &Meta, planned: &Plan) -> Result<()> {
        let people = planned.recipients.to_string();
        let said = [("why", Held::Grown.code()), ("people", &people)];
        let changes = said.into_iter().filter_map(|(field, now)| Change::of(field, "", now)).collect();
        let deed = Deed { changes, ..Deed::of_system(Act::MessageHandedIn, meta.id.to_string()) };
        // Whoever stopped it or planned it meanwhile has said what comes next.
        school.approvals().hold_again(meta, &deed, self.clock.now_ms()).await?;
        Ok(())
    }

    /// The school's address book; `None` while it is changed in bulk. An emergency does not wait for that.
    async fn book_for(
        &self,
        school: &School,
        meta: &Meta,
        ready: &Ready,
    ) -> Result<Option<Arc<AddressBook>>> {
        let (country, now_ms) = (ready.body.settings.country, self.clock.now_ms());
        if meta.purpose == Purpose::Emergency {
            return Ok(Some(school.book().at_once(&self.books, country, now_ms).await?));
        }
        match school.book().current(&self.books, country, now_ms).await {
            Ok(book) => Ok(Some(book)),
            Err(StoreError::Busy) => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    /// Looks again soon whether the upload has ended, and says so on META: one job that tries again is enough.
    async fn wait_for_book(&self, school: &School, meta: &Meta) -> Result<()> {
        let due_ms = self.clock.now_ms() + BUSY_BOOK_MS + 2 * self.grace_ms();
        if school.planning().wait_for_book(meta.id, due_ms).await? {
            self.plan_later(school, meta, BUSY_BOOK_MS).await?;
        }
        Ok(())
    }

    /// Ends a message that cannot be planned. It stays due until all is cleared up.
    async fn reject(&self, school: &School, message: MessageId, why: &str, began: Duration) -> Result<()> {
        school.planning().reject(message, why, self.clock.now_ms()).await?;
        self.watch(school, message, began).await
    }

    /// `book`: the version of the address book that the plan was made from.
    async fn write_plan(&self, school: &School, (meta, book): (&Meta, u64), plan: &Plan) -> Result<()> {
        let now_ms = self.clock.now_ms();
        let epoch = Epoch::new(self.ids.ulid(now_ms));
        let chunks: Vec<&[Planned]> = pages_of(plan).collect();
        let pages = u32::try_from(chunks.len()).unwrap_or(u32::MAX);
        let unreachable = u32::try_from(plan.unreachable.len()).unwrap_or(u32::MAX);

        if !school.planning().begin(meta.id, &epoch, pages).await? {
            return Ok(());
        }
        let mut said = self.clock.elapsed();
        for (at, some) in chunks.chunks(PAGES_WRITTEN_AT_ONCE).enumerate() {
            if !self.still_planning(school, meta.id, &mut said).await? {
                // Stopped, or somebody else was first.
                return Ok(school.pages().delete_all(meta.id, &epoch, pages).await?);
            }
            let rows: Vec<(PageContent, PageState)> =
                some.iter().map(|page| page_rows(page, now_ms)).collect();
            let first = u32::try_from(at * PAGES_WRITTEN_AT_ONCE).unwrap_or(u32::MAX);
            school.pages().write(meta.id, &epoch, first, &rows).await?;
        }

        let due_ms = now_ms + self.timing.watch_ms + self.grace_ms();
        let revision = meta.revision;
        let written = WrittenPlan { revision, epoch: &epoch, pages, unreachable, book, now_ms, due_ms };
        if !school.planning().commit(meta.id, &written).await? {
            // Somebody else was first, or it was stopped. Should a winner have died since, the watch queues its pages.
            return Ok(school.pages().delete_all(meta.id, &epoch, pages).await?);
        }
        self.enqueue(meta.purpose, self.page_jobs(school, meta.id, &epoch, pages)).await
    }

    /// Says now and then that the plan is being written: a large one takes longer than a look at it is put off, and a
    /// second plan would be written for nothing. `false` if the message waits for a plan no longer.
    async fn still_planning(&self, school: &School, message: MessageId, said: &mut Duration) -> Result<bool> {
        let now = self.clock.elapsed();
        if now.saturating_sub(*said) < SAYS_EVERY {
            return Ok(true);
        }
        *said = now;
        let due_ms = self.clock.now_ms() + self.timing.lease_ms + self.grace_ms();
        Ok(school.planning().extend(message, due_ms).await?)
    }

    fn page_jobs(&self, school: &School, message: MessageId, epoch: &Epoch, pages: u32) -> Vec<(Job, i64)> {
        let page = |number| Job::Page {
            page: school.pages().reference(message, epoch, number),
            fence: 0,
            slot: None,
        };
        let mut jobs: Vec<(Job, i64)> = (0..pages).map(|number| (page(number), 0)).collect();
        jobs.push((Job::Watch { school: school.id(), message }, self.timing.watch_ms));
        jobs
    }
}

/// Up to 25 deliveries of one channel each, and no more than a row takes.
fn pages_of(plan: &Plan) -> impl Iterator<Item = &[Planned]> {
    plan.deliveries.chunk_by(|a, b| a.channel == b.channel).flat_map(|same| {
        let mut rest = same;
        std::iter::from_fn(move || {
            let mut bytes = 0;
            let fits = rest.iter().take(PAGE_SIZE).take_while(|delivery| {
                bytes += bytes_of(delivery);
                bytes <= PAGE_BYTES
            });
            let (page, others) = rest.split_at_checked(fits.count().max(1))?;
            rest = others;
            Some(page)
        })
    })
}

/// No less than what a delivery takes in its page's row.
fn bytes_of(delivery: &Planned) -> usize {
    // In JSON a quotation mark or a backslash takes two bytes; names, brackets and commas take the rest.
    let contacts: usize = delivery.contacts.iter().map(|c| c.as_str().len() * 2 + 3).sum();
    let values: usize = delivery.values.iter().map(|v| v.len() * 2 + 3).sum();
    64 + delivery.to.len() + contacts + values
}

fn page_rows(page: &[Planned], now_ms: i64) -> (PageContent, PageState) {
    let channel = page.first().map_or(Channel::Sms, |d| d.channel);
    let texts: Vec<Rendered> =
        page.iter().map(|d| Rendered { subject: d.subject.clone(), text: d.text.clone() }).collect();
    let deliveries = page
        .iter()
        .map(|d| PlannedDelivery { to: d.to.clone(), contacts: d.contacts.clone(), values: d.values.clone() })
        .collect();
    let mut state = PageState::new(channel, page.iter().map(|d| d.units).collect(), now_ms);
    for (slot, planned) in state.slots.iter_mut().zip(page) {
        if let Some(why) = planned.withheld {
            *slot = Slot { state: DeliveryState::NotSent, reason: Some(why), ..Slot::queued() };
        } else if !planned.missing.is_empty() {
            // It had a value when the message was written, and has lost it since.
            *slot =
                Slot { state: DeliveryState::NotSent, reason: Some(Reason::DetailMissing), ..Slot::queued() };
        }
    }
    (PageContent { text_hash: hash_texts(&texts), deliveries }, state)
}
