//! Reports that an MIS writes for us: which of their columns holds what, kept for the school, and suggested from the
//! headings that SIMS, SEEMIS, e1 and Progresso use.

mod column;
mod field;
mod look;
mod system;

pub use crate::import::folded;
pub use column::ReportColumn;
pub use field::ReportField;
pub use look::{ReportLook, ReportProblem, look, place};
pub use system::ReportSystem;

use std::collections::BTreeMap;

/// Which heading holds which field; kept for the school and used for every file that comes.
pub type ReportMapping = BTreeMap<ReportField, String>;

/// What is wrong with a choice of columns. `Display` is a sentence for a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReportMappingError {
    /// A field that every report must have.
    #[error("Choose the column that holds “{}”. Without it nobody in the file can be told from another.", .0.words())]
    Needed(ReportField),
    /// Nobody would have a name.
    #[error("Choose the columns that hold the names of the pupil, or one of them.")]
    NoName,
    /// Two columns for one field.
    #[error("Two columns are marked “{}”. Choose one of them.", .0.words())]
    Twice(ReportField),
}

/// The mapping that a person chose, column by column; or everything that is wrong with it.
pub fn mapping(
    chosen: impl IntoIterator<Item = (ReportField, String)>,
) -> Result<ReportMapping, Vec<ReportMappingError>> {
    let mut mapping = ReportMapping::new();
    let mut errors = Vec::new();
    for (field, heading) in chosen {
        if mapping.insert(field, heading).is_some() {
            errors.push(ReportMappingError::Twice(field));
        }
    }
    let needed = [ReportField::PupilId, ReportField::ContactId].into_iter();
    errors.extend(needed.filter(|f| !mapping.contains_key(f)).map(ReportMappingError::Needed));
    let names = [ReportField::PupilForename, ReportField::PupilSurname];
    if !names.iter().any(|name| mapping.contains_key(name)) {
        errors.push(ReportMappingError::NoName);
    }
    if errors.is_empty() { Ok(mapping) } else { Err(errors) }
}

#[cfg(test)]
mod tests;
