//! Batches from the queue: a job is one run, one trial of an MIS, or one look at its registers or at a file of its.

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use domain::job::Job;
use store::Access;
use tracing::error;

use crate::Syncer;

impl Syncer {
    /// Does the runs of a batch and names those that the queue must bring again.
    pub async fn handle(&self, event: SqsEvent) -> SqsBatchResponse {
        let mut response = SqsBatchResponse::default();
        for record in event.records {
            let id = record.message_id.unwrap_or_default();
            let ended = match serde_json::from_str::<Job>(record.body.as_deref().unwrap_or_default()) {
                Ok(ref job @ Job::Sync { run, .. }) => {
                    self.run(&self.store.school(Access::of_job(job)), run).await.map_err(|e| e.to_string())
                }
                Ok(ref job @ Job::TryMis { trial, .. }) => {
                    let school = self.store.school(Access::of_job(job));
                    self.try_mis(&school, trial).await.map_err(|e| e.to_string())
                }
                Ok(ref job @ Job::LookAtRegisters { message, .. }) => {
                    let school = self.store.school(Access::of_job(job));
                    self.look_at_registers(&school, message).await.map_err(|e| e.to_string())
                }
                Ok(ref job @ Job::LookAtFile { file, .. }) => {
                    let school = self.store.school(Access::of_job(job));
                    self.look_at_file(&school, file).await.map_err(|e| e.to_string())
                }
                Ok(_) => Err("not a sync run".to_owned()),
                Err(_) => Err("job cannot be read".to_owned()),
            };
            if let Err(e) = ended {
                error!(item = %id, error = %e, "run goes back");
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = id;
                response.batch_item_failures.push(failure);
            }
        }
        response
    }
}
