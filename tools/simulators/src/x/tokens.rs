//! The first and the last leg, and access that is taken back.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use super::X_CONSUMER_SECRET;
use super::signed::{check, mac};
use super::state::{ACCOUNTS, Account, Request};
use crate::app::Shared;

/// The lasting access to an account: the same after a restart.
pub(super) fn access_of(account: Account) -> (String, String) {
    let made = |what: &str| {
        let text = mac(X_CONSUMER_SECRET, &format!("{what} {}", account.id));
        text.chars().filter(char::is_ascii_alphanumeric).collect::<String>()
    };
    (format!("{}-{}", account.id, made("token")), made("secret"))
}

/// The account of a token.
pub(super) fn account_of(token: &str) -> Option<Account> {
    ACCOUNTS.into_iter().find(|account| access_of(*account).0 == token)
}

fn form(fields: &[(&str, &str)]) -> Response {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    ([(header::CONTENT_TYPE, "text/html;charset=utf-8")], body).into_response()
}

fn refused() -> Response {
    let body = serde_json::json!({ "errors": [{ "code": 32, "message": "Could not authenticate you." }] });
    crate::server::as_json(StatusCode::UNAUTHORIZED, &body)
}

/// `POST /oauth/request_token`.
pub(super) async fn request(State(app): State<Shared>, headers: HeaderMap) -> Response {
    let Some(signed) =
        check(&app.x, &headers, "/oauth/request_token", |token| token.is_empty().then(String::new))
    else {
        return refused();
    };
    let callback = signed.get("oauth_callback").to_owned();
    if !callback.starts_with("http://") && !callback.starts_with("https://") {
        return refused();
    }
    let (token, secret) = (app.sids.next().hex(), app.sids.next().hex());
    let request = Request { secret: secret.clone(), callback, allowed: None };
    app.x.lock().requests.insert(token.clone(), request);
    form(&[("oauth_token", &token), ("oauth_token_secret", &secret), ("oauth_callback_confirmed", "true")])
}

/// `POST /oauth/access_token`: each request serves once.
pub(super) async fn access(State(app): State<Shared>, headers: HeaderMap) -> Response {
    let secret = |token: &str| app.x.lock().requests.get(token).map(|request| request.secret.clone());
    let Some(signed) = check(&app.x, &headers, "/oauth/access_token", secret) else { return refused() };
    let mut held = app.x.lock();
    let Some(request) = held.requests.remove(signed.get("oauth_token")) else { return refused() };
    let Some((account, verifier)) = request.allowed else { return refused() };
    if verifier != signed.get("oauth_verifier") {
        return refused();
    }
    held.revoked.remove(account.id);
    drop(held);
    let (token, secret) = access_of(account);
    form(&[
        ("oauth_token", &token),
        ("oauth_token_secret", &secret),
        ("user_id", account.id),
        ("screen_name", account.name),
    ])
}

#[derive(Deserialize)]
pub(super) struct Revoked {
    account: String,
}

/// `POST /_control/x/revoke`: an account's owner takes the access back.
pub(super) async fn revoke(State(app): State<Shared>, Json(revoked): Json<Revoked>) -> StatusCode {
    match ACCOUNTS.into_iter().find(|account| account.name == revoked.account) {
        Some(account) => {
            app.x.lock().revoked.insert(account.id);
            StatusCode::NO_CONTENT
        }
        None => StatusCode::NOT_FOUND,
    }
}
