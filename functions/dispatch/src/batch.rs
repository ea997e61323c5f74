//! Batches from the queues. Receipts are gathered first, so that a page is written once for all of its own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use channels::ses::events::{self, BadEvent};
use domain::ids::{MessageId, SchoolId};
use domain::job::{Job, PageRef};
use runtime::batch::{Batch, Ended, Retries, alone};
use tracing::info;

use crate::dispatch::Dispatch;
use crate::receipts::{Receipt, by_page, look_again, merge_page};
use crate::run_job;

/// What a record of the queue turned out to be.
enum Item {
    Receipt(PageRef, Receipt),
    Job(Job),
    /// An event about mail that is none of ours.
    Foreign,
}

impl Dispatch {
    /// Does the jobs of a batch and names those that the queue must bring again.
    pub async fn handle(self: &Arc<Self>, event: SqsEvent) -> SqsBatchResponse {
        let began = self.clock.elapsed();
        let mut batch = Batch::default();
        let mut receipts: Vec<(PageRef, Receipt, String)> = Vec::new();
        for record in event.records {
            let id = record.message_id.clone().unwrap_or_default();
            match self.read(&record) {
                Ok(Item::Receipt(page, receipt)) => receipts.push((page, receipt, id)),
                Ok(Item::Foreign) => info!(item = %id, "event about mail that is not ours"),
                Ok(Item::Job(job)) => {
                    let dispatch = Arc::clone(self);
                    batch.start(&record, job.kind(), async move { run_job(&dispatch, job, began).await });
                }
                Err(e) => batch.unreadable(&record, &e),
            }
        }
        // Receipts keep their visibility: the sweep makes up for a job that has been given up, but not for a receipt.
        batch.failed(self.merge_all(receipts).await);
        let until = began + Duration::from_millis(self.timing.send_deadline_ms);
        batch.finish(Some(Retries { queue: &*self.queue, clock: &self.clock, until })).await
    }

    /// Merges the receipts of a batch: each page once, then one look for each message. Names the items that failed.
    async fn merge_all(self: &Arc<Self>, receipts: Vec<(PageRef, Receipt, String)>) -> Vec<String> {
        let mut failed = Vec::new();
        let mut messages: BTreeMap<(SchoolId, MessageId), (PageRef, Vec<String>)> = BTreeMap::new();
        for (page, (merged, ids)) in by_page(receipts) {
            let (dispatch, place) = (Arc::clone(self), page.clone());
            let work = async move { merge_page(&dispatch, &place, &merged).await };
            if alone(&ids.join(","), "receipt", work).await == Ended::Well {
                let key = (page.school, page.message);
                messages.entry(key).or_insert_with(|| (page, Vec::new())).1.extend(ids);
            } else {
                failed.extend(ids);
            }
        }
        for (page, ids) in messages.into_values() {
            let dispatch = Arc::clone(self);
            let work = async move { look_again(&dispatch, &page).await };
            if alone(&ids.join(","), "receipt", work).await != Ended::Well {
                failed.extend(ids);
            }
        }
        failed
    }

    fn read(&self, record: &SqsMessage) -> std::result::Result<Item, BadEvent> {
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
            Err(e) => Err(e),
        }
    }
}
