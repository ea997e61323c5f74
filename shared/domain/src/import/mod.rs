//! Uploaded lists of contacts: what the columns mean, what each row says, and everything that is wrong with it.
//!
//! A file becomes text elsewhere (a workbook is rewritten as CSV first), so that there is one path from here on:
//! [`inspect`] reads the headings and guesses what they mean, a person confirms a [`Mapping`], [`check`] goes through
//! every row.

use crate::ids::{ImportId, SchoolId};

mod cell;
mod check;
mod header;
mod inspect;
mod mapping;
mod row;
mod sheet;
mod stage;

#[cfg(test)]
mod tests;

pub use cell::{CellProblem, RowProblem};
pub use check::{Finding, Tally, check};
pub use header::Guess;
pub use inspect::{Column, InspectError, Inspected, inspect};
pub use mapping::{Field, Mapping, MappingError};
pub use row::Rules;
pub use sheet::{Rows, Sheet, column_letters};
pub use stage::{Outcome, Report, Stage};

/// The largest file that is taken, in bytes.
pub const MAX_FILE_BYTES: u64 = 20 * 1024 * 1024;
/// The most rows under the headings.
pub const MAX_ROWS: u32 = 100_000;
/// The most columns.
pub const MAX_COLUMNS: usize = 100;
/// The most errors that are kept to be shown; all are counted.
pub const MAX_ERRORS_KEPT: usize = 1_000;
/// The most repairs that are kept to be shown; all are counted.
pub const MAX_REPAIRS_KEPT: usize = 200;

/// Where the file of an upload lies in the store of files.
pub fn file_key(school: SchoolId, import: ImportId) -> String {
    format!("uploads/{school}/{import}")
}
