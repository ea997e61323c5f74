//! A question before something that cannot be undone: a dialog, or a page of its own.

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

/// The page that asks once before something is done, for browsers without scripts and for what needs no dialog.
#[derive(Template)]
#[template(path = "ask.html")]
pub(crate) struct AskPage {
    pub(crate) frame: Frame,
    pub(crate) title: String,
    pub(crate) words: String,
    pub(crate) action: String,
    pub(crate) hidden: Vec<(String, String)>,
    pub(crate) yes: String,
    pub(crate) no: &'static str,
    pub(crate) harmless: bool,
    pub(crate) back: String,
}

#[cfg(test)]
impl AskPage {
    pub(crate) fn sample() -> Self {
        Self {
            frame: Frame::sample(crate::pages::kit::places::NavItem::CONTACTS),
            title: "Delete 3 contacts?".into(),
            words: "They get no more messages.".into(),
            action: "/contacts/delete".into(),
            hidden: vec![("id".into(), "P0001".into())],
            yes: "Delete 3 contacts".into(),
            no: "Keep them",
            harmless: false,
            back: "/contacts".into(),
        }
    }
}
