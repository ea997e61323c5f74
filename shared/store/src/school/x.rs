//! The school's account on X: the access to it has a row of its own, which no page and no answer is made from.

use domain::audit::AuditEvent;
use domain::ids::UserId;
use domain::settings::{Settings, XAccount};
use serde::{Deserialize, Serialize};

use crate::error::{Result, StoreError};
use crate::keys::TTL;
use crate::secret::{same, sha256_hex};
use crate::table::{from_row, n, s, to_row};
use crate::{School, keys};

/// The access to an account. No `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct XAccess {
    /// The account's number.
    pub account: String,
    /// Names the access.
    pub token: String,
    /// Signs with it.
    pub secret: String,
}

/// A link that a user has begun and that X is yet to come back from. No `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct XRequest {
    /// Names the request.
    pub token: String,
    /// Signs with it.
    pub secret: String,
    /// When it ends, in milliseconds since 1970.
    pub expires_ms: i64,
    /// Hash of what the browser brings back, and of the session that began it.
    bound: String,
}

impl XRequest {
    /// A request for whoever comes back with `state` in the session whose secret is `session`.
    pub fn new(token: String, secret: String, state: &str, session: &str, expires_ms: i64) -> Self {
        Self { token, secret, expires_ms, bound: bound(state, session) }
    }
}

fn bound(state: &str, session: &str) -> String {
    sha256_hex(&format!("{state}\n{session}"))
}

/// The school's account at X.
#[derive(Debug, Clone, Copy)]
pub struct XLink<'a> {
    pub(crate) school: &'a School,
}

impl XLink<'_> {
    /// Keeps a link that a user has begun, instead of any that they began before.
    pub async fn begin_link(self, user: UserId, request: &XRequest) -> Result<()> {
        let mut row = to_row("link to X", &keys::x_request(self.school.id, user), request)?;
        row.insert(TTL.to_owned(), n(request.expires_ms.div_euclid(1_000)));
        self.school.table.put(row).await
    }

    /// Takes the user's link away, if `token`, `state` and `session` are those that it was begun with and its time is
    /// not over. Each can be taken once.
    pub async fn take_link(
        self,
        user: UserId,
        token: &str,
        state: &str,
        session: &str,
        now_ms: i64,
    ) -> Result<Option<XRequest>> {
        let key = keys::x_request(self.school.id, user);
        let Some(row) = self.school.table.get(&key, true).await? else { return Ok(None) };
        let request: XRequest = from_row("link to X", row)?;
        let right = same(&request.bound, &bound(state, session)) && same(&request.token, token);
        if !right || request.expires_ms <= now_ms {
            return Ok(None);
        }
        let gone =
            self.school.table.tx_delete_if(&key, "bound = :bound", [(":bound", s(&*request.bound))])?;
        match self.school.table.transact(vec![gone], None).await {
            Ok(()) => Ok(Some(request)),
            Err(StoreError::Conflict) => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Links an account, with its audit event. `Conflict` when the settings were changed since they were read as
    /// `before`, or when another account is linked.
    pub async fn link(
        self,
        before: &Settings,
        account: XAccount,
        access: &XAccess,
        event: &AuditEvent,
        now_ms: i64,
    ) -> Result<()> {
        if before.x.is_some() {
            return Err(StoreError::Conflict);
        }
        let after = Settings { x: Some(account), ..before.clone() };
        let row = to_row("access to X", &keys::x_access(self.school.id), access)?;
        let items = vec![
            self.school.tx_settings(before, &after)?,
            self.school.table.tx_put(row, Some("attribute_not_exists(pk)"))?,
        ];
        self.school.transact_recorded(items, event, now_ms).await
    }

    /// Takes the link to an account away, and the access with it. `Conflict` as for [`XLink::link`].
    pub async fn unlink(self, before: &Settings, event: &AuditEvent, now_ms: i64) -> Result<()> {
        let after = Settings { x: None, ..before.clone() };
        let items = vec![
            self.school.tx_settings(before, &after)?,
            self.school.table.tx_delete(&keys::x_access(self.school.id), None)?,
        ];
        self.school.transact_recorded(items, event, now_ms).await
    }

    /// The access to the account with this number; `None` if it is linked no longer.
    pub async fn access(self, account: &str) -> Result<Option<XAccess>> {
        let Some(row) = self.school.table.get(&keys::x_access(self.school.id), true).await? else {
            return Ok(None);
        };
        let access: XAccess = from_row("access to X", row)?;
        Ok((access.account == account).then_some(access))
    }
}
