//! X: the three legs of OAuth 1.0a, posts, and a page on which an account's owner allows or takes back.

mod authorise;
mod signed;
pub(crate) mod state;
mod tokens;
mod tweets;

use axum::Router;
use axum::routing::{get, post};

use crate::app::Shared;

/// The product's key at X, and its secret. They guard made-up accounts only.
pub const X_CONSUMER_KEY: &str = "messenger-local";
/// See [`X_CONSUMER_KEY`].
pub const X_CONSUMER_SECRET: &str = "not-much-of-a-secret";

/// X's routes.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/oauth/request_token", post(tokens::request))
        .route("/oauth/authorize", get(authorise::page).post(authorise::decide))
        .route("/oauth/access_token", post(tokens::access))
        .route("/2/tweets", post(tweets::create))
        .route("/_control/x/revoke", post(tokens::revoke))
}
