//! The pages before a school's own: signing in, and what may have to be done first.

mod confirm_email;
mod forgotten;
mod form;
mod password;
mod school;
mod second_step;

use askama::Template;
use axum::Router;
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use http::HeaderValue;
use http::header::SET_COOKIE;

pub(crate) use password::typed;

use crate::error::Result;
use crate::pages::kit::reply::html;
use crate::state::ApiState;

pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .merge(form::routes())
        .merge(second_step::routes())
        .merge(forgotten::routes())
        .merge(password::routes())
        .merge(confirm_email::routes())
        .merge(school::routes())
}

/// A page that says one thing and where to go on.
#[derive(Template)]
#[template(path = "sign_in_said.html")]
pub(crate) struct SaidPage {
    title: &'static str,
    words: &'static str,
    more: &'static str,
    href: &'static str,
    action: &'static str,
}

/// Goes on with these cookies.
pub(crate) fn go(cookies: impl IntoIterator<Item = HeaderValue>, path: &str) -> Response {
    let cookies: Vec<_> = cookies.into_iter().map(|cookie| (SET_COOKIE, cookie)).collect();
    (AppendHeaders(cookies), Redirect::to(path)).into_response()
}

/// For a link that does not work, whatever the reason: to tell which would tell a stranger something.
fn stale_link(words: &'static str, href: &'static str, action: &'static str) -> Result<Response> {
    html(&SaidPage { title: "This link no longer works", words, more: "", href, action })
}

#[cfg(test)]
impl SaidPage {
    pub(crate) fn sample() -> Self {
        Self {
            title: "This link no longer works",
            words: password::STALE,
            more: "",
            href: "/forgotten",
            action: "Ask for a new link",
        }
    }
}

/// Each of these pages as it can look, rendered.
#[cfg(test)]
pub(crate) fn samples() -> crate::pages::tests::Samples {
    use self::confirm_email::ConfirmEmailPage;
    use self::forgotten::{CodePage, ForgottenPage};
    use self::form::SignInPage;
    use self::password::PasswordPage;
    use self::school::SchoolPage;
    use self::second_step::SecondStepPage;
    use crate::pages::tests::page;

    vec![
        page("sign-in", &SignInPage::sample()),
        page("sign-in-problem", &SignInPage::sample_with_problem()),
        page("sign-in-second", &SecondStepPage::sample()),
        page("sign-in-forgotten", &ForgottenPage::sample()),
        page("sign-in-code", &CodePage::sample()),
        page("sign-in-said", &SaidPage::sample()),
        page("sign-in-confirm", &ConfirmEmailPage::sample()),
        page("password", &PasswordPage::sample()),
        page("password-unsafe", &PasswordPage::sample_unsafe()),
        page("school", &SchoolPage::sample()),
    ]
}
