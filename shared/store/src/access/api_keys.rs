//! Keys with which a partner's system acts for a school.

use std::fmt;

use domain::audit::{Act, AuditEvent, Who};
use domain::ids::SchoolId;
use domain::settings::Settings;
use serde::{Deserialize, Serialize};

use crate::access::Access;
use crate::error::Result;
use crate::secret::{same, sha256_hex};
use crate::table::{from_row, key_row, n, s, text, to_row};
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

/// Whose system a key is for. A partner by name may only use it while the school has them switched on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyKind {
    /// The school's own, or any other system.
    #[default]
    Own,
    /// CACI.
    Caci,
    /// WisePay.
    WisePay,
}

impl KeyKind {
    /// Every kind, in the order in which pages list them.
    pub const ALL: [Self; 3] = [Self::Own, Self::Caci, Self::WisePay];

    /// The word used in forms.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Caci => "caci",
            Self::WisePay => "wisepay",
        }
    }

    /// For people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Own => "Our own systems",
            Self::Caci => "CACI",
            Self::WisePay => "WisePay",
        }
    }

    /// The kind of a word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Whether the school lets such keys in.
    pub const fn is_let_in(self, settings: &Settings) -> bool {
        match self {
            Self::Own => true,
            Self::Caci => settings.caci,
            Self::WisePay => settings.wisepay,
        }
    }
}

/// What a key may do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyTerms {
    /// What the school calls it.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<String>,
    /// Whose system it is for.
    pub kind: KeyKind,
    /// Most deliveries of one message; `None` for no limit.
    pub cap: Option<u32>,
}

/// A key that was made for a school. Only the functions here make one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    id: String,
    school: SchoolId,
    name: String,
    scopes: Vec<String>,
    #[serde(default)]
    kind: KeyKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cap: Option<u32>,
    secret_hash: String,
    created_ms: i64,
    /// The secret before the last rotation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    former: Option<Former>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_used_ms: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Former {
    secret_hash: String,
    until_ms: i64,
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

    /// What it may be used for.
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// Whose system it is for.
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Most deliveries of one message; `None` for no limit.
    pub const fn cap(&self) -> Option<u32> {
        self.cap
    }

    /// When it was made, in milliseconds since 1970.
    pub const fn created_ms(&self) -> i64 {
        self.created_ms
    }

    /// When it was used last, to the hour, in milliseconds since 1970.
    pub const fn last_used_ms(&self) -> Option<i64> {
        self.last_used_ms
    }

    /// Until when the secret before the last rotation works too, in milliseconds since 1970.
    pub fn former_until_ms(&self, now_ms: i64) -> Option<i64> {
        self.former.as_ref().map(|former| former.until_ms).filter(|until| *until > now_ms)
    }

    /// The right to act for the key's school.
    pub const fn access(&self) -> Access {
        Access::proven(self.school)
    }

    fn opens_with(&self, secret: &str, now_ms: i64) -> bool {
        let hash = sha256_hex(secret);
        let former = self.former.as_ref().filter(|former| former.until_ms > now_ms);
        let by_former = former.is_some_and(|former| same(&former.secret_hash, &hash));
        same(&self.secret_hash, &hash) || by_former
    }
}

/// The school's API keys.
#[derive(Debug, Clone, Copy)]
pub struct ApiKeys<'a> {
    pub(crate) school: &'a School,
}

impl ApiKeys<'_> {
    /// Makes a key without a cap, by the operator's hand. `Conflict` when its id is taken.
    pub async fn create(
        self,
        token: &ApiToken,
        name: &str,
        scopes: &[String],
        now_ms: i64,
    ) -> Result<ApiKey> {
        let terms = KeyTerms { name: name.to_owned(), scopes: scopes.to_vec(), ..KeyTerms::default() };
        let (who, from, on) = (Who::Operator, String::new(), token.id.clone());
        let event = AuditEvent { who, from, act: Act::KeyCreated, on, changes: Vec::new() };
        self.create_recorded(token, terms, &event, now_ms).await
    }

    /// Makes a key. `Conflict` when its id is taken.
    pub async fn create_recorded(
        self,
        token: &ApiToken,
        terms: KeyTerms,
        event: &AuditEvent,
        now_ms: i64,
    ) -> Result<ApiKey> {
        let key = ApiKey {
            id: token.id.clone(),
            school: self.school.id,
            name: terms.name,
            scopes: terms.scopes,
            kind: terms.kind,
            cap: terms.cap,
            secret_hash: sha256_hex(&token.secret),
            created_ms: now_ms,
            former: None,
            last_used_ms: None,
        };
        let row = to_row("API key", &keys::api_key(&key.id), &key)?;
        let put = self.school.table.tx_put(row, Some("attribute_not_exists(pk)"))?;
        let listed =
            self.school.table.tx_put(key_row(&keys::key_of_school(self.school.id, &key.id)), None)?;
        self.school.transact_recorded(vec![put, listed], event, now_ms).await?;
        Ok(key)
    }

    /// The school's keys, in the order of their names.
    pub async fn list(self) -> Result<Vec<ApiKey>> {
        let listed =
            self.school.table.query(&keys::school_pk(self.school.id), keys::KEY_PREFIX, true).await?;
        let ids = listed.iter().filter_map(|row| text(row, keys::SK)?.strip_prefix(keys::KEY_PREFIX));
        let wanted: Vec<_> = ids.map(keys::api_key).collect();
        let rows = self.school.table.batch_get(&wanted, true).await?;
        let mut found: Vec<ApiKey> =
            rows.into_iter().map(|row| from_row("API key", row)).collect::<Result<_>>()?;
        found.retain(|key| key.school == self.school.id);
        found.sort_by(|a, b| (a.name.to_lowercase(), &a.id).cmp(&(b.name.to_lowercase(), &b.id)));
        Ok(found)
    }

    /// One of the school's keys; `None` for another school's.
    pub async fn get(self, id: &str) -> Result<Option<ApiKey>> {
        let row = self.school.table.get(&keys::api_key(id), true).await?;
        let key: Option<ApiKey> = row.map(|row| from_row("API key", row)).transpose()?;
        Ok(key.filter(|key| key.school == self.school.id))
    }

    /// Gives a key another secret; the one that it had works until `former_until_ms`, an older one no more. `Conflict`
    /// when somebody else rotated or revoked the key since it was read.
    pub async fn rotate(
        self,
        key: &ApiKey,
        token: &ApiToken,
        former_until_ms: i64,
        event: &AuditEvent,
        now_ms: i64,
    ) -> Result<()> {
        let former = Former { secret_hash: key.secret_hash.clone(), until_ms: former_until_ms };
        let rotated = ApiKey { secret_hash: sha256_hex(&token.secret), former: Some(former), ..key.clone() };
        let row = to_row("API key", &keys::api_key(&key.id), &rotated)?;
        let put = self.school.table.tx_put_if(row, AS_READ, [(":hash", s(&*key.secret_hash))])?;
        self.school.transact_recorded(vec![put], event, now_ms).await
    }

    /// Takes a key away: it opens nothing from now on. `Conflict` when somebody else rotated or revoked it since.
    pub async fn revoke(self, key: &ApiKey, event: &AuditEvent, now_ms: i64) -> Result<()> {
        let hash = [(":hash", s(&*key.secret_hash))];
        let gone = self.school.table.tx_delete_if(&keys::api_key(&key.id), AS_READ, hash)?;
        let unlisted = self.school.table.tx_delete(&keys::key_of_school(self.school.id, &key.id), None)?;
        self.school.transact_recorded(vec![gone, unlisted], event, now_ms).await
    }
}

/// What must be so of a key's row before it is changed.
const AS_READ: &str = "secret_hash = :hash";

impl Store {
    /// The key of a token, if there is one and the secret is right.
    pub async fn verify_api_key(&self, token: &ApiToken, now_ms: i64) -> Result<Option<ApiKey>> {
        let place = keys::api_key(&token.id);
        let Some(row) = self.table.get(&place, true).await? else {
            return Ok(None);
        };
        let mut key: ApiKey = from_row("API key", row)?;
        if !key.opens_with(&token.secret, now_ms) {
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
