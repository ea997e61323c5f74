//! Uploads of contacts: read, checked whole, and once somebody has confirmed it written to the address book.
//!
//! Each job does the step that is due. What it has done is written before it goes on, so that a worker that dies at any
//! point is followed by another that begins where it stopped; two at once are told apart by the version of the upload's
//! row, and every step does no harm when done twice.

mod check;
mod file;
mod steps;

use std::time::Duration;

use domain::ids::ImportId;
use domain::import::{Stage, file_key};
use domain::job::Job;
use runtime::{Clock, Files, Ids, Queue, QueueName};
use store::{BookCache, Import, School, Store, StoreError};

use self::file::FileProblem;
use crate::dispatch::Dispatch;
use crate::error::{DispatchError, Result};

/// Times that a worker may take an upload up without getting on.
const MOST_TRIES: u32 = 8;
/// How long one job works before it hands on to the next.
const TURN: Duration = Duration::from_secs(25);
/// How long a queued job may take to arrive before the sweep queues another, in milliseconds.
const GRACE_MS: i64 = 10_000;
/// Wait for an address book that somebody else is changing, in milliseconds.
const BUSY_BOOK_MS: i64 = 2_000;
/// Overdue uploads in one sweep.
const SWEEP: i32 = 100;

/// What an upload's steps work with.
#[derive(Debug)]
pub struct Importer<'a> {
    /// Whose upload.
    pub school: &'a School,
    /// Uploaded files.
    pub files: &'a dyn Files,
    /// Where the next step's job goes.
    pub queue: &'a dyn Queue,
    /// Address books.
    pub books: &'a BookCache,
    /// Time.
    pub clock: &'a Clock,
    /// Ids.
    pub ids: &'a Ids,
    /// How long a worker that is not heard of is waited for, in milliseconds.
    pub lease_ms: i64,
}

/// Why a step did not end.
enum Stop {
    /// Somebody else has changed the upload: it is theirs now.
    Overtaken,
    /// The upload cannot go on: a sentence for its page.
    Refused(String),
    /// Something failed.
    Error(DispatchError),
}

impl<E: Into<DispatchError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

/// Does the step of an upload that is due.
pub(crate) async fn import(dispatch: &Dispatch, school: &School, import: ImportId) -> Result<()> {
    let importer = Importer {
        school,
        files: &*dispatch.files,
        queue: &*dispatch.queue,
        books: &dispatch.books,
        clock: &dispatch.clock,
        ids: &dispatch.ids,
        lease_ms: dispatch.timing.lease_ms,
    };
    importer.run(import).await
}

/// Queues a job for every upload whose worker is overdue. Says how many.
pub async fn sweep(store: &Store, queue: &dyn Queue, now_ms: i64) -> Result<usize> {
    let due = store.due_imports(now_ms, SWEEP).await?;
    let jobs: Vec<(Job, i64)> =
        due.into_iter().map(|(school, import)| (Job::Import { school, import }, 0)).collect();
    let count = jobs.len();
    if count > 0 {
        queue.send(QueueName::Routine, jobs).await?;
    }
    Ok(count)
}

impl Importer<'_> {
    /// Does the step that is due, or nothing if there is none or another worker is heard of.
    pub async fn run(&self, id: ImportId) -> Result<()> {
        let now_ms = self.clock.now_ms();
        let Some(mut import) = self.school.imports().get(id, now_ms).await? else { return Ok(()) };
        let Some(due_ms) = import.due_ms else { return Ok(()) };
        if import.worker.is_some() && due_ms > now_ms {
            return Ok(());
        }
        let stopped = match self.take_up(&mut import).await {
            Ok(()) => self.step(&mut import).await,
            stopped => stopped,
        };
        match stopped {
            Ok(()) | Err(Stop::Overtaken) => Ok(()),
            Err(Stop::Refused(reason)) => self.refuse(import, reason).await,
            Err(Stop::Error(error)) => {
                self.let_go(&mut import).await;
                Err(error)
            }
        }
    }

    async fn take_up(&self, import: &mut Import) -> std::result::Result<(), Stop> {
        let worker = self.ids.ulid(self.clock.now_ms());
        import.worker = Some(worker.to_string());
        import.tries += 1;
        self.save(import).await?;
        if import.tries > MOST_TRIES {
            return Err(Stop::Refused(gave_up(&import.stage)));
        }
        Ok(())
    }

    async fn step(&self, import: &mut Import) -> std::result::Result<(), Stop> {
        match import.stage {
            Stage::Inspecting => self.inspect(import).await,
            Stage::Checking { rows_packed, parts, .. } => self.check(import, rows_packed, parts).await,
            Stage::Importing { report, parts_done, so_far } => {
                self.write(import, report, parts_done, so_far).await
            }
            Stage::Discarded => self.clear(import).await,
            // Nothing is due at these.
            Stage::AwaitingUpload
            | Stage::Mapping
            | Stage::Checked(_)
            | Stage::Done(_)
            | Stage::Failed { .. } => self.rest(import).await,
        }
    }

    /// Writes where the upload stands, and that its worker lives.
    async fn save(&self, import: &mut Import) -> std::result::Result<(), Stop> {
        import.due_ms = Some(self.clock.now_ms() + self.lease_ms);
        self.write_down(import).await
    }

    /// Writes that there is nothing more to do until somebody acts.
    async fn rest(&self, import: &mut Import) -> std::result::Result<(), Stop> {
        (import.due_ms, import.worker, import.tries) = (None, None, 0);
        self.write_down(import).await
    }

    /// Leaves the rest to another job, which comes after `delay_ms`.
    async fn hand_on(&self, import: &mut Import, delay_ms: i64) -> std::result::Result<(), Stop> {
        (import.worker, import.tries) = (None, 0);
        import.due_ms = Some(self.clock.now_ms() + delay_ms + GRACE_MS);
        self.write_down(import).await?;
        let job = Job::Import { school: self.school.id(), import: import.id };
        Ok(self.queue.send(job.queue(), vec![(job, delay_ms)]).await?)
    }

    async fn write_down(&self, import: &mut Import) -> std::result::Result<(), Stop> {
        self.school.imports().save(import).await.map_err(|error| match error {
            StoreError::Conflict => Stop::Overtaken,
            error => error.into(),
        })
    }

    /// After a failure that may pass: the queue brings the job again, and whoever gets it may begin at once.
    async fn let_go(&self, import: &mut Import) {
        (import.worker, import.due_ms) = (None, Some(self.clock.now_ms()));
        if self.write_down(import).await.is_err() {
            tracing::warn!(import = %import.id, "upload not let go; its lease will run out");
        }
    }

    /// Ends an upload that cannot go on. What cannot be cleared away now expires.
    async fn refuse(&self, mut import: Import, reason: String) -> Result<()> {
        let was_writing = matches!(import.stage, Stage::Importing { .. });
        import.stage = Stage::Failed { reason };
        match self.rest(&mut import).await {
            Ok(()) => {}
            Err(Stop::Error(error)) => return Err(error),
            Err(Stop::Overtaken | Stop::Refused(_)) => return Ok(()),
        }
        if was_writing && self.open_book(&import).await.is_err() {
            tracing::warn!(import = %import.id, "address book not opened; the hold on it will run out");
        }
        if self.clear_away(import.id).await.is_err() {
            tracing::warn!(import = %import.id, "upload not cleared away; it will expire");
        }
        Ok(())
    }

    /// Removes the file and the rows that were put by.
    async fn clear_away(&self, id: ImportId) -> Result<()> {
        self.files.remove(&file_key(self.school.id(), id)).await?;
        Ok(self.school.imports().delete_parts(id).await?)
    }
}

/// What is said when every try has failed.
fn gave_up(stage: &Stage) -> String {
    match stage {
        Stage::Importing { report, so_far, .. } => format!(
            "The import stopped part-way: {} of {} rows were written. The fault is ours. Upload the same file again: \
             rows that were written are known by their ID and not added twice.",
            so_far.written(),
            report.good
        ),
        _ => FileProblem::Unreadable.to_string(),
    }
}
