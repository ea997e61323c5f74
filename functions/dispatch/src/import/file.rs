//! What an upload is refused for, and its list.

use domain::import::{InspectError, Inspected, inspect};
use sheets::{ListText, NotList};

/// Why an upload cannot be used. `Display` is a sentence for a page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum FileProblem {
    /// The browser did not send it, or it was kept too long.
    #[error(
        "The file is not here: it did not arrive, or it was uploaded more than a week ago. Upload it again."
    )]
    Missing,
    /// No list at all.
    #[error(transparent)]
    NotList(#[from] NotList),
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

/// Its headings.
pub(super) fn look(list: &ListText) -> Result<Inspected, FileProblem> {
    Ok(inspect(&list.sheet(), list.notes.clone())?)
}
