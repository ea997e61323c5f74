//! Sessions of signed-in users, under the hash of their token.

use std::fmt;

use domain::ids::{SchoolId, UserId};
use serde::{Deserialize, Serialize};

use crate::access::Access;
use crate::error::Result;
use crate::keys::TTL;
use crate::members::Membership;
use crate::secret::sha256_hex;
use crate::table::{from_row, n, to_row};
use crate::update::Updated;
use crate::{Store, keys};

/// A session is not renewed for less than this, in milliseconds: reading pages would else write for each one.
const RENEWAL_STEP_MS: i64 = 60_000;

/// How long a session lasts, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// After the last request.
    pub idle_ms: i64,
    /// After signing in, whatever happens.
    pub longest_ms: i64,
}

/// A user at work for one school. Only [`Store::find_session`] and [`Store::create_session`] make one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    user: UserId,
    school: SchoolId,
    created_ms: i64,
    expires_ms: i64,
    csrf: String,
}

impl Session {
    /// Who signed in.
    pub const fn user(&self) -> UserId {
        self.user
    }

    /// When the session ends unless it is used, in milliseconds since 1970.
    pub const fn expires_ms(&self) -> i64 {
        self.expires_ms
    }

    /// The secret that forms carry.
    pub fn csrf(&self) -> &str {
        &self.csrf
    }

    /// The right to act for the session's school.
    pub const fn access(&self) -> Access {
        Access::proven(self.school)
    }
}

/// No secret, because debug output ends up in logs.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session(user {}, school {})", self.user, self.school)
    }
}

impl Store {
    /// Begins a session of a member whose password was checked. `token` and `csrf` are fresh random texts.
    pub async fn create_session(
        &self,
        token: &str,
        membership: &Membership,
        csrf: &str,
        lifetime: Lifetime,
        now_ms: i64,
    ) -> Result<Session> {
        let session = Session {
            user: membership.user(),
            school: membership.school(),
            created_ms: now_ms,
            expires_ms: now_ms.saturating_add(lifetime.idle_ms.min(lifetime.longest_ms)),
            csrf: csrf.to_owned(),
        };
        let mut row = to_row("session", &keys::session(&sha256_hex(token)), &session)?;
        row.insert(TTL.to_owned(), n(in_seconds(session.expires_ms)));
        self.table.create(row).await?;
        Ok(session)
    }

    /// The session of a token, unless it has expired or was ended. Being asked for keeps it alive.
    pub async fn find_session(
        &self,
        token: &str,
        lifetime: Lifetime,
        now_ms: i64,
    ) -> Result<Option<Session>> {
        let key = keys::session(&sha256_hex(token));
        let Some(row) = self.table.get(&key, true).await? else {
            return Ok(None);
        };
        let session: Session = from_row("session", row)?;
        if session.expires_ms <= now_ms {
            return Ok(None);
        }
        let last = session.created_ms.saturating_add(lifetime.longest_ms);
        let expires_ms = now_ms.saturating_add(lifetime.idle_ms).min(last);
        if expires_ms - session.expires_ms < RENEWAL_STEP_MS {
            return Ok(Some(session));
        }
        // Only where the row still is: signing out in another tab meanwhile must hold.
        let values = [(":end", n(expires_ms)), (":ttl", n(in_seconds(expires_ms)))];
        let renewal = "SET expires_ms = :end, #ttl = :ttl";
        match self.table.update_if(&key, renewal, "attribute_exists(pk)", values).await? {
            Updated::Done(_) => Ok(Some(Session { expires_ms, ..session })),
            Updated::Refused(_) => Ok(None),
        }
    }

    /// Ends a session: signing out. One that is not there is no error.
    pub async fn delete_session(&self, token: &str) -> Result<()> {
        self.table.delete(&keys::session(&sha256_hex(token))).await
    }
}

const fn in_seconds(ms: i64) -> i64 {
    ms.div_euclid(1_000)
}
