//! The first look at a report: where its headings stand, and what they are.

use serde::{Deserialize, Serialize};

use super::column::ReportColumn;
use super::{ReportField, ReportMapping, ReportSystem};
use crate::import::{MAX_COLUMNS, MAX_ROWS, Sheet, folded, headings};

/// Headings may stand below a title and a date: so many rows are searched for them.
const HEADING_SEARCH: usize = 10;
/// Known headings that make a row the row of headings.
const ENOUGH: usize = 2;
/// Cells of each column that are shown.
const SAMPLES: usize = 3;
/// Longest heading that is kept, in characters.
const LONGEST_HEADING: usize = 80;

/// What a report looks like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportLook {
    /// Its columns.
    pub columns: Vec<ReportColumn>,
    /// The row of the headings, as the spreadsheet numbers it.
    pub heading_row: u32,
    /// Rows below the headings that are not blank.
    pub rows: u32,
}

/// Why a report cannot be used as a whole. `Display` is a sentence for a page, and names nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReportProblem {
    /// Nothing in it.
    #[error("The file is empty. Let the MIS write the report again.")]
    Empty,
    /// Headings and nothing under them.
    #[error("The file has headings but no rows below them. Let the MIS write the report again.")]
    NoRows,
    /// Too many columns.
    #[error(
        "The file has more than {MAX_COLUMNS} columns. Leave those out of the report that are not needed."
    )]
    TooManyColumns,
    /// Too many rows.
    #[error("The file has more than {MAX_ROWS} rows, which is more than any school has.")]
    TooManyRows,
    /// Nobody has said yet which column holds what.
    #[error("The columns of this report have not been matched yet.")]
    NotMatched,
    /// Columns that were chosen are not in this file.
    #[error(
        "The file is not the report whose columns were matched: {} is missing. Hand in the right file, or match the \
         columns again.", listed(.0)
    )]
    Missing(Vec<String>),
}

fn listed(headings: &[String]) -> String {
    let quoted: Vec<String> = headings.iter().map(|heading| format!("“{heading}”")).collect();
    quoted.join(", ")
}

/// Looks at a report.
pub fn look(
    sheet: &Sheet<'_>,
    system: ReportSystem,
    mapping: &ReportMapping,
) -> Result<ReportLook, ReportProblem> {
    let (heading_row, headings) = find_headings(sheet, system, mapping)?;
    if headings.len() > MAX_COLUMNS {
        return Err(ReportProblem::TooManyColumns);
    }
    let survey = sheet.survey(heading_row, headings.len(), SAMPLES, MAX_ROWS);
    let (rows, samples) = survey.ok_or(ReportProblem::TooManyRows)?;
    if rows == 0 {
        return Err(ReportProblem::NoRows);
    }
    let columns = headings.into_iter().zip(samples);
    let columns = columns.map(|(heading, samples)| ReportColumn { heading, samples }).collect();
    Ok(ReportLook { columns, heading_row, rows })
}

/// The row near the top with the most known headings, else the first of all.
fn find_headings(
    sheet: &Sheet<'_>,
    system: ReportSystem,
    mapping: &ReportMapping,
) -> Result<(u32, Vec<String>), ReportProblem> {
    let chosen: Vec<String> = mapping.values().map(|heading| folded(heading)).collect();
    let mut best: Option<(usize, u32, Vec<String>)> = None;
    let mut rows = sheet.rows();
    for _ in 0..HEADING_SEARCH {
        let Some((number, row)) = rows.next_row() else { break };
        let headings = told_apart(headings(row, LONGEST_HEADING));
        let known = headings.iter().map(|h| folded(h)).filter(|h| chosen.contains(h) || system.knows(h));
        let known = Some(known.count()).filter(|count| *count >= ENOUGH).unwrap_or_default();
        if best.as_ref().is_none_or(|(most, ..)| known > *most) {
            best = Some((known, number, headings));
        }
    }
    best.map(|(_, number, headings)| (number, headings)).ok_or(ReportProblem::Empty)
}

/// A heading that stands more than once is told apart by its place and by how often it stands, so that a further one
/// makes it another report.
fn told_apart(mut names: Vec<String>) -> Vec<String> {
    let folds: Vec<String> = names.iter().map(|name| folded(name)).collect();
    for (at, name) in names.iter_mut().enumerate() {
        let all = folds.iter().filter(|fold| **fold == folds[at]).count();
        if all > 1 && !name.is_empty() {
            let place = folds[..=at].iter().filter(|fold| **fold == folds[at]).count();
            *name = format!("{name} ({place} of {all})");
        }
    }
    names
}

/// The place of each mapped column in a file of these columns. One that is not there, or whose heading also another
/// has, makes it another report.
pub fn place(
    columns: &[ReportColumn],
    mapping: &ReportMapping,
) -> Result<Vec<(ReportField, usize)>, ReportProblem> {
    if mapping.is_empty() {
        return Err(ReportProblem::NotMatched);
    }
    let folds: Vec<String> = columns.iter().map(|column| folded(&column.heading)).collect();
    let mut missing = Vec::new();
    let mut places = Vec::new();
    for (field, heading) in mapping {
        let wanted = folded(heading);
        let mut found = folds.iter().enumerate().filter(|(_, fold)| **fold == wanted && !wanted.is_empty());
        match (found.next(), found.next()) {
            (Some((at, _)), None) => places.push((*field, at)),
            _ => missing.push(heading.clone()),
        }
    }
    if missing.is_empty() { Ok(places) } else { Err(ReportProblem::Missing(missing)) }
}
