//! From the bytes of a file that somebody uploads to the text of a list, whatever it was saved as. A file is hostile:
//! nothing of it is unpacked before it is measured.

mod workbook;

use domain::import::{MAX_FILE_BYTES, Sheet};
use domain::tabular::{NotText, decode};

pub use workbook::WorkbookError;

/// What every `.xlsx` begins with.
const ZIP: &[u8] = b"PK\x03\x04";

/// Why a file is no list. `Display` is a sentence for a page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotList {
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
    Other,
    /// A workbook with something wrong.
    #[error(transparent)]
    Workbook(#[from] WorkbookError),
}

/// The text of a list and what there is to say about how it was read.
#[derive(Debug, PartialEq, Eq)]
pub struct ListText {
    /// The list, as CSV.
    pub text: String,
    /// Sentences for the person who uploaded it.
    pub notes: Vec<String>,
    is_workbook: bool,
}

impl ListText {
    /// Reads a file by what is in it, whatever its name.
    pub fn of(bytes: &[u8]) -> Result<Self, NotList> {
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(NotList::TooLarge);
        }
        if bytes.starts_with(ZIP) {
            let workbook::Converted { text, notes } = workbook::to_csv(bytes)?;
            return Ok(Self { text, notes, is_workbook: true });
        }
        let decoded = decode(bytes).map_err(|problem| match problem {
            NotText::OldWorkbook => NotList::OldWorkbook,
            NotText::Workbook | NotText::Binary => NotList::Other,
        })?;
        let notes = decoded.warning.iter().map(ToString::to_string).collect();
        Ok(Self { text: decoded.text.into_owned(), notes, is_workbook: false })
    }

    /// Its rows.
    pub fn sheet(&self) -> Sheet<'_> {
        if self.is_workbook { Sheet::comma_separated(&self.text) } else { Sheet::detect(&self.text) }
    }
}
