//! What really happened: injections by row of the campaign's table and by kind.

use std::collections::BTreeMap;
use std::sync::Mutex;

/// A row of the campaign's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Row {
    /// A worker, or the whole product, ends before or after an effect.
    Deaths,
    /// The queue delivers more than once, late, out of order; a send to it fails.
    Queue,
    /// A provider misbehaves.
    Providers,
    /// The database misbehaves.
    Database,
    /// Jobs that cannot be done, in batches with good ones.
    Poison,
    /// Clocks are wrong; workers wake after their lease.
    Clocks,
    /// Receipts are forged, doubled, early, out of order.
    Receipts,
}

impl Row {
    /// All rows, as the table has them.
    pub const ALL: [Self; 7] = [
        Self::Deaths,
        Self::Queue,
        Self::Providers,
        Self::Database,
        Self::Poison,
        Self::Clocks,
        Self::Receipts,
    ];

    /// The row's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deaths => "deaths",
            Self::Queue => "queue",
            Self::Providers => "providers",
            Self::Database => "database",
            Self::Poison => "poison",
            Self::Clocks => "clocks",
            Self::Receipts => "receipts",
        }
    }
}

/// Counts injections.
#[derive(Debug, Default)]
pub struct Tally(Mutex<BTreeMap<(Row, String), u64>>);

impl Tally {
    /// Notes one.
    pub fn add(&self, row: Row, kind: impl Into<String>) {
        self.add_many(row, kind, 1);
    }

    /// Notes some.
    pub fn add_many(&self, row: Row, kind: impl Into<String>, count: u64) {
        if count > 0 {
            *self.0.lock().unwrap().entry((row, kind.into())).or_insert(0) += count;
        }
    }

    /// Takes another's counts in.
    pub fn absorb(&self, other: &Self) {
        for ((row, kind), count) in other.kinds() {
            self.add_many(row, kind, count);
        }
    }

    /// All counts of a row.
    pub fn row(&self, row: Row) -> u64 {
        self.0.lock().unwrap().iter().filter(|((r, _), _)| *r == row).map(|(_, n)| n).sum()
    }

    /// All counts by kind.
    pub fn kinds(&self) -> BTreeMap<(Row, String), u64> {
        self.0.lock().unwrap().clone()
    }
}
