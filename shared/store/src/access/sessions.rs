//! Sessions of signed-in users, under the hash of their token. A second row, among the user's own, lists each, so that
//! they can see and end them.

use std::fmt;

use domain::ids::{SchoolId, UserId};
use serde::{Deserialize, Serialize};

use crate::access::Access;
use crate::access::members::Membership;
use crate::error::Result;
use crate::keys::TTL;
use crate::secret::sha256_hex;
use crate::table::{from_row, key_row, n, text, to_row};
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

/// What must be done before anything else opens. A session keeps only that no school was chosen yet; the rest is known
/// from the user and the school at each request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owes {
    /// Choosing the school to work for.
    School,
    /// A new password, because the old one has expired.
    Password,
    /// Setting up a second factor, because the school requires it.
    SecondFactor,
}

/// How a session begins.
#[derive(Debug, Clone, Copy)]
pub struct Begin<'a> {
    /// The member, whose password and second factor were checked.
    pub membership: &'a Membership,
    /// [`crate::Account::epoch`] as it is.
    pub epoch: u32,
    /// What comes first.
    pub owes: Option<Owes>,
    /// The browser in a few words.
    pub browser: &'a str,
    /// When they signed in, in milliseconds since 1970: a session that takes another's place does not last longer.
    pub since_ms: i64,
}

/// A user at work for one school. Only [`Store::find_session`] and [`Store::begin_session`] make one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    user: UserId,
    school: SchoolId,
    created_ms: i64,
    expires_ms: i64,
    csrf: String,
    #[serde(default)]
    epoch: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owes: Option<Owes>,
    #[serde(default)]
    browser: String,
    /// Hash of the token.
    #[serde(skip)]
    id: String,
}

impl Session {
    /// Who signed in.
    pub const fn user(&self) -> UserId {
        self.user
    }

    /// When they signed in, in milliseconds since 1970.
    pub const fn since_ms(&self) -> i64 {
        self.created_ms
    }

    /// When the session ends unless it is used, in milliseconds since 1970.
    pub const fn expires_ms(&self) -> i64 {
        self.expires_ms
    }

    /// The secret that forms carry.
    pub fn csrf(&self) -> &str {
        &self.csrf
    }

    /// What must be done before anything else opens.
    pub const fn owes(&self) -> Option<Owes> {
        self.owes
    }

    /// The browser in a few words.
    pub fn browser(&self) -> &str {
        &self.browser
    }

    /// Names the session without being able to use it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether it is still one of the user's: signing out everywhere moves the epoch.
    pub const fn is_of_epoch(&self, epoch: u32) -> bool {
        self.epoch == epoch
    }

    /// The right to act for the session's school.
    pub const fn access(&self) -> Access {
        Access::proven(self.school)
    }

    /// When it was last used, in milliseconds since 1970, give or take a minute.
    pub fn last_used_ms(&self, lifetime: Lifetime) -> i64 {
        self.expires_ms.saturating_sub(lifetime.idle_ms).max(self.created_ms)
    }
}

/// No secret, because debug output ends up in logs.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session(user {}, school {})", self.user, self.school)
    }
}

impl Store {
    /// Begins a session of a member whose password was checked and of whom nothing else is wanted. `token` and `csrf`
    /// are fresh random texts.
    pub async fn create_session(
        &self,
        token: &str,
        membership: &Membership,
        csrf: &str,
        lifetime: Lifetime,
        now_ms: i64,
    ) -> Result<Session> {
        let begin = Begin { membership, epoch: 0, owes: None, browser: "", since_ms: now_ms };
        self.begin_session(token, csrf, begin, lifetime, now_ms).await
    }

    /// Begins a session. `token` and `csrf` are fresh random texts.
    pub async fn begin_session(
        &self,
        token: &str,
        csrf: &str,
        begin: Begin<'_>,
        lifetime: Lifetime,
        now_ms: i64,
    ) -> Result<Session> {
        let last = begin.since_ms.saturating_add(lifetime.longest_ms);
        let id = sha256_hex(token);
        let session = Session {
            user: begin.membership.user(),
            school: begin.membership.school(),
            created_ms: begin.since_ms,
            expires_ms: now_ms.saturating_add(lifetime.idle_ms).min(last),
            csrf: csrf.to_owned(),
            epoch: begin.epoch,
            owes: begin.owes,
            browser: begin.browser.to_owned(),
            id: id.clone(),
        };
        let mut row = to_row("session", &keys::session(&id), &session)?;
        row.insert(TTL.to_owned(), n(in_seconds(session.expires_ms)));
        let mut listed = key_row(&keys::session_of(session.user, &id));
        listed.insert(TTL.to_owned(), n(in_seconds(last)));
        let new = Some("attribute_not_exists(pk)");
        self.table
            .transact(vec![self.table.tx_put(row, new)?, self.table.tx_put(listed, None)?], None)
            .await?;
        Ok(session)
    }

    /// The session of a token, unless it has expired or was ended. Being asked for keeps it alive.
    pub async fn find_session(
        &self,
        token: &str,
        lifetime: Lifetime,
        now_ms: i64,
    ) -> Result<Option<Session>> {
        let id = sha256_hex(token);
        let key = keys::session(&id);
        let Some(row) = self.table.get(&key, true).await? else {
            return Ok(None);
        };
        let session = Session { id, ..from_row("session", row)? };
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
        let id = sha256_hex(token);
        let key = keys::session(&id);
        let Some(row) = self.table.get(&key, true).await? else { return Ok(()) };
        let session: Session = from_row("session", row)?;
        self.table.delete(&key).await?;
        self.table.delete(&keys::session_of(session.user, &id)).await
    }

    /// A user's sessions that are under way, the one last used first.
    pub async fn sessions_of(&self, user: UserId, epoch: u32, now_ms: i64) -> Result<Vec<Session>> {
        let listed = self.table.query(&keys::user_pk(user), keys::SESSION_OF_PREFIX, true).await?;
        let id = |row: &crate::table::Row, name: &str, prefix: &str| {
            text(row, name).and_then(|key| key.strip_prefix(prefix)).unwrap_or_default().to_owned()
        };
        let wanted: Vec<_> =
            listed.iter().map(|row| keys::session(&id(row, keys::SK, keys::SESSION_OF_PREFIX))).collect();
        let mut found = Vec::with_capacity(wanted.len());
        for row in self.table.batch_get(&wanted, true).await? {
            let id = id(&row, keys::PK, keys::SESSION_PREFIX);
            found.push(Session { id, ..from_row("session", row)? });
        }
        found.retain(|session: &Session| session.is_of_epoch(epoch) && session.expires_ms > now_ms);
        found.sort_by(|a, b| b.expires_ms.cmp(&a.expires_ms).then_with(|| a.id.cmp(&b.id)));
        Ok(found)
    }

    /// Ends the session of this id if it is the user's; one that is not there, or another's, is left alone.
    pub async fn end_session_of(&self, user: UserId, id: &str) -> Result<bool> {
        let listed = keys::session_of(user, id);
        if self.table.get(&listed, true).await?.is_none() {
            return Ok(false);
        }
        self.table.delete(&keys::session(id)).await?;
        self.table.delete(&listed).await?;
        Ok(true)
    }
}

const fn in_seconds(ms: i64) -> i64 {
    ms.div_euclid(1_000)
}
