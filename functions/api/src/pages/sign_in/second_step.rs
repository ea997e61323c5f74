//! The second step of signing in.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::{HeaderMap, StatusCode};

use super::{go, stale_link};
use crate::address::ClientAddress;
use crate::auth::{FormPost, SecondStep, local_path, second_step};
use crate::error::Result;
use crate::pages::kit::form::Problem;
use crate::pages::kit::reply::invalid;
use crate::state::ApiState;

pub(super) fn routes() -> Router<ApiState> {
    Router::new().route("/sign-in/second", post(submit))
}

#[derive(Template)]
#[template(path = "sign_in_second_step.html")]
pub(crate) struct SecondStepPage {
    problems: Vec<Problem>,
    /// Shows that the password was right.
    token: String,
    next: String,
}

impl SecondStepPage {
    pub(super) const fn new(token: String, next: String) -> Self {
        Self { problems: Vec::new(), token, next }
    }
}

async fn submit(
    State(state): State<ApiState>,
    address: ClientAddress,
    headers: HeaderMap,
    FormPost(form): FormPost,
) -> Result<Response> {
    let next = local_path(form.text("next")).unwrap_or("/").to_owned();
    match second_step(&state, &address, &headers, form.text("step"), form.text("code")).await? {
        SecondStep::In(cookies) => Ok(go(cookies, &next)),
        SecondStep::Over => {
            let words = "You took longer than ten minutes, have signed in already, or your password has changed since.";
            Ok((StatusCode::GONE, stale_link(words, "/sign-in", "Sign in again")?).into_response())
        }
        SecondStep::Wrong(token) => {
            let words =
                "This code is not right. Wait for the next one in your app and enter that: each works once.";
            let page = SecondStepPage {
                problems: vec![Problem::new("code", words)],
                ..SecondStepPage::new(token, next)
            };
            invalid(&page)
        }
    }
}

#[cfg(test)]
impl SecondStepPage {
    pub(crate) fn sample() -> Self {
        let problems = vec![Problem::new("code", "This code is not right.")];
        Self { problems, ..Self::new("sample".to_owned(), "/".to_owned()) }
    }
}
