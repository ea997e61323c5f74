//! The second leg: the page on which an account's owner allows the link, or does not.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Deserialize;

use super::state::{ACCOUNTS, Account};
use crate::app::Shared;
use crate::outbox::html;

/// As the simulators' other pages; its form leads back to the site that asked.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; form-action 'self' http: https:; \
     base-uri 'none'; frame-ancestors 'none'";

#[derive(Template)]
#[template(path = "x_authorise.html")]
struct Page {
    token: String,
    accounts: [Account; 2],
}

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    oauth_token: String,
}

#[derive(Deserialize)]
pub(super) struct Decision {
    #[serde(default)]
    oauth_token: String,
    #[serde(default)]
    account: String,
    /// `allow`, or anything else for no.
    #[serde(default, rename = "decision")]
    chosen: String,
}

fn gone() -> Response {
    (StatusCode::FORBIDDEN, "This page is no longer valid. Start again where you came from.").into_response()
}

/// The page.
pub(super) async fn page(State(app): State<Shared>, Query(asked): Query<Asked>) -> Response {
    let open = app.x.lock().requests.get(&asked.oauth_token).is_some_and(|r| r.allowed.is_none());
    if !open {
        return gone();
    }
    html(&Page { token: asked.oauth_token, accounts: ACCOUNTS }, POLICY)
}

/// What the owner chose.
pub(super) async fn decide(
    State(app): State<Shared>,
    headers: HeaderMap,
    Form(form): Form<Decision>,
) -> Response {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    if site.is_some_and(|site| site != b"same-origin" && site != b"none") {
        return (StatusCode::FORBIDDEN, "Decisions come from this page only.").into_response();
    }
    let verifier = app.sids.next().hex();
    let mut held = app.x.lock();
    let Some(request) = held.requests.get_mut(&form.oauth_token).filter(|r| r.allowed.is_none()) else {
        return gone();
    };
    let mut query = form_urlencoded::Serializer::new(String::new());
    if form.chosen == "allow" {
        let Some(account) = ACCOUNTS.into_iter().find(|a| a.name == form.account) else { return gone() };
        request.allowed = Some((account, verifier.clone()));
        query.append_pair("oauth_token", &form.oauth_token).append_pair("oauth_verifier", &verifier);
    } else {
        query.append_pair("denied", &form.oauth_token);
    }
    let callback = request.callback.clone();
    if form.chosen != "allow" {
        held.requests.remove(&form.oauth_token);
    }
    drop(held);
    let joint = if callback.contains('?') { '&' } else { '?' };
    Redirect::to(&format!("{callback}{joint}{}", query.finish())).into_response()
}
