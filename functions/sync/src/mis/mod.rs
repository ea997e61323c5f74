//! What a sync run reads: the port [`Mis`], and a connector for each kind of MIS behind it.

mod error;
pub mod fetch;
mod mapped;
mod oneroster;
mod secret;
mod sif;
mod tidy;
mod wonde;
mod xporter;

use std::sync::atomic::{AtomicU64, Ordering};

use domain::feed::{Part, Reading, Records};
use jiff::Timestamp;
use jiff::civil::Date;
use runtime::BoxFuture;

pub use error::MisError;
pub use fetch::{Fetcher, Pause, Policy, Sleep};
pub use mapped::{MappedFile, ReportError, ReportRules};
pub use oneroster::{OneRosterConfig, OneRosterCsv, OneRosterRest, Version};
pub use secret::Secret;
pub use sif::{Sif, SifConfig};
pub use wonde::{Wonde, WondeConfig};
pub use xporter::{Xporter, XporterConfig};

/// What to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query {
    /// Which part.
    pub part: Part,
    /// Only people changed since then will do, if the MIS can tell; `None` for everybody.
    pub since: Option<Timestamp>,
    /// First and last school day of the marks, both included; other parts do not look at it.
    pub days: (Date, Date),
}

impl Query {
    /// The records of a file: all of them are there at once.
    fn of_file(&self, records: Records, progress: &dyn Progress) -> Reading {
        progress.rows(records.len() as u64, Some(records.len() as u64));
        self.finish(records, &[])
    }

    /// The records that were read. Of the parts in `by_date` an MIS gives only what has changed, where it is asked for
    /// that.
    fn finish(&self, records: Records, by_date: &[Part]) -> Reading {
        Reading { records, whole: self.since.is_none() || !by_date.contains(&self.part) }
    }
}

/// A part as it will have been read.
pub type ReadingSoon<'a> = BoxFuture<'a, Result<Reading, MisError>>;

/// A school's MIS. Whatever is returned as read is complete: every fault on the way, from a lost page to the same
/// record on two of them, is an error.
pub trait Mis: Send + Sync {
    /// Whether this kind of MIS has the part at all. What it has not is read from nowhere and left as it is.
    fn carries(&self, part: Part) -> bool;

    /// Reads one part to its end.
    fn read<'a>(&'a self, query: Query, progress: &'a dyn Progress) -> ReadingSoon<'a>;
}

/// Told while a part is read.
pub trait Progress: Send + Sync {
    /// So many rows have been read, of so many if the MIS says.
    fn rows(&self, done: u64, of: Option<u64>);
}

/// Counts for whoever looks now and then.
#[derive(Debug, Default)]
pub struct Counter {
    done: AtomicU64,
    of: AtomicU64,
}

impl Counter {
    /// Rows read, and of how many; 0 where that is not known.
    pub fn now(&self) -> (u64, u64) {
        (self.done.load(Ordering::Relaxed), self.of.load(Ordering::Relaxed))
    }
}

impl Progress for Counter {
    fn rows(&self, done: u64, of: Option<u64>) {
        self.done.store(done, Ordering::Relaxed);
        self.of.store(of.unwrap_or_default(), Ordering::Relaxed);
    }
}
