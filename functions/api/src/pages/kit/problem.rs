//! The page that says what went wrong.

use askama::Template;
use axum::extract::{FromRequestParts, Request};
use axum::response::{Html, IntoResponse, Response};
use http::header::{COOKIE, REFERER};
use http::request::Parts;

use crate::auth::SignedIn;
use crate::error::Problem;
use crate::pages::kit::context::PageContext;
use crate::pages::kit::frame::Frame;
use crate::pages::kit::places::NavItem;
use crate::pages::kit::reply::html;
use crate::state::ApiState;

#[derive(Template)]
#[template(path = "problem.html")]
pub(crate) struct ProblemPage {
    title: String,
    words: String,
    /// Each thing to correct.
    items: Vec<String>,
    /// Only where it helps to find out more: a fault of ours.
    request: Option<String>,
    href: &'static str,
    action: &'static str,
}

/// The same for somebody who is signed in: inside the frame, with a way back.
#[derive(Template)]
#[template(path = "problem_framed.html")]
pub(crate) struct FramedProblemPage {
    frame: Frame,
    problem: ProblemPage,
    /// The page that they came from.
    back: Option<String>,
}

/// What an error page needs of a request whose handler has taken it: who asked, for what, and from where.
pub(crate) struct Asker(Parts);

impl Asker {
    pub(crate) fn of(request: &Request) -> Self {
        let (mut parts, ()) = http::Request::new(()).into_parts();
        parts.uri = request.uri().clone();
        for name in [COOKIE, REFERER] {
            for value in request.headers().get_all(&name) {
                parts.headers.append(name.clone(), value.clone());
            }
        }
        Self(parts)
    }

    /// The page of ours that they came from, unless it is the one that went wrong.
    fn back(&self, public_url: &str) -> Option<String> {
        let from = self.0.headers.get(REFERER)?.to_str().ok()?.strip_prefix(public_url)?;
        let path = from.split(['?', '#']).next()?;
        (from.starts_with('/') && path != self.0.uri.path()).then(|| from.to_owned())
    }
}

/// [`error_page`] for somebody who is signed in; `None` for anybody else.
pub(crate) async fn framed_error_page(
    state: &ApiState,
    mut asker: Asker,
    problem: &Problem,
) -> Option<Response> {
    let by = SignedIn::from_request_parts(&mut asker.0, state).await.ok()?;
    let context = PageContext::load(state, &by, NavItem::NOWHERE).await.ok()?;
    let back = asker.back(state.public_url());
    html(&FramedProblemPage { frame: context.frame, problem: ProblemPage::new(problem, ""), back }).ok()
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

#[cfg(test)]
impl FramedProblemPage {
    pub(crate) fn sample() -> Self {
        let problem = crate::error::ApiError::NotFound.problem();
        Self {
            frame: Frame::sample(NavItem::NOWHERE),
            problem: ProblemPage::new(&problem, ""),
            back: Some("/history".to_owned()),
        }
    }
}
