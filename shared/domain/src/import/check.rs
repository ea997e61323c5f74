//! Goes through every row and collects everything that is wrong, before anything is imported.

use std::collections::HashMap;

use csv::StringRecord;
use serde::{Deserialize, Serialize};

use super::inspect::Inspected;
use super::mapping::Mapping;
use super::row::{RowProblem, RowReader, Wrong};
use super::sheet::{LONGEST_SHOWN, Sheet, shortened};
use super::{MAX_ERRORS_KEPT, MAX_REPAIRS_KEPT};
use crate::contact::{Contact, Rules};
use crate::phone::Repair;

/// Something that was found in a cell or in a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The row, as the spreadsheet numbers it.
    #[serde(rename = "r")]
    pub row: u32,
    /// The column, from 0; `None` for the row as a whole.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u16>,
    /// What the cell holds, shortened.
    #[serde(rename = "v", default, skip_serializing_if = "String::is_empty")]
    pub value: String,
    /// A sentence: what is wrong and what to do, or what was put right.
    #[serde(rename = "m")]
    pub message: String,
}

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// Rows looked at.
    pub rows: u32,
    /// Rows without errors.
    pub good: u32,
    /// All errors, kept or not. A row can have several.
    pub error_count: u32,
    /// The first errors.
    pub errors: Vec<Finding>,
    /// All repairs, kept or not.
    pub repair_count: u32,
    /// The first repairs.
    pub repairs: Vec<Finding>,
}

/// Checks every row below the headings. `seen` is told of each row: how many that makes so far, and the contact of a
/// good one. What was repaired in a row that has errors is not listed: it has to be corrected anyway.
pub fn check(
    sheet: &Sheet<'_>,
    inspected: &Inspected,
    mapping: &Mapping,
    rules: Rules,
    mut seen: impl FnMut(u32, Option<&Contact>),
) -> Tally {
    let reader = RowReader::new(mapping, inspected.columns.len(), rules);
    let twins = twins(sheet, inspected.heading_row, &reader);
    let mut tally = Tally::default();
    let mut rows = sheet.rows();
    while let Some((number, row)) = rows.next_row() {
        if number <= inspected.heading_row {
            continue;
        }
        tally.rows += 1;
        let twin = twins.get(&number).map(|twin| (None, RowProblem::IdTwice(*twin)));
        match (reader.read(row), twin) {
            (Ok(read), None) => {
                tally.good += 1;
                tally.note_repairs(number, row, reader.repaired(&read));
                seen(tally.rows, Some(&read.contact));
            }
            (read, twin) => {
                let wrong = read.err().into_iter().flatten().chain(twin);
                tally.note_errors(number, row, wrong);
                seen(tally.rows, None);
            }
        }
    }
    tally
}

/// Rows that share their id with another, and which. None of them is good: which one is right is not ours to say.
fn twins(sheet: &Sheet<'_>, heading_row: u32, reader: &RowReader<'_>) -> HashMap<u32, u32> {
    let mut seen: HashMap<Box<str>, u32> = HashMap::new();
    let mut twins = HashMap::new();
    let mut rows = sheet.rows();
    while let Some((number, row)) = rows.next_row() {
        let id = reader.id_text(row);
        if number <= heading_row || id.is_empty() {
            continue;
        }
        match seen.get(id) {
            Some(first) => {
                twins.insert(number, *first);
                twins.entry(*first).or_insert(number);
            }
            None => {
                seen.insert(Box::from(id), number);
            }
        }
    }
    twins
}

impl Tally {
    fn note_errors(&mut self, number: u32, row: &StringRecord, wrong: impl Iterator<Item = Wrong>) {
        for (column, problem) in wrong {
            self.error_count = self.error_count.saturating_add(1);
            if self.errors.len() < MAX_ERRORS_KEPT {
                self.errors.push(finding(number, column, row, problem.to_string()));
            }
        }
    }

    fn note_repairs(
        &mut self,
        number: u32,
        row: &StringRecord,
        repairs: impl Iterator<Item = (Option<usize>, Repair)>,
    ) {
        for (column, repair) in repairs {
            self.repair_count = self.repair_count.saturating_add(1);
            if self.repairs.len() < MAX_REPAIRS_KEPT {
                self.repairs.push(finding(number, column, row, repair.to_string()));
            }
        }
    }
}

fn finding(number: u32, column: Option<usize>, row: &StringRecord, message: String) -> Finding {
    let cell = column.and_then(|c| row.get(c));
    Finding {
        row: number,
        column: column.and_then(|c| u16::try_from(c).ok()),
        value: cell.map(|cell| shortened(cell, LONGEST_SHOWN)).unwrap_or_default(),
        message,
    }
}
