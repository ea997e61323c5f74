//! What every step of a message works with.

use std::sync::Arc;

use channels::reference::ReferenceKey;
use domain::job::Job;
use domain::message::Purpose;
use runtime::{Clock, Files, Ids, Queue, Timing};
use store::{BookCache, Store};

use crate::error::Result;
use crate::send::bodies::Bodies;
use crate::send::providers::Providers;

/// What the dispatcher works with.
#[derive(Debug)]
pub struct Dispatch {
    /// The table.
    pub store: Store,
    /// Address books, kept while the function is warm.
    pub books: BookCache,
    /// Ways to reach people.
    pub providers: Providers,
    /// Where jobs go.
    pub queue: Arc<dyn Queue>,
    /// Uploaded files.
    pub files: Arc<dyn Files>,
    /// Time.
    pub clock: Clock,
    /// Ids.
    pub ids: Ids,
    /// How long things may take.
    pub timing: Timing,
    /// Signs the references that come back with receipts.
    pub references: ReferenceKey,
    /// Texts of the messages in hand.
    pub bodies: Bodies,
    /// Where browsers reach the product, without a closing slash: links in e-mails to staff begin with it.
    pub public_url: String,
}

impl Dispatch {
    /// Queues jobs of one message, each with its delay in milliseconds.
    pub(crate) async fn enqueue(&self, purpose: Purpose, jobs: Vec<(Job, i64)>) -> Result<()> {
        let Some(queue) = jobs.first().map(|(job, _)| job.queue_for(purpose)) else { return Ok(()) };
        Ok(self.queue.send(queue, jobs).await?)
    }

    /// How far after a planned look the sweep steps in, because the job for it was lost.
    pub(crate) const fn grace_ms(&self) -> i64 {
        self.timing.watch_ms * 6
    }
}
