//! Claim, send, outcome: one page (DESIGN §4.3 to 4.5).

use std::sync::Arc;
use std::time::Duration;

use channels::port::Access;
use domain::channel::Channel;
use domain::delivery::{Answer, DeliveryState, Evidence, Reason};
use domain::job::{DeliveryRef, Job, PageRef};
use domain::message::MessageState;
use domain::page::{Next, PageState};
use domain::texts::{Rendered, hash_texts};
use futures_util::future::join_all;
use runtime::QueueName;
use store::{Body, Claiming, Meta, PageContent, School};
use tracing::{error, warn};

use crate::Dispatch;
use crate::bodies::Ready;
use crate::error::{DispatchError, Result};
use crate::pace::Asking;
use crate::providers::Outgoing;

impl Dispatch {
    /// Sends a page once. `began` is when the function began with the batch that brought the job: its time runs for all
    /// of them together.
    pub(crate) async fn send_page(
        &self,
        school: &School,
        page: &PageRef,
        fence: u32,
        slot: Option<i64>,
        began: Duration,
    ) -> Result<()> {
        let ready = self.bodies.get(school, page.message).await?;
        if !self.may_go(Asking { school, page, fence, slot, ready: &ready }).await? {
            return Ok(());
        }
        let deadline = Duration::from_millis(self.timing.send_deadline_ms);
        let until = began + deadline;
        if self.clock.elapsed() >= began + deadline / 2 {
            // The table was slow. A page claimed now might not be settled before the function ends.
            warn!(message = %page.message, page = page.page, "page left to the next function");
            let again = Job::Page { page: page.clone(), fence, slot };
            return self.enqueue(ready.body.message.purpose, vec![(again, 0)]).await;
        }
        self.read_logo(school, &ready).await;
        let me = self.ids.ulid(self.clock.now_ms()).to_string();
        let claimed = match school.pages().claim(page, fence, &me, self.clock.now_ms()).await? {
            Claiming::Mine(claimed) => claimed,
            Claiming::Lost => return Ok(()),
        };

        let read = tokio::try_join!(
            school.messages().meta(page.message),
            school.pages().content(page),
            school.book().version(),
            x_access(school, &claimed, &ready)
        );
        let (meta, content, book, access) = match read {
            Ok(read) => read,
            Err(e) => return self.give_back(school, page, &claimed, &ready, e.into()).await,
        };
        let meta = meta.ok_or_else(|| DispatchError::Fail("page without a message".to_owned()))?;
        if meta.state == MessageState::Stopped || meta.epoch.as_ref() != Some(&page.epoch) {
            let closed = claimed.clone().closed(DeliveryState::Cancelled, None);
            school.pages().advance(page, &claimed, &closed).await?;
            return Ok(());
        }
        let Some(texts) = rendered_as_planned(&ready, claimed.channel, &content) else {
            error!(message = %page.message, page = page.page, "text would differ from the one that was planned");
            let closed = claimed.clone().closed(DeliveryState::TechnicalFailure, Some(Reason::TextChanged));
            school.pages().advance(page, &claimed, &closed).await?;
            return Ok(());
        };

        let sending = match self.still_to_go(school, (&meta, book), &ready, &claimed, &content).await {
            Ok(sending) => sending,
            Err(e) => return self.give_back(school, page, &claimed, &ready, e).await,
        };
        let answers = self
            .send_all(
                page,
                &sending,
                Sending { content: &content, texts: &texts, access: access.as_ref() },
                &ready,
                until,
            )
            .await;
        let left = sending.pending().len().saturating_sub(answers.len());
        if left > 0 {
            warn!(message = %page.message, page = page.page, left, "no time to send all");
        }
        let settled = sending.clone().settled(answers.clone(), self.timing.retry, self.clock.now_ms());
        match school.pages().advance(page, &claimed, &settled).await {
            Ok(true) => self.follow_up(&meta.purpose, page, &settled).await,
            Ok(false) => self.hand_in_late(page, claimed.fence, answers).await,
            Err(e) => {
                warn!(message = %page.message, page = page.page, "outcome not written");
                self.hand_in_late(page, claimed.fence, answers).await?;
                Err(e.into())
            }
        }
    }

    /// The claimed page without what is right no longer: by the address book, of this version, and by the registers.
    async fn still_to_go(
        &self,
        school: &School,
        (meta, book): (&Meta, u64),
        ready: &Ready,
        claimed: &PageState,
        content: &PageContent,
    ) -> Result<PageState> {
        let Body { message, settings } = &ready.body;
        let by_book = self.without_spoiled(school, (meta, book), ready, claimed, content).await?;
        let page = by_book.unwrap_or_else(|| claimed.clone());
        let by_marks =
            self.without_false_alarms(school, (meta.id, message), settings, &page, content).await?;
        Ok(by_marks.unwrap_or(page))
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
        if school.pages().advance(page, claimed, &released).await? {
            let again = Job::Page { page: page.clone(), fence: released.fence, slot: None };
            self.enqueue(ready.body.message.purpose, vec![(again, self.timing.retry.base_ms)]).await?;
        }
        Ok(())
    }

    /// Reads the picture that the message's e-mails show, if they show one. Where it cannot be read they go without: the
    /// school's name stands in its place.
    async fn read_logo(&self, school: &School, ready: &Ready) {
        let logo = ready.body.settings.logo.as_ref().filter(|_| ready.texts.shows_logo());
        let Some(file) = logo.map(|logo| logo.file(school.id())) else { return };
        if let Err(error) = ready.logo.get_or_try_init(|| self.files.read(&file)).await {
            warn!(%error, "logo not read");
        }
    }

    /// Sends every pending delivery of a claimed page at once. What the deadline leaves out stays pending.
    async fn send_all(
        &self,
        page: &PageRef,
        claimed: &PageState,
        Sending { content, texts, access }: Sending<'_>,
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
                    logo: ready.logo.get().map(Vec::as_slice),
                    access,
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
        let mut next = Vec::new();
        if let Next::Send { due_ms } = settled.next() {
            let delay = (due_ms - self.clock.now_ms()).max(0);
            next.push((Job::Page { page: page.clone(), fence, slot: None }, delay));
        }
        if settled.wants_asking() {
            // Also while others wait for their retry: nobody should wait for them to know.
            next.push((Job::Recover { page: page.clone(), fence }, settled.ask_in(self.timing.ask_ms)));
        }
        // Best effort: the watch finds it too.
        if let Err(e) = self.enqueue(*purpose, next).await {
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
}

/// What a claimed page sends.
#[derive(Clone, Copy)]
struct Sending<'a> {
    content: &'a PageContent,
    texts: &'a [Rendered],
    access: Option<&'a Access>,
}

/// The access to the account on X that the message was written for, if the page is its post and it is linked still.
async fn x_access(school: &School, page: &PageState, ready: &Ready) -> store::Result<Option<Access>> {
    let account = ready.body.settings.x.as_ref().filter(|_| page.channel == Channel::Tweet);
    let Some(account) = account else { return Ok(None) };
    let access = school.x().access(&account.id).await?;
    Ok(access.map(|access| Access { token: access.token, secret: access.secret }))
}

/// The page's texts, or `None` if they are not those that were planned.
fn rendered_as_planned(ready: &Ready, channel: Channel, content: &PageContent) -> Option<Vec<Rendered>> {
    // A recipient without a value was planned with an empty text and is never sent.
    let render = |values: &[String]| ready.texts.render(channel, values).unwrap_or_default();
    let texts: Vec<Rendered> = content.deliveries.iter().map(|d| render(&d.values)).collect();
    (hash_texts(&texts) == content.text_hash).then_some(texts)
}
