//! A queue that remembers.

use std::sync::{Mutex, MutexGuard};

use domain::job::Job;
use runtime::{BoxFuture, Clock, Queue, QueueError, QueueName};

use crate::MINUTE;

/// Longest delay that SQS takes.
const LONGEST_DELAY: i64 = 15 * MINUTE;
/// Most jobs that a function gets at once.
const BATCH: usize = 10;

/// A job as it was queued: where, what, and with what delay in milliseconds.
pub type Queued = (QueueName, Job, i64);

/// Keeps jobs until a test takes them, or refuses them.
#[derive(Debug)]
pub struct RecordingQueue {
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Each with when it may be seen.
    waiting: Vec<(i64, Queued)>,
    broken: bool,
    expected: Vec<fn(&Job) -> bool>,
}

impl RecordingQueue {
    /// An empty one.
    pub fn new(clock: Clock) -> Self {
        Self { clock, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Puts a job there as a function does.
    pub fn put(&self, queue: QueueName, job: Job, delay_ms: i64) {
        let due_ms = self.clock.now_ms() + delay_ms.clamp(0, LONGEST_DELAY);
        self.state().waiting.push((due_ms, (queue, job, delay_ms)));
    }

    /// Everything queued since the last time, in its order, whether or not it is due.
    pub fn take(&self) -> Vec<Queued> {
        std::mem::take(&mut self.state().waiting).into_iter().map(|(_, queued)| queued).collect()
    }

    /// As [`RecordingQueue::take`], the jobs alone.
    pub fn take_jobs(&self) -> Vec<Job> {
        self.take().into_iter().map(|(_, job, _)| job).collect()
    }

    /// The next batch that comes until then, and when it comes.
    pub fn take_due(&self, until_ms: i64) -> Option<(i64, Vec<Job>)> {
        let mut state = self.state();
        state.waiting.sort_by_key(|(due_ms, _)| *due_ms);
        let first_ms =
            state.waiting.first().map(|(due_ms, _)| *due_ms).filter(|due_ms| *due_ms <= until_ms)?;
        let at_ms = first_ms.max(self.clock.now_ms());
        let due = state.waiting.iter().take(BATCH).take_while(|(due_ms, _)| *due_ms <= at_ms).count();
        Some((at_ms, state.waiting.drain(..due).map(|(_, (_, job, _))| job).collect()))
    }

    /// Refuses jobs from now on.
    pub fn break_down(&self) {
        self.state().broken = true;
    }

    /// Takes jobs again.
    pub fn repair(&self) {
        self.state().broken = false;
    }

    /// A test may end with such jobs in the queue.
    pub fn expect_left(&self, expected: fn(&Job) -> bool) {
        self.state().expected.push(expected);
    }

    /// Fails where a job is left that nobody took or expects.
    pub(crate) fn assert_nothing_left(&self) {
        let state = self.state();
        let unexpected = |(_, (_, job, _)): &&(i64, Queued)| !state.expected.iter().any(|may| may(job));
        let left: Vec<_> = state.waiting.iter().filter(unexpected).collect();
        assert!(left.is_empty(), "jobs that nobody took: {left:?}");
    }
}

impl Queue for RecordingQueue {
    fn send(&self, queue: QueueName, jobs: Vec<(Job, i64)>) -> BoxFuture<'_, Result<(), QueueError>> {
        Box::pin(async move {
            if self.state().broken {
                return Err(QueueError("down".to_owned()));
            }
            for (job, delay_ms) in jobs {
                self.put(queue, job, delay_ms);
            }
            Ok(())
        })
    }
}
