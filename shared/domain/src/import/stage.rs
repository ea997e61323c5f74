//! Where an upload stands, from the choice of a file to contacts in the address book.

use serde::{Deserialize, Serialize};

use super::Tally;

/// Where an upload stands. Somebody acts in *awaiting upload*, *mapping* and *checked*; the dispatcher works in
/// *inspecting*, *checking* and *importing*.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Stage {
    /// The browser sends the file.
    AwaitingUpload,
    /// The headings are being read.
    Inspecting,
    /// Somebody says which column is which.
    Mapping,
    /// Every row is being checked.
    Checking {
        /// Rows checked so far.
        rows_done: u32,
        /// Rows whose contacts, if good, are put by.
        rows_packed: u32,
        /// Parts in which they are put by.
        parts: u32,
    },
    /// Somebody looks at the errors and decides.
    Checked(Report),
    /// Contacts are being written to the address book.
    Importing {
        /// What was confirmed.
        report: Report,
        /// Parts written.
        parts_done: u32,
        /// What has come of it so far.
        so_far: Outcome,
    },
    /// All are written.
    Done(Outcome),
    /// It cannot go on.
    Failed {
        /// Why, and what to do: sentences for a page.
        reason: String,
    },
    /// Somebody threw it away.
    Discarded,
}

impl Stage {
    /// Checking from the first row on.
    pub const fn checking() -> Self {
        Self::Checking { rows_done: 0, rows_packed: 0, parts: 0 }
    }

    /// Importing from the first part on.
    pub const fn importing(report: Report) -> Self {
        let so_far = Outcome { created: 0, updated: 0, skipped: report.bad() };
        Self::Importing { report, parts_done: 0, so_far }
    }

    /// Whether the dispatcher is at work, or about to be.
    pub const fn is_working(&self) -> bool {
        matches!(self, Self::Inspecting | Self::Checking { .. } | Self::Importing { .. })
    }

    /// Whether nothing more will happen to it.
    pub const fn is_over(&self) -> bool {
        matches!(self, Self::Done(_) | Self::Failed { .. } | Self::Discarded)
    }

    /// What a page calls it.
    pub const fn words(&self) -> &'static str {
        match self {
            Self::AwaitingUpload => "Waiting for the file",
            Self::Inspecting => "Reading the headings",
            Self::Mapping => "Choose the columns",
            Self::Checking { .. } => "Checking the rows",
            Self::Checked(_) => "Ready to import",
            Self::Importing { .. } => "Importing",
            Self::Done(_) => "Imported",
            Self::Failed { .. } => "Not imported",
            Self::Discarded => "Discarded",
        }
    }
}

/// What a check found, in numbers. The errors and repairs themselves are kept beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Rows below the headings.
    pub rows: u32,
    /// Rows without errors.
    pub good: u32,
    /// Errors; a row can have several.
    pub errors: u32,
    /// Cells whose spreadsheet damage was repaired.
    pub repairs: u32,
    /// Good rows whose ids are new.
    pub to_create: u32,
    /// Good rows whose ids are in the address book.
    pub to_update: u32,
    /// Those of them that came from another source and would belong to the upload from then on.
    pub to_take_over: u32,
    /// Parts in which the good rows are put by.
    pub parts: u32,
}

impl Report {
    /// The report of a tally; what the address book has to say comes apart.
    pub const fn of(tally: &Tally, to_update: u32, to_take_over: u32, parts: u32) -> Self {
        Self {
            rows: tally.rows,
            good: tally.good,
            errors: tally.error_count,
            repairs: tally.repair_count,
            to_create: tally.good.saturating_sub(to_update),
            to_update,
            to_take_over,
            parts,
        }
    }

    /// Rows with errors.
    pub const fn bad(&self) -> u32 {
        self.rows.saturating_sub(self.good)
    }
}

/// What an import came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// Contacts that are new.
    pub created: u32,
    /// Contacts that were there, changed or not.
    pub updated: u32,
    /// Rows left out because of errors.
    pub skipped: u32,
}

impl Outcome {
    /// Rows written.
    pub const fn written(&self) -> u32 {
        self.created.saturating_add(self.updated)
    }
}
