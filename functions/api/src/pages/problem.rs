//! The page that says what went wrong.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};

use crate::error::Problem;

#[derive(Template)]
#[template(path = "problem.html")]
pub(crate) struct ProblemPage {
    title: String,
    words: String,
    /// Each thing to mend.
    items: Vec<String>,
    /// Only where it helps to find out more: a fault of ours.
    request: Option<String>,
    href: &'static str,
    action: &'static str,
}

/// The page that tells a person what went wrong. [`crate::edge`] sets the status.
pub fn error_page(problem: &Problem, request_id: &str) -> Response {
    let page = ProblemPage::new(problem, request_id);
    let plain = || format!("{}. {}", problem.title, problem.detail);
    page.render().map_or_else(|_| plain().into_response(), |page| Html(page).into_response())
}

impl ProblemPage {
    fn new(problem: &Problem, request_id: &str) -> Self {
        let items: Vec<String> = problem.errors.iter().map(|e| e.message.clone()).collect();
        let (href, action) =
            if problem.status == 401 { ("/sign-in", "Sign in") } else { ("/", "Go to the first page") };
        Self {
            title: problem.title.to_owned(),
            words: problem.detail.clone(),
            items: if items.len() > 1 { items } else { Vec::new() },
            request: (problem.status >= 500).then(|| request_id.to_owned()),
            href,
            action,
        }
    }
}

#[cfg(test)]
impl ProblemPage {
    pub(crate) fn sample() -> Self {
        Self::new(&crate::error::ApiError::NotFound.problem(), "01ARZ3NDEKTSV4RRFFQ69G5FAV")
    }

    pub(crate) fn sample_fault() -> Self {
        Self::new(&crate::error::ApiError::Panic.problem(), "01ARZ3NDEKTSV4RRFFQ69G5FAV")
    }
}
