//! Reading a school's address book whole, and keeping it while its version stands.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::book::{AddressBook, BookRows};
use domain::ids::SchoolId;
use domain::phone::{CountryCode, NumberMode};

use crate::error::{Result, StoreError};
use crate::people::guard::Guard;
use crate::people::ties::read_kinds;
use crate::table::{Row, from_row, text};
use crate::update::{WAITS_MS, pause};
use crate::{School, keys};

/// Books that a process keeps: a few MB each.
const KEPT_BOOKS: usize = 8;
/// How long a book that is being changed in bulk is kept as it stands, in milliseconds: a court order that comes in
/// with the bulk counts no later.
const STANDS_MS: i64 = 1_000;

/// The address books last read, one for each of a few schools. All that use one store share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Books(Arc<Mutex<Vec<Kept>>>);

#[derive(Debug)]
struct Kept {
    school: SchoolId,
    mode: NumberMode,
    book: Arc<AddressBook>,
    /// Until when it counts as current, while it is read at its version.
    until_ms: i64,
}

/// How numbers in address books are read, and leave to keep the books.
#[derive(Debug)]
pub struct BookCache {
    mode: NumberMode,
}

impl BookCache {
    /// Books whose numbers are read in this mode.
    pub const fn new(mode: NumberMode) -> Self {
        Self { mode }
    }

    /// How numbers are read.
    pub const fn mode(&self) -> NumberMode {
        self.mode
    }
}

impl Books {
    fn find(
        &self,
        school: SchoolId,
        version: u64,
        country: CountryCode,
        mode: NumberMode,
        now_ms: i64,
    ) -> Option<Arc<AddressBook>> {
        let mut books = self.lock();
        let place = books.iter().position(|kept| kept.school == school)?;
        let kept = books.remove(place);
        let same = kept.book.version() == version && kept.book.country() == country && kept.mode == mode;
        let current = same && now_ms < kept.until_ms;
        // One that is out of date is of no more use to anybody: its memory is needed for the next.
        current.then(|| {
            let book = Arc::clone(&kept.book);
            // The one used last stands last.
            books.push(kept);
            book
        })
    }

    fn keep(&self, school: SchoolId, mode: NumberMode, book: Arc<AddressBook>, until_ms: i64) {
        let mut books = self.lock();
        books.retain(|kept| kept.school != school);
        if books.len() >= KEPT_BOOKS {
            books.remove(0);
        }
        books.push(Kept { school, mode, book, until_ms });
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The address book as a whole.
#[derive(Debug, Clone, Copy)]
pub struct Book<'a> {
    pub(crate) school: &'a School,
}

impl Book<'_> {
    /// The address book as it stands: one small read while the cached one is current.
    ///
    /// `country` is the one in the school's settings. `Busy` while a bulk change goes on: try again later.
    pub async fn current(
        self,
        cache: &BookCache,
        country: CountryCode,
        now_ms: i64,
    ) -> Result<Arc<AddressBook>> {
        let guard = self.school.guard().await?;
        self.read_under(&guard, cache, country, now_ms).await
    }

    async fn read_under(
        self,
        guard: &Guard,
        cache: &BookCache,
        country: CountryCode,
        now_ms: i64,
    ) -> Result<Arc<AddressBook>> {
        // What is kept while somebody writes in bulk is not whole.
        if !guard.is_held()
            && let Some(book) =
                self.school.books.find(self.school.id, guard.version, country, cache.mode, now_ms)
        {
            return Ok(book);
        }
        let book = Arc::new(self.load(country, cache.mode, now_ms).await?);
        self.school.books.keep(self.school.id, cache.mode, Arc::clone(&book), i64::MAX);
        Ok(book)
    }

    /// The version of the address book; another after every change, odd while it is changed in bulk. One small read.
    pub async fn version(self) -> Result<u64> {
        Ok(self.school.guard().await?.version)
    }

    /// The address book at once: the current one, or, while it is changed in bulk, as it stands. Each row of that is
    /// whole, and it is kept for a second: for a page, or a message that cannot wait.
    pub async fn at_once(
        self,
        cache: &BookCache,
        country: CountryCode,
        now_ms: i64,
    ) -> Result<Arc<AddressBook>> {
        let guard = self.school.guard().await?;
        if !guard.is_held() || guard.has_run_out(now_ms) {
            match self.read_under(&guard, cache, country, now_ms).await {
                Err(StoreError::Busy) => {}
                book => return book,
            }
        }
        if let Some(book) = self.school.books.find(self.school.id, guard.version, country, cache.mode, now_ms)
        {
            return Ok(book);
        }
        let rows = self.rows().await?;
        let book = Arc::new(AddressBook::of_rows(guard.version, rows, country, cache.mode));
        self.school.books.keep(self.school.id, cache.mode, Arc::clone(&book), now_ms + STANDS_MS);
        Ok(book)
    }

    async fn rows(self) -> Result<BookRows> {
        let mut book = BookRows::default();
        // Part by part: as rows, a large book takes many times the room of its contacts.
        let take = |rows: Vec<Row>| {
            for row in rows {
                let key = text(&row, keys::SK).unwrap_or_default();
                if key.starts_with(keys::CONTACT_PREFIX) {
                    book.contacts.push(from_row("contact", row)?);
                } else if key.starts_with(keys::TIE_PREFIX) || key.starts_with(keys::BAR_PREFIX) {
                    book.ties.push(from_row("tie", row)?);
                } else if key == keys::KINDS {
                    book.kinds = read_kinds(&row)?;
                }
            }
            Ok(())
        };
        self.school.table.query_parts(&keys::book_pk(self.school.id), "", true, take).await?;
        Ok(book)
    }

    /// Reads the whole address book as it was at one moment: version, rows, version again.
    pub async fn load(self, country: CountryCode, mode: NumberMode, now_ms: i64) -> Result<AddressBook> {
        for wait in WAITS_MS {
            pause(wait).await;
            let before = self.school.guard().await?;
            if before.has_run_out(now_ms) {
                self.school.end_lost_hold(&before).await?;
                continue;
            }
            if before.is_held() {
                continue;
            }
            let rows = self.rows().await?;
            if self.school.guard().await?.version == before.version {
                return Ok(AddressBook::of_rows(before.version, rows, country, mode));
            }
        }
        Err(StoreError::Busy)
    }
}
