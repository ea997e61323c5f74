//! The first look at a list: its headings, a few cells of each column, how many rows there are.

use serde::{Deserialize, Serialize};

use super::header::{Guess, guess, is_known, key};
use super::mapping::{MappingError, missing};
use super::sheet::{LONGEST_SHOWN, Sheet, column_letters, folded, headings, shortened};
use super::{MAX_COLUMNS, MAX_ROWS};

/// Headings may stand below a title and a date: so many rows are searched for them.
const HEADING_SEARCH: usize = 10;
/// Cells of each column that are shown.
const SAMPLES: usize = 5;

/// One column of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its heading, shortened; empty if it has none.
    pub name: String,
    /// Its first cells, shortened; empty ones too, so that they line up with their rows.
    pub samples: Vec<String>,
}

/// What a list looks like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspected {
    /// Its columns.
    pub columns: Vec<Column>,
    /// The row of the headings, as the spreadsheet numbers it.
    pub heading_row: u32,
    /// Rows below the headings that are not blank.
    pub rows: u32,
    /// What the columns seem to be.
    pub guess: Guess,
    /// Sentences about how the file was read, such as a guessed encoding.
    pub notes: Vec<String>,
}

impl Inspected {
    /// Required columns that were not recognised, as sentences.
    pub fn missing(&self) -> Vec<MappingError> {
        missing(&self.guess).collect()
    }

    /// What a page calls a column: its letters and its heading.
    pub fn column_title(&self, index: usize) -> String {
        let letters = column_letters(index);
        match self.columns.get(index) {
            Some(column) if !column.name.is_empty() => format!("{letters} ({})", column.name),
            _ => letters,
        }
    }
}

/// Why a list cannot be read at all. `Display` is a sentence for a page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InspectError {
    /// Nothing in it.
    #[error("This file is empty. Check that you saved the list before uploading it.")]
    Empty,
    /// One column.
    #[error(
        "Only one column was found. Save the list as “CSV UTF-8 (comma delimited)” or as an Excel workbook and upload that."
    )]
    OneColumn,
    /// The first row is a person.
    #[error(
        "The first row has no headings. Put a row above it that says what each column holds, such as ID, Forename, Surname, Mobile."
    )]
    NoHeadings,
    /// Headings and nothing under them.
    #[error("There are headings but no rows below them.")]
    NoRows,
    /// A heading that says what a column is stands twice.
    #[error(
        "Two columns are called “{name}” ({first} and {second}). Give each a name of its own, save the file and upload it again."
    )]
    DoubledHeading {
        /// The heading.
        name: String,
        /// Letters over the first.
        first: String,
        /// Letters over the second.
        second: String,
    },
    /// Too many columns.
    #[error(
        "This file has more than {MAX_COLUMNS} columns. Delete those that are not needed and upload it again."
    )]
    TooManyColumns,
    /// Too many rows.
    #[error(
        "This file has more than {MAX_ROWS} rows. Split it into smaller files and upload them one after another."
    )]
    TooManyRows,
}

/// Looks at a list. `notes` are what was said when the file was decoded.
pub fn inspect(sheet: &Sheet<'_>, notes: Vec<String>) -> Result<Inspected, InspectError> {
    let (heading_row, headings) = find_headings(sheet)?;
    let width = headings.len();
    if width > MAX_COLUMNS {
        return Err(InspectError::TooManyColumns);
    }
    if width < 2 {
        return Err(InspectError::OneColumn);
    }
    refuse_doubled(&headings)?;
    let (rows, samples) =
        sheet.survey(heading_row, width, SAMPLES, MAX_ROWS).ok_or(InspectError::TooManyRows)?;
    if rows == 0 {
        return Err(InspectError::NoRows);
    }
    let names = headings.iter().map(|name| shortened(name, LONGEST_SHOWN));
    let columns = names.zip(samples).map(|(name, samples)| Column { name, samples }).collect();
    let keys: Vec<String> = headings.iter().map(|name| key(name)).collect();
    Ok(Inspected { columns, heading_row, rows, guess: guess(&keys), notes })
}

/// The row of the headings: the first near the top that has two known ones, else the first of all.
fn find_headings(sheet: &Sheet<'_>) -> Result<(u32, Vec<String>), InspectError> {
    let mut rows = sheet.rows();
    let mut first = None;
    for _ in 0..HEADING_SEARCH {
        let Some((number, row)) = rows.next_row() else {
            break;
        };
        let known = row.iter().filter(|cell| is_known(&key(cell))).count();
        if known >= 2 {
            return Ok((number, headings(row, usize::MAX)));
        }
        if first.is_none() {
            first = Some((number, headings(row, usize::MAX), row.iter().any(is_data)));
        }
    }
    match first {
        None => Err(InspectError::Empty),
        Some((_, _, true)) => Err(InspectError::NoHeadings),
        Some((number, headings, false)) => Ok((number, headings)),
    }
}

/// What stands in a list but not above it: an e-mail address, a number of many digits.
fn is_data(cell: &str) -> bool {
    cell.contains('@') || cell.bytes().filter(u8::is_ascii_digit).count() > 6
}

/// A heading that means something may stand only once; two columns of notes harm nobody.
fn refuse_doubled(headings: &[String]) -> Result<(), InspectError> {
    for (second, name) in headings.iter().enumerate() {
        if !is_known(&key(name)) {
            continue;
        }
        let same = |other: &String| folded(other) == folded(name);
        if let Some(first) = headings[..second].iter().position(same) {
            return Err(InspectError::DoubledHeading {
                name: shortened(name, LONGEST_SHOWN),
                first: column_letters(first),
                second: column_letters(second),
            });
        }
    }
    Ok(())
}
