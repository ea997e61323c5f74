//! Recover: what became of sends that nobody has an answer for (DESIGN §4.6). Nothing is ever sent again blindly.
//!
//! Whoever has asked moves the page's fence, whatever came of it, and queues the next question under the new one. So of
//! two jobs of the same fence only one counts, and two questions that count are as far apart as the delay of the second
//! job, whatever clocks say.

use std::collections::BTreeMap;
use std::time::Duration;

use channels::port::Record;
use domain::channel::Channel;
use domain::delivery::DeliveryState;
use domain::job::{Job, PageRef};
use domain::message::{MessageState, Purpose};
use domain::page::{Found, MOST_LOST_CLAIMS, Next, PageState};
use futures_util::stream::{self, StreamExt};
use store::{Meta, PageContent, School, StoreError};
use tracing::{error, info, warn};

use crate::Dispatch;
use crate::bodies::Ready;
use crate::error::Result;
use crate::questions::{Question, questions};
use crate::receipts::Receipt;

/// Questions to the provider at once.
const PARALLEL_QUESTIONS: usize = 8;

/// Place in the page, what it comes to, and the provider's record if exactly one can be ours.
type Asked = (usize, Found, Option<Record>);

impl Dispatch {
    pub(crate) async fn recover(&self, school: &School, page: &PageRef, fence: u32) -> Result<()> {
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
        if state.wants_asking() {
            if let Some(wait_ms) = self.too_early(&state) {
                let again = Job::Recover { page: page.clone(), fence: state.fence };
                return self.enqueue(meta.purpose, vec![(again, wait_ms)]).await;
            }
            let (asked, records) = self.ask(school, page, &state, &meta).await?;
            let Some(moved) = self.write(school, page, &state, asked, &meta).await? else { return Ok(()) };
            state = moved;
            // Only now: where somebody else has moved the page meanwhile, a record may be of an attempt made since. What
            // is lost if this does not come to pass, the provider is asked for by id.
            if !records.is_empty() {
                self.merge(page, &records).await?;
            }
        }
        let mut jobs = Vec::new();
        if let Next::Send { due_ms } = state.next() {
            let job = Job::Page { page: page.clone(), fence: state.fence, slot: None };
            jobs.push((job, (due_ms - self.clock.now_ms()).max(0)));
        }
        if state.wants_asking() {
            let job = Job::Recover { page: page.clone(), fence: state.fence };
            jobs.push((job, state.ask_in(self.timing.ask_ms)));
        }
        self.enqueue(meta.purpose, jobs).await
    }

    /// Writes what was found; `None` if somebody else has moved the page. What is to be sent again goes back into work
    /// first, so that staff can stop it, and is cancelled if they have.
    async fn write(
        &self,
        school: &School,
        page: &PageRef,
        before: &PageState,
        mut asked: PageState,
        meta: &Meta,
    ) -> Result<Option<PageState>> {
        if matches!(asked.next(), Next::Send { .. }) {
            match meta.state {
                MessageState::Stopped => asked = asked.closed(DeliveryState::Cancelled, None),
                MessageState::Finished => {
                    match school.progress().reopen(page.message, self.clock.now_ms()).await {
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

    /// SES cannot be asked: its SEND event says that it took an e-mail, and comes within a time or never. How long there
    /// is still to wait for one, in milliseconds.
    fn too_early(&self, state: &PageState) -> Option<i64> {
        let now_ms = self.clock.now_ms();
        let left = |index: usize| {
            state.slots[index].at_ms.map_or(0, |t| t.saturating_add(self.timing.ses_report_ms) - now_ms)
        };
        let waits = (state.channel == Channel::Email).then(|| state.unresolved().into_iter().map(left).min());
        waits.flatten().filter(|wait| *wait > 0)
    }

    /// The page after asking, and what the provider's records say beyond *accepted*.
    async fn ask(
        &self,
        school: &School,
        page: &PageRef,
        state: &PageState,
        meta: &Meta,
    ) -> Result<(PageState, Vec<Receipt>)> {
        let now_ms = self.clock.now_ms();
        let asked: Vec<Asked> = match state.channel {
            // X is not asked: nobody can say.
            Channel::Tweet => state.unresolved().into_iter().map(|i| (i, Found::Unclear, None)).collect(),
            Channel::Email => {
                let waited =
                    |i: &usize| state.slots[*i].at_ms.is_none_or(|t| t + self.timing.ses_report_ms <= now_ms);
                state.unresolved().into_iter().filter(waited).map(|i| (i, Found::Unclear, None)).collect()
            }
            Channel::Sms | Channel::Voice => {
                let content = school.pages().content(page).await?;
                let ready = self.bodies.get(school, page.message).await?;
                self.ask_provider(school, page, state, &content, &ready).await
            }
        };
        let records = records_of(state, &asked);
        let found = asked.into_iter().map(|(index, found, _)| (index, found)).collect();
        // A post is seen by everybody: whether it goes once more is for a person to say, also in an emergency.
        let send_once_more = meta.purpose == Purpose::Emergency
            && meta.state != MessageState::Stopped
            && state.channel != Channel::Tweet;
        let resolved = state.clone().asked(found, send_once_more, self.timing.retry, now_ms);
        let resent =
            resolved.slots.iter().zip(&state.slots).filter(|(new, old)| new.resent && !old.resent).count();
        if resent > 0 {
            info!(message = %page.message, page = page.page, resent, "emergency sent once more");
        }
        Ok((resolved, records))
    }

    /// The provider's records first, then whose they could be: whatever was claimed in between is seen by the second.
    async fn ask_provider(
        &self,
        school: &School,
        page: &PageRef,
        state: &PageState,
        content: &PageContent,
        ready: &Ready,
    ) -> Vec<Asked> {
        let questions = questions(state, content, ready);
        let until = self.clock.elapsed() + Duration::from_millis(self.timing.send_deadline_ms);
        let mut lists = Vec::with_capacity(questions.len());
        for question in &questions {
            lists.push(self.unclaimed(page, state, question, ready, until));
        }
        let lists: Vec<Option<Vec<Record>>> =
            stream::iter(lists).buffered(PARALLEL_QUESTIONS).collect().await;
        let unanswered = lists.iter().filter(|records| records.is_none()).count();
        if unanswered > 0 {
            warn!(message = %page.message, page = page.page, unanswered, "provider to be asked once more");
        }
        let rivals = if lists.iter().flatten().all(Vec::is_empty) {
            Ok(None)
        } else {
            self.rivals(school, page, state.channel, &questions, ready).await.map(Some)
        };
        if let Err(e) = &rivals {
            warn!(message = %page.message, page = page.page, error = %e, "others' sends could not be read");
        }
        let mut asked = Vec::new();
        for (place, (question, records)) in questions.iter().zip(lists).enumerate() {
            let (found, one) = match (records, &rivals) {
                (Some(records), _) if records.is_empty() => (Found::Nothing, None),
                (Some(mut records), Ok(Some(rivals))) => {
                    records.retain(|r| !rivals.known.contains(&r.id));
                    let others = rivals.others.get(place).copied().unwrap_or_default();
                    let found = question.judge(&records, others);
                    let one = matches!(found, Found::Accepted { id: Some(_) }).then(|| records.remove(0));
                    (found, one)
                }
                _ => (Found::NotNow, None),
            };
            asked.extend(question.places.iter().map(|&i| (i, found.clone(), one.clone())));
        }
        asked
    }

    /// The provider's records that a question is about and that this page does not account for; `None` if it did not
    /// answer, or there was no time to ask.
    async fn unclaimed(
        &self,
        page: &PageRef,
        state: &PageState,
        question: &Question<'_>,
        ready: &Ready,
        until: Duration,
    ) -> Option<Vec<Record>> {
        if self.clock.elapsed() >= until {
            return None;
        }
        let from = self.providers.sender(state.channel, &ready.body.settings);
        let (since, until) = (question.since_ms, question.until_ms);
        match self.providers.find(state.channel, question.to, from, since, until).await {
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
