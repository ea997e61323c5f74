//! The accounts of X, requests to link one, and access that was taken back.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

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
pub(super) struct Request {
    pub(super) secret: String,
    pub(super) callback: String,
    /// Who allowed it, and the verifier that went back.
    pub(super) allowed: Option<(Account, String)>,
}

/// What X knows: requests to link, and access taken back.
#[derive(Debug, Default)]
pub(crate) struct X(Mutex<Inner>);

/// What X remembers.
#[derive(Debug, Default)]
pub(super) struct Inner {
    pub(super) requests: HashMap<String, Request>,
    /// Nonces seen: one that comes again is refused.
    pub(super) nonces: HashSet<String>,
    /// Accounts whose owner took the access back.
    pub(super) revoked: HashSet<&'static str>,
}

impl X {
    /// All of it, for as long as the guard is held.
    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
