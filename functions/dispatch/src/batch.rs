//! Batches from SQS: each job stands alone, so that one that fails, or panics, never takes the others along.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use channels::ses::events::{self, BadEvent};
use domain::ids::{MessageId, SchoolId};
use domain::job::{Job, PageRef};
use futures_util::future::join_all;
use tracing::{error, info, warn};

use crate::Dispatch;
use crate::error::{DispatchError, Result};
use crate::receipts::Receipt;

/// What a record of the queue turned out to be.
enum Item {
    Receipt(PageRef, Receipt),
    Job(Job),
    /// An event about mail that is none of ours.
    Foreign,
}

/// Where a job came from.
struct Origin {
    /// The queue's ARN.
    queue: String,
    /// The receive's handle.
    receipt: String,
    receives: u32,
}

impl Origin {
    fn of(record: &SqsMessage) -> Option<Self> {
        let receives = record.attributes.get("ApproximateReceiveCount")?.parse().ok()?;
        Some(Self {
            queue: record.event_source_arn.clone()?,
            receipt: record.receipt_handle.clone()?,
            receives,
        })
    }

    /// 10 s, 30 s, 90 s, 270 s: five receives bridge a trouble of some minutes.
    fn wait_s(&self) -> i32 {
        10 * 3_i32.pow(self.receives.saturating_sub(1).min(3))
    }
}

impl Dispatch {
    /// Does the jobs of a batch and names those that the queue must bring again.
    pub async fn handle(self: &Arc<Self>, event: SqsEvent) -> SqsBatchResponse {
        let began = self.clock.elapsed();
        let mut failed: BTreeSet<String> = BTreeSet::new();
        let mut receipts: Vec<(PageRef, Receipt, String)> = Vec::new();
        let mut tasks = Vec::new();
        for record in event.records {
            let id = record.message_id.clone().unwrap_or_default();
            match self.read(&record) {
                Ok(Item::Receipt(page, receipt)) => receipts.push((page, receipt, id)),
                Ok(Item::Foreign) => info!(item = %id, "event about mail that is not ours"),
                Ok(Item::Job(job)) => {
                    let dispatch = Arc::clone(self);
                    let item = (id, job.kind(), Origin::of(&record));
                    tasks.push((item, tokio::spawn(async move { dispatch.run(job, began).await })));
                }
                Err(e) => {
                    error!(item = %id, error = %e, "job cannot be read");
                    failed.insert(id);
                }
            }
        }
        failed.extend(self.merge_all(receipts).await);
        let mut again = Vec::new();
        for ((id, kind, origin), task) in tasks {
            let ended = task.await;
            if matches!(ended, Ok(Err(DispatchError::Retry(_)))) {
                again.extend(origin);
            }
            if !succeeded(&id, kind, ended) {
                failed.insert(id);
            }
        }
        self.see_again(again, began).await;
        let mut response = SqsBatchResponse::default();
        response.batch_item_failures = failed.into_iter().map(failure).collect();
        response
    }

    /// Has jobs that are to be tried again come sooner than their visibility says, which must outlast a function several
    /// times over. Receipts keep it: the sweep makes up for a job that has been given up, but not for a receipt.
    async fn see_again(&self, items: Vec<Origin>, began: Duration) {
        if self.clock.elapsed() >= began + Duration::from_millis(self.timing.send_deadline_ms) {
            // The function has better things to do with what is left of its time.
            return;
        }
        let asked = items.iter().map(|item| self.queue.see_again(&item.queue, &item.receipt, item.wait_s()));
        for heard in join_all(asked).await {
            if let Err(e) = heard {
                warn!(error = %e, "job comes again late");
            }
        }
    }

    /// Merges the receipts of a batch: each page once, then one look for each message. Names the items that failed.
    async fn merge_all(self: &Arc<Self>, receipts: Vec<(PageRef, Receipt, String)>) -> Vec<String> {
        let mut failed = Vec::new();
        let mut messages: BTreeMap<(SchoolId, MessageId), (PageRef, Vec<String>)> = BTreeMap::new();
        for (page, (merged, ids)) in Self::by_page(receipts) {
            let (dispatch, place) = (Arc::clone(self), page.clone());
            let task = tokio::spawn(async move { dispatch.merge_page(&place, &merged).await });
            if succeeded(&ids.join(","), "receipt", task.await) {
                let key = (page.school, page.message);
                messages.entry(key).or_insert_with(|| (page, Vec::new())).1.extend(ids);
            } else {
                failed.extend(ids);
            }
        }
        for (page, ids) in messages.into_values() {
            let dispatch = Arc::clone(self);
            let task = tokio::spawn(async move { dispatch.look_again(&page).await });
            if !succeeded(&ids.join(","), "receipt", task.await) {
                failed.extend(ids);
            }
        }
        failed
    }

    fn read(&self, record: &SqsMessage) -> Result<Item> {
        let body = record.body.as_deref().unwrap_or_default();
        if let Ok(job) = serde_json::from_str::<Job>(body) {
            return Ok(match job {
                Job::Receipt { delivery, evidence } => {
                    Item::Receipt(delivery.page, (delivery.index, delivery.attempt, evidence))
                }
                job => Item::Job(job),
            });
        }
        match events::read(body, &self.references, self.clock.now_ms()) {
            Ok(Some((delivery, evidence))) => {
                Ok(Item::Receipt(delivery.page, (delivery.index, delivery.attempt, evidence)))
            }
            // Forged or foreign: nothing to do about it now or later.
            Ok(None) | Err(BadEvent::Forged | BadEvent::NoReference) => Ok(Item::Foreign),
            Err(e) => Err(DispatchError::Fail(e.to_string())),
        }
    }
}

fn failure(id: String) -> BatchItemFailure {
    let mut failure = BatchItemFailure::default();
    failure.item_identifier = id;
    failure
}

/// Logs how a job ended, once; ids only.
fn succeeded(
    id: &str,
    kind: &'static str,
    ended: std::result::Result<Result<()>, tokio::task::JoinError>,
) -> bool {
    match ended {
        Ok(Ok(())) => true,
        Ok(Err(e @ DispatchError::Retry(_))) => {
            warn!(item = id, kind, error = %e, "job goes back");
            false
        }
        Ok(Err(e @ DispatchError::Fail(_))) => {
            error!(item = id, kind, error = %e, "job failed");
            false
        }
        Err(e) => {
            // A panic's text may quote a person's data: only that it happened is logged.
            error!(item = id, kind, panicked = e.is_panic(), "job broke off");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_that_is_tried_again_comes_within_seconds_and_then_less_and_less_soon() {
        let wait_s = |receives: &str| {
            let mut record = SqsMessage::default();
            record.event_source_arn = Some("arn:aws:sqs:eu-west-2:111122223333:routine".to_owned());
            record.receipt_handle = Some("handle".to_owned());
            record.attributes.insert("ApproximateReceiveCount".to_owned(), receives.to_owned());
            Origin::of(&record).map(|origin| origin.wait_s())
        };
        let waits = ["1", "2", "3", "4", "5", "900"].map(wait_s);
        assert_eq!(waits, [10, 30, 90, 270, 270, 270].map(Some));
        assert_eq!(wait_s("often"), None);
    }
}
