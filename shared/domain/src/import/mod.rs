//! Uploaded lists of contacts: what the columns mean, what each row says, and everything that is wrong with it.
//!
//! A file becomes text elsewhere (a workbook is rewritten as CSV first), so that there is one path from here on:
//! [`inspect`] reads the headings and guesses what they mean, a person confirms a [`Mapping`], [`check`] goes through
//! every row.

use crate::ids::{ImportId, SchoolId};

mod check;
mod header;
mod inspect;
mod mapping;
mod row;
mod sheet;
mod stage;

#[cfg(test)]
mod tests;

pub use crate::contact::{Field, Rules};
pub use check::{Finding, Tally, check};
pub use header::Guess;
pub use inspect::{Column, InspectError, Inspected, inspect};
pub use mapping::{Mapping, MappingError};
pub use row::RowProblem;
pub(crate) use sheet::headings;
pub use sheet::{Rows, Sheet, column_letters, folded};
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
