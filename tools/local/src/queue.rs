//! Queues in memory that behave like SQS: delays, visibility, receive counts, a dead-letter queue. They lose
//! everything when the process ends; what the table says is due is found again by the sweep.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use domain::job::Job;
use runtime::{BoxFuture, Clock, Queue, QueueError, QueueName};
use serde_json::json;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tracing::error;

/// Receives before an item goes to the dead-letter queue, as in `template.yaml`.
const MOST_RECEIVES: u32 = 5;
/// Wait before a failed item is seen again, in milliseconds; grows with each receive.
const SEEN_AGAIN_MS: i64 = 500;

/// What a worker does with a batch.
pub(crate) type Handler =
    Arc<dyn Fn(SqsEvent) -> Pin<Box<dyn Future<Output = SqsBatchResponse> + Send>> + Send + Sync>;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Item {
    /// When it may be seen, in milliseconds since 1970; then in the order of arrival.
    visible_ms: i64,
    number: u64,
    receives: u32,
    body: String,
}

#[derive(Debug, Default)]
struct Lane {
    waiting: Mutex<BinaryHeap<Reverse<Item>>>,
    dead: Mutex<Vec<String>>,
    arrived: Notify,
}

/// All queues of the process.
#[derive(Debug, Clone)]
pub struct LocalQueue {
    lanes: Arc<HashMap<QueueName, Lane>>,
    clock: Clock,
    numbers: Arc<AtomicU64>,
}

/// How a queue is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mapping {
    pub(crate) queue: QueueName,
    /// Most items in a batch.
    pub(crate) batch: usize,
    /// How long a batch gathers.
    pub(crate) window: Duration,
    /// Batches at once.
    pub(crate) workers: usize,
}

impl LocalQueue {
    /// Empty queues.
    pub fn new(clock: Clock) -> Self {
        use QueueName::{Emergency, Finished, Receipts, Routine, Sync};
        let lanes = [Routine, Emergency, Receipts, Finished, Sync].map(|name| (name, Lane::default()));
        Self { lanes: Arc::new(lanes.into()), clock, numbers: Arc::default() }
    }

    /// Puts a text into a queue, as SNS does with an event.
    pub fn put(&self, queue: QueueName, body: String, delay_ms: i64) {
        let visible_ms = self.clock.now_ms() + delay_ms.max(0);
        self.add(
            queue,
            Item { visible_ms, number: self.numbers.fetch_add(1, Ordering::Relaxed), receives: 0, body },
        );
    }

    /// Items that failed for good.
    pub fn dead(&self, queue: QueueName) -> Vec<String> {
        self.lanes.get(&queue).map(|lane| lock(&lane.dead).clone()).unwrap_or_default()
    }

    fn add(&self, queue: QueueName, item: Item) {
        if let Some(lane) = self.lanes.get(&queue) {
            lock(&lane.waiting).push(Reverse(item));
            lane.arrived.notify_one();
        }
    }

    /// Starts the workers of a queue.
    pub(crate) fn serve(&self, mapping: Mapping, handler: &Handler) -> Vec<JoinHandle<()>> {
        let worker = || {
            let (queue, handler) = (self.clone(), Arc::clone(handler));
            tokio::spawn(async move {
                loop {
                    let items = queue.receive(mapping).await;
                    queue.work(mapping.queue, items, &handler).await;
                }
            })
        };
        (0..mapping.workers).map(|_| worker()).collect()
    }

    async fn receive(&self, mapping: Mapping) -> Vec<Item> {
        let Some(lane) = self.lanes.get(&mapping.queue) else { return std::future::pending().await };
        loop {
            let now_ms = self.clock.now_ms();
            let (ready, next) = {
                let waiting = lock(&lane.waiting);
                let next = waiting.peek().map(|Reverse(item)| item.visible_ms);
                (next.is_some_and(|at| at <= now_ms), next)
            };
            if ready {
                if !mapping.window.is_zero() {
                    tokio::time::sleep(mapping.window).await;
                }
                let items = self.take(lane, mapping.batch);
                if !items.is_empty() {
                    return items;
                }
                continue;
            }
            let wait = next.map_or(60_000, |at| (at - now_ms).clamp(1, 60_000));
            let wait = Duration::from_millis(wait.unsigned_abs());
            // Either something arrives or something becomes visible; both are looked at alike.
            let _ = tokio::time::timeout(wait, lane.arrived.notified()).await;
        }
    }

    fn take(&self, lane: &Lane, most: usize) -> Vec<Item> {
        let now_ms = self.clock.now_ms();
        let mut waiting = lock(&lane.waiting);
        let mut items = Vec::new();
        while items.len() < most && waiting.peek().is_some_and(|Reverse(item)| item.visible_ms <= now_ms) {
            items.extend(waiting.pop().map(|Reverse(item)| item));
        }
        if !waiting.is_empty() {
            lane.arrived.notify_one();
        }
        items
    }

    /// Hands a batch to the handler. What fails, or all of it when the handler breaks off, is seen again later.
    async fn work(&self, queue: QueueName, mut items: Vec<Item>, handler: &Handler) {
        for item in &mut items {
            item.receives += 1;
        }
        let failed = match event(queue, &items) {
            Ok(event) => tokio::spawn(handler(event)).await.ok().map(|response| {
                response.batch_item_failures.into_iter().map(|f| f.item_identifier).collect::<Vec<_>>()
            }),
            Err(e) => {
                error!(error = %e, "batch not built");
                None
            }
        };
        for mut item in items {
            let bad = failed.as_ref().is_none_or(|ids| ids.contains(&item.number.to_string()));
            if !bad {
                continue;
            }
            if item.receives >= MOST_RECEIVES {
                error!(queue = ?queue, "item moved to the dead-letter queue");
                if let Some(lane) = self.lanes.get(&queue) {
                    lock(&lane.dead).push(item.body);
                }
                continue;
            }
            item.visible_ms = self.clock.now_ms() + SEEN_AGAIN_MS * i64::from(item.receives);
            self.add(queue, item);
        }
    }
}

/// The very JSON that Lambda hands over.
fn event(queue: QueueName, items: &[Item]) -> Result<SqsEvent, serde_json::Error> {
    let records: Vec<_> = items
        .iter()
        .map(|item| {
            json!({
                "messageId": item.number.to_string(),
                "receiptHandle": format!("{}-{}", item.number, item.receives),
                "body": item.body,
                "attributes": { "ApproximateReceiveCount": item.receives.to_string() },
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": format!("arn:aws:sqs:local:000000000000:{queue:?}"),
                "awsRegion": "local",
            })
        })
        .collect();
    serde_json::from_value(json!({ "Records": records }))
}

impl Queue for LocalQueue {
    fn send(&self, queue: QueueName, jobs: Vec<(Job, i64)>) -> BoxFuture<'_, Result<(), QueueError>> {
        Box::pin(async move {
            for (job, delay_ms) in jobs {
                let body = serde_json::to_string(&job).map_err(|e| QueueError(e.to_string()))?;
                self.put(queue, body, delay_ms);
            }
            Ok(())
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
