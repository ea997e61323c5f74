//! What the page of an upload shows, stage by stage.

use domain::contact::ContactRole;
use domain::import::{Field, Finding, Inspected, Mapping, Outcome, Report, Stage, column_letters};
use store::Import;

use super::tag;
use crate::pages::kit::components::{Named, Progress, Tag};
use crate::pages::kit::files::{ColumnView, Found};
use crate::pages::kit::form::Choice;
use crate::pages::kit::words;
use crate::pages::kit::words::role_words;
use crate::services::imports::Findings;

/// The body of the page.
pub(crate) enum View {
    /// The dispatcher is at work.
    Working(Working),
    /// Somebody says which column is which.
    Columns(Columns),
    /// Somebody looks at what was found.
    Checked(Checked),
    /// Nothing more happens.
    Over(Over),
}

pub(crate) struct Working {
    pub(super) title: &'static str,
    pub(super) progress: Option<Progress>,
    /// Whether it can still be thrown away.
    pub(super) may_discard: bool,
    /// Whether the page must be loaded again: somebody's turn has come.
    pub(super) over: bool,
}

pub(crate) struct Columns {
    pub(super) version: u32,
    pub(super) lead: String,
    pub(super) notes: Vec<String>,
    pub(super) list: Vec<ColumnView>,
    pub(super) roles: [Choice; 4],
    pub(super) rows: String,
}

pub(crate) struct Checked {
    pub(super) version: u32,
    pub(super) figures: Vec<Named>,
    pub(super) take_over: Option<String>,
    pub(super) good_only: bool,
    pub(super) may_import: bool,
    pub(super) import_words: String,
    pub(super) errors_title: String,
    pub(super) errors_more: String,
    pub(super) errors: Vec<Found>,
    pub(super) repairs_title: String,
    pub(super) repairs_more: String,
    pub(super) repairs: Vec<Found>,
}

pub(crate) struct Over {
    pub(super) tag: Tag,
    pub(super) words: String,
    pub(super) figures: Vec<Named>,
    pub(super) href: &'static str,
    pub(super) action: &'static str,
}

impl View {
    /// Of an upload; `again` to choose the columns of a checked one anew.
    pub(super) fn of(import: &Import, findings: &Findings, again: bool) -> Self {
        match (&import.stage, &import.inspected) {
            (Stage::Mapping, Some(inspected)) => Self::Columns(columns(import, inspected)),
            (Stage::Checked(_), Some(inspected)) if again => Self::Columns(columns(import, inspected)),
            (Stage::Checked(report), _) => Self::Checked(checked(import, *report, findings)),
            (Stage::Done(outcome), _) => Self::Over(done(*outcome)),
            (Stage::Failed { reason }, _) => Self::Over(over(import, reason.clone())),
            (Stage::Discarded, _) => {
                Self::Over(over(import, "This upload was thrown away. Nothing was imported.".to_owned()))
            }
            (Stage::AwaitingUpload, _) => Self::Over(over(
                import,
                "The file has not arrived. If it is not being sent in another window, begin again."
                    .to_owned(),
            )),
            _ => Self::Working(Working::of(import)),
        }
    }

    pub(super) const fn title(&self) -> &'static str {
        match self {
            Self::Working(_) => "Upload in progress",
            Self::Columns(_) => "Match the columns",
            Self::Checked(_) => "Check what was found",
            Self::Over(_) => "Upload",
        }
    }
}

impl Working {
    pub(super) fn of(import: &Import) -> Self {
        let rows = import.inspected.as_ref().map_or(0, |i| i.rows);
        let progress = |label: &str, done: u32, total: u32| {
            let (done, total) = (u64::from(done), u64::from(total));
            Progress {
                label: label.to_owned(),
                done,
                total: total.max(1),
                words: format!("{} of {} rows", words::number(done), words::number(total)),
            }
        };
        let (title, progress) = match &import.stage {
            Stage::Checking { rows_done, .. } => {
                ("Checking the rows", Some(progress("Rows checked", *rows_done, rows)))
            }
            Stage::Importing { report, so_far, .. } => {
                ("Importing", Some(progress("Rows imported", so_far.written(), report.good)))
            }
            _ => ("Reading the file", None),
        };
        Self {
            title,
            progress,
            may_discard: !matches!(import.stage, Stage::Importing { .. }),
            over: !import.stage.is_working(),
        }
    }
}

fn columns(import: &Import, inspected: &Inspected) -> Columns {
    // What was chosen before, else what the headings seem to say.
    let chosen = import.mapping.as_ref().map_or(&inspected.guess, |m| m.columns());
    let default_role = import.mapping.as_ref().map_or(ContactRole::Parent, Mapping::default_role);
    let column = |(index, column): (usize, &domain::import::Column)| {
        let field = chosen.iter().find(|(_, c)| usize::from(**c) == index).map(|(field, _)| *field);
        let fields = Field::ALL.map(|f| Choice::new(f.code(), f.words(), field == Some(f)));
        ColumnView::new(index, &column.name, &column.samples, fields.into_iter())
    };
    let recognised = chosen.len();
    Columns {
        version: import.version,
        lead: format!(
            "{} of {} were recognised by their headings. Look whether each is right.",
            recognised,
            words::count(inspected.columns.len() as u64, "column", "columns")
        ),
        notes: inspected.notes.clone(),
        list: inspected.columns.iter().enumerate().map(column).collect(),
        roles: ContactRole::ALL.map(|r| Choice::new(r.code(), role_words(r), r == default_role)),
        rows: words::count(u64::from(inspected.rows), "row", "rows"),
    }
}

fn checked(import: &Import, report: Report, findings: &Findings) -> Checked {
    let n = |n: u32| words::number(u64::from(n));
    let title = |at: usize| {
        import.inspected.as_ref().map_or_else(|| column_letters(at), |inspected| inspected.column_title(at))
    };
    let found = |finding: &Finding| Found::new(finding, title);
    let more = |all: u32, kept: usize| {
        let left = (all as usize).saturating_sub(kept);
        if left == 0 {
            String::new()
        } else {
            format!("The first {} are listed.", words::number(kept as u64))
        }
    };
    let take_over = (report.to_take_over > 0).then(|| {
        format!(
            "{} already here came from another source. From now on the upload is their source, and what it says wins.",
            words::count(u64::from(report.to_take_over), "person", "people")
        )
    });
    let good = words::count(u64::from(report.good), "contact", "contacts");
    Checked {
        version: import.version,
        figures: vec![
            Named::new("New people", n(report.to_create)),
            Named::new("People to update", n(report.to_update)),
            Named::new("Rows with errors", n(report.bad())),
            Named::new("Cells repaired", n(report.repairs)),
        ],
        take_over,
        good_only: report.bad() > 0,
        may_import: report.good > 0,
        import_words: if report.bad() > 0 {
            format!("Import {good}, leave out {}", words::count(u64::from(report.bad()), "row", "rows"))
        } else {
            format!("Import {good}")
        },
        errors_title: format!(
            "{} in {}",
            words::count(u64::from(report.errors), "error", "errors"),
            words::count(u64::from(report.bad()), "row", "rows")
        ),
        errors_more: more(report.errors, findings.errors.len()),
        errors: findings.errors.iter().map(found).collect(),
        repairs_title: words::count(u64::from(report.repairs), "cell repaired", "cells repaired"),
        repairs_more: more(report.repairs, findings.repairs.len()),
        repairs: findings.repairs.iter().map(found).collect(),
    }
}

fn done(outcome: Outcome) -> Over {
    let n = |n: u32| words::number(u64::from(n));
    Over {
        tag: tag(&Stage::Done(outcome)),
        words: "The contacts are in the address book and can be sent to.".to_owned(),
        figures: vec![
            Named::new("New people", n(outcome.created)),
            Named::new("Updated", n(outcome.updated)),
            Named::new("Rows left out", n(outcome.skipped)),
        ],
        href: "/contacts",
        action: "See the contacts",
    }
}

fn over(import: &Import, words: String) -> Over {
    Over { tag: tag(&import.stage), words, figures: Vec::new(), href: "/upload", action: "Begin again" }
}
