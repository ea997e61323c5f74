//! The steps of an upload.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use domain::import::{Outcome, Report, Rules, Stage, file_key};
use runtime::FileError;
use sheets::ListText;
use store::{Import, StoreError};

use super::check::{Checked, Checking};
use super::file::{FileProblem, look};
use super::{BUSY_BOOK_MS, Importer, Stop, TURN};
use crate::error::DispatchError;

type Step<T = ()> = Result<T, Stop>;

impl From<FileProblem> for Stop {
    fn from(problem: FileProblem) -> Self {
        Self::Refused(problem.to_string())
    }
}

impl Importer<'_> {
    /// Reads the headings.
    pub(super) async fn inspect(&self, import: &mut Import) -> Step {
        let bytes = self.read(import).await?;
        let looked = self.compute(import, None, move || look(&ListText::of(&bytes)?)).await?;
        import.inspected = Some(looked?);
        import.stage = Stage::Mapping;
        self.rest(import).await
    }

    /// Checks every row and puts the good ones by.
    pub(super) async fn check(&self, import: &mut Import, rows_packed: u32, parts_before: u32) -> Step {
        let started = self.clock.elapsed();
        let bytes = self.read(import).await?;
        let country = self.school.settings().get().await?.country;
        let book = match self.school.book().current(self.books, country, self.clock.now_ms()).await {
            Err(StoreError::Busy) => return self.hand_on(import, BUSY_BOOK_MS).await,
            book => book?,
        };
        let rows_done = Arc::new(AtomicU32::new(0));
        let (Some(inspected), Some(mapping)) = (import.inspected.clone(), import.mapping.clone()) else {
            return Err(
                DispatchError::Fail("an upload is checked whose columns are not chosen".into()).into()
            );
        };
        let rules = Rules { country, mode: self.books.mode() };
        let checking =
            Checking { inspected, mapping, rules, book, rows_packed, rows_done: Arc::clone(&rows_done) };
        let Checked { tally, parts, known, from_elsewhere } =
            self.compute(import, Some(rows_done), move || checking.run(&bytes)).await??;

        let mut count = parts_before;
        for part in parts {
            self.school.imports().put_part(import, count, part.contacts).await?;
            count += 1;
            import.stage = Stage::Checking { rows_done: tally.rows, rows_packed: part.rows, parts: count };
            import.tries = 0;
            self.save(import).await?;
            if self.clock.elapsed().saturating_sub(started) > TURN {
                return self.hand_on(import, 0).await;
            }
        }
        self.school.imports().put_findings(import, &tally.errors, &tally.repairs).await?;
        import.stage = Stage::Checked(Report::of(&tally, known, from_elsewhere, count));
        self.rest(import).await
    }

    /// Writes the good rows to the address book, part by part; plans wait for it meanwhile.
    pub(super) async fn write(
        &self,
        import: &mut Import,
        report: Report,
        done: u32,
        so_far: Outcome,
    ) -> Step {
        let started = self.clock.elapsed();
        let mut so_far = so_far;
        let owner = import.id.to_string();
        let bulk = match self.school.book().begin_bulk(&owner, self.hold_ms(), self.clock.now_ms()).await {
            Err(StoreError::Busy) => return self.hand_on(import, BUSY_BOOK_MS).await,
            bulk => bulk?,
        };
        for part in done..report.parts {
            let contacts = self.school.imports().part(import.id, part).await?;
            let wrote = bulk.upsert_contacts(contacts, self.clock.now_ms()).await?;
            so_far.created += wrote.created;
            so_far.updated += wrote.updated;
            import.stage = Stage::Importing { report, parts_done: part + 1, so_far };
            import.tries = 0;
            self.save(import).await?;
            if self.clock.elapsed().saturating_sub(started) > TURN {
                return self.hand_on(import, 0).await;
            }
        }
        bulk.end().await?;
        self.clear_away(import.id).await?;
        import.stage = Stage::Done(so_far);
        self.rest(import).await
    }

    /// Takes away what a discarded upload leaves.
    pub(super) async fn clear(&self, import: &mut Import) -> Step {
        self.clear_away(import.id).await?;
        self.school.imports().delete_findings(import.id).await?;
        self.rest(import).await
    }

    /// Opens the address book again after an import that ended badly.
    pub(super) async fn open_book(&self, import: &Import) -> Result<(), StoreError> {
        let owner = import.id.to_string();
        self.school.book().begin_bulk(&owner, self.hold_ms(), self.clock.now_ms()).await?.end().await
    }

    /// Longer than a worker is waited for, so that its successor still finds the book held.
    const fn hold_ms(&self) -> i64 {
        2 * self.lease_ms
    }

    async fn read(&self, import: &Import) -> Step<Vec<u8>> {
        match self.files.read(&file_key(self.school.id(), import.id)).await {
            Ok(bytes) => Ok(bytes),
            Err(FileError::NotFound) => Err(FileProblem::Missing.into()),
            Err(error) => Err(error.into()),
        }
    }

    /// Computes on a thread of its own, and says meanwhile how far it is and that the worker lives. A panic is a file
    /// that cannot be read.
    async fn compute<T: Send + 'static>(
        &self,
        import: &mut Import,
        rows: Option<Arc<AtomicU32>>,
        work: impl FnOnce() -> Result<T, FileProblem> + Send + 'static,
    ) -> Step<Result<T, FileProblem>> {
        let beat =
            Duration::from_millis(u64::try_from(self.lease_ms / 4).unwrap_or_default().clamp(50, 1_000));
        let mut work = tokio::task::spawn_blocking(work);
        loop {
            match tokio::time::timeout(beat, &mut work).await {
                Ok(Ok(done)) => return Ok(done),
                Ok(Err(_)) => {
                    tracing::error!(import = %import.id, "reading an upload panicked");
                    return Err(FileProblem::Unreadable.into());
                }
                Err(_) => {
                    if let (Stage::Checking { rows_done, .. }, Some(rows)) = (&mut import.stage, &rows) {
                        *rows_done = rows.load(Ordering::Relaxed);
                    }
                    self.save(import).await?;
                }
            }
        }
    }
}
