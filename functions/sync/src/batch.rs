//! Batches from the queue.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use runtime::batch;

use crate::Syncer;

impl Syncer {
    /// Does the jobs of a batch and names those that the queue must bring again.
    pub async fn handle(&self, event: SqsEvent) -> SqsBatchResponse {
        // None comes soon: whoever had the run may be at work for minutes yet, and the tick takes up one that is lost.
        batch::run(event.records, None, |job| {
            let sync = self.clone();
            async move { sync.job(job).await }
        })
        .await
    }
}
