//! Signing in and out.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use http::HeaderMap;
use serde::Deserialize;

use super::go;
use super::second_step::SecondStepPage;
use crate::address::ClientAddress;
use crate::auth::{self, Arriving, FormPost, PostedArriving, SignIn, clear_session, local_path};
use crate::error::Result;
use crate::pages::kit::form::Problem;
use crate::pages::kit::reply::{html, invalid};
use crate::state::ApiState;

pub(super) fn routes() -> Router<ApiState> {
    Router::new().route("/sign-in", get(show).post(submit)).route("/sign-out", post(leave))
}

#[derive(Template, Default)]
#[template(path = "sign_in_form.html")]
pub(crate) struct SignInPage {
    notice: Option<&'static str>,
    problems: Vec<Problem>,
    /// Where to go afterwards; empty for home.
    next: String,
    username: String,
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    next: String,
    left: Option<String>,
    set: Option<String>,
}

async fn show(signed_in: Result<Arriving>, Query(asked): Query<Asked>) -> Result<Response> {
    let next = local_path(&asked.next).unwrap_or_default();
    if signed_in.is_ok() {
        return Ok(Redirect::to(if next.is_empty() { "/" } else { next }).into_response());
    }
    let notice = match (asked.set, asked.left, next) {
        (Some(_), ..) => Some("Your new password is set. Sign in with it."),
        (None, Some(_), _) => Some("You have signed out."),
        (None, None, "" | "/") => None,
        (None, None, _) => Some("Sign in to go on. You were away for a while, or opened a link."),
    };
    html(&SignInPage { notice, next: next.to_owned(), ..SignInPage::default() })
}

async fn submit(
    State(state): State<ApiState>,
    address: ClientAddress,
    headers: HeaderMap,
    FormPost(form): FormPost,
) -> Result<Response> {
    let username = form.text("username").to_owned();
    let next = local_path(form.text("next")).unwrap_or("/").to_owned();
    let password = form.get("password").unwrap_or_default();
    match auth::sign_in(&state, &address, &headers, &username, password).await? {
        SignIn::In(cookies) => Ok(go(cookies, &next)),
        SignIn::SecondStep(token) => html(&SecondStepPage::new(token, next)),
        SignIn::No => {
            let page = SignInPage {
                notice: None,
                problems: vec![Problem::new(
                    "username",
                    "The username or password is not right. Check both; capitals matter in the password.",
                )],
                next,
                username,
            };
            invalid(&page)
        }
    }
}

async fn leave(State(state): State<ApiState>, headers: HeaderMap, _: PostedArriving) -> Result<Response> {
    auth::sign_out(&state, &headers).await?;
    Ok(go([clear_session(&state)], "/sign-in?left=1"))
}

#[cfg(test)]
impl SignInPage {
    pub(crate) fn sample() -> Self {
        Self::default()
    }

    pub(crate) fn sample_with_problem() -> Self {
        Self {
            problems: vec![Problem::new("username", "The username or password is not right.")],
            next: "/history".into(),
            username: "5976.morgan.ellis".into(),
            ..Self::default()
        }
    }
}
