//! A durable queue with SQS's promises and no more: at least once, in any order, hidden while somebody works on it, to
//! the dead letters after five receives. It outlives every worker; with a journal it outlives the process.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use aws_lambda_events::sqs::SqsEvent;
use domain::job::Job;
use runtime::{BoxFuture, Queue, QueueError, QueueName};
use serde_json::{Value, json};

use crate::chance::Chance;
use crate::gate::{Budget, Life, Side};
use crate::tally::{Row, Tally};

/// Receives before an item is a dead letter, as in `template.yaml`.
const MOST_RECEIVES: u32 = 5;
/// When what a function named as failed is seen again.
const AGAIN: Duration = Duration::from_millis(150);

/// The queues, in a fixed order.
pub const NAMES: [QueueName; 4] =
    [QueueName::Routine, QueueName::Emergency, QueueName::Receipts, QueueName::Finished];

#[derive(Debug, Clone)]
struct Item {
    queue: QueueName,
    body: String,
    visible: Instant,
    receives: u32,
}

/// A dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Where it was.
    pub queue: QueueName,
    /// What it said.
    pub body: String,
    /// How often it was received.
    pub receives: u32,
}

#[derive(Debug)]
struct Inner {
    /// How long an item is hidden after a receive: longer than a function may run.
    hidden: Duration,
    items: BTreeMap<u64, Item>,
    next: u64,
    dead: Vec<Letter>,
    journal: Option<File>,
}

/// How a run's queue misbehaves.
#[derive(Debug)]
pub struct Manners {
    /// Copies and failed sends still to come.
    pub faults: Budget,
    /// How likely either is, in a thousand items.
    pub per_mille: u64,
}

/// The queues of a run.
#[derive(Debug, Clone)]
pub struct Queues {
    inner: Arc<Mutex<Inner>>,
    manners: Arc<Manners>,
    chance: Arc<Chance>,
    tally: Arc<Tally>,
}

/// A batch as a worker gets it.
#[derive(Debug)]
pub struct Batch {
    /// What Lambda would be given.
    pub event: SqsEvent,
    ids: Vec<u64>,
}

impl Queues {
    /// Empty queues.
    pub fn new(hidden: Duration, manners: Manners, chance: Arc<Chance>, tally: Arc<Tally>) -> Self {
        let inner = Inner { hidden, items: BTreeMap::new(), next: 0, dead: Vec::new(), journal: None };
        Self { inner: Arc::new(Mutex::new(inner)), manners: Arc::new(manners), chance, tally }
    }

    /// Hides items for so long from now on.
    pub fn hide_for(&self, hidden: Duration) {
        self.lock().hidden = hidden;
    }

    /// Takes up what a file says that another process left, and writes there from now on.
    pub fn journal(&self, path: &Path) -> std::io::Result<()> {
        let mut inner = self.lock();
        for line in std::fs::read_to_string(path).unwrap_or_default().lines() {
            let Ok(entry) = serde_json::from_str::<Value>(line) else { continue };
            let id = entry["id"].as_u64().unwrap_or(0);
            inner.next = inner.next.max(id + 1);
            let name = entry["queue"].as_u64().and_then(|q| NAMES.get(usize::try_from(q).ok()?));
            if let (Some(queue), Some(body)) = (name, entry["body"].as_str()) {
                let item =
                    Item { queue: *queue, body: body.to_owned(), visible: Instant::now(), receives: 0 };
                inner.items.insert(id, item);
            } else {
                inner.items.remove(&id);
            }
        }
        inner.journal = Some(File::options().create(true).append(true).open(path)?);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    /// Puts an item in; sometimes it will come more than once.
    pub fn put(&self, queue: QueueName, body: &str, delay: Duration) {
        self.lock().add(queue, body, delay, 0);
        if self.manners.faults.is_open() && self.chance.hits("copies", self.manners.per_mille) {
            for _ in 0..self.chance.between("copies of an item", 1, 4) {
                if self.manners.faults.take() {
                    let late = *self.chance.pick("late", &[0, 0, 5, 60, 400, 1_500, 2_500]);
                    self.lock().add(queue, body, delay + Duration::from_millis(late), 0);
                    self.tally.add(
                        Row::Queue,
                        if late < 100 { "delivered again at once" } else { "delivered again late" },
                    );
                }
            }
        }
    }

    /// Up to `most` items that may be seen, in no order; an empty batch is `None`. Items that were received five times
    /// become dead letters instead.
    pub fn receive(&self, queue: QueueName, most: usize) -> Option<Batch> {
        let now = Instant::now();
        let mut inner = self.lock();
        let mut seen: Vec<u64> = inner
            .items
            .iter()
            .filter(|(_, item)| item.queue == queue && item.visible <= now)
            .map(|(id, _)| *id)
            .collect();
        if seen.is_empty() {
            return None;
        }
        let turn = usize::try_from(self.chance.roll("order") % seen.len() as u64).unwrap_or(0);
        seen.rotate_left(turn);
        let mut ids = Vec::new();
        let hidden = inner.hidden;
        for id in seen {
            let Some(item) = inner.items.get_mut(&id) else { continue };
            if item.receives >= MOST_RECEIVES {
                let letter = Letter { queue, body: item.body.clone(), receives: item.receives };
                inner.dead.push(letter);
                inner.remove(id);
            } else if ids.len() < most {
                item.receives += 1;
                item.visible = now + hidden;
                ids.push(id);
            }
        }
        let records: Vec<Value> = ids.iter().map(|id| record(*id, &inner.items[id])).collect();
        let event = serde_json::from_value(json!({ "Records": records })).expect("an event");
        (!ids.is_empty()).then_some(Batch { event, ids })
    }

    /// What became of a batch: what failed is seen again soon, the rest is gone.
    pub fn settle(&self, batch: &Batch, failed: &BTreeSet<String>) {
        let mut inner = self.lock();
        for id in &batch.ids {
            if failed.contains(&id.to_string()) {
                if let Some(item) = inner.items.get_mut(id) {
                    item.visible = Instant::now() + AGAIN;
                }
            } else {
                inner.remove(*id);
            }
        }
    }

    /// The bodies of these items of a batch.
    pub fn bodies(&self, ids: &BTreeSet<String>) -> Vec<String> {
        let inner = self.lock();
        ids.iter().filter_map(|id| inner.items.get(&id.parse().ok()?)).map(|item| item.body.clone()).collect()
    }

    /// Items that wait, are hidden, or are late.
    pub fn len(&self) -> usize {
        self.lock().items.len()
    }

    /// Whether there is nothing at all in them.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The dead letters.
    pub fn dead(&self) -> Vec<Letter> {
        self.lock().dead.clone()
    }

    /// Puts all dead letters back where they came from, as an operator does. Says how many.
    pub fn redrive(&self) -> usize {
        let mut inner = self.lock();
        let dead = std::mem::take(&mut inner.dead);
        for letter in &dead {
            inner.add(letter.queue, &letter.body, Duration::ZERO, 0);
        }
        dead.len()
    }

    /// No more copies and failed sends.
    pub fn close(&self) {
        self.manners.faults.close();
    }

    /// Throws dead letters away that nobody can mend.
    pub fn discard(&self, which: impl Fn(&Letter) -> bool) {
        self.lock().dead.retain(|letter| !which(letter));
    }
}

impl Inner {
    fn add(&mut self, queue: QueueName, body: &str, delay: Duration, receives: u32) {
        let id = self.next;
        self.next += 1;
        let place = NAMES.iter().position(|name| *name == queue);
        self.write(&json!({ "id": id, "queue": place, "body": body }));
        let item = Item { queue, body: body.to_owned(), visible: Instant::now() + delay, receives };
        self.items.insert(id, item);
    }

    fn remove(&mut self, id: u64) {
        self.write(&json!({ "id": id }));
        self.items.remove(&id);
    }

    fn write(&mut self, entry: &Value) {
        if let Some(file) = &mut self.journal {
            // One write for a line: a killed process leaves whole lines.
            file.write_all(format!("{entry}\n").as_bytes()).expect("the journal takes lines");
        }
    }
}

fn record(id: u64, item: &Item) -> Value {
    json!({
        "messageId": id.to_string(),
        "receiptHandle": format!("{id}-{}", item.receives),
        "body": item.body,
        "attributes": { "ApproximateReceiveCount": item.receives.to_string() },
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "awsRegion": "local",
    })
}

/// The queues as one life sees them.
#[derive(Debug, Clone)]
pub struct Sender {
    /// The queues.
    pub queues: Queues,
    /// Whose effects these are.
    pub life: Arc<Life>,
}

impl Queue for Sender {
    fn send(&self, queue: QueueName, jobs: Vec<(Job, i64)>) -> BoxFuture<'_, Result<(), QueueError>> {
        Box::pin(async move {
            let point = if queue == QueueName::Receipts { "receipt queued" } else { "enqueue" };
            self.life.pass(point, Side::Before).await;
            let Queues { manners, chance, tally, .. } = &self.queues;
            let fails = manners.faults.is_open()
                && chance.hits("send to the queue", manners.per_mille / 2)
                && manners.faults.take();
            let applied = !fails || chance.hits("applied", 500);
            // Part of a send may be taken, as SQS does with a batch.
            let taken = if applied { jobs.len() } else { jobs.len() / 2 };
            for (job, delay_ms) in &jobs[..taken] {
                let body = serde_json::to_string(job).map_err(|e| QueueError(e.to_string()))?;
                self.queues.put(queue, &body, Duration::from_millis(delay_ms.max(&0).unsigned_abs()));
            }
            if fails {
                tally.add(Row::Queue, if applied { "send taken, answer lost" } else { "send failed" });
                return Err(QueueError("made up".to_owned()));
            }
            self.life.pass(point, Side::After).await;
            Ok(())
        })
    }
}
