//! Looking through the audit log, newest first.

mod names;

use std::collections::BTreeSet;

use domain::audit::{Act, Change, Entry};
use store::{AuditMonth, School};

pub use names::{Names, Thing, is_user, names_a_person};

use crate::error::Result;
use crate::state::ApiState;

/// Rows that one request looks through: a filter that finds little must not read years.
const LOOKED_AT: usize = 5_000;
/// What stands before a hidden value.
const HIDDEN: &str = "hash:";

/// What is looked for; nothing set finds everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Who did it, as the log spells them.
    pub who: Option<String>,
    /// What was done.
    pub act: Option<Act>,
    /// In this month only.
    pub month: Option<AuditMonth>,
    /// To what, by its id.
    pub about: Option<String>,
}

impl Filter {
    fn takes(&self, entry: &Entry) -> bool {
        self.who.as_ref().is_none_or(|who| *who == entry.who)
            && self.act.is_none_or(|act| act.code() == entry.act)
            && self.about.as_ref().is_none_or(|about| *about == entry.on || names(entry, about))
    }
}

/// Whether a row names this person beside what it is about: one of many who were deleted, the pupil of a pair.
fn names(entry: &Entry, id: &str) -> bool {
    entry.changes.contains(id)
        && serde_json::from_str::<Vec<Change>>(&entry.changes).is_ok_and(|changes| {
            changes.iter().filter(|c| names_a_person(c)).any(|c| c.before == id || c.after == id)
        })
}

/// A place in the log: rows before the `seq`-th, in this month and those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The month.
    pub month: AuditMonth,
    /// Rows from here on were seen.
    pub before: u64,
}

impl Place {
    /// As it stands in an address.
    pub fn code(self) -> String {
        format!("{}.{}", self.month.code(), self.before)
    }

    /// The place of such a text.
    pub fn from_code(code: &str) -> Option<Self> {
        let (month, before) = code.split_once('.')?;
        Some(Self { month: AuditMonth::from_code(month)?, before: before.parse().ok()? })
    }
}

/// What the log holds instead of a person's data or a text: whether two are the same can be told from it, and without
/// the product's key nothing else.
pub(crate) fn hidden(state: &ApiState, school: &School, field: &str, text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    format!("{HIDDEN}{}", state.references().blur("audit", &format!("{}\n{field}\n{text}", school.id())))
}

/// Whether a value of the log is such a stand-in.
pub(crate) fn is_hidden(value: &str) -> bool {
    value.starts_with(HIDDEN)
}

/// Some rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Newest first.
    pub entries: Vec<Entry>,
    /// Where to go on; `None` at the end of the log.
    pub next: Option<Place>,
    /// Months that the log has, newest first.
    pub months: Vec<AuditMonth>,
    /// Everybody who did something in the rows that were looked through, as the log spells them.
    pub who: BTreeSet<String>,
}

/// Up to `limit` rows that the filter takes, from a place on.
pub async fn find(school: &School, filter: &Filter, from: Option<Place>, limit: usize) -> Result<Found> {
    let Some((_, first, last)) = school.audit().span().await? else { return Ok(Found::default()) };
    let mut found = Found { months: months(first, last), ..Found::default() };
    let start = from.map_or(last, |place| place.month.min(last));
    let wanted: Vec<AuditMonth> = match filter.month {
        Some(month) => vec![month],
        None => found.months.iter().copied().filter(|month| *month <= start).collect(),
    };
    let mut looked = 0;
    for month in wanted {
        let before = from.filter(|place| place.month == month).map(|place| place.before);
        let mut stopped = None;
        school
            .audit()
            .walk_back(month, before, |entry| {
                looked += 1;
                if !found.who.contains(&entry.who) {
                    found.who.insert(entry.who.clone());
                }
                if filter.takes(&entry) {
                    if found.entries.len() == limit {
                        stopped = Some(entry.seq + 1);
                        return false;
                    }
                    found.entries.push(entry);
                } else if looked > LOOKED_AT.max(limit) {
                    stopped = Some(entry.seq);
                    return false;
                }
                true
            })
            .await?;
        if let Some(before) = stopped {
            found.next = Some(Place { month, before });
            break;
        }
    }
    Ok(found)
}

fn months(first: AuditMonth, last: AuditMonth) -> Vec<AuditMonth> {
    let mut months = Vec::new();
    let mut month = last;
    // Hundred years are more than any log has.
    while month >= first && months.len() < 1_200 {
        months.push(month);
        month = month.previous();
    }
    months
}
