//! Queues between the functions.

use std::fmt;

use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use domain::job::{Job, QueueName};

use crate::BoxFuture;
use crate::config::Queues;

/// Longest delay that SQS takes, in milliseconds. A longer wait is a job that is put back when it comes early.
const MAX_DELAY_MS: i64 = 900_000;

/// A job was not queued.
#[derive(Debug, thiserror::Error)]
#[error("queue: {0}")]
pub struct QueueError(pub String);

/// Puts jobs into queues.
pub trait Queue: Send + Sync + fmt::Debug {
    /// Queues jobs, each with its delay in milliseconds. An error means that some may be queued and some not: every
    /// job is harmless when it comes twice, and `Watch` makes up for those that never came.
    fn send(&self, queue: QueueName, jobs: Vec<(Job, i64)>) -> BoxFuture<'_, Result<(), QueueError>>;

    /// Queues one job at once, where it belongs.
    fn send_now(&self, job: Job) -> BoxFuture<'_, Result<(), QueueError>> {
        self.send(job.queue(), vec![(job, 0)])
    }

    /// Has an item that is to come again seen after so many seconds rather than when its visibility runs out. `source`
    /// is its queue's ARN and `receipt` the handle of its receive. A queue that has a pace of its own need not listen.
    fn see_again<'a>(
        &'a self,
        _source: &'a str,
        _receipt: &'a str,
        _seconds: i32,
    ) -> BoxFuture<'a, Result<(), QueueError>> {
        Box::pin(async { Ok(()) })
    }
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
            QueueName::Sync => &self.urls.sync,
        }
    }

    /// The URL of the queue with this ARN; both end in its name.
    fn url_of(&self, arn: &str) -> Option<&str> {
        let name = arn.rsplit(':').next()?;
        let Queues { routine, emergency, receipts, finished, sync } = &self.urls;
        let all = [routine, emergency, receipts, finished, sync].into_iter();
        all.map(String::as_str).find(|url| url.rsplit('/').next() == Some(name))
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

    fn see_again<'a>(
        &'a self,
        source: &'a str,
        receipt: &'a str,
        seconds: i32,
    ) -> BoxFuture<'a, Result<(), QueueError>> {
        Box::pin(async move {
            let Some(url) = self.url_of(source) else {
                return Err(QueueError("not a queue of ours".to_owned()));
            };
            let call = self.client.change_message_visibility().queue_url(url).receipt_handle(receipt);
            let changed = call.visibility_timeout(seconds).send().await;
            changed
                .map(|_| ())
                .map_err(|e| QueueError(aws_sdk_sqs::error::DisplayErrorContext(e).to_string()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_known_by_its_arn() {
        let urls = Queues {
            routine: "https://sqs.eu-west-2.amazonaws.com/111122223333/m-RoutineQueue-1".to_owned(),
            emergency: "https://sqs.eu-west-2.amazonaws.com/111122223333/m-EmergencyQueue-1".to_owned(),
            ..Queues::default()
        };
        let queue = SqsQueue::new(crate::Aws::local().sqs(), urls.clone());
        let arn = |name: &str| format!("arn:aws:sqs:eu-west-2:111122223333:{name}");
        assert_eq!(queue.url_of(&arn("m-EmergencyQueue-1")), Some(&*urls.emergency));
        assert_eq!(queue.url_of(&arn("m-RoutineQueue-1")), Some(&*urls.routine));
        assert_eq!(queue.url_of(&arn("Queue-1")), None);
    }
}
