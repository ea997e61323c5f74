//! PINs: one for each message that asks for one, tied to who asked, what it says and whom it reaches.
//!
//! The code itself is kept nowhere: whoever holds the product's key works it out from the nonce. Tries are counted
//! before a code is compared, so that however many are made at once, only so many are looked at.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::ids::{MessageId, SchoolId, UserId};

use crate::School;
use crate::error::Result;
use crate::keys::{self, TTL};
use crate::table::{Row, key_row, n, number, s, text};
use crate::update::Updated;

/// Codes that may be tried for one message.
const MOST_TRIES: u32 = 5;
/// How long a row outlives its PIN, in seconds, against clocks that differ.
const KEPT_S: i64 = 3_600;

/// A PIN that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinAsked {
    /// By whom.
    pub user: UserId,
    /// What it is for: a hash of the message's text and its recipients.
    pub about: String,
    /// What makes its code another than any other's.
    pub nonce: String,
    /// Until when it serves, in milliseconds since 1970.
    pub until_ms: i64,
}

/// What became of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tried {
    /// The code may be compared.
    Compare {
        /// What makes the code.
        nonce: String,
        /// Tries that are left after this one.
        left: u32,
    },
    /// There is no PIN of theirs for this message, or its time is over.
    Over,
    /// It was for another text or other people.
    Another,
    /// Too many tries were made.
    TooMany,
    /// The message has gone.
    Spent,
}

impl PinAsked {
    /// What its code is worked out from.
    pub fn text(&self, school: SchoolId, message: MessageId) -> String {
        pin_text(school, message, &self.nonce)
    }
}

/// As [`PinAsked::text`], for a nonce at hand.
pub fn pin_text(school: SchoolId, message: MessageId, nonce: &str) -> String {
    format!("{school}\n{message}\n{nonce}")
}

/// PINs that confirm a message.
#[derive(Debug, Clone, Copy)]
pub struct Pins<'a> {
    pub(crate) school: &'a School,
}

impl Pins<'_> {
    /// Notes that a PIN was asked for. `Conflict` if one was for this message.
    pub async fn create(self, message: MessageId, pin: &PinAsked) -> Result<()> {
        let mut row = key_row(&keys::message_pin(self.school.id, message));
        row.insert("asker".to_owned(), s(pin.user.to_string()));
        row.insert("about".to_owned(), s(&*pin.about));
        row.insert("nonce".to_owned(), s(&*pin.nonce));
        row.insert("until_ms".to_owned(), n(pin.until_ms));
        row.insert("tries".to_owned(), n(0));
        row.insert(TTL.to_owned(), n(pin.until_ms / 1_000 + KEPT_S));
        self.school.table.create(row).await
    }

    /// The PIN of a message; `None` if none was asked for, or its time is over.
    pub async fn get(self, message: MessageId, now_ms: i64) -> Result<Option<PinAsked>> {
        let row = self.school.table.get(&keys::message_pin(self.school.id, message), true).await?;
        Ok(row.as_ref().and_then(read).filter(|pin| pin.until_ms > now_ms))
    }

    /// Counts a try at a message's PIN, and only then says whether its code may be compared.
    pub async fn count_try(
        self,
        message: MessageId,
        user: UserId,
        about: &str,
        now_ms: i64,
    ) -> Result<Tried> {
        let condition = "asker = :me AND about = :about AND until_ms > :now AND tries < :most AND \
                         attribute_not_exists(spent)";
        let values = [
            (":one", n(1)),
            (":me", s(user.to_string())),
            (":about", s(about)),
            (":now", n(now_ms)),
            (":most", n(MOST_TRIES)),
        ];
        let key = keys::message_pin(self.school.id, message);
        let row = match self.school.table.update_if(&key, "ADD tries :one", condition, values).await? {
            Updated::Done(row) => {
                let nonce = text(&row, "nonce").unwrap_or_default().to_owned();
                let left = MOST_TRIES.saturating_sub(number(&row, "tries").unwrap_or(MOST_TRIES));
                return Ok(Tried::Compare { nonce, left });
            }
            Updated::Refused(row) => row.unwrap_or_default(),
        };
        Ok(match read(&row) {
            Some(pin) if pin.user != user || pin.until_ms <= now_ms => Tried::Over,
            Some(_) if row.contains_key("spent") => Tried::Spent,
            Some(pin) if pin.about != about => Tried::Another,
            Some(_) => Tried::TooMany,
            None => Tried::Over,
        })
    }
}

impl School {
    /// For the transaction that accepts the message: its PIN serves once.
    pub(crate) fn spend_pin(&self, message: MessageId, about: &str) -> Result<TransactWriteItem> {
        self.table.tx_update(
            &keys::message_pin(self.id, message),
            "SET spent = :one",
            Some("about = :about AND attribute_not_exists(spent)"),
            [(":one", n(1)), (":about", s(about))],
        )
    }
}

fn read(row: &Row) -> Option<PinAsked> {
    Some(PinAsked {
        user: text(row, "asker")?.parse().ok()?,
        about: text(row, "about")?.to_owned(),
        nonce: text(row, "nonce")?.to_owned(),
        until_ms: number(row, "until_ms")?,
    })
}
