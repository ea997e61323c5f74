//! One row: a contact, or everything that is wrong with it.

use csv::StringRecord;

use super::mapping::Mapping;
use crate::contact::{Field, FieldProblem, Given, ReadContact, Rules, Source, clean, read};
use crate::phone::Repair;

/// A row that is longer than this, in bytes, has swallowed its neighbours.
const LONGEST_ROW: usize = 20_000;

/// What is wrong with a row, or with one cell of it. `Display` is a sentence for a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RowProblem {
    /// One cell, or that there is no name in any.
    #[error(transparent)]
    Field(#[from] FieldProblem),
    /// Cells are missing at the end.
    #[error(
        "This row has only {cells} of {headings} cells. Fill in the missing ones, or leave them empty but there."
    )]
    TooFewCells {
        /// Cells in the row.
        cells: usize,
        /// Cells in the row of headings.
        headings: usize,
    },
    /// There is something beyond the last heading.
    #[error(
        "This row has more cells than there are headings. A name with a comma in it needs quotation marks around it."
    )]
    TooManyCells,
    /// So long that a quotation mark is open.
    #[error("This row is very long. Check for a quotation mark that opens and never closes.")]
    TooLong,
    /// Another row has the same id.
    #[error("This row and row {0} have the same ID. Keep one of them.")]
    IdTwice(u32),
}

/// Something that is wrong, with its column; `None` for the row as a whole.
pub(super) type Wrong = (Option<usize>, RowProblem);

/// Reads rows under one mapping.
pub(super) struct RowReader<'m> {
    mapping: &'m Mapping,
    headings: usize,
    last_mapped: usize,
    rules: Rules,
}

impl<'m> RowReader<'m> {
    pub(super) fn new(mapping: &'m Mapping, headings: usize, rules: Rules) -> Self {
        let last_mapped = mapping.columns().values().max().copied().map_or(0, usize::from);
        Self { mapping, headings, last_mapped, rules }
    }

    /// The id of a row as it will be compared, before anything else is looked at; empty where there is none.
    pub(super) fn id_text<'r>(&self, row: &'r StringRecord) -> &'r str {
        self.cell(row, Field::Id).map_or("", |cell| clean(cell).0)
    }

    /// The contact of a row, or everything that is wrong with it.
    pub(super) fn read(&self, row: &StringRecord) -> Result<ReadContact, Vec<Wrong>> {
        if let Some(problem) = self.shape(row) {
            return Err(vec![(None, problem)]);
        }
        let role = self.mapping.default_role();
        let given = |field| self.cell(row, field).map(Given::Cell);
        read(Source::Upload, role, self.rules, given).map_err(|mut wrong| {
            // Where something else was refused, the name may stand there.
            if wrong.len() > 1 {
                wrong.retain(|(_, problem)| *problem != FieldProblem::NoName);
            }
            wrong.into_iter().map(|(field, problem)| (self.blamed(field, problem), problem.into())).collect()
        })
    }

    /// Any column may be the one that should hold the name.
    fn blamed(&self, field: Field, problem: FieldProblem) -> Option<usize> {
        self.mapping.column(field).filter(|_| problem != FieldProblem::NoName)
    }

    fn shape(&self, row: &StringRecord) -> Option<RowProblem> {
        if row.as_slice().len() > LONGEST_ROW {
            return Some(RowProblem::TooLong);
        }
        if row.len() <= self.last_mapped {
            return Some(RowProblem::TooFewCells { cells: row.len(), headings: self.headings });
        }
        let surplus = row.iter().skip(self.headings).any(|cell| !cell.trim().is_empty());
        surplus.then_some(RowProblem::TooManyCells)
    }

    fn cell<'r>(&self, row: &'r StringRecord, field: Field) -> Option<&'r str> {
        self.mapping.column(field).and_then(|column| row.get(column))
    }

    /// The columns in which something was repaired.
    pub(super) fn repaired(&self, read: &ReadContact) -> impl Iterator<Item = (Option<usize>, Repair)> {
        read.repairs.iter().map(|(field, repair)| (self.mapping.column(*field), *repair))
    }
}
