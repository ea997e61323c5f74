//! Claim, send, outcome: one page (ARCHITECTURE §4.3 to §4.5).

pub(crate) mod bodies;
mod book_recheck;
pub(crate) mod pace;
pub(crate) mod providers;

use std::time::Duration;

use channels::port::Access;
use domain::channel::Channel;
use domain::delivery::{Answer, DeliveryState, Evidence, Reason};
use domain::job::{DeliveryRef, Job, PageRef};
use domain::message::{MessageState, Purpose};
use domain::page::{Next, PageState};
use domain::texts::{Rendered, hash_texts};
use futures_util::future::join_all;
use runtime::Causes;
use store::{Claiming, Meta, PageContent, School};
use tracing::{error, warn};

use self::bodies::Ready;
use self::book_recheck::without_spoilt;
use self::pace::PageJob;
use self::providers::{Outgoing, Provider};
use crate::dispatch::Dispatch;
use crate::error::{DispatchError, Result};
use crate::plan::attendance::without_false_alarms;

/// Sends a page once. `began` is when the function began with the batch that brought the job: its time runs for all of
/// them together.
pub(crate) async fn send_page(dispatch: &Dispatch, job: PageJob<'_>, began: Duration) -> Result<()> {
    if !pace::may_go(dispatch, job).await? {
        return Ok(());
    }
    let deadline = Duration::from_millis(dispatch.timing.send_deadline_ms);
    if dispatch.clock.elapsed() >= began + deadline / 2 {
        // The table was slow. A page claimed now might not be settled before the function ends.
        warn!(message = %job.page.message, page = job.page.page, "page left to the next function");
        return job.put_back(dispatch, job.slot, 0).await;
    }
    read_logo(dispatch, job.school, job.ready).await;
    let Some(claim) = Claim::take(dispatch, job).await? else { return Ok(()) };

    // Nothing is sent up to here: whatever fails, the page can go back without anybody having to ask a provider about
    // it.
    let read = match Box::pin(claim.read()).await {
        Ok(read) => read,
        Err(e) => return claim.give_back(e).await,
    };
    let meta = read.meta.as_ref().ok_or_else(|| DispatchError::Fail("page without a message".into()))?;
    let texts = match claim.texts(meta, &read.content) {
        Ok(texts) => texts,
        Err(closed) => {
            // Where somebody else has moved the page, they have seen the same.
            job.school.pages().advance(job.page, &claim.state, &closed).await?;
            return Ok(());
        }
    };
    let sending = match claim.still_to_go(meta, &read).await {
        Ok(sending) => sending,
        Err(e) => return claim.give_back(e).await,
    };

    // From the first send on the page's claim stands until its outcome is written: if this worker dies, recovery asks.
    let answers = claim.send_all(&sending, &read, &texts, began + deadline).await;
    let left = sending.pending().len().saturating_sub(answers.len());
    if left > 0 {
        warn!(message = %job.page.message, page = job.page.page, left, "no time to send all");
    }
    claim.settle(meta.purpose, &sending, answers).await
}

/// Reads the picture that the message's e-mails show, if they show one. Where it cannot be read they go without: the
/// school's name stands in its place.
async fn read_logo(dispatch: &Dispatch, school: &School, ready: &Ready) {
    let logo = ready.body.settings.logo.as_ref().filter(|_| ready.texts.shows_logo());
    let Some(file) = logo.map(|logo| logo.file(school.id())) else { return };
    if let Err(error) = ready.logo.get_or_try_init(|| dispatch.files.read(&file)).await {
        warn!(%error, "logo not read");
    }
}

/// A page that this worker holds.
struct Claim<'a> {
    dispatch: &'a Dispatch,
    school: &'a School,
    page: &'a PageRef,
    ready: &'a Ready,
    /// The page as it was claimed.
    state: PageState,
}

/// What is read for a page once it is claimed.
struct Read {
    meta: Option<Meta>,
    content: PageContent,
    /// The address book's version.
    book: u64,
    /// The school's own access to the provider, if a send needs it.
    access: Option<Access>,
}

impl<'a> Claim<'a> {
    /// Claims the page; `None` where somebody else was quicker.
    async fn take(dispatch: &'a Dispatch, job: PageJob<'a>) -> Result<Option<Self>> {
        let PageJob { school, page, fence, ready, .. } = job;
        let now_ms = dispatch.clock.now_ms();
        let me = dispatch.ids.ulid(now_ms).to_string();
        Ok(match school.pages().claim(page, fence, &me, now_ms).await? {
            Claiming::Mine(state) => Some(Self { dispatch, school, page, ready, state }),
            Claiming::Lost => None,
        })
    }

    fn provider(&self) -> &dyn Provider {
        self.dispatch.providers.of(self.state.channel)
    }

    async fn read(&self) -> Result<Read> {
        let (meta, content, book, access) = tokio::try_join!(
            self.school.messages().meta(self.page.message),
            self.school.pages().content(self.page),
            self.school.book().version(),
            self.provider().access(self.school, &self.ready.body.settings)
        )?;
        Ok(Read { meta, content, book, access })
    }

    /// The page's texts; or the page closed, where none of it may go any more.
    fn texts(
        &self,
        meta: &Meta,
        content: &PageContent,
    ) -> std::result::Result<Vec<Rendered>, Box<PageState>> {
        if meta.state == MessageState::Stopped || meta.epoch.as_ref() != Some(&self.page.epoch) {
            return Err(Box::new(self.state.clone().closed(DeliveryState::Cancelled, None)));
        }
        rendered_as_planned(self.ready, self.state.channel, content).ok_or_else(|| {
            let (message, page) = (self.page.message, self.page.page);
            error!(%message, page, "text would differ from the one that was planned");
            Box::new(self.state.clone().closed(DeliveryState::TechnicalFailure, Some(Reason::TextChanged)))
        })
    }

    /// The claimed page without what is right no longer: by the address book and by the registers.
    async fn still_to_go(&self, meta: &Meta, Read { content, book, .. }: &Read) -> Result<PageState> {
        let Self { dispatch, school, ready, state, .. } = self;
        let by_book = without_spoilt(dispatch, school, meta, *book, ready, state, content).await?;
        let page = by_book.unwrap_or_else(|| state.clone());
        let by_marks = without_false_alarms(school, meta.id, &ready.body, &page, content).await?;
        Ok(by_marks.unwrap_or(page))
    }

    /// Nothing was sent under this claim: the page goes back as it was.
    async fn give_back(&self, why: DispatchError) -> Result<()> {
        let Self { dispatch, page, ready, state, .. } = self;
        warn!(message = %page.message, page = page.page, error = %Causes(&why), "page given back");
        let released = state.clone().released(dispatch.clock.now_ms());
        if self.school.pages().advance(page, state, &released).await? {
            let again = Job::Page { page: (*page).clone(), fence: released.fence, slot: None };
            let delay_ms = dispatch.timing.retry.base_ms;
            dispatch.enqueue(ready.body.message.purpose, vec![(again, delay_ms)]).await?;
        }
        Ok(())
    }

    /// Sends every pending delivery of the page at once. What the deadline leaves out stays pending.
    async fn send_all(
        &self,
        sending: &PageState,
        Read { content, access, .. }: &Read,
        texts: &[Rendered],
        until: Duration,
    ) -> Vec<(usize, Answer)> {
        let Self { dispatch, page, ready, .. } = self;
        let sends = sending.pending().into_iter().map(|index| async move {
            let (delivery, rendered) = (content.deliveries.get(index)?, texts.get(index)?);
            if dispatch.clock.elapsed() >= until {
                return None;
            }
            let place = u8::try_from(index).ok()?;
            let attempt = sending.fence;
            let reference =
                dispatch.references.sign(&DeliveryRef { page: (*page).clone(), index: place, attempt });
            let message_id = format!("{}.{}.{index}.{attempt}@messenger.invalid", page.message, page.page);
            let out = Outgoing {
                to: &delivery.to,
                rendered,
                settings: &ready.body.settings,
                logo: ready.logo.get().map(Vec::as_slice),
                access: access.as_ref(),
                reference: &reference,
                message_id: &message_id,
                at_ms: dispatch.clock.now_ms(),
            };
            Some((index, self.provider().send(out).await))
        });
        join_all(sends).await.into_iter().flatten().collect()
    }

    /// Writes the outcome. Where that is not possible any more, what the provider said is handed in like a receipt.
    async fn settle(
        &self,
        purpose: Purpose,
        sending: &PageState,
        answers: Vec<(usize, Answer)>,
    ) -> Result<()> {
        let Self { dispatch, page, state, .. } = self;
        let now_ms = dispatch.clock.now_ms();
        let settled = sending.clone().settled(answers.clone(), dispatch.timing.retry, now_ms);
        match self.school.pages().advance(page, state, &settled).await {
            Ok(true) => {
                // Best effort: the watch finds it too.
                if let Err(e) = self.follow_up(purpose, &settled).await {
                    let error = Causes(&e);
                    warn!(message = %page.message, page = page.page, %error, "follow-up not queued");
                }
                Ok(())
            }
            Ok(false) => self.hand_in_late(answers).await,
            Err(e) => {
                warn!(message = %page.message, page = page.page, "outcome not written");
                self.hand_in_late(answers).await?;
                Err(e.into())
            }
        }
    }

    /// Queues what a settled page needs next, without waiting for the watch.
    async fn follow_up(&self, purpose: Purpose, settled: &PageState) -> Result<()> {
        let (dispatch, fence) = (self.dispatch, settled.fence);
        let mut next = Vec::new();
        if let Next::Send { due_ms } = settled.next() {
            let delay = (due_ms - dispatch.clock.now_ms()).max(0);
            next.push((Job::Page { page: self.page.clone(), fence, slot: None }, delay));
        }
        if settled.wants_asking() {
            // Also while others wait for their retry: nobody should wait for them to know.
            let ask = Job::Recover { page: self.page.clone(), fence };
            next.push((ask, settled.ask_in(dispatch.timing.ask_ms)));
        }
        dispatch.enqueue(purpose, next).await
    }

    /// A worker whose page was taken over still knows what the provider told it: that is evidence, like a receipt.
    async fn hand_in_late(&self, answers: Vec<(usize, Answer)>) -> Result<()> {
        let (at_ms, attempt) = (self.dispatch.clock.now_ms(), self.state.fence);
        let jobs = answers.into_iter().filter_map(|(index, answer)| {
            let Answer::Accepted { id } = answer else { return None };
            let state = DeliveryState::Accepted;
            let evidence = Evidence { state, reason: None, code: None, seconds: None, at_ms, id: Some(id) };
            let delivery = DeliveryRef { page: self.page.clone(), index: u8::try_from(index).ok()?, attempt };
            Some((Job::Receipt { delivery, evidence }, 0))
        });
        // The same queue whatever the purpose.
        self.dispatch.enqueue(Purpose::Service, jobs.collect()).await
    }
}

/// The page's texts, or `None` if they are not those that were planned.
fn rendered_as_planned(ready: &Ready, channel: Channel, content: &PageContent) -> Option<Vec<Rendered>> {
    // A recipient without a value was planned with an empty text and is never sent.
    let render = |values: &[String]| ready.texts.render(channel, values).unwrap_or_default();
    let texts: Vec<Rendered> = content.deliveries.iter().map(|d| render(&d.values)).collect();
    (hash_texts(&texts) == content.text_hash).then_some(texts)
}
