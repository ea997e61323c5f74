//! Which column holds which field, as confirmed by a person.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::contact::{ContactRole, Field};

/// What is wrong with a choice of columns. `Display` is a sentence for a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// No column for the id.
    #[error(
        "Choose the column that holds each person’s ID. Without it, a later upload could not tell who is who. Any number or code of your own will do, as long as it stays the same."
    )]
    NoId,
    /// No column for a name.
    #[error("Choose the column that holds the forename, or the surname, or both.")]
    NoName,
    /// Two columns for one field.
    #[error("Two columns are marked “{}”. Choose one of them.", .0.words())]
    FieldTwice(Field),
    /// One column for two fields.
    #[error("Column {} is used twice. Choose one meaning for it.", super::column_letters(usize::from(*.0)))]
    ColumnTwice(u16),
    /// A column that the file does not have.
    #[error("The file has no such column. Choose among those listed.")]
    NoColumn,
}

/// Which column holds which field: an id and a name at least, every field and every column at most once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    columns: BTreeMap<Field, u16>,
    default_role: ContactRole,
}

impl Mapping {
    /// Takes a person's choice for a file with so many columns, or says everything that is wrong with it.
    /// `default_role` is for rows that name none.
    pub fn new(
        choices: impl IntoIterator<Item = (Field, u16)>,
        default_role: ContactRole,
        column_count: usize,
    ) -> Result<Self, Vec<MappingError>> {
        let mut columns = BTreeMap::new();
        let mut errors = Vec::new();
        for (field, column) in choices {
            if usize::from(column) >= column_count {
                errors.push(MappingError::NoColumn);
            } else if columns.values().any(|taken| *taken == column) {
                errors.push(MappingError::ColumnTwice(column));
            } else if columns.insert(field, column).is_some() {
                errors.push(MappingError::FieldTwice(field));
            }
        }
        errors.extend(missing(&columns));
        if errors.is_empty() { Ok(Self { columns, default_role }) } else { Err(errors) }
    }

    /// The column of a field, from 0.
    pub fn column(&self, field: Field) -> Option<usize> {
        self.columns.get(&field).copied().map(usize::from)
    }

    /// Every field that has a column, with it.
    pub const fn columns(&self) -> &BTreeMap<Field, u16> {
        &self.columns
    }

    /// The role of rows that name none.
    pub const fn default_role(&self) -> ContactRole {
        self.default_role
    }
}

/// Required columns that a guess or a choice is without.
pub(super) fn missing(columns: &BTreeMap<Field, u16>) -> impl Iterator<Item = MappingError> {
    let no_id = !columns.contains_key(&Field::Id);
    let no_name = !columns.contains_key(&Field::Forename) && !columns.contains_key(&Field::Surname);
    [no_id.then_some(MappingError::NoId), no_name.then_some(MappingError::NoName)].into_iter().flatten()
}
