//! Recover: what became of sends that nobody has an answer for (ARCHITECTURE §4.6). Nothing is ever sent again blindly.
//!
//! Asking the provider always advances the page's fence, whatever the answer, and queues the next question under the
//! new one. So of two jobs of the same fence only one counts, and two questions that count are as far apart as the
//! delay of the second job, whatever clocks say.

mod questions;
mod same_number;
pub(crate) mod unreported;

use std::collections::BTreeMap;
use std::time::Duration;

use channels::port::Record;
use domain::channel::{Address, Reports};
use domain::delivery::DeliveryState;
use domain::job::{Job, PageRef};
use domain::message::{MessageState, Purpose};
use domain::page::{Found, MOST_LOST_CLAIMS, Next, PageState};
use futures_util::stream::{self, StreamExt};
use runtime::Causes;
use store::{Meta, PageContent, School, StoreError};
use tracing::{error, info, warn};

use self::questions::{Question, questions};
use self::same_number::{SameNumber, same_number};
use crate::dispatch::Dispatch;
use crate::error::Result;
use crate::receipts::{Receipt, merge};
use crate::send::bodies::Ready;

/// Questions to the provider at once.
const PARALLEL_QUESTIONS: usize = 8;

/// Place in the page, what it comes to, and the provider's record if exactly one can be ours.
type Asked = (usize, Found, Option<Record>);

/// Finds out what became of a page that was seen at this fence.
pub(crate) async fn recover(dispatch: &Dispatch, school: &School, page: &PageRef, fence: u32) -> Result<()> {
    let mut state = school.pages().state(page).await?;
    if state.fence != fence {
        return Ok(());
    }
    if state.claim.is_some() {
        let abandoned = state.clone().abandoned();
        if !school.pages().advance(page, &state, &abandoned).await? {
            return Ok(());
        }
        warn!(message = %page.message, page = page.page, lost = abandoned.lost, "worker lost");
        if abandoned.lost >= MOST_LOST_CLAIMS {
            error!(message = %page.message, page = page.page, "page given up after lost workers");
        }
        state = abandoned;
    }
    let Some(meta) = school.messages().meta(page.message).await? else { return Ok(()) };
    let recovery = Recovery { dispatch, school, page, meta: &meta };
    if state.wants_asking() {
        if let Some(wait_ms) = recovery.too_early(&state) {
            let again = Job::Recover { page: page.clone(), fence: state.fence };
            return dispatch.enqueue(meta.purpose, vec![(again, wait_ms)]).await;
        }
        let (asked, records) = recovery.ask(&state).await?;
        let Some(moved) = recovery.write(&state, asked).await? else { return Ok(()) };
        state = moved;
        // Only now: where somebody else has moved the page meanwhile, a record may be of an attempt made since. What is
        // lost if this does not come to pass, the provider is asked for by id.
        if !records.is_empty() {
            merge(dispatch, page, &records).await?;
        }
    }
    recovery.queue_next(&state).await
}

/// A page that is recovered.
#[derive(Clone, Copy)]
struct Recovery<'a> {
    dispatch: &'a Dispatch,
    school: &'a School,
    page: &'a PageRef,
    meta: &'a Meta,
}

impl Recovery<'_> {
    /// Queues what the page needs next.
    async fn queue_next(&self, state: &PageState) -> Result<()> {
        let Self { dispatch, page, meta, .. } = *self;
        let mut jobs = Vec::new();
        if let Next::Send { due_ms } = state.next() {
            let job = Job::Page { page: page.clone(), fence: state.fence, slot: None };
            jobs.push((job, (due_ms - dispatch.clock.now_ms()).max(0)));
        }
        if state.wants_asking() {
            let job = Job::Recover { page: page.clone(), fence: state.fence };
            jobs.push((job, state.ask_in(dispatch.timing.ask_ms)));
        }
        dispatch.enqueue(meta.purpose, jobs).await
    }

    /// Writes what was found; `None` if somebody else has moved the page. What is to be sent again goes back into work
    /// first, so that staff can stop it, and is cancelled if they have.
    async fn write(&self, before: &PageState, mut asked: PageState) -> Result<Option<PageState>> {
        let Self { dispatch, school, page, meta } = *self;
        if matches!(asked.next(), Next::Send { .. }) {
            match meta.state {
                MessageState::Stopped => asked = asked.closed(DeliveryState::Cancelled, None),
                MessageState::Finished => {
                    match school.progress().reopen(page.message, dispatch.clock.now_ms()).await {
                        // Stopped just now: whoever claims the page will see.
                        Ok(()) | Err(StoreError::Conflict) => {}
                        Err(e) => return Err(e.into()),
                    }
                }
                _ => {}
            }
        }
        let moved = school.pages().advance(page, before, &asked).await?;
        Ok(moved.then_some(asked))
    }

    /// Where the provider cannot be asked, its events say that it took a message, within a time or never. How long
    /// there is still to wait for one, in milliseconds.
    fn too_early(&self, state: &PageState) -> Option<i64> {
        let now_ms = self.dispatch.clock.now_ms();
        let report_ms = self.dispatch.timing.ses_report_ms;
        let left = |index: usize| {
            state.slots[index].at_ms.map_or(0, |at_ms| at_ms.saturating_add(report_ms) - now_ms)
        };
        if state.channel.facts().reports != Reports::Events {
            return None;
        }
        state.unresolved().into_iter().map(left).min().filter(|wait| *wait > 0)
    }

    /// The page after asking, and what the provider's records say beyond *accepted*.
    async fn ask(&self, state: &PageState) -> Result<(PageState, Vec<Receipt>)> {
        let Self { dispatch, school, page, meta } = *self;
        let now_ms = dispatch.clock.now_ms();
        let facts = state.channel.facts();
        let asked: Vec<Asked> = match facts.reports {
            // It is not asked: nobody can say.
            Reports::Never => state.unresolved().into_iter().map(|i| (i, Found::Unclear, None)).collect(),
            Reports::Events => {
                let waited = |i: &usize| {
                    state.slots[*i].at_ms.is_none_or(|t| t + dispatch.timing.ses_report_ms <= now_ms)
                };
                state.unresolved().into_iter().filter(waited).map(|i| (i, Found::Unclear, None)).collect()
            }
            Reports::Records => {
                let content = school.pages().content(page).await?;
                let ready = dispatch.bodies.get(school, page.message).await?;
                self.ask_provider(state, &content, &ready).await
            }
        };
        let records = records_of(state, &asked);
        let found = asked.into_iter().map(|(index, found, _)| (index, found)).collect();
        // A post is seen by everybody: whether it goes once more is for a person to say, also in an emergency.
        let send_once_more = meta.purpose == Purpose::Emergency
            && meta.state != MessageState::Stopped
            && facts.address != Address::Account;
        let resolved = state.clone().asked(found, send_once_more, dispatch.timing.retry, now_ms);
        let resent =
            resolved.slots.iter().zip(&state.slots).filter(|(new, old)| new.resent && !old.resent).count();
        if resent > 0 {
            info!(message = %page.message, page = page.page, resent, "emergency sent once more");
        }
        Ok((resolved, records))
    }

    /// The provider's records first, then whose they could be: whatever was claimed in between is seen by the second.
    async fn ask_provider(&self, state: &PageState, content: &PageContent, ready: &Ready) -> Vec<Asked> {
        let Self { dispatch, school, page, .. } = *self;
        let questions = questions(&dispatch.providers, state, content, ready);
        let until = dispatch.clock.elapsed() + Duration::from_millis(dispatch.timing.send_deadline_ms);
        let mut lists = Vec::with_capacity(questions.len());
        for question in &questions {
            lists.push(self.unclaimed(state, question, ready, until));
        }
        let lists: Vec<Option<Vec<Record>>> =
            stream::iter(lists).buffered(PARALLEL_QUESTIONS).collect().await;
        let unanswered = lists.iter().filter(|records| records.is_none()).count();
        if unanswered > 0 {
            warn!(message = %page.message, page = page.page, unanswered, "provider to be asked once more");
        }
        let others = if lists.iter().flatten().all(Vec::is_empty) {
            Ok(SameNumber::default())
        } else {
            same_number(dispatch, school, page, state.channel, &questions, ready).await
        };
        if let Err(e) = &others {
            let error = Causes(e);
            warn!(message = %page.message, page = page.page, %error, "others' sends could not be read");
        }
        let judged = questions.iter().zip(lists).enumerate().flat_map(|(place, (question, records))| {
            let (found, record) = judge(question, place, records, others.as_ref().ok());
            question.places.iter().map(move |&index| (index, found.clone(), record.clone()))
        });
        judged.collect()
    }

    /// The provider's records that a question is about and that this page does not account for; `None` if it did not
    /// answer, or there was no time to ask.
    async fn unclaimed(
        &self,
        state: &PageState,
        question: &Question<'_>,
        ready: &Ready,
        until: Duration,
    ) -> Option<Vec<Record>> {
        let Self { dispatch, page, .. } = *self;
        if dispatch.clock.elapsed() >= until {
            return None;
        }
        let provider = dispatch.providers.of(state.channel);
        let from = provider.sender(&ready.body.settings);
        let (since, until) = (question.since_ms, question.until_ms);
        match provider.find(question.to, from, since, until).await {
            Ok(mut records) => {
                records.retain(|r| question.is_about(question.to, r.body.as_deref()) && !known(state, &r.id));
                Some(records)
            }
            Err(e) => {
                warn!(message = %page.message, page = page.page, error = %e, "provider not asked");
                None
            }
        }
    }
}

/// What the provider's records prove of a question, and the record that is ours if exactly one can be. `records` is
/// `None` where the provider did not answer, `others` where nobody knows whose else they could be.
fn judge(
    question: &Question<'_>,
    place: usize,
    records: Option<Vec<Record>>,
    others: Option<&SameNumber>,
) -> (Found, Option<Record>) {
    match (records, others) {
        (Some(records), _) if records.is_empty() => (Found::Nothing, None),
        (Some(mut records), Some(same)) => {
            records.retain(|r| !same.known.contains(&r.id));
            let found = question.judge(&records, same.others.get(place).copied().unwrap_or_default());
            let one = matches!(found, Found::Accepted { id: Some(_) }).then(|| records.remove(0));
            (found, one)
        }
        _ => (Found::NotNow, None),
    }
}

/// The records that say more than that they are there, as receipts.
fn records_of(state: &PageState, asked: &[Asked]) -> Vec<Receipt> {
    let receipt = |(index, _, record): &Asked| {
        let evidence = record.as_ref()?.state.clone()?;
        Some((u8::try_from(*index).ok()?, state.slots[*index].attempt, evidence))
    };
    asked.iter().filter_map(receipt).collect()
}

/// Whether a provider's id is already accounted for in this page.
fn known(state: &PageState, id: &str) -> bool {
    let in_slot =
        |slot: &domain::page::Slot| slot.id.as_deref() == Some(id) || slot.past.iter().any(|p| p.id == id);
    state.slots.iter().any(in_slot)
        || state.receipts.0.values().flat_map(BTreeMap::values).any(|e| e.id.as_deref() == Some(id))
}
