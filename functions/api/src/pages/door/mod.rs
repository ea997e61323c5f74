//! The pages before a school's own: signing in, and what may have to be done first.

mod confirm_email;
mod forgotten;
mod password;
mod school;
mod second_step;
mod sign_in;

use askama::Template;
use axum::Router;
use axum::response::Response;

#[cfg(test)]
pub(crate) use confirm_email::ConfirmEmailPage;
#[cfg(test)]
pub(crate) use forgotten::{CodePage, ForgottenPage};
#[cfg(test)]
pub(crate) use password::PasswordPage;
#[cfg(test)]
pub(crate) use school::SchoolPage;
#[cfg(test)]
pub(crate) use second_step::SecondStepPage;
#[cfg(test)]
pub(crate) use sign_in::SignInPage;

pub(crate) use password::typed;
pub(crate) use sign_in::go;

use super::desk::html;
use crate::error::Result;
use crate::state::ApiState;

pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .merge(sign_in::routes())
        .merge(second_step::routes())
        .merge(forgotten::routes())
        .merge(password::routes())
        .merge(confirm_email::routes())
        .merge(school::routes())
}

/// A page that says one thing and where to go on.
#[derive(Template)]
#[template(path = "door_said.html")]
pub(crate) struct SaidPage {
    title: &'static str,
    words: &'static str,
    more: &'static str,
    href: &'static str,
    action: &'static str,
}

/// For a link that does not work, whatever the reason: to tell which would tell a stranger something.
fn stale_link(words: &'static str, href: &'static str, action: &'static str) -> Result<Response> {
    html(&SaidPage { title: "This link does not work any more", words, more: "", href, action })
}

#[cfg(test)]
impl SaidPage {
    pub(crate) fn sample() -> Self {
        Self {
            title: "This link does not work any more",
            words: password::STALE,
            more: "",
            href: "/forgotten",
            action: "Ask for a new link",
        }
    }
}
