//! Claim, send, outcome: one page (DESIGN §4.3 to 4.5).

use std::sync::Arc;
use std::time::Duration;

use channels::bucket::Rate;
use domain::channel::Channel;
use domain::delivery::{Answer, DeliveryState, Evidence, Reason};
use domain::job::{DeliveryRef, Job, PageRef};
use domain::message::MessageState;
use domain::page::{Next, PageState};
use domain::texts::{Rendered, hash_texts};
use futures_util::future::join_all;
use runtime::QueueName;
use store::{Claiming, PageContent, School, Slot};
use tracing::{error, warn};

use crate::Dispatch;
use crate::bodies::Ready;
use crate::error::{DispatchError, Result};
use crate::providers::Outgoing;

/// How far ahead slots are given out, in milliseconds.
const SLOT_HORIZON_MS: i64 = 3_600_000;
/// A slot this near is as good as now, in milliseconds.
const NEAR_SLOT_MS: i64 = 1_000;

impl Dispatch {
    pub(crate) async fn send_page(
        &self,
        school: &School,
        page: &PageRef,
        fence: u32,
        slot: Option<i64>,
    ) -> Result<()> {
        let ready = self.bodies.get(school, page.message).await?;
        if !self.slot_has_come(school, page, fence, slot, &ready).await? {
            return Ok(());
        }
        let me = self.ids.ulid(self.clock.now_ms()).to_string();
        let claimed = match school.claim_page(page, fence, &me, self.clock.now_ms()).await? {
            Claiming::Mine(claimed) => claimed,
            Claiming::Lost => return Ok(()),
        };
        let until = self.clock.elapsed() + Duration::from_millis(self.timing.send_deadline_ms);

        let read = tokio::try_join!(school.meta(page.message), school.page_content(page));
        let (meta, content) = match read {
            Ok(read) => read,
            Err(e) => return self.give_back(school, page, &claimed, &ready, e.into()).await,
        };
        let meta = meta.ok_or_else(|| DispatchError::Fail("page without a message".to_owned()))?;
        if meta.state == MessageState::Stopped || meta.epoch.as_ref() != Some(&page.epoch) {
            let closed = claimed.clone().closed(DeliveryState::Cancelled, None);
            school.advance_page(page, &claimed, &closed).await?;
            return Ok(());
        }
        let Some(texts) = rendered_as_planned(&ready, claimed.channel, &content) else {
            error!(message = %page.message, page = page.page, "text would differ from the one that was planned");
            let closed = claimed.clone().closed(DeliveryState::TechnicalFailure, Some(Reason::TextChanged));
            school.advance_page(page, &claimed, &closed).await?;
            return Ok(());
        };

        let answers = self.send_all(page, &claimed, &content, &texts, &ready, until).await;
        let settled = claimed.clone().settled(answers.clone(), self.timing.retry, self.clock.now_ms());
        match school.advance_page(page, &claimed, &settled).await {
            Ok(true) => self.follow_up(&meta.purpose, page, &settled).await,
            Ok(false) => self.hand_in_late(page, claimed.fence, answers).await,
            Err(e) => {
                warn!(message = %page.message, page = page.page, "outcome not written");
                self.hand_in_late(page, claimed.fence, answers).await?;
                Err(e.into())
            }
        }
    }

    /// Nothing was sent under this claim: the page goes back as it was, so that nobody has to ask a provider about it.
    async fn give_back(
        &self,
        school: &School,
        page: &PageRef,
        claimed: &PageState,
        ready: &Ready,
        why: DispatchError,
    ) -> Result<()> {
        warn!(message = %page.message, page = page.page, error = %why, "page given back");
        let released = claimed.clone().released(self.clock.now_ms());
        if school.advance_page(page, claimed, &released).await? {
            let again = Job::Page { page: page.clone(), fence: released.fence, slot: None };
            self.enqueue(ready.body.message.purpose, vec![(again, self.timing.retry.base_ms)]).await?;
        }
        Ok(())
    }

    /// Sends every pending delivery of a claimed page at once. What the deadline leaves out stays pending.
    async fn send_all(
        &self,
        page: &PageRef,
        claimed: &PageState,
        content: &PageContent,
        texts: &[Rendered],
        ready: &Arc<Ready>,
        until: Duration,
    ) -> Vec<(usize, Answer)> {
        let sends = claimed.pending().into_iter().map(|index| async move {
            let (Some(delivery), Some(rendered)) = (content.deliveries.get(index), texts.get(index)) else {
                return None;
            };
            if self.clock.elapsed() >= until {
                return None;
            }
            let place = u8::try_from(index).ok()?;
            let delivery_ref = DeliveryRef { page: page.clone(), index: place, attempt: claimed.fence };
            let reference = self.references.sign(&delivery_ref);
            let message_id =
                format!("{}.{}.{index}.{}@messenger.invalid", page.message, page.page, claimed.fence);
            let answer = self
                .providers
                .send(Outgoing {
                    channel: claimed.channel,
                    to: &delivery.to,
                    rendered,
                    settings: &ready.body.settings,
                    reference: &reference,
                    message_id: &message_id,
                    at_ms: self.clock.now_ms(),
                })
                .await;
            Some((index, answer))
        });
        join_all(sends).await.into_iter().flatten().collect()
    }

    /// Queues what a settled page needs next, without waiting for the watch.
    async fn follow_up(
        &self,
        purpose: &domain::message::Purpose,
        page: &PageRef,
        settled: &PageState,
    ) -> Result<()> {
        let fence = settled.fence;
        let next = match settled.next() {
            Next::Send { due_ms } => {
                let delay = (due_ms - self.clock.now_ms()).max(0);
                (Job::Page { page: page.clone(), fence, slot: None }, delay)
            }
            Next::Ask => (Job::Recover { page: page.clone(), fence }, self.timing.ask_ms),
            Next::Recover | Next::Settled => return Ok(()),
        };
        // Best effort: the watch finds it too.
        if let Err(e) = self.enqueue(*purpose, vec![next]).await {
            warn!(message = %page.message, page = page.page, error = %e, "follow-up not queued");
        }
        Ok(())
    }

    /// A worker whose page was taken over still knows what the provider told it: that is evidence, like a receipt.
    async fn hand_in_late(&self, page: &PageRef, attempt: u32, answers: Vec<(usize, Answer)>) -> Result<()> {
        let at_ms = self.clock.now_ms();
        let jobs = answers.into_iter().filter_map(|(index, answer)| {
            let Answer::Accepted { id } = answer else { return None };
            let state = DeliveryState::Accepted;
            let evidence = Evidence { state, reason: None, code: None, seconds: None, at_ms, id: Some(id) };
            let index = u8::try_from(index).ok()?;
            Some((Job::Receipt { delivery: DeliveryRef { page: page.clone(), index, attempt }, evidence }, 0))
        });
        let jobs: Vec<(Job, i64)> = jobs.collect();
        if jobs.is_empty() { Ok(()) } else { Ok(self.queue.send(QueueName::Receipts, jobs).await?) }
    }

    /// Whether the page may go now. Where the sender has a limit, the page reserves its place once and comes back
    /// with it: no function sleeps for a provider.
    async fn slot_has_come(
        &self,
        school: &School,
        page: &PageRef,
        fence: u32,
        slot: Option<i64>,
        ready: &Ready,
    ) -> Result<bool> {
        if self.providers.twilio_per_second.is_none() && self.providers.mail_per_second.is_none() {
            return Ok(true);
        }
        let now_ms = self.clock.now_ms();
        let at_ms = if let Some(at_ms) = slot {
            at_ms
        } else {
            let state = school.page_state(page).await?;
            let Some(per_second) = self.providers.per_second(state.channel) else { return Ok(true) };
            if state.fence != fence || state.claim.is_some() {
                return Ok(false);
            }
            let units: u32 =
                state.pending().into_iter().filter_map(|i| state.units.get(i)).map(|u| u.0).sum();
            let rate = Rate { per_second };
            let settings = &ready.body.settings;
            let sender =
                format!("{}#{}", state.channel.code(), self.providers.sender(state.channel, settings));
            match self.store.reserve_slot(&sender, rate.millis(units), now_ms, SLOT_HORIZON_MS).await? {
                Slot::At(at_ms) => at_ms,
                Slot::Full { wait_ms } => {
                    let later = Job::Page { page: page.clone(), fence, slot: None };
                    self.enqueue(ready.body.message.purpose, vec![(later, wait_ms)]).await?;
                    return Ok(false);
                }
            }
        };
        if at_ms <= now_ms + NEAR_SLOT_MS {
            return Ok(true);
        }
        let later = Job::Page { page: page.clone(), fence, slot: Some(at_ms) };
        self.enqueue(ready.body.message.purpose, vec![(later, at_ms - now_ms)]).await?;
        Ok(false)
    }
}

/// The page's texts, or `None` if they are not those that were planned.
fn rendered_as_planned(ready: &Ready, channel: Channel, content: &PageContent) -> Option<Vec<Rendered>> {
    // A recipient without a value was planned with an empty text and is never sent.
    let render = |values: &[String]| ready.texts.render(channel, values).unwrap_or_default();
    let texts: Vec<Rendered> = content.deliveries.iter().map(|d| render(&d.values)).collect();
    (hash_texts(&texts) == content.text_hash).then_some(texts)
}
