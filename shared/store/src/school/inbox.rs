//! Texts that people send back, and the numbers that tell which school they are for.

use std::fmt;

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::ids::SchoolId;
use domain::phone::PhoneNumber;
use serde::{Deserialize, Serialize};

use crate::error::{Result, StoreError};
use crate::keys::TTL;
use crate::table::{key_row, n, s, text, to_row};
use crate::{School, Store, keys};

/// How long a provider's id is remembered, in seconds: it repeats a webhook for hours at most.
const SEEN_S: i64 = 30 * 24 * 3_600;

/// A text that came in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inbound {
    /// The provider's id, whose signature was checked.
    pub sid: String,
    /// Who sent it: a number, or a name that cannot be answered.
    pub from: String,
    /// The number it was sent to.
    pub to: String,
    /// What it says.
    pub body: String,
    /// When it came, in milliseconds since 1970.
    pub at_ms: i64,
}

/// The id only, because debug output ends up in logs.
impl fmt::Debug for Inbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Inbound({})", self.sid)
    }
}

impl Store {
    /// Keeps a text, once for each provider's id, with the school of the number it was sent to; for an unknown number
    /// with the unassigned ones. `false` when it was kept before.
    pub async fn keep_inbound(&self, inbound: &Inbound) -> Result<bool> {
        let school = self.school_of_number(&inbound.to).await?;
        let row = to_row("inbound text", &keys::inbound(school, inbound.at_ms, &inbound.sid), inbound)?;
        let mut seen = key_row(&keys::inbound_seen(&inbound.sid));
        seen.insert(TTL.to_owned(), n(inbound.at_ms.div_euclid(1_000) + SEEN_S));
        let items =
            vec![self.table.tx_put(row, None)?, self.table.tx_put(seen, Some("attribute_not_exists(pk)"))?];
        match self.table.transact(items, None).await {
            Ok(()) => Ok(true),
            Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whose own a number is, in E.164; `None` while it is nobody's.
    pub async fn owner_of_number(&self, number: &str) -> Result<Option<SchoolId>> {
        self.school_of_number(number).await
    }

    async fn school_of_number(&self, number: &str) -> Result<Option<SchoolId>> {
        let row = self.table.get(&keys::reply_number(number), false).await?;
        let school = row.as_ref().and_then(|row| text(row, "school")).map(str::parse);
        school.transpose().map_err(|e| StoreError::corrupt("number", e))
    }
}

/// Numbers at which the school is written to.
#[derive(Debug, Clone, Copy)]
pub struct InboxNumbers<'a> {
    pub(crate) school: &'a School,
}

impl InboxNumbers<'_> {
    /// Takes a number for the school's own: texts to it are the school's. `Conflict` when it is another school's.
    pub async fn put_number(self, number: &PhoneNumber) -> Result<()> {
        self.school.table.transact(vec![self.school.tx_take_number(number)?], None).await
    }
}

impl School {
    /// Takes a number, for a transaction. Its condition is that it is nobody else's.
    pub(crate) fn tx_take_number(&self, number: &PhoneNumber) -> Result<TransactWriteItem> {
        let mut row = key_row(&keys::reply_number(number.as_str()));
        row.insert("school".to_owned(), s(self.id.to_string()));
        self.table.tx_put_if(row, FREE_OR_OURS, [(":school", s(self.id.to_string()))])
    }

    /// Gives a number up, for a transaction.
    pub(crate) fn tx_leave_number(&self, number: &str) -> Result<TransactWriteItem> {
        let ours = [(":school", s(self.id.to_string()))];
        self.table.tx_delete_if(&keys::reply_number(number), FREE_OR_OURS, ours)
    }
}

/// What must be so of a number's row before a school changes it.
const FREE_OR_OURS: &str = "attribute_not_exists(pk) OR school = :school";
