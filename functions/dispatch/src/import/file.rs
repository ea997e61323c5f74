//! From the bytes of an upload to the text of a list.

use domain::import::{InspectError, Inspected, MAX_FILE_BYTES, Sheet, inspect};
use domain::tabular::{NotText, decode};

use super::workbook::{self, WorkbookError};

/// What every `.xlsx` begins with.
const ZIP: &[u8] = b"PK\x03\x04";

/// Why an upload cannot be used. `Display` is a sentence for a page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum FileProblem {
    /// The browser did not send it, or it was kept too long.
    #[error(
        "The file is not here: it did not arrive, or it was uploaded more than a week ago. Upload it again."
    )]
    Missing,
    /// Larger than the limit.
    #[error("This file is larger than {} MB. Split the list into smaller files, or save it as “CSV UTF-8”.", MAX_FILE_BYTES >> 20)]
    TooLarge,
    /// An old or locked workbook.
    #[error(
        "This is an old Excel workbook (.xls) or one with a password. Save it as .xlsx without a password, or as “CSV UTF-8”, and upload that."
    )]
    OldWorkbook,
    /// Anything else that is no text.
    #[error(
        "This is not a list. Save the list as an Excel workbook (.xlsx) or as “CSV UTF-8” and upload that."
    )]
    NotList,
    /// A workbook with something wrong.
    #[error(transparent)]
    Workbook(#[from] WorkbookError),
    /// Text, but no list.
    #[error(transparent)]
    List(#[from] InspectError),
    /// Another file than the one whose columns were chosen.
    #[error("The file has changed since its columns were chosen. Upload it again.")]
    Changed,
    /// Reading it failed in a way that nobody foresaw.
    #[error("This file cannot be read. Save the list as “CSV UTF-8” and upload that.")]
    Unreadable,
}

/// The text of a list and what there is to say about how it was read.
#[derive(Debug)]
pub(super) struct ListText {
    pub(super) text: String,
    notes: Vec<String>,
    is_workbook: bool,
}

impl ListText {
    /// Reads a file by what is in it, whatever its name.
    pub(super) fn of(bytes: &[u8]) -> Result<Self, FileProblem> {
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(FileProblem::TooLarge);
        }
        if bytes.starts_with(ZIP) {
            let workbook::Converted { text, notes } = workbook::to_csv(bytes)?;
            return Ok(Self { text, notes, is_workbook: true });
        }
        let decoded = decode(bytes).map_err(|problem| match problem {
            NotText::OldWorkbook => FileProblem::OldWorkbook,
            NotText::Workbook | NotText::Binary => FileProblem::NotList,
        })?;
        let notes = decoded.warning.iter().map(ToString::to_string).collect();
        Ok(Self { text: decoded.text.into_owned(), notes, is_workbook: false })
    }

    /// Its rows.
    pub(super) fn sheet(&self) -> Sheet<'_> {
        if self.is_workbook { Sheet::comma_separated(&self.text) } else { Sheet::detect(&self.text) }
    }

    /// Its headings.
    pub(super) fn inspect(&self) -> Result<Inspected, FileProblem> {
        Ok(inspect(&self.sheet(), self.notes.clone())?)
    }
}
