//! Batches from the queue of finished messages.

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use domain::job::Job;
use tracing::error;

use crate::count::Usage;

impl Usage {
    /// Counts the messages of a batch and names those that the queue must bring again.
    pub async fn handle(&self, event: SqsEvent) -> SqsBatchResponse {
        let mut response = SqsBatchResponse::default();
        for record in event.records {
            let id = record.message_id.unwrap_or_default();
            let ended = match serde_json::from_str::<Job>(record.body.as_deref().unwrap_or_default()) {
                Ok(job) => self.run(job).await.map_err(|e| e.to_string()),
                Err(_) => Err("job cannot be read".to_owned()),
            };
            if let Err(e) = ended {
                error!(item = %id, error = %e, "message not counted");
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = id;
                response.batch_item_failures.push(failure);
            }
        }
        response
    }
}
