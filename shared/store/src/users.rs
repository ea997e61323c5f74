//! Users, who are known across schools.

use std::fmt;

use domain::email::EmailAddress;
use domain::ids::{SchoolId, UserId};
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::error::{Result, StoreError};
use crate::table::{from_row, key_row, s, text, to_row};
use crate::{Store, keys};

/// The longest username, in bytes once folded.
const LONGEST_USERNAME: usize = 200;

/// A person who may sign in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Id.
    pub id: UserId,
    /// What they type to sign in, as they spell it.
    pub username: String,
    /// Where mail to them goes.
    pub email: EmailAddress,
    /// Given name.
    pub forename: String,
    /// Family name.
    pub surname: String,
    /// Argon2id, in the PHC format.
    pub password_hash: String,
    /// When they were added, in milliseconds since 1970.
    pub created_ms: i64,
    /// Schools that they are a member of. Only [`crate::School::add_member`] and [`crate::School::admit`] add to it.
    #[serde(default, skip_serializing)]
    pub schools: Vec<SchoolId>,
}

/// The id only, because debug output ends up in logs.
impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "User({})", self.id)
    }
}

/// The one spelling under which a username is unique: no space around it, lower case. Everything that is counted per
/// username must be counted under this one.
pub fn fold_username(username: &str) -> String {
    username.trim().to_lowercase()
}

impl Store {
    /// Adds a user. `Conflict` when the username, in any capitals, or the id is taken.
    pub async fn create_user(&self, user: &User) -> Result<()> {
        let folded = fold_username(&user.username);
        if !is_username(&folded) {
            return Err(StoreError::corrupt("user", "username"));
        }
        let row = to_row("user", &keys::user(user.id), user)?;
        let mut name = key_row(&keys::username(&folded));
        name.insert("user".to_owned(), s(user.id.to_string()));
        let new = Some("attribute_not_exists(pk)");
        self.table.transact(vec![self.table.tx_put(row, new)?, self.table.tx_put(name, new)?], None).await
    }

    /// The user of this id.
    pub async fn user(&self, id: UserId) -> Result<Option<User>> {
        let row = self.table.get(&keys::user(id), true).await?;
        row.map(|row| from_row("user", row)).transpose()
    }

    /// The user of this name, in any capitals. An unknown name takes as many reads as a known one.
    pub async fn user_by_username(&self, username: &str) -> Result<Option<User>> {
        let folded = fold_username(username);
        let name = if is_username(&folded) { folded.as_str() } else { "-" };
        let row = self.table.get(&keys::username(name), true).await?;
        let id = row.as_ref().and_then(|row| text(row, "user")).map(str::parse::<UserId>);
        let id = id.transpose().map_err(|e| StoreError::corrupt("username", e))?;
        self.user(id.unwrap_or(UserId::new(Ulid::nil()))).await
    }
}

fn is_username(folded: &str) -> bool {
    !folded.is_empty() && folded.len() <= LONGEST_USERNAME
}
