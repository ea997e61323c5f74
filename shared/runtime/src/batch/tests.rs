//! What the runner promises of a batch.

use std::io::Write;
use std::sync::{Arc, Mutex};

use domain::ids::{MessageId, SchoolId};
use tracing::subscriber::DefaultGuard;
use ulid::Ulid;

use super::*;
use crate::{BoxFuture, QueueError, QueueName};

#[derive(Debug, thiserror::Error)]
enum Wrong {
    #[error("try again")]
    Passing(#[source] std::io::Error),
    #[error("cannot work")]
    ForGood(#[source] std::io::Error),
}

impl JobError for Wrong {
    fn is_passing(&self) -> bool {
        matches!(self, Self::Passing(_))
    }
}

/// Notes which receives are to be seen again, and when.
#[derive(Debug, Default)]
struct Seen(Mutex<Vec<(String, i32)>>);

impl Queue for Seen {
    fn send(&self, _: QueueName, _: Vec<(Job, i64)>) -> BoxFuture<'_, Result<(), QueueError>> {
        Box::pin(async { Ok(()) })
    }

    fn see_again<'a>(
        &'a self,
        _: &'a str,
        receipt: &'a str,
        seconds: i32,
    ) -> BoxFuture<'a, Result<(), QueueError>> {
        self.0.lock().unwrap().push((receipt.to_owned(), seconds));
        Box::pin(async { Ok(()) })
    }
}

/// Where lines are written to.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What is logged on this thread. Every test in which jobs end has one: a line that is first reached where nobody
/// listens is off for all threads.
struct Log {
    written: Written,
    _listening: DefaultGuard,
}

impl Log {
    fn listen() -> Self {
        let written = Written::default();
        let writer = written.clone();
        let lines = tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false);
        Self { written, _listening: tracing::subscriber::set_default(lines.finish()) }
    }

    /// The lines about an item.
    fn of(&self, n: u64) -> Vec<String> {
        let text = String::from_utf8(self.written.0.lock().unwrap().clone()).unwrap();
        text.lines().filter(|line| line.contains(&format!("item {n}"))).map(str::to_owned).collect()
    }
}

fn message(n: u64) -> MessageId {
    MessageId::new(Ulid::from_parts(n, 0))
}

fn record(n: u64) -> SqsMessage {
    let job = Job::Finish { school: SchoolId::new(Ulid::from_parts(1, 1)), message: message(n) };
    let mut record = SqsMessage::default();
    record.message_id = Some(format!("item {n}"));
    record.body = serde_json::to_string(&job).ok();
    record.event_source_arn = Some("arn:aws:sqs:eu-west-2:111122223333:finished".to_owned());
    record.receipt_handle = Some(format!("handle {n}"));
    record.attributes.insert("ApproximateReceiveCount".to_owned(), "2".to_owned());
    record
}

/// Nine that can be read, and one that cannot.
fn ten() -> Vec<SqsMessage> {
    let mut records: Vec<SqsMessage> = (0..9).map(record).collect();
    let mut unreadable = record(9);
    unreadable.body = Some("no job".to_owned());
    records.push(unreadable);
    records
}

fn wrong(why: &str) -> std::io::Error {
    std::io::Error::other(why.to_owned())
}

async fn work(job: Job) -> Result<(), Wrong> {
    let Job::Finish { message: id, .. } = job else { return Err(Wrong::ForGood(wrong("another job"))) };
    match id {
        id if id == message(3) => panic!("Ada Lovelace, as a fault of ours would say"),
        id if id == message(5) => Err(Wrong::Passing(wrong("the table is slow"))),
        id if id == message(7) => Err(Wrong::ForGood(wrong("the row is torn"))),
        _ => Ok(()),
    }
}

fn failed(response: SqsBatchResponse) -> Vec<String> {
    response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
}

#[tokio::test]
async fn of_ten_jobs_only_those_come_back_that_failed_or_panicked() {
    let _log = Log::listen();
    let (queue, clock) = (Seen::default(), Clock::set_to(0));
    let retries = Retries { queue: &queue, clock: &clock, until: Duration::from_secs(1) };
    let response = run(ten(), Some(retries), work).await;
    assert_eq!(failed(response), ["item 3", "item 5", "item 7", "item 9"]);
    assert_eq!(*queue.0.lock().unwrap(), [("handle 5".to_owned(), 30)]);
}

#[tokio::test]
async fn a_job_that_panics_stops_none_of_those_that_come_after_it() {
    let _log = Log::listen();
    let done = Arc::new(Mutex::new(Vec::new()));
    let noted = |job: Job| {
        let done = Arc::clone(&done);
        async move {
            let Job::Finish { message: id, .. } = job else { return Ok(()) };
            work(job).await?;
            done.lock().unwrap().push(id);
            Ok::<(), Wrong>(())
        }
    };
    run(ten(), None, noted).await;
    assert_eq!(*done.lock().unwrap(), [0, 1, 2, 4, 6, 8].map(message));
}

#[tokio::test]
async fn jobs_that_are_under_way_together_end_each_by_itself() {
    let _log = Log::listen();
    let mut batch = Batch::default();
    for n in 0..9 {
        let job: Job = serde_json::from_str(record(n).body.as_deref().unwrap()).unwrap();
        batch.start(&record(n), job.kind(), work(job));
    }
    assert_eq!(failed(batch.finish(None).await), ["item 3", "item 5", "item 7"]);
}

#[tokio::test]
async fn how_a_job_failed_is_logged_once_with_its_causes_and_without_anybodys_data() {
    let log = Log::listen();
    run(ten(), None, work).await;
    let expected = [
        (3, "ERROR", "job broke off", "panicked=true"),
        (5, "WARN", "job goes back", "try again: the table is slow"),
        (7, "ERROR", "job failed", "cannot work: the row is torn"),
        (9, "ERROR", "job cannot be read", "expected"),
    ];
    for (n, level, what, why) in expected {
        let lines = log.of(n);
        let [line] = &lines[..] else { panic!("one line about item {n}: {lines:?}") };
        assert!([level, what, why].iter().all(|part| line.contains(part)), "{line}");
        assert!(!line.contains("Ada"), "{line}");
    }
    assert!([0, 1, 2, 4, 6, 8].iter().all(|n| log.of(*n).is_empty()));
}

#[tokio::test]
async fn a_function_whose_time_is_over_leaves_a_job_to_its_visibility() {
    let _log = Log::listen();
    let (queue, clock) = (Seen::default(), Clock::set_to(1_000));
    let retries = Retries { queue: &queue, clock: &clock, until: Duration::from_secs(1) };
    let response = run(vec![record(5)], Some(retries), work).await;
    assert_eq!(response.batch_item_failures.len(), 1);
    assert!(queue.0.lock().unwrap().is_empty());
}

#[test]
fn a_log_says_why_down_to_the_first_cause() {
    let error = Wrong::Passing(wrong("the table is slow"));
    assert_eq!(Causes(&error).to_string(), "try again: the table is slow");
}

#[test]
fn a_job_that_is_tried_again_comes_within_seconds_and_then_less_and_less_soon() {
    let wait_s = |receives: &str| {
        let mut record = record(1);
        record.attributes.insert("ApproximateReceiveCount".to_owned(), receives.to_owned());
        Receive::of(&record).map(|receive| receive.wait_s())
    };
    let waits = ["1", "2", "3", "4", "5", "900"].map(wait_s);
    assert_eq!(waits, [10, 30, 90, 270, 270, 270].map(Some));
    assert_eq!(wait_s("often"), None);
}
