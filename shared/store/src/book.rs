//! Reading a school's address book whole, and keeping it while its version stands.

use std::sync::{Arc, Mutex, PoisonError};

use domain::book::AddressBook;
use domain::contact::Contact;
use domain::ids::SchoolId;
use domain::phone::{CountryCode, NumberMode};

use crate::error::{Result, StoreError};
use crate::guard::{WAITS_MS, pause};
use crate::table::from_row;
use crate::{School, keys};

/// Books that a process keeps: a few MB each.
const KEPT_BOOKS: usize = 8;

/// The address books last read, one for each of a few schools. One per process.
#[derive(Debug)]
pub struct BookCache {
    mode: NumberMode,
    /// The one used last stands last.
    books: Mutex<Vec<(SchoolId, Arc<AddressBook>)>>,
}

impl BookCache {
    /// An empty cache of books whose numbers are read in this mode.
    pub const fn new(mode: NumberMode) -> Self {
        Self { mode, books: Mutex::new(Vec::new()) }
    }

    /// How numbers are read.
    pub const fn mode(&self) -> NumberMode {
        self.mode
    }

    fn find(&self, school: SchoolId, version: u64, country: CountryCode) -> Option<Arc<AddressBook>> {
        let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        let place = books.iter().position(|(id, _)| *id == school)?;
        let kept = books.remove(place);
        let book = Arc::clone(&kept.1);
        books.push(kept);
        (book.version() == version && book.country() == country).then_some(book)
    }

    fn keep(&self, school: SchoolId, book: Arc<AddressBook>) {
        let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        books.retain(|(id, _)| *id != school);
        if books.len() >= KEPT_BOOKS {
            books.remove(0);
        }
        books.push((school, book));
    }
}

impl School {
    /// The address book as it stands: one small read while the cached one is current.
    ///
    /// `country` is the one in the school's settings. `Busy` while a bulk change goes on: try again later.
    pub async fn book(
        &self,
        cache: &BookCache,
        country: CountryCode,
        now_ms: i64,
    ) -> Result<Arc<AddressBook>> {
        let version = self.guard().await?.version;
        if let Some(book) = cache.find(self.id, version, country) {
            return Ok(book);
        }
        let book = Arc::new(self.load_book(country, cache.mode, now_ms).await?);
        cache.keep(self.id, Arc::clone(&book));
        Ok(book)
    }

    /// Reads the whole address book as it was at one moment: version, rows, version again.
    pub async fn load_book(
        &self,
        country: CountryCode,
        mode: NumberMode,
        now_ms: i64,
    ) -> Result<AddressBook> {
        for wait in WAITS_MS {
            pause(wait).await;
            let before = self.guard().await?;
            if before.has_run_out(now_ms) {
                self.end_lost_hold(&before).await?;
                continue;
            }
            if before.is_held() {
                continue;
            }
            let rows = self.table.query(&keys::book_pk(self.id), keys::CONTACT_PREFIX, true).await?;
            if self.guard().await?.version == before.version {
                let contacts: Vec<Contact> =
                    rows.into_iter().map(|row| from_row("contact", row)).collect::<Result<_>>()?;
                return Ok(AddressBook::new(before.version, contacts, country, mode));
            }
        }
        Err(StoreError::Busy)
    }
}
