//! One-time tokens: what a mailed link holds. Only the hash is stored. A newer token of a kind ends the older, because
//! the user's row for the kind names the one that works; taking that row away is how a token is used.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{Delete, TransactWriteItem};
use domain::email::EmailAddress;
use domain::ids::{SchoolId, UserId};
use serde::{Deserialize, Serialize};

use crate::access::Access;
use crate::access::users::User;
use crate::error::{Result, StoreError};
use crate::keys::TTL;
use crate::secret::{same, sha256_hex};
use crate::table::{from_row, key_row, n, s, text, to_row};
use crate::{Store, keys};

/// Seconds for which a used token's row stays, so that whoever comes again is told the same as before.
const DAY_S: i64 = 24 * 3_600;

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OneTimeKind {
    /// Setting a password.
    Password,
    /// Showing that mail reaches the user.
    Email,
    /// Going on to the second step of signing in, after the password was right.
    SecondStep,
}

impl OneTimeKind {
    const fn code(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Email => "email",
            Self::SecondStep => "second_step",
        }
    }
}

/// A token to be made.
#[derive(Debug, Clone, Copy)]
pub struct Mint<'a> {
    /// Whose, as they are now.
    pub user: &'a User,
    /// What for.
    pub kind: OneTimeKind,
    /// The school on whose behalf.
    pub school: SchoolId,
    /// Address that it is mailed to, if it is: using it shows that mail there arrives.
    pub mailed_to: Option<&'a EmailAddress>,
    /// When it ends, in milliseconds since 1970.
    pub expires_ms: i64,
}

/// A token that works, as it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneTime {
    user: UserId,
    kind: OneTimeKind,
    school: SchoolId,
    hash: String,
    /// Hash of the address that it was mailed to; empty for none.
    mailed: String,
    /// Epoch of the user's account when it was made.
    #[serde(default)]
    epoch: u32,
    expires_ms: i64,
}

impl OneTime {
    /// Whose it is.
    pub const fn user(&self) -> UserId {
        self.user
    }

    /// The right to act for the school on whose behalf it was made.
    pub const fn access(&self) -> Access {
        Access::proven(self.school)
    }

    /// Whether the user is still as when it was made: their mail goes where it was mailed, and they have set no other
    /// password since. Of the latter an address knows nothing.
    fn fits(&self, user: &User) -> bool {
        (self.mailed.is_empty() || self.was_mailed_to(&user.email))
            && (self.kind == OneTimeKind::Email || self.epoch == user.account.epoch)
    }

    /// Whether it was mailed to this address.
    pub fn was_mailed_to(&self, address: &EmailAddress) -> bool {
        same(&self.mailed, &address_hash(address))
    }
}

fn address_hash(address: &EmailAddress) -> String {
    sha256_hex(&address.dedupe_key())
}

impl Store {
    /// Makes `secret`, a fresh random text, a token. It is the user's only one of its kind from now on.
    pub async fn mint(&self, secret: &str, mint: Mint<'_>) -> Result<()> {
        let hash = sha256_hex(secret);
        let made = OneTime {
            user: mint.user.id,
            kind: mint.kind,
            school: mint.school,
            hash: hash.clone(),
            mailed: mint.mailed_to.map(address_hash).unwrap_or_default(),
            epoch: mint.user.account.epoch,
            expires_ms: mint.expires_ms,
        };
        let ttl = n(mint.expires_ms.div_euclid(1_000) + DAY_S);
        let mut newest = to_row("token", &keys::newest_one_time(made.user, mint.kind.code()), &made)?;
        newest.insert(TTL.to_owned(), ttl.clone());
        let mut token = key_row(&keys::one_time(&hash));
        token.insert("user".to_owned(), s(made.user.to_string()));
        token.insert("kind".to_owned(), s(mint.kind.code()));
        token.insert(TTL.to_owned(), ttl);
        let new = Some("attribute_not_exists(pk)");
        self.table
            .transact(vec![self.table.tx_put(token, new)?, self.table.tx_put(newest, None)?], None)
            .await
    }

    /// The token of this text and its user, if it is of this kind and works. Looking does not use it up. It ends with
    /// what it was made for: once the user has another password or e-mail address, it does not work any more.
    pub async fn one_time(
        &self,
        secret: &str,
        kind: OneTimeKind,
        now_ms: i64,
    ) -> Result<Option<(OneTime, User)>> {
        let hash = sha256_hex(secret);
        let Some(row) = self.table.get(&keys::one_time(&hash), true).await? else { return Ok(None) };
        if text(&row, "kind") != Some(kind.code()) {
            return Ok(None);
        }
        let user = text(&row, "user").and_then(|id| id.parse::<UserId>().ok());
        let user = user.ok_or_else(|| StoreError::corrupt("token", "user"))?;
        let Some(row) = self.table.get(&keys::newest_one_time(user, kind.code()), true).await? else {
            return Ok(None);
        };
        let newest: OneTime = from_row("token", row)?;
        if !same(&newest.hash, &hash) || newest.expires_ms <= now_ms {
            return Ok(None);
        }
        let user = self.user(user).await?.filter(|user| newest.fits(user));
        Ok(user.map(|user| (newest, user)))
    }

    /// Uses a token up. `Conflict` if somebody else was first.
    pub async fn spend(&self, token: &OneTime) -> Result<()> {
        self.table.transact(vec![self.tx_spend(token)?], None).await
    }

    /// As [`Store::spend`], for a transaction.
    pub(crate) fn tx_spend(&self, token: &OneTime) -> Result<TransactWriteItem> {
        let delete = Delete::builder()
            .table_name(&*self.table.name)
            .set_key(Some(key_row(&keys::newest_one_time(token.user, token.kind.code()))))
            .condition_expression("#hash = :hash")
            .set_expression_attribute_names(Some(HashMap::from([("#hash".to_owned(), "hash".to_owned())])))
            .expression_attribute_values(":hash", s(&*token.hash))
            .build()
            .map_err(|e| StoreError::corrupt("transaction", e))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }
}
