//! Of whose absence which message tells: a row for each session and matter, so that a family is told once however many
//! press the button. The row moves in the transaction that accepts the message.
//!
//! What a message holds is let go without anybody's doing: an entry of one that was rejected, or stopped before it was
//! planned, counts for nothing, and the next message may take its place.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::attendance::{About, Matter};
use domain::feed::Session;
use domain::ids::{ContactId, MessageId};
use domain::message::MessageState;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::error::{Result, StoreError};
use crate::messages::{json, read_json};
use crate::table::{key_row, n, number};
use crate::update::Transacted;
use crate::{School, keys};

/// How long it is kept who was told, in seconds: a school year and more.
const KEPT_SECONDS: i64 = 400 * 24 * 3_600;
/// Tries at a row that others change meanwhile.
const TRIES: u32 = 6;

/// Which message tells a pupil's family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldBy {
    /// The message.
    pub message: MessageId,
    /// When it was accepted, in milliseconds since 1970.
    pub at_ms: i64,
    /// Whether it was planned, so that it went or is going; until then it only waits to.
    #[serde(skip)]
    pub went: bool,
}

/// The entries of one row that count, and the version at which they were read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    version: u64,
    pub(crate) by: BTreeMap<ContactId, ToldBy>,
}

impl Told {
    /// Whether somebody changed the row since it was read as `seen`.
    pub(crate) const fn has_moved(&self, seen: &Self) -> bool {
        self.version != seen.version
    }
}

impl School {
    /// Whose families were told of a matter of a session, or are about to be, and by which message.
    pub async fn told(
        &self,
        date: Date,
        session: Session,
        matter: Matter,
    ) -> Result<BTreeMap<ContactId, ToldBy>> {
        Ok(self.told_row(About { date, session, matter, all_the_same: None }).await?.by)
    }

    pub(crate) async fn told_row(&self, about: About) -> Result<Told> {
        let Some(row) = self.table.get(&keys::told(self.id, about), true).await? else {
            return Ok(Told::default());
        };
        let version = number(&row, "version").unwrap_or_default();
        let mut by: BTreeMap<ContactId, ToldBy> = read_json("told families", &row, "doc")?;
        let messages: BTreeSet<MessageId> = by.values().map(|told| told.message).collect();
        let mut standing = BTreeMap::new();
        for message in messages {
            standing
                .insert(message, self.meta(message).await?.map(|meta| (meta.state, meta.epoch.is_some())));
        }
        by.retain(|_, told| {
            let Some(Some((state, planned))) = standing.get(&told.message) else { return false };
            told.went = *planned;
            match state {
                MessageState::Rejected => false,
                MessageState::Stopped => *planned,
                _ => true,
            }
        });
        Ok(Told { version, by })
    }

    /// The row after a message has taken these pupils on.
    pub(crate) fn claim_told(
        &self,
        about: About,
        seen: &Told,
        pupils: &[ContactId],
        by: ToldBy,
    ) -> Result<TransactWriteItem> {
        let mut told = seen.clone();
        told.by.extend(pupils.iter().map(|pupil| (pupil.clone(), by)));
        self.put_told(about, &told, by.at_ms)
    }

    fn put_told(&self, about: About, told: &Told, now_ms: i64) -> Result<TransactWriteItem> {
        let mut row = key_row(&keys::told(self.id, about));
        row.insert("doc".to_owned(), json("told families", &told.by)?);
        row.insert("version".to_owned(), n(told.version + 1));
        row.insert(keys::TTL.to_owned(), n(now_ms / 1_000 + KEPT_SECONDS));
        match told.version {
            0 => self.table.tx_put(row, Some("attribute_not_exists(pk)")),
            seen => self.table.tx_put_if(row, "version = :seen", [(":seen", n(seen))]),
        }
    }

    /// Lets go of pupils whose families a message does not tell after all.
    pub async fn untell(
        &self,
        about: About,
        message: MessageId,
        pupils: &BTreeSet<ContactId>,
        now_ms: i64,
    ) -> Result<()> {
        for _ in 0..TRIES {
            let mut told = self.told_row(about).await?;
            let before = told.by.len();
            told.by.retain(|pupil, by| by.message != message || !pupils.contains(pupil));
            if told.by.len() == before {
                return Ok(());
            }
            match self.table.try_transact(vec![self.put_told(about, &told, now_ms)?]).await? {
                Transacted::Done => return Ok(()),
                Transacted::Refused(_) => {}
            }
        }
        Err(StoreError::Busy)
    }
}
