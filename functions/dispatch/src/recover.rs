//! Recover: what became of sends that nobody has an answer for (DESIGN §4.6). Nothing is ever sent again blindly.

use std::collections::{BTreeMap, BTreeSet};

use channels::port::Record;
use domain::channel::Channel;
use domain::job::{Job, PageRef};
use domain::message::Purpose;
use domain::page::{Found, MOST_LOST_CLAIMS, Next, PageState};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use store::{PageContent, School};
use tracing::{error, info, warn};

use crate::Dispatch;
use crate::bodies::Ready;
use crate::error::{DispatchError, Result};
use crate::receipts::Receipt;

/// How far the provider's clock may be from ours, in milliseconds: five minutes, and one for what goes on meanwhile.
const CLOCK_SLACK_MS: i64 = 360_000;
/// Questions to the provider at once.
const PARALLEL_QUESTIONS: usize = 8;

/// One question: the sends to `to` (with this text, where the provider keeps it) that are unresolved in a page.
struct Question<'a> {
    to: &'a str,
    body: Option<String>,
    places: Vec<usize>,
    since_ms: i64,
    until_ms: i64,
}

impl Question<'_> {
    /// All attempts that the provider's unclaimed records can be of, not only those that are asked about.
    fn attempts(&self, state: &PageState, content: &PageContent) -> usize {
        let same = |index: &usize| {
            self.places.contains(index)
                || (self.body.is_none() && content.deliveries.get(*index).is_some_and(|d| d.to == self.to))
        };
        (0..state.slots.len()).filter(same).map(|index| state.unaccounted(index)).sum()
    }
}

/// Place in the page, what it comes to, and the provider's record if exactly one can be ours.
type Asked = (usize, Found, Option<Record>);

impl Dispatch {
    pub(crate) async fn recover(&self, school: &School, page: &PageRef, fence: u32) -> Result<()> {
        let mut state = school.page_state(page).await?;
        if state.fence != fence {
            return Ok(());
        }
        let ready = self.bodies.get(school, page.message).await?;
        let purpose = ready.body.message.purpose;
        if state.claim.is_some() {
            let abandoned = state.clone().abandoned();
            if !school.advance_page(page, &state, &abandoned).await? {
                return Ok(());
            }
            warn!(message = %page.message, page = page.page, lost = abandoned.lost, "worker lost");
            if abandoned.lost >= MOST_LOST_CLAIMS {
                error!(message = %page.message, page = page.page, "page given up after lost workers");
            }
            state = abandoned;
        }
        if !state.unresolved().is_empty() {
            let content = school.page_content(page).await?;
            let Some(asked) = self.ask(school, page, &state, &content, &ready).await? else {
                return self.ask_later(purpose, page, state.fence).await;
            };
            if !school.advance_page(page, &state, &asked).await? {
                return Ok(());
            }
            state = asked;
        }
        match state.next() {
            Next::Send { due_ms } => {
                let delay = (due_ms - self.clock.now_ms()).max(0);
                let job = Job::Page { page: page.clone(), fence: state.fence, slot: None };
                self.enqueue(purpose, vec![(job, delay)]).await
            }
            Next::Ask => self.ask_later(purpose, page, state.fence).await,
            Next::Recover | Next::Settled => Ok(()),
        }
    }

    async fn ask_later(&self, purpose: Purpose, page: &PageRef, fence: u32) -> Result<()> {
        self.enqueue(purpose, vec![(Job::Recover { page: page.clone(), fence }, self.timing.ask_ms)]).await
    }

    /// The page after asking; `None` if there is nothing to say yet.
    async fn ask(
        &self,
        school: &School,
        page: &PageRef,
        state: &PageState,
        content: &PageContent,
        ready: &Ready,
    ) -> Result<Option<PageState>> {
        let emergency = ready.body.message.purpose == Purpose::Emergency;
        let now_ms = self.clock.now_ms();
        let found = match state.channel {
            Channel::Email => {
                // SES cannot be asked: its SEND event would have come by now, or never will.
                let waited =
                    |i: &usize| state.slots[*i].at_ms.is_none_or(|t| t + self.timing.ses_report_ms <= now_ms);
                let silent: Vec<usize> = state.unresolved().into_iter().filter(waited).collect();
                if silent.is_empty() {
                    return Ok(None);
                }
                silent.into_iter().map(|i| (i, Found::Unclear)).collect()
            }
            Channel::Sms | Channel::Voice => {
                let questions = questions(state, content, ready);
                let asking = questions.iter().map(|question| self.records(state.channel, question, ready));
                // One after the other into a list: the futures borrow what a lazy stream would have to own.
                let asking: Vec<_> = asking.collect();
                let records: Vec<Vec<Record>> =
                    stream::iter(asking).buffered(PARALLEL_QUESTIONS).try_collect().await?;
                // Who else may have made them is read afterwards: whoever had made one by then had claimed its page.
                let rivals =
                    self.rivals(school, page, state.channel, &questions_to(&questions), ready).await?;
                let told = questions.into_iter().zip(records);
                let asked: Vec<Asked> =
                    told.flat_map(|(question, records)| weigh(state, content, &question, records, &rivals)).collect();
                if asked.is_empty() {
                    return Ok(None);
                }
                self.keep_records(page, state, &asked).await?;
                asked.into_iter().map(|(index, found, _)| (index, found)).collect()
            }
        };
        let resolved = state.clone().asked(found, emergency, self.timing.retry, now_ms);
        let resent =
            resolved.slots.iter().zip(&state.slots).filter(|(new, old)| new.resent && !old.resent).count();
        if resent > 0 {
            info!(message = %page.message, page = page.page, resent, "emergency sent once more");
        }
        Ok(Some(resolved))
    }

    /// What the provider has that the question may be about.
    async fn records(&self, channel: Channel, question: &Question<'_>, ready: &Ready) -> Result<Vec<Record>> {
        let from = self.providers.sender(channel, &ready.body.settings);
        let (since, until) = (question.since_ms, question.until_ms);
        let records = self.providers.find(channel, question.to, from, since, until).await;
        records.map_err(|e| DispatchError::Retry(e.to_string()))
    }

    /// A record may say more than *accepted*: keep that as a receipt.
    async fn keep_records(&self, page: &PageRef, state: &PageState, asked: &[Asked]) -> Result<()> {
        let receipts: Vec<Receipt> = asked
            .iter()
            .filter_map(|(index, _, record)| {
                let evidence = record.as_ref()?.state.clone()?;
                Some((u8::try_from(*index).ok()?, state.slots[*index].attempt, evidence))
            })
            .collect();
        if receipts.is_empty() { Ok(()) } else { self.merge(page, &receipts).await }
    }
}

/// Sends of the school's other messages that the provider's records could be mistaken for.
#[derive(Debug, Default)]
pub(crate) struct Rivals {
    /// Provider's ids that belong to them.
    pub(crate) known: BTreeSet<String>,
    /// How many of them are unresolved, by address.
    pub(crate) unresolved: BTreeMap<String, usize>,
    /// Addresses that a worker is sending to just now: what is unclear may be clear in a moment.
    pub(crate) open: BTreeSet<String>,
}

/// What the provider's records say about a question; nothing yet while a rival is still being sent.
fn weigh(
    state: &PageState,
    content: &PageContent,
    question: &Question<'_>,
    mut records: Vec<Record>,
    rivals: &Rivals,
) -> Vec<Asked> {
    records.retain(|r| {
        let same_text = match (&question.body, &r.body) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => true,
        };
        same_text && !known(state, &r.id) && !rivals.known.contains(&r.id)
    });
    let attempts =
        question.attempts(state, content) + rivals.unresolved.get(question.to).copied().unwrap_or(0);
    let one = (records.len() == 1 && attempts == 1).then(|| records.remove(0));
    let found = match records.len() {
        _ if one.is_some() => Found::Accepted { id: one.as_ref().map(|r| r.id.clone()) },
        0 => Found::Nothing,
        n if n == attempts => Found::Accepted { id: None },
        _ if rivals.open.contains(question.to) => return Vec::new(),
        _ => Found::Unclear,
    };
    question.places.iter().map(|&i| (i, found.clone(), one.clone())).collect()
}

/// Unresolved deliveries of a page by address and text. A provider of calls keeps no text: there the address alone
/// makes the question.
fn questions<'a>(state: &PageState, content: &'a PageContent, ready: &Ready) -> Vec<Question<'a>> {
    let mut questions: Vec<Question<'a>> = Vec::new();
    for index in state.unresolved() {
        let Some(delivery) = content.deliveries.get(index) else { continue };
        let rendered = ready.texts.render(state.channel, &delivery.values).unwrap_or_default();
        let body = (state.channel == Channel::Sms).then(|| rendered.text.to_string());
        let began = state.slots[index].at_ms.unwrap_or_default();
        let (since_ms, until_ms) = (began - CLOCK_SLACK_MS, began + CLOCK_SLACK_MS);
        match questions.iter_mut().find(|q| q.to == delivery.to && q.body == body) {
            Some(same) => {
                same.places.push(index);
                same.since_ms = same.since_ms.min(since_ms);
                same.until_ms = same.until_ms.max(until_ms);
            }
            None => {
                questions.push(Question { to: &delivery.to, body, places: vec![index], since_ms, until_ms });
            }
        }
    }
    questions
}

fn questions_to<'a>(questions: &[Question<'a>]) -> Vec<(&'a str, i64, i64)> {
    questions.iter().map(|q| (q.to, q.since_ms, q.until_ms)).collect()
}

/// Whether a provider's id is already accounted for in this page.
fn known(state: &PageState, id: &str) -> bool {
    let in_slot =
        |slot: &domain::page::Slot| slot.id.as_deref() == Some(id) || slot.past.iter().any(|p| p.id == id);
    state.slots.iter().any(in_slot)
        || state.receipts.0.values().flat_map(BTreeMap::values).any(|e| e.id.as_deref() == Some(id))
}
