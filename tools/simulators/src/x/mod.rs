//! X: the three legs of OAuth 1.0a, posts, and a page on which an account's owner allows or takes back.

mod authorise;
mod signed;
mod tokens;
mod tweets;

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::routing::{get, post};

use crate::app::Shared;

/// The product's key at X, and its secret. They guard made-up accounts only.
pub const X_CONSUMER_KEY: &str = "messenger-local";
/// See [`X_CONSUMER_KEY`].
pub const X_CONSUMER_SECRET: &str = "not-much-of-a-secret";

/// An account: its number and its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
}

/// The accounts whose owner sits at the browser.
pub(crate) const ACCOUNTS: [Account; 2] = [
    Account { id: "1500000000000000001", name: "GreenAbbeySch" },
    Account { id: "1500000000000000002", name: "GreenAbbeyPTA" },
];

/// A request to link, on its way.
#[derive(Debug, Clone)]
struct Request {
    secret: String,
    callback: String,
    /// Who allowed it, and the verifier that went back.
    allowed: Option<(Account, String)>,
}

/// X.
#[derive(Debug, Default)]
pub(crate) struct X(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    requests: HashMap<String, Request>,
    /// Nonces seen: one that comes again is refused.
    nonces: HashSet<String>,
    /// Accounts whose owner took the access back.
    revoked: HashSet<&'static str>,
}

impl X {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// X's routes.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/oauth/request_token", post(tokens::request))
        .route("/oauth/authorize", get(authorise::page).post(authorise::decide))
        .route("/oauth/access_token", post(tokens::access))
        .route("/2/tweets", post(tweets::create))
        .route("/_control/x/revoke", post(tokens::revoke))
}
