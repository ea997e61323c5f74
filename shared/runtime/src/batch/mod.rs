//! Batches from a queue: each job stands alone, so that one that fails, or panics, never takes the others along.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsMessage};
use domain::job::Job;
use futures_util::future::join_all;
use tokio::task::{JoinError, JoinHandle};
use tracing::{error, warn};

use crate::{Clock, Queue};

/// Why a job failed. Its text is for everybody; its sources are for the log.
pub trait JobError: Error + Send + 'static {
    /// Whether the queue should bring the job again soon. If not, it comes again when its visibility runs out, and in
    /// the end lies among the dead letters for a person to look at.
    fn is_passing(&self) -> bool;
}

/// Has jobs that are to be tried again come soon.
#[derive(Debug)]
pub struct Retries<'a> {
    /// Where they came from.
    pub queue: &'a dyn Queue,
    /// Time.
    pub clock: &'a Clock,
    /// From then on, on the clock that only goes forward, the function has better things to do.
    pub until: Duration,
}

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It was done.
    Well,
    /// It is to be tried again soon.
    Passing,
    /// It failed or panicked.
    Badly,
}

/// The jobs of a batch that are under way, and what came of the others.
#[derive(Debug)]
pub struct Batch<E> {
    running: Vec<(Item, JoinHandle<Result<(), E>>)>,
    passing: Vec<Receive>,
    failed: BTreeSet<String>,
}

/// One job of a batch.
#[derive(Debug)]
struct Item {
    id: String,
    kind: &'static str,
    receive: Option<Receive>,
}

/// How an item was received.
#[derive(Debug)]
struct Receive {
    /// The queue's ARN.
    queue: String,
    handle: String,
    count: u32,
}

impl Receive {
    fn of(record: &SqsMessage) -> Option<Self> {
        let count = record.attributes.get("ApproximateReceiveCount")?.parse().ok()?;
        Some(Self { queue: record.event_source_arn.clone()?, handle: record.receipt_handle.clone()?, count })
    }

    /// 10 s, 30 s, 90 s, 270 s: five receives bridge a trouble of some minutes.
    fn wait_s(&self) -> i32 {
        10 * 3_i32.pow(self.count.saturating_sub(1).min(3))
    }
}

impl<E: JobError> Default for Batch<E> {
    fn default() -> Self {
        Self { running: Vec::new(), passing: Vec::new(), failed: BTreeSet::new() }
    }
}

impl<E: JobError> Batch<E> {
    /// Starts the work that a record asks for, in a task of its own.
    pub fn start(
        &mut self,
        record: &SqsMessage,
        kind: &'static str,
        work: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        let item = Item { id: id_of(record), kind, receive: Receive::of(record) };
        self.running.push((item, tokio::spawn(work)));
    }

    /// Notes a record that is no job.
    pub fn unreadable(&mut self, record: &SqsMessage, why: &dyn fmt::Display) {
        let id = id_of(record);
        error!(item = %id, error = %why, "job cannot be read");
        self.failed.insert(id);
    }

    /// Notes items that failed elsewhere.
    pub fn failed(&mut self, items: impl IntoIterator<Item = String>) {
        self.failed.extend(items);
    }

    /// Waits for the jobs that are under way.
    async fn join(&mut self) {
        for (item, task) in std::mem::take(&mut self.running) {
            let ended = log_end(&item.id, item.kind, task.await);
            if ended == Ended::Passing {
                self.passing.extend(item.receive);
            }
            if ended != Ended::Well {
                self.failed.insert(item.id);
            }
        }
    }

    /// Waits for every job and names those that the queue must bring again.
    pub async fn finish(mut self, retries: Option<Retries<'_>>) -> SqsBatchResponse {
        self.join().await;
        if let Some(retries) = retries {
            retries.have_come_soon(&self.passing).await;
        }
        let mut response = SqsBatchResponse::default();
        response.batch_item_failures = self.failed.into_iter().map(failure).collect();
        response
    }
}

impl Retries<'_> {
    /// Shortens the visibility, which must outlast a function several times over.
    async fn have_come_soon(&self, items: &[Receive]) {
        if self.clock.elapsed() >= self.until {
            return;
        }
        let asked = items.iter().map(|item| self.queue.see_again(&item.queue, &item.handle, item.wait_s()));
        for changed in join_all(asked).await {
            if let Err(e) = changed {
                warn!(error = %e, "job comes again late");
            }
        }
    }
}

/// Does the jobs of a batch one after the other, as a function with little memory must.
pub async fn run<E, F>(
    records: Vec<SqsMessage>,
    retries: Option<Retries<'_>>,
    work: impl Fn(Job) -> F,
) -> SqsBatchResponse
where
    E: JobError,
    F: Future<Output = Result<(), E>> + Send + 'static,
{
    let mut batch = Batch::default();
    for record in &records {
        match serde_json::from_str::<Job>(record.body.as_deref().unwrap_or_default()) {
            Ok(job) => {
                batch.start(record, job.kind(), work(job));
                batch.join().await;
            }
            Err(e) => batch.unreadable(record, &e),
        }
    }
    batch.finish(retries).await
}

/// Does work for these items in a task of its own.
pub async fn alone<E: JobError>(
    items: &str,
    kind: &'static str,
    work: impl Future<Output = Result<(), E>> + Send + 'static,
) -> Ended {
    log_end(items, kind, tokio::spawn(work).await)
}

/// Logs how a job ended, once; ids only.
fn log_end<E: JobError>(item: &str, kind: &'static str, ended: Result<Result<(), E>, JoinError>) -> Ended {
    match ended {
        Ok(Ok(())) => Ended::Well,
        Ok(Err(e)) if e.is_passing() => {
            warn!(item, kind, error = %Causes(&e), "job goes back");
            Ended::Passing
        }
        Ok(Err(e)) => {
            error!(item, kind, error = %Causes(&e), "job failed");
            Ended::Badly
        }
        Err(e) => {
            // A panic's text may quote a person's data: only that it happened is logged.
            error!(item, kind, panicked = e.is_panic(), "job broke off");
            Ended::Badly
        }
    }
}

/// An error with its sources, for a log.
#[derive(Debug)]
pub struct Causes<'a>(pub &'a dyn Error);

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(cause) = source {
            write!(f, ": {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}

fn id_of(record: &SqsMessage) -> String {
    record.message_id.clone().unwrap_or_default()
}

fn failure(id: String) -> BatchItemFailure {
    let mut failure = BatchItemFailure::default();
    failure.item_identifier = id;
    failure
}

#[cfg(test)]
mod tests;
