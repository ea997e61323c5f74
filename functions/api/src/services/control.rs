//! Stopping a message, and sending again what did not arrive.

use domain::audit::AuditEvent;
use domain::ids::{Epoch, MessageId};
use domain::job::PageRef;
use domain::message::MessageState;
use domain::page::{Next, PageState};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use store::{School, StoreError};

use crate::error::{ApiError, Result};
use crate::services::jobs;
use crate::services::status::each_page;
use crate::services::submit::over_cap;
use crate::state::ApiState;

/// Pages that are put back into work at once.
const PARALLEL: usize = 16;
/// Tries at a page that others keep moving.
const TRIES: usize = 5;

/// Stops a message: what no worker has claimed will not be sent. Says where the message stands then; one that was over
/// already stays as it is.
pub async fn stop(
    state: &ApiState,
    school: &School,
    id: MessageId,
    event: &AuditEvent,
) -> Result<MessageState> {
    let meta = school.messages().meta(id).await?.ok_or(ApiError::NotFound)?;
    let now_ms = state.now_ms();
    let waits = meta.state == MessageState::AwaitingAuthorisation;
    if waits && school.approvals().withdraw(&meta, event, now_ms).await?
        || school.progress().stop_recorded(id, false, event, now_ms).await?
        || stop_finished(state, school, id, event).await?
    {
        state.statuses().forget(school.id(), id);
        jobs::watch(state, school.id(), id, meta.purpose).await;
        return Ok(MessageState::Stopped);
    }
    Ok(school.messages().meta(id).await?.ok_or(ApiError::NotFound)?.state)
}

/// Has a message that waits for a sync run sent without it. 409 if it does not wait.
pub async fn waive_sync(state: &ApiState, school: &School, id: MessageId, event: &AuditEvent) -> Result<()> {
    let meta = school.messages().meta(id).await?.ok_or(ApiError::NotFound)?;
    if !school.planning().waive_sync(id, event, state.now_ms()).await? {
        return Err(ApiError::Conflict("This message is no longer waiting for a refresh.".to_owned()));
    }
    state.statuses().forget(school.id(), id);
    jobs::plan(state, school.id(), id, meta.purpose, meta.revision).await;
    Ok(())
}

/// Stops a message that has finished as far as its row says, if any of its deliveries may yet go: one that nobody had
/// an answer for goes again once the provider says that it never came.
async fn stop_finished(state: &ApiState, school: &School, id: MessageId, event: &AuditEvent) -> Result<bool> {
    let meta = school.messages().meta(id).await?.ok_or(ApiError::NotFound)?;
    if meta.state != MessageState::Finished {
        return Ok(false);
    }
    let mut in_work = false;
    each_page(school, &meta, |_, page| in_work |= page.next() != Next::Settled).await?;
    Ok(in_work && school.progress().stop_recorded(id, true, event, state.now_ms()).await?)
}

/// The result of a resend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resent {
    /// Deliveries that will be sent again.
    pub count: usize,
    /// Status of the message now.
    pub state: MessageState,
}

/// What may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MayResend {
    /// Posts on X too.
    pub posts: bool,
    /// Most deliveries at once: an API key's cap.
    pub cap: Option<u32>,
}

/// Sends again what failed or is not confirmed. 409 for a message that was stopped or rejected, 422 for more than may
/// be sent at once.
pub async fn resend(
    state: &ApiState,
    school: &School,
    id: MessageId,
    may: MayResend,
    event: &AuditEvent,
) -> Result<Resent> {
    let meta = school.messages().meta(id).await?.ok_or(ApiError::NotFound)?;
    let why_not = match meta.state {
        MessageState::Stopped => Some("This message was stopped. Copy it and send the copy."),
        MessageState::Rejected => Some("This message was rejected. Correct it and send it again."),
        MessageState::AwaitingAuthorisation => {
            Some("This message waits to be authorised. Nothing was sent yet.")
        }
        _ => None,
    };
    if let Some(why_not) = why_not {
        return Err(ApiError::Conflict(why_not.to_owned()));
    }
    let mut failed: Vec<(u32, PageState)> = Vec::new();
    let keep_failed = |number, page: PageState| {
        let theirs = may.posts || page.channel.goes_to_people();
        if theirs && (0..page.slots.len()).any(|i| page.standing(i).state.can_resend()) {
            failed.push((number, page));
        }
    };
    each_page(school, &meta, keep_failed).await?;
    let (Some(epoch), false) = (&meta.epoch, failed.is_empty()) else {
        return Ok(Resent { count: 0, state: meta.state });
    };
    let count = failed.iter().map(|(_, page)| page.clone().resent(state.now_ms()).1).sum();
    if let Some(words) = over_cap(count, may.cap) {
        return Err(ApiError::invalid(format!("{words} Nothing was sent again."), Vec::new()));
    }
    // A resend is many writes: it is in the log before the first of them.
    school.audit().record(event, state.now_ms()).await?;
    // First the message, then its pages: a process that dies in between leaves a message that is looked at once more.
    reopen(state, school, id).await?;
    let count = put_back(state, school, id, epoch, failed).await?;
    // A look that saw the pages as they were may have finished the message in the meantime.
    reopen(state, school, id).await?;
    state.statuses().forget(school.id(), id);
    jobs::watch(state, school.id(), id, meta.purpose).await;
    Ok(Resent { count, state: MessageState::Sending })
}

async fn reopen(state: &ApiState, school: &School, id: MessageId) -> Result<()> {
    match school.progress().reopen(id, state.now_ms()).await {
        Err(StoreError::Conflict) => Err(ApiError::Conflict("This message was stopped.".to_owned())),
        done => Ok(done?),
    }
}

async fn put_back(
    state: &ApiState,
    school: &School,
    id: MessageId,
    epoch: &Epoch,
    failed: Vec<(u32, PageState)>,
) -> Result<usize> {
    stream::iter(failed)
        .map(|(number, page)| {
            let reference = school.pages().reference(id, epoch, number);
            async move { put_back_page(state, school, &reference, page).await }
        })
        .buffer_unordered(PARALLEL)
        .try_fold(0, |sum, count| async move { Ok(sum + count) })
        .await
}

async fn put_back_page(
    state: &ApiState,
    school: &School,
    reference: &PageRef,
    mut page: PageState,
) -> Result<usize> {
    for _ in 0..TRIES {
        let (after, count) = page.clone().resent(state.now_ms());
        // Nothing left to do, or a worker holds the page: what it sends now is decided by its own answers.
        if count == 0 || school.pages().advance(reference, &page, &after).await? {
            return Ok(count);
        }
        page = school.pages().state(reference).await?;
    }
    Err(ApiError::Conflict("This message is being sent just now. Please try again in a moment.".to_owned()))
}
