//! Codes of six digits that a user was sent to set a password with. A code is short, so what guards it is that few
//! tries at it are checked, however many are made at once.

use domain::ids::UserId;

use crate::error::Result;
use crate::keys::TTL;
use crate::secret::{same, sha256_hex};
use crate::table::{key_row, n, number, s, text};
use crate::update::Updated;
use crate::{Store, keys};

/// Tries at one code that are checked.
pub const CODE_TRIES: u32 = 5;
/// Seconds for which a code's row stays after its end, against clocks that differ.
const KEPT_S: i64 = 600;

/// What a try at a code came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeCheck {
    /// It is right, and used up now.
    Right,
    /// It is wrong.
    Wrong {
        /// Tries that are left.
        left: u32,
    },
    /// There is no code that works: none was sent, it is over, it was used, or too many tries were made.
    Gone,
}

impl Store {
    /// Makes `code` the one that the user was sent: an older one is ended, and the tries begin anew.
    pub async fn set_code(&self, user: UserId, code: &str, expires_ms: i64) -> Result<()> {
        let mut row = key_row(&keys::code(user));
        row.insert("code_hash".to_owned(), s(hash_of(user, code)));
        row.insert("expires_ms".to_owned(), n(expires_ms));
        row.insert("tries".to_owned(), n(0));
        row.insert(TTL.to_owned(), n(expires_ms.div_euclid(1_000) + KEPT_S));
        self.table.put(row).await
    }

    /// Tries a code. Each try counts before it is looked at, so that no more than [`CODE_TRIES`] ever are; and of two
    /// that are right at once, one is.
    pub async fn try_code(&self, user: UserId, code: &str, now_ms: i64) -> Result<CodeCheck> {
        let key = keys::code(user);
        let condition = "attribute_exists(code_hash) AND tries < :most AND expires_ms > :now";
        let values = [(":one", n(1)), (":most", n(CODE_TRIES)), (":now", n(now_ms))];
        let Updated::Done(row) = self.table.update_if(&key, "ADD tries :one", condition, values).await?
        else {
            return Ok(CodeCheck::Gone);
        };
        let stored = text(&row, "code_hash").unwrap_or_default();
        if !same(stored, &hash_of(user, code)) {
            let tries = number(&row, "tries").unwrap_or(CODE_TRIES);
            return Ok(CodeCheck::Wrong { left: CODE_TRIES.saturating_sub(tries) });
        }
        let used = "REMOVE code_hash";
        let unused = "code_hash = :hash";
        match self.table.update_if(&key, used, unused, [(":hash", s(stored))]).await? {
            Updated::Done(_) => Ok(CodeCheck::Right),
            Updated::Refused(_) => Ok(CodeCheck::Gone),
        }
    }
}

/// A million hashes are soon tried: this keeps a code from being read off the row, no more. It is over in minutes.
fn hash_of(user: UserId, code: &str) -> String {
    sha256_hex(&format!("{user}\n{}", code.trim()))
}
