//! *Absences*: who is to be told this morning, who was, and for whom all is well.

mod handlers;
mod view;

use askama::Template;

pub(crate) use handlers::{ready, routes};

use crate::pages::kit::form::{Choice, Problem};
use crate::pages::kit::frame::Frame;

/// The absences of one session.
#[derive(Template)]
#[template(path = "absence.html")]
pub(crate) struct AbsencePage {
    frame: Frame,
    problems: Vec<Problem>,
    /// `Wednesday 25 November, morning`.
    heading: String,
    day: String,
    latest: String,
    sessions: [Choice; 2],
    session: &'static str,
    send_to: Vec<Choice>,
    chosen: &'static str,
    /// When the registers were read, in words.
    read: String,
    /// Why nobody should be told yet.
    stale: Option<String>,
    reasons: Vec<Choice>,
    /// No register has a mark.
    empty: bool,
    /// Why there are none to read; empty where there may be.
    without_registers: String,
    clear: List,
    absent: List,
    late: List,
    told: Vec<Row>,
    others: Vec<Rest>,
}

/// Pupils whose families can be told, with the button that does.
pub(crate) struct List {
    matter: &'static str,
    rows: Vec<Row>,
    button: String,
}

/// A pupil.
pub(crate) struct Row {
    id: String,
    path: String,
    name: String,
    registration: String,
    mark: String,
    /// Who would be told, or who was and by which message.
    adults: String,
    /// Nobody can be written to.
    nobody: bool,
    /// Whether the form has them ticked.
    ticked: bool,
    /// Numbers the family among those of the page.
    family: usize,
    /// The message that told of it, or was to and has reached nobody.
    message: Option<String>,
    /// When that message was sent, where it has reached nobody.
    missed: Option<String>,
}

/// Pupils about whom nobody is told.
pub(crate) struct Rest {
    id: &'static str,
    words: String,
    hint: &'static str,
    rows: Vec<Row>,
}

#[cfg(test)]
pub(crate) mod samples;
