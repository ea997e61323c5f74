//! Plan: from an accepted message to pages (DESIGN §4.2). The address book is read here for the second time, so that
//! what goes is what is true now.

use domain::channel::Channel;
use domain::delivery::{DeliveryState, Reason};
use domain::ids::{Epoch, MessageId};
use domain::job::Job;
use domain::message::MessageState;
use domain::page::{PAGE_SIZE, PageState, Slot};
use domain::plan::{Plan, Planned, plan};
use domain::texts::{Rendered, hash_texts};
use store::{Meta, PageContent, PlannedDelivery, School, StoreError, WrittenPlan};

use crate::Dispatch;
use crate::error::Result;

/// Pages written in one go, so that a plan of 100,000 does not hold every row in memory twice.
const PAGES_AT_ONCE: usize = 200;
/// Wait before a plan looks again whether an upload has ended, in milliseconds.
const BUSY_BOOK_MS: i64 = 2_000;

impl Dispatch {
    pub(crate) async fn plan(&self, school: &School, message: MessageId, revision: u32) -> Result<()> {
        let Some(meta) = school.meta(message).await? else { return Ok(()) };
        if meta.state != MessageState::Queued || meta.revision != revision || meta.epoch.is_some() {
            return Ok(());
        }
        let ready = self.bodies.get(school, message).await?;
        let settings = &ready.body.settings;
        let book = match school.book(&self.books, settings.country, self.clock.now_ms()).await {
            Ok(book) => book,
            Err(StoreError::Busy) => {
                let again = Job::Plan { school: school.id(), message, revision };
                return self.enqueue(meta.purpose, vec![(again, BUSY_BOOK_MS)]).await;
            }
            Err(e) => return Err(e.into()),
        };
        let planned = plan(&book, &ready.body.message, settings);
        if planned.deliveries.is_empty() {
            let why = "Nobody who was chosen can be reached this way any more. Nothing was sent.";
            return Ok(school.reject(message, why).await?);
        }
        self.write_plan(school, &meta, &planned).await
    }

    async fn write_plan(&self, school: &School, meta: &Meta, plan: &Plan) -> Result<()> {
        let now_ms = self.clock.now_ms();
        let epoch = Epoch::new(self.ids.ulid(now_ms));
        let chunks: Vec<&[Planned]> = pages_of(plan).collect();
        let pages = u32::try_from(chunks.len()).unwrap_or(u32::MAX);
        let unreachable = u32::try_from(plan.unreachable.len()).unwrap_or(u32::MAX);

        school.begin_plan(meta.id, &epoch, pages).await?;
        for (at, some) in chunks.chunks(PAGES_AT_ONCE).enumerate() {
            let rows: Vec<(PageContent, PageState)> =
                some.iter().map(|page| page_rows(page, now_ms)).collect();
            let first = u32::try_from(at * PAGES_AT_ONCE).unwrap_or(u32::MAX);
            school.write_pages(meta.id, &epoch, first, &rows).await?;
        }

        let due_ms = now_ms + self.timing.watch_ms + self.grace_ms();
        let revision = meta.revision;
        let written = WrittenPlan { revision, epoch: &epoch, pages, unreachable, now_ms, due_ms };
        if !school.commit_plan(meta.id, &written).await? {
            school.drop_plan(meta.id, &epoch, pages).await?;
        }
        // A loser hands over the winner's pages, in case the winner died before it could.
        let Some(meta) = school.meta(meta.id).await? else { return Ok(()) };
        self.enqueue_pages(school, &meta).await
    }

    async fn enqueue_pages(&self, school: &School, meta: &Meta) -> Result<()> {
        self.enqueue(meta.purpose, self.page_jobs(school, meta)).await
    }

    fn page_jobs(&self, school: &School, meta: &Meta) -> Vec<(Job, i64)> {
        let Some(epoch) = &meta.epoch else { return Vec::new() };
        let page = |number| Job::Page { page: school.page_ref(meta.id, epoch, number), fence: 0, slot: None };
        let mut jobs: Vec<(Job, i64)> = (0..meta.pages).map(|number| (page(number), 0)).collect();
        jobs.push((Job::Watch { school: school.id(), message: meta.id }, self.timing.watch_ms));
        jobs
    }
}

/// Up to 25 deliveries of one channel each.
fn pages_of(plan: &Plan) -> impl Iterator<Item = &[Planned]> {
    plan.deliveries.chunk_by(|a, b| a.channel == b.channel).flat_map(|same| same.chunks(PAGE_SIZE))
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
        if !planned.missing.is_empty() {
            // It had a value when the message was written, and has lost it since.
            *slot =
                Slot { state: DeliveryState::NotSent, reason: Some(Reason::DetailMissing), ..Slot::queued() };
        }
    }
    (PageContent { text_hash: hash_texts(&texts), deliveries }, state)
}
