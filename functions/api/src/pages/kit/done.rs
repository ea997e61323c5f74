//! What was just done: a word in the address that a form leads to, and what the page there says.

use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

/// Something that was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Done {
    code: &'static str,
    words: &'static str,
}

impl Done {
    /// `code` stands in the address, `words` on the page.
    pub(crate) const fn new(code: &'static str, words: &'static str) -> Self {
        Self { code, words }
    }

    /// Leads to a page of ours, which then says so.
    pub(crate) fn at(self, path: &str) -> Response {
        Redirect::to(&self.address(path)).into_response()
    }

    /// The address of a page that says so.
    pub(crate) fn address(self, path: &str) -> String {
        format!("{path}?done={}", self.code)
    }
}

/// The query of a page to which a form leads.
#[derive(Deserialize, Default)]
pub(crate) struct AskedDone {
    pub(crate) done: Option<String>,
}

impl AskedDone {
    /// What was done, if it is one of these.
    pub(crate) fn words(&self, these: &[Done]) -> Option<String> {
        words(self.done.as_deref(), these)
    }
}

/// What was done, in words, if it is one of these.
pub(crate) fn words(done: Option<&str>, these: &[Done]) -> Option<String> {
    let done = these.iter().find(|d| Some(d.code) == done)?;
    Some(done.words.to_owned())
}
