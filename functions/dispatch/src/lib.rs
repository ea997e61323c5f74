//! Jobs from the queues: plan, send, receipts, recovery, watch; and the sweep. The protocol is `docs/ARCHITECTURE.md`'s
//! *A message is sent*. Which step does which job stands here, beside the steps.

mod batch;
mod connect;
mod dispatch;
mod error;
pub mod import;
mod notify;
mod plan;
mod receipts;
mod recover;
mod send;
mod upkeep;
mod watch;

use std::time::Duration;

use domain::job::{Job, QueueName};
use runtime::BoxFuture;
use send::pace::PageJob;
use store::Access;

pub use connect::{StartError, build, connect};
pub use dispatch::Dispatch;
pub use error::{DispatchError, Result};
pub use send::bodies::Bodies;
pub use send::providers::*;

/// Does one job of a batch that `began` then. Everything here may be done twice, at once and late, without harm.
async fn run_job(dispatch: &Dispatch, job: Job, began: Duration) -> Result<()> {
    let school = dispatch.store.school(Access::of_job(&job));
    match job {
        Job::Plan { message, revision, .. } => {
            boxed(plan::plan(dispatch, &school, message, revision, began)).await
        }
        Job::Page { page, fence, slot } => {
            let ready = dispatch.bodies.get(&school, page.message).await?;
            let job = PageJob { school: &school, page: &page, fence, slot, ready: &ready };
            boxed(send::send_page(dispatch, job, began)).await
        }
        Job::Recover { page, fence } => boxed(recover::recover(dispatch, &school, &page, fence)).await,
        Job::Receipt { delivery, evidence } => {
            let receipt = (delivery.index, delivery.attempt, evidence);
            receipts::merge(dispatch, &delivery.page, &[receipt]).await
        }
        Job::Watch { message, .. } => boxed(watch::watch(dispatch, &school, message, began)).await,
        Job::Import { import, .. } => boxed(import::import(dispatch, &school, import)).await,
        Job::Notify { notice, .. } => boxed(notify::notify(dispatch, school, notice)).await,
        other => pass_on(dispatch, other).await,
    }
}

/// Sends a job that strayed here to the queue where it belongs.
async fn pass_on(dispatch: &Dispatch, job: Job) -> Result<()> {
    match job.queue() {
        // These are read here: it would come back for ever.
        QueueName::Routine | QueueName::Emergency | QueueName::Receipts => {
            Err(DispatchError::Fail(format!("nobody does a {} job", job.kind()).into()))
        }
        QueueName::Finished | QueueName::Sync => Ok(dispatch.queue.send_now(job).await?),
    }
}

/// A job's future is large and its parts borrow from each other: boxed, it is one pointer that the runtime may move.
fn boxed<'a>(job: impl Future<Output = Result<()>> + Send + 'a) -> BoxFuture<'a, Result<()>> {
    Box::pin(job)
}
