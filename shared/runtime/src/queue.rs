//! Queues between the functions.

use std::fmt;

use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use domain::job::Job;
use domain::message::Purpose;

use crate::BoxFuture;
use crate::config::Queues;

/// Longest delay that SQS takes, in milliseconds. A longer wait is a job that is put back when it comes early.
const MAX_DELAY_MS: i64 = 900_000;

/// Which queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum QueueName {
    /// Ordinary sends.
    Routine,
    /// Emergencies, which wait for nobody.
    Emergency,
    /// What providers report.
    Receipts,
    /// Messages to count.
    Finished,
}

/// The queue for the jobs of a message.
pub const fn queue_for(purpose: Purpose) -> QueueName {
    match purpose {
        Purpose::Emergency => QueueName::Emergency,
        _ => QueueName::Routine,
    }
}

/// A job was not queued.
#[derive(Debug, thiserror::Error)]
#[error("queue: {0}")]
pub struct QueueError(pub String);

/// Puts jobs into queues.
pub trait Queue: Send + Sync + fmt::Debug {
    /// Queues jobs, each with its delay in milliseconds. An error means that some may be queued and some not: every
    /// job is harmless when it comes twice, and `Watch` makes up for those that never came.
    fn send(&self, queue: QueueName, jobs: Vec<(Job, i64)>) -> BoxFuture<'_, Result<(), QueueError>>;
}

/// The real queues.
#[derive(Debug, Clone)]
pub struct SqsQueue {
    client: aws_sdk_sqs::Client,
    urls: Queues,
}

impl SqsQueue {
    /// Queues at these URLs.
    pub const fn new(client: aws_sdk_sqs::Client, urls: Queues) -> Self {
        Self { client, urls }
    }

    fn url(&self, queue: QueueName) -> &str {
        match queue {
            QueueName::Routine => &self.urls.routine,
            QueueName::Emergency => &self.urls.emergency,
            QueueName::Receipts => &self.urls.receipts,
            QueueName::Finished => &self.urls.finished,
        }
    }

    async fn send_ten(&self, queue: QueueName, jobs: &[(Job, i64)]) -> Result<(), QueueError> {
        let entries = jobs.iter().enumerate().map(|(i, (job, delay_ms))| {
            let body = serde_json::to_string(job).map_err(|e| QueueError(e.to_string()))?;
            let seconds = (delay_ms.clamp(&0, &MAX_DELAY_MS) + 999) / 1_000;
            SendMessageBatchRequestEntry::builder()
                .id(i.to_string())
                .message_body(body)
                .delay_seconds(i32::try_from(seconds).unwrap_or(900))
                // A standard queue with groups is a fair queue: one school's large send does not hold up the others.
                .message_group_id(job.school().to_string())
                .build()
                .map_err(|e| QueueError(e.to_string()))
        });
        let mut entries = entries.collect::<Result<Vec<_>, _>>()?;
        for _ in 0..3 {
            let sent = self
                .client
                .send_message_batch()
                .queue_url(self.url(queue))
                .set_entries(Some(entries.clone()));
            let sent = sent
                .send()
                .await
                .map_err(|e| QueueError(aws_sdk_sqs::error::DisplayErrorContext(e).to_string()))?;
            if sent.failed.is_empty() {
                return Ok(());
            }
            entries.retain(|e| sent.failed.iter().any(|f| f.id() == e.id()));
        }
        Err(QueueError("some jobs were refused".to_owned()))
    }
}

impl Queue for SqsQueue {
    fn send(&self, queue: QueueName, jobs: Vec<(Job, i64)>) -> BoxFuture<'_, Result<(), QueueError>> {
        Box::pin(async move {
            for ten in jobs.chunks(10) {
                self.send_ten(queue, ten).await?;
            }
            Ok(())
        })
    }
}
