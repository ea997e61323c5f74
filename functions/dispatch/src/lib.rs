//! Jobs from the queues: plan, send, receipts, recovery, watch; and the sweep. The protocol is `docs/ARCHITECTURE.md`'s
//! *A message is sent*.

mod anchors;
mod attendance;
mod batch;
mod bodies;
mod connect;
mod error;
pub mod import;
mod notify;
mod pace;
mod plan;
mod providers;
mod questions;
mod receipts;
mod recover;
mod registers;
mod rivals;
mod send;
mod silence;
mod since;
mod sweep;
mod sync_wait;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use channels::reference::ReferenceKey;
use domain::job::Job;
use domain::message::Purpose;
use runtime::{BoxFuture, Clock, Files, Ids, Queue, QueueName, Timing, queue_for};
use store::{Access, BookCache, School, Store};

pub use bodies::Bodies;
pub use connect::{StartError, build, connect};
pub use error::{DispatchError, Result};
pub use providers::Providers;

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
    fn school(&self, job: &Job) -> School {
        self.store.school(Access::of_job(job))
    }

    /// Queues jobs of one message.
    async fn enqueue(&self, purpose: Purpose, jobs: Vec<(Job, i64)>) -> Result<()> {
        if jobs.is_empty() {
            return Ok(());
        }
        Ok(self.queue.send(queue_for(purpose), jobs).await?)
    }

    /// Does one job of a batch that `began` then. Everything here may be done twice, at once and late, without harm.
    async fn run(&self, job: Job, began: Duration) -> Result<()> {
        let school = self.school(&job);
        match job {
            Job::Plan { message, revision, .. } => boxed(self.plan(&school, message, revision, began)).await,
            Job::Page { page, fence, slot } => {
                boxed(self.send_page(&school, &page, fence, slot, began)).await
            }
            Job::Recover { page, fence } => boxed(self.recover(&school, &page, fence)).await,
            Job::Receipt { delivery, evidence } => {
                self.merge(&delivery.page, &[(delivery.index, delivery.attempt, evidence)]).await
            }
            Job::Watch { message, .. } => boxed(self.watch(&school, message, began)).await,
            Job::Import { import, .. } => boxed(self.import(&school, import)).await,
            Job::Notify { notice, .. } => boxed(self.notify(school, notice)).await,
            Job::Sync { .. } | Job::TryMis { .. } | Job::LookAtRegisters { .. } | Job::LookAtFile { .. } => {
                // As below: an MIS belongs to the sync function.
                Ok(self.queue.send(QueueName::Sync, vec![(job, 0)]).await?)
            }
            Job::Finish { .. } => {
                // A finished message belongs to the usage function; one that strayed here is passed on.
                Ok(self.queue.send(QueueName::Finished, vec![(job, 0)]).await?)
            }
        }
    }
}

/// A job's future is large and its parts borrow from each other: boxed, it is one pointer that the runtime may move.
fn boxed<'a>(job: impl Future<Output = Result<()>> + Send + 'a) -> BoxFuture<'a, Result<()>> {
    Box::pin(job)
}
