//! What a held run would do, by name: for the person who decides about it.

use serde::{Deserialize, Serialize};

use crate::contact::{Contact, Field, Kind};
use crate::feed::Tie;

/// Names kept of each thing that a held run would do.
pub const OUTLINED: usize = 50;

/// A thing that a run would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Would {
    /// Take people out of the book.
    Remove,
    /// Add people.
    Add,
    /// Change people.
    Change,
    /// End ties between people who stay.
    EndTies,
    /// Add or change ties.
    Tie,
    /// Bar pairs that were open.
    Bar,
    /// Nothing more: these pairs are barred already, whatever is decided.
    BarAtOnce,
    /// Keep bars that the MIS no longer has as the school's own.
    KeepBars,
}

/// The people to whom it would be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outlined {
    /// What.
    pub would: Would,
    /// To how many.
    pub of: usize,
    /// The first of them.
    pub lines: Vec<OutlineLine>,
}

/// Somebody, or a pair.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OutlineLine {
    /// Who; of a pair the adult and the pupil.
    pub name: String,
    /// What of them changes, in words and without the values; empty for all of it.
    pub what: String,
}

/// What of somebody differs, in words.
pub fn differs(before: &Contact, after: &Contact) -> String {
    let mut subjects: Vec<&str> = Vec::new();
    // Which number stands first counts too, whatever its label.
    let reordered = before.numbers != after.numbers;
    let differs = |field: &Field| {
        field.texts(before) != field.texts(after) || (reordered && field.kind() == Kind::Phone)
    };
    for field in Field::ALL.into_iter().filter(differs) {
        if !subjects.contains(&field.subject()) {
            subjects.push(field.subject());
        }
    }
    subjects.join(", ")
}

/// What of a tie differs, in words.
pub fn tie_differs(before: &Tie, after: &Tie) -> String {
    let fields = [
        (before.kind != after.kind, "kind"),
        (before.priority != after.priority, "priority"),
        (before.responsibility != after.responsibility, "parental responsibility"),
        (before.court_order != after.court_order, "court order"),
    ];
    let differing: Vec<&str> = fields.iter().filter(|(differs, _)| *differs).map(|(_, name)| *name).collect();
    differing.join(", ")
}
