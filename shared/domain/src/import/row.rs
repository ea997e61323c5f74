//! One row: a contact, or everything that is wrong with it.

use csv::StringRecord;

use super::cell::{self, CellProblem, RowProblem};
use super::mapping::{Field, Mapping};
use crate::contact::{Contact, ContactRole, LabelledNumber, PhoneLabel, Source};
use crate::ids::ContactId;
use crate::phone::{CountryCode, NumberMode, Repair};

/// A row that is longer than this, in bytes, has swallowed its neighbours.
const LONGEST_ROW: usize = 20_000;

/// The columns that hold phone numbers, in the order in which a contact keeps them.
const PHONES: [(Field, PhoneLabel); 3] =
    [(Field::Mobile, PhoneLabel::Mobile), (Field::Home, PhoneLabel::Home), (Field::Work, PhoneLabel::Work)];

/// What phone numbers are read by.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Country of numbers without a country code.
    pub country: CountryCode,
    /// Whether drama numbers will do.
    pub mode: NumberMode,
}

/// One thing that is wrong with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    Row(RowProblem),
    Cell(usize, CellProblem),
}

/// Reads rows under one mapping.
pub(super) struct RowReader<'m> {
    mapping: &'m Mapping,
    headings: usize,
    last_mapped: usize,
    rules: Rules,
}

/// What was found in a row: kept from row to row, so that good rows cost nothing.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) wrong: Vec<Wrong>,
    pub(super) repairs: Vec<(usize, Repair)>,
}

impl Notes {
    fn clear(&mut self) {
        self.wrong.clear();
        self.repairs.clear();
    }
}

impl<'m> RowReader<'m> {
    pub(super) fn new(mapping: &'m Mapping, headings: usize, rules: Rules) -> Self {
        let last_mapped = mapping.columns().values().max().copied().map_or(0, usize::from);
        Self { mapping, headings, last_mapped, rules }
    }

    /// The id of a row as it will be compared, before anything else is looked at; empty where there is none.
    pub(super) fn id_text<'r>(&self, row: &'r StringRecord) -> &'r str {
        let column = self.mapping.column(Field::Id);
        column.and_then(|column| row.get(column)).map_or("", |cell| cell::clean(cell).0)
    }

    /// The contact of a row. `None` if anything is wrong with it; what it is, is in `notes`.
    pub(super) fn read(&self, row: &StringRecord, notes: &mut Notes) -> Option<Contact> {
        notes.clear();
        if let Some(problem) = self.shape(row) {
            notes.wrong.push(Wrong::Row(problem));
            return None;
        }
        let mut cells = Cells { row, mapping: self.mapping, notes };
        let id = cells.read(Field::Id, cell::id);
        let title = cells.read(Field::Title, cell::title).filter(|t| !t.is_empty());
        let forename = cells.read(Field::Forename, cell::name);
        let surname = cells.read(Field::Surname, cell::name);
        let role = cells.read(Field::Role, cell::role).flatten().unwrap_or(self.mapping.default_role());
        let numbers = self.numbers(&mut cells);
        let email = cells.read(Field::Email, cell::email).flatten();
        let groups = cells.read(Field::Groups, cell::groups).unwrap_or_default();
        let contact = Draft { id, title, forename, surname, role, numbers, email, groups };
        contact.finish(notes)
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

    fn numbers(&self, cells: &mut Cells<'_>) -> Vec<LabelledNumber> {
        let mut numbers = Vec::new();
        for (field, label) in PHONES {
            let Some((column, cell)) = cells.cell(field) else {
                continue;
            };
            match cell::phone(cell, self.rules.country, self.rules.mode) {
                Ok(None) => {}
                Ok(Some((number, repair))) => {
                    cells.notes.repairs.extend(repair.map(|repair| (column, repair)));
                    numbers.push(LabelledNumber { label, number: number.e164() });
                }
                Err(problem) => cells.notes.wrong.push(Wrong::Cell(column, problem)),
            }
        }
        numbers
    }
}

/// The mapped cells of one row, and where what is found in them goes.
struct Cells<'r> {
    row: &'r StringRecord,
    mapping: &'r Mapping,
    notes: &'r mut Notes,
}

impl<'r> Cells<'r> {
    fn cell(&self, field: Field) -> Option<(usize, &'r str)> {
        let column = self.mapping.column(field)?;
        Some((column, self.row.get(column).unwrap_or_default()))
    }

    /// What a field's cell says; `None` if the field has no column or the cell is wrong, which is noted.
    fn read<T>(&mut self, field: Field, read: impl Fn(&str) -> Result<T, CellProblem>) -> Option<T> {
        let (column, cell) = self.cell(field)?;
        let (text, unmarked) = cell::clean(cell);
        if unmarked {
            self.notes.repairs.push((column, Repair::TextMark));
        }
        read(text).map_err(|problem| self.notes.wrong.push(Wrong::Cell(column, problem))).ok()
    }
}

/// A contact of which parts may be missing.
struct Draft {
    id: Option<ContactId>,
    title: Option<String>,
    forename: Option<String>,
    surname: Option<String>,
    role: ContactRole,
    numbers: Vec<LabelledNumber>,
    email: Option<String>,
    groups: Vec<String>,
}

impl Draft {
    fn finish(self, notes: &mut Notes) -> Option<Contact> {
        let forename = self.forename.unwrap_or_default();
        let surname = self.surname.unwrap_or_default();
        // A name that was refused is an error already.
        if forename.is_empty() && surname.is_empty() && notes.wrong.is_empty() {
            notes.wrong.push(Wrong::Row(RowProblem::NoName));
        }
        let id = self.id.filter(|_| notes.wrong.is_empty())?;
        Some(Contact {
            id,
            source: Source::Upload,
            title: self.title,
            forename,
            surname,
            role: self.role,
            numbers: self.numbers,
            email: self.email,
            groups: self.groups,
            overrides: crate::contact::Overrides::default(),
            away: None,
        })
    }
}
