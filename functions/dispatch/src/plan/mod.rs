//! Plan: from an accepted message to pages (ARCHITECTURE §4.2). The address book is read here for the second time, so
//! that what goes is what is true now.

pub(crate) mod attendance;
mod registers;
mod sync_wait;

use std::sync::Arc;
use std::time::Duration;

use domain::approval::Held;
use domain::audit::{Act, AuditEvent, Change};
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

use store::{Meta, PageContent, PlannedDelivery, School, StoreError, WrittenPlan};

use crate::dispatch::Dispatch;
use crate::error::Result;
use crate::send::bodies::Ready;
use crate::watch;

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

/// Plans a message in a batch that `began` then.
pub(crate) async fn plan(
    dispatch: &Dispatch,
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
        return reject(dispatch, school, message, NOT_PLANNED, began).await;
    }
    // Counted before anything can go wrong: a function that dies of it says nothing afterwards.
    if !school.planning().begin_try(message).await? {
        return Ok(());
    }
    // A message that may still go back to be edited is not kept: what is kept never changes.
    let ready = if meta.approved.is_some() {
        dispatch.bodies.fresh(school, message).await?
    } else {
        dispatch.bodies.get(school, message).await?
    };
    if sync_wait::waits(dispatch, school, &meta, &ready.body.settings).await? {
        return Ok(());
    }
    let marks = registers::marks_for(dispatch, school, &meta, &ready.body).await?;
    let Some(marks) = marks else { return Ok(()) };
    let Some(book) = book_for(dispatch, school, &meta, &ready).await? else {
        return wait_for_book(dispatch, school, &meta).await;
    };
    let now_ms = dispatch.clock.now_ms();
    let planned = attendance::planned_now(school, message, &book, &ready.body, &marks, now_ms).await?;
    if let Some(why) = refusal(&planned, meta.cap) {
        return reject(dispatch, school, message, why, began).await;
    }
    if has_grown(school, &meta, &planned).await? {
        return hold_again(school, &meta, &planned, now_ms).await;
    }
    write_plan(dispatch, school, &meta, book.version(), &planned).await
}

/// Why a plan cannot be sent, if it cannot.
fn refusal(planned: &Plan, cap: Option<u32>) -> Option<&'static str> {
    let deliveries = &planned.deliveries;
    if deliveries.is_empty() {
        return Some(NOBODY);
    }
    if deliveries.iter().any(|d| bytes_of(d) > PAGE_BYTES) {
        return Some(TOO_MANY_SHARE);
    }
    cap.is_some_and(|cap| deliveries.len() > cap as usize).then_some(OVER_CAP)
}

/// Whether more people would get it than were authorised. Another number of somebody who was is no news: the address
/// book is read twice to send to the one that is right now.
async fn has_grown(school: &School, meta: &Meta, planned: &Plan) -> Result<bool> {
    let Some(approved) = school.approvals().approved_people(meta).await? else { return Ok(false) };
    Ok(planned.deliveries.iter().flat_map(|d| &d.contacts).any(|contact| !approved.has(contact)))
}

async fn hold_again(school: &School, meta: &Meta, planned: &Plan, now_ms: i64) -> Result<()> {
    let people = planned.recipients.to_string();
    let said = [("why", Held::Grown.code()), ("people", &people)];
    let changes = said.into_iter().filter_map(|(field, now)| Change::of(field, "", now)).collect();
    let event = AuditEvent { changes, ..AuditEvent::of_system(Act::MessageHandedIn, meta.id.to_string()) };
    // Whoever stopped it or planned it meanwhile has said what comes next.
    school.approvals().hold_again(meta, &event, now_ms).await?;
    Ok(())
}

/// The school's address book; `None` while it is changed in bulk. An emergency does not wait for that.
async fn book_for(
    dispatch: &Dispatch,
    school: &School,
    meta: &Meta,
    ready: &Ready,
) -> Result<Option<Arc<AddressBook>>> {
    let (country, now_ms) = (ready.body.settings.country, dispatch.clock.now_ms());
    if meta.purpose == Purpose::Emergency {
        return Ok(Some(school.book().at_once(&dispatch.books, country, now_ms).await?));
    }
    match school.book().current(&dispatch.books, country, now_ms).await {
        Ok(book) => Ok(Some(book)),
        Err(StoreError::Busy) => Ok(None),
        Err(e) => Err(e.into()),
    }
}

/// Looks again soon whether the upload has ended, and says so on META: one job that tries again is enough.
async fn wait_for_book(dispatch: &Dispatch, school: &School, meta: &Meta) -> Result<()> {
    let due_ms = dispatch.clock.now_ms() + BUSY_BOOK_MS + 2 * dispatch.grace_ms();
    if school.planning().wait_for_book(meta.id, due_ms).await? {
        sync_wait::plan_later(dispatch, school, meta, BUSY_BOOK_MS).await?;
    }
    Ok(())
}

/// Ends a message that cannot be planned. It stays due until all is cleared up.
async fn reject(
    dispatch: &Dispatch,
    school: &School,
    message: MessageId,
    why: &str,
    began: Duration,
) -> Result<()> {
    school.planning().reject(message, why, dispatch.clock.now_ms()).await?;
    watch::watch(dispatch, school, message, began).await
}

/// Writes the pages of a plan that was made from this version of the address book, and queues them.
async fn write_plan(dispatch: &Dispatch, school: &School, meta: &Meta, book: u64, plan: &Plan) -> Result<()> {
    let now_ms = dispatch.clock.now_ms();
    let epoch = Epoch::new(dispatch.ids.ulid(now_ms));
    let chunks: Vec<&[Planned]> = pages_of(plan).collect();
    let pages = u32::try_from(chunks.len()).unwrap_or(u32::MAX);
    let unreachable = u32::try_from(plan.unreachable.len()).unwrap_or(u32::MAX);

    if !school.planning().begin(meta.id, &epoch, pages).await? {
        return Ok(());
    }
    let mut said = dispatch.clock.elapsed();
    for (at, some) in chunks.chunks(PAGES_WRITTEN_AT_ONCE).enumerate() {
        if !still_planning(dispatch, school, meta.id, &mut said).await? {
            // Stopped, or somebody else was first.
            return Ok(school.pages().delete_all(meta.id, &epoch, pages).await?);
        }
        let rows: Vec<(PageContent, PageState)> = some.iter().map(|page| page_rows(page, now_ms)).collect();
        let first = u32::try_from(at * PAGES_WRITTEN_AT_ONCE).unwrap_or(u32::MAX);
        school.pages().write(meta.id, &epoch, first, &rows).await?;
    }

    // The pages count only from here on: whoever commits first has made the message's one plan.
    let due_ms = now_ms + dispatch.timing.watch_ms + dispatch.grace_ms();
    let revision = meta.revision;
    let written = WrittenPlan { revision, epoch: &epoch, pages, unreachable, book, now_ms, due_ms };
    if !school.planning().commit(meta.id, &written).await? {
        // Somebody else was first, or it was stopped. Should a winner have died since, the watch queues its pages.
        return Ok(school.pages().delete_all(meta.id, &epoch, pages).await?);
    }
    let page =
        |number| Job::Page { page: school.pages().reference(meta.id, &epoch, number), fence: 0, slot: None };
    let mut jobs: Vec<(Job, i64)> = (0..pages).map(|number| (page(number), 0)).collect();
    jobs.push((Job::Watch { school: school.id(), message: meta.id }, dispatch.timing.watch_ms));
    dispatch.enqueue(meta.purpose, jobs).await
}

/// Says now and then that the plan is being written: a large one takes longer than a look at it is put off, and a
/// second plan would be written for nothing. `false` if the message waits for a plan no longer.
async fn still_planning(
    dispatch: &Dispatch,
    school: &School,
    message: MessageId,
    said: &mut Duration,
) -> Result<bool> {
    let now = dispatch.clock.elapsed();
    if now.saturating_sub(*said) < SAYS_EVERY {
        return Ok(true);
    }
    *said = now;
    let due_ms = dispatch.clock.now_ms() + dispatch.timing.lease_ms + dispatch.grace_ms();
    Ok(school.planning().extend(message, due_ms).await?)
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
