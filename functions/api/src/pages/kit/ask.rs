//! A question before something that cannot be undone: a dialog on a page, or a page of its own.

use askama::Template;

use crate::pages::kit::frame::Frame;

/// A question before something that cannot be undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ask {
    /// Id of the dialog.
    pub(crate) id: &'static str,
    /// Where its form goes.
    pub(crate) action: String,
    /// Id of the form whose ticked boxes go along; empty for none.
    pub(crate) form: &'static str,
    pub(crate) title: String,
    pub(crate) words: String,
    pub(crate) yes: String,
    pub(crate) no: &'static str,
    /// Whether nothing is lost by it.
    pub(crate) harmless: bool,
}

impl Ask {
    /// Where it goes if the answer is yes, the title, and what the two buttons say.
    pub(crate) fn new(
        action: impl Into<String>,
        title: impl Into<String>,
        yes: impl Into<String>,
        no: &'static str,
    ) -> Self {
        Self {
            id: "ask",
            action: action.into(),
            form: "",
            title: title.into(),
            words: String::new(),
            yes: yes.into(),
            no,
            harmless: false,
        }
    }

    /// With what to know before one answers.
    pub(crate) fn words(self, words: impl Into<String>) -> Self {
        Self { words: words.into(), ..self }
    }

    /// With the id of its dialog.
    pub(crate) fn dialog(self, id: &'static str) -> Self {
        Self { id, ..self }
    }
}

/// The page that asks once before something is done, for browsers without scripts and for what has no dialog.
#[derive(Template)]
#[template(path = "ask.html")]
pub(crate) struct AskPage {
    frame: Frame,
    ask: Ask,
    hidden: Vec<(String, String)>,
    back: String,
}

impl AskPage {
    /// `back` is the page to which *no* leads.
    pub(crate) fn of(frame: Frame, ask: Ask, back: impl Into<String>) -> Self {
        Self { frame, ask, hidden: Vec::new(), back: back.into() }
    }

    /// Sends these fields along with the answer.
    pub(crate) fn with(self, hidden: Vec<(String, String)>) -> Self {
        Self { hidden, ..self }
    }
}

#[cfg(test)]
impl AskPage {
    pub(crate) fn sample() -> Self {
        let ask = Ask::new("/contacts/delete", "Delete 3 contacts?", "Delete 3 contacts", "Keep them")
            .words("They get no more messages.");
        let frame = Frame::sample(crate::pages::kit::places::NavItem::CONTACTS);
        Self::of(frame, ask, "/contacts").with(vec![("id".into(), "P0001".into())])
    }
}
