//! Batches from the queue of finished messages.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};

use crate::count::Usage;

impl Usage {
    /// Counts the messages of a batch and names those that the queue must bring again.
    pub async fn handle(&self, event: SqsEvent) -> SqsBatchResponse {
        // One after the other: the pages of ten large messages at once do not fit into a small function.
        runtime::batch::run(event.records, None, |job| {
            let usage = self.clone();
            async move { usage.run(job).await }
        })
        .await
    }
}
