//! Keys with which a partner's system acts for a school.

use std::fmt;

use domain::ids::SchoolId;
use serde::{Deserialize, Serialize};

use crate::access::Access;
use crate::error::Result;
use crate::secret::{same, sha256_hex};
use crate::table::{from_row, n, to_row};
use crate::update::Updated;
use crate::{School, Store, keys};

/// What every token begins with, so that a scanner for leaked secrets knows one.
const PREFIX: &str = "msk_";
/// The time of the last use is written no more often than this, in milliseconds.
const LAST_USED_STEP_MS: i64 = 3_600_000;

/// The whole of a key as its holder has it: `msk_<id>_<secret>`. We keep the secret's hash only.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiToken {
    id: String,
    secret: String,
}

impl ApiToken {
    /// From fresh random texts: letters and digits, up to 32 in the id, 20 to 128 in the secret. `None` for others.
    pub fn new(id: &str, secret: &str) -> Option<Self> {
        let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric());
        let fits = (1..=32).contains(&id.len()) && (20..=128).contains(&secret.len());
        (fits && plain(id) && plain(secret)).then(|| Self { id: id.to_owned(), secret: secret.to_owned() })
    }

    /// Reads what a request carries. `None` for anything that cannot be a token.
    pub fn parse(text: &str) -> Option<Self> {
        let (id, secret) = text.trim().strip_prefix(PREFIX)?.split_once('_')?;
        Self::new(id, secret)
    }

    /// The public part.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The token as its holder is shown it, once.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}_{}", self.id, self.secret)
    }
}

/// The id only, because debug output ends up in logs.
impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiToken({})", self.id)
    }
}

/// A key that was made for a school. Only [`Store::verify_api_key`] and [`School::create_api_key`] make one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    id: String,
    school: SchoolId,
    name: String,
    scopes: Vec<String>,
    secret_hash: String,
    created_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_used_ms: Option<i64>,
}

impl ApiKey {
    /// The public part of the token.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What the school calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it may be used for this.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|s| s == scope)
    }

    /// When it was used last, to the hour, in milliseconds since 1970.
    pub const fn last_used_ms(&self) -> Option<i64> {
        self.last_used_ms
    }

    /// The right to act for the key's school.
    pub const fn access(&self) -> Access {
        Access::proven(self.school)
    }
}

impl School {
    /// Makes a key. `Conflict` when its id is taken.
    pub async fn create_api_key(
        &self,
        token: &ApiToken,
        name: &str,
        scopes: &[String],
        now_ms: i64,
    ) -> Result<ApiKey> {
        let key = ApiKey {
            id: token.id.clone(),
            school: self.id,
            name: name.to_owned(),
            scopes: scopes.to_vec(),
            secret_hash: sha256_hex(&token.secret),
            created_ms: now_ms,
            last_used_ms: None,
        };
        self.table.create(to_row("API key", &keys::api_key(&key.id), &key)?).await?;
        Ok(key)
    }
}

impl Store {
    /// The key of a token, if there is one and the secret is right.
    pub async fn verify_api_key(&self, token: &ApiToken, now_ms: i64) -> Result<Option<ApiKey>> {
        let place = keys::api_key(&token.id);
        let Some(row) = self.table.get(&place, true).await? else {
            return Ok(None);
        };
        let mut key: ApiKey = from_row("API key", row)?;
        if !same(&key.secret_hash, &sha256_hex(&token.secret)) {
            return Ok(None);
        }
        if key.last_used_ms.is_some_and(|last| now_ms.saturating_sub(last) < LAST_USED_STEP_MS) {
            return Ok(Some(key));
        }
        // Only where the row still is: a key that is revoked meanwhile must stay so.
        let values = [(":now", n(now_ms))];
        match self.table.update_if(&place, "SET last_used_ms = :now", "attribute_exists(pk)", values).await? {
            Updated::Done(_) => key.last_used_ms = Some(now_ms),
            Updated::Refused(_) => return Ok(None),
        }
        Ok(Some(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_nothing_else_is_one() {
        let secret = "s".repeat(40);
        let token = ApiToken::new("Ab1", &secret).unwrap();
        assert_eq!(ApiToken::parse(&token.reveal()).as_ref(), Some(&token));
        assert_eq!(ApiToken::parse(&format!(" msk_Ab1_{secret}\n")), Some(token));
        let long = "x".repeat(200);
        for bad in [
            String::new(),
            "msk_".into(),
            "msk_Ab1".into(),
            "msk_Ab1_".into(),
            "msk_Ab1_short".into(),
            format!("msk__{secret}"),
            format!("xyz_Ab1_{secret}"),
            format!("msk_A#b_{secret}"),
            format!("msk_Ab1_{secret}_more"),
            format!("msk_Ab1_{long}"),
            format!("msk_{long}_{secret}"),
        ] {
            assert_eq!(ApiToken::parse(&bad), None, "{bad:?}");
        }
    }

    #[test]
    fn debug_output_hides_the_secret() {
        let token = ApiToken::new("Ab1", &"s".repeat(40)).unwrap();
        assert_eq!(format!("{token:?}"), "ApiToken(Ab1)");
    }
}
