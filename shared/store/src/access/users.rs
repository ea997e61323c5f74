//! Users, who are known across schools.

use std::fmt;

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use domain::email::EmailAddress;
use domain::ids::{SchoolId, UserId};
use domain::username::{fold_username, username_skeleton};
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::access::account::Account;
use crate::error::{Result, StoreError};
use crate::keys::Key;
use crate::table::{Row, Table, from_row, key_row, n, s, text, to_row};
use crate::{Store, keys};

/// The longest skeleton of a username, in bytes.
const LONGEST_USERNAME: usize = 800;

/// A person who may sign in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Id.
    pub id: UserId,
    /// What they type to sign in, as they spell it.
    pub username: String,
    /// Where mail to them goes; no other user has it.
    pub email: EmailAddress,
    /// Given name.
    pub forename: String,
    /// Family name.
    pub surname: String,
    /// Argon2id, in the PHC format; empty until they have set a password.
    pub password_hash: String,
    /// When they were added, in milliseconds since 1970.
    pub created_ms: i64,
    /// What they set up for themselves.
    #[serde(default)]
    pub account: Account,
    /// Schools that they are a member of. Only [`crate::Members`] adds to it.
    #[serde(default, skip_serializing)]
    pub schools: Vec<SchoolId>,
}

/// The id only, because debug output ends up in logs.
impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "User({})", self.id)
    }
}

impl User {
    /// Forename and surname.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.forename, self.surname).trim().to_owned()
    }

    /// What makes them, as a member of this school if there is one.
    pub(crate) fn tx_create(
        &self,
        table: &Table,
        school: Option<SchoolId>,
    ) -> Result<Vec<TransactWriteItem>> {
        let skeleton = username_skeleton(&self.username);
        if !is_username(&skeleton) {
            return Err(StoreError::corrupt("user", "username"));
        }
        let mut row = to_row("user", &keys::user(self.id), self)?;
        if let Some(school) = school {
            row.insert("schools".to_owned(), AttributeValue::Ss(vec![school.to_string()]));
        }
        let new = Some("attribute_not_exists(pk)");
        Ok(vec![
            table.tx_put(row, new)?,
            table.tx_put(pointer(&keys::username(&skeleton), self.id), new)?,
            table.tx_put(pointer(&email_key(&self.email), self.id), new)?,
        ])
    }
}

impl Store {
    /// Adds a user. `Conflict` when the username, or one that looks like it, the e-mail address or the id is taken.
    pub async fn create_user(&self, user: &User) -> Result<()> {
        self.table.transact(user.tx_create(&self.table, None)?, None).await
    }

    /// The users of these ids, in any order; ids without one are left out.
    pub async fn users(&self, ids: &[UserId]) -> Result<Vec<User>> {
        let wanted: Vec<Key> = ids.iter().map(|id| keys::user(*id)).collect();
        let rows = self.table.batch_get(&wanted, true).await?;
        rows.into_iter().map(|row| from_row("user", row)).collect()
    }

    /// The user of this id.
    pub async fn user(&self, id: UserId) -> Result<Option<User>> {
        let row = self.table.get(&keys::user(id), true).await?;
        row.map(|row| from_row("user", row)).transpose()
    }

    /// The user of this name, in any capitals. An unknown name takes as many reads as a known one.
    pub async fn user_by_username(&self, username: &str) -> Result<Option<User>> {
        let found = self.user_at(&keys::username(&username_key(username))).await?;
        // One that only looks like it is somebody else's mistake, or worse.
        Ok(found.filter(|user| fold_username(&user.username) == fold_username(username)))
    }

    /// The user of this e-mail address, in any capitals. An unknown address takes as many reads as a known one.
    pub async fn user_by_email(&self, email: &EmailAddress) -> Result<Option<User>> {
        self.user_at(&email_key(email)).await
    }

    /// Whether nobody else may have this username: it, or one that looks like it, is somebody's.
    pub async fn username_taken(&self, username: &str) -> Result<bool> {
        Ok(self.table.get(&keys::username(&username_key(username)), true).await?.is_some())
    }

    async fn user_at(&self, key: &Key) -> Result<Option<User>> {
        let row = self.table.get(key, true).await?;
        let id = row.as_ref().and_then(|row| text(row, "user")).map(str::parse::<UserId>);
        let id = id.transpose().map_err(|e| StoreError::corrupt("name of a user", e))?;
        self.user(id.unwrap_or(UserId::new(Ulid::nil()))).await
    }

    /// Changes a user without a line in any log, for what the log has no event for. `Conflict` if they are no longer as
    /// they were read.
    pub async fn change_user(&self, before: &User, after: &User) -> Result<()> {
        self.table.transact(self.tx_change_user(before, after)?, None).await
    }

    pub(crate) fn tx_change_user(&self, before: &User, after: &User) -> Result<Vec<TransactWriteItem>> {
        let mut account = after.account.clone();
        account.version = before.account.version.wrapping_add(1);
        let account =
            serde_dynamo::to_attribute_value(&account).map_err(|e| StoreError::corrupt("user", e))?;
        // All but the schools, which others add to.
        let update = "SET email = :email, forename = :forename, surname = :surname, password_hash = :password, \
                      account = :account";
        let unchanged = "account.version = :seen OR (attribute_exists(pk) AND attribute_not_exists(account))";
        let values = [
            (":email", s(after.email.as_str())),
            (":forename", s(&*after.forename)),
            (":surname", s(&*after.surname)),
            (":password", s(&*after.password_hash)),
            (":account", account),
            (":seen", n(before.account.version)),
        ];
        let mut items =
            vec![self.table.tx_update(&keys::user(before.id), update, Some(unchanged), values)?];
        if email_key(&before.email) != email_key(&after.email) {
            let new = Some("attribute_not_exists(pk)");
            items.push(self.table.tx_put(pointer(&email_key(&after.email), after.id), new)?);
            items.push(self.table.tx_delete(&email_key(&before.email), None)?);
        }
        Ok(items)
    }
}

fn email_key(email: &EmailAddress) -> Key {
    keys::email(&email.dedupe_key())
}

/// The row that leads to a user.
fn pointer(key: &Key, user: UserId) -> Row {
    let mut row = key_row(key);
    row.insert("user".to_owned(), s(user.to_string()));
    row
}

/// A username as its key has it; one that cannot be anybody's leads to nobody.
fn username_key(username: &str) -> String {
    Some(username_skeleton(username))
        .filter(|skeleton| is_username(skeleton))
        .unwrap_or_else(|| "-".to_owned())
}

fn is_username(skeleton: &str) -> bool {
    !skeleton.is_empty() && skeleton.len() <= LONGEST_USERNAME
}
