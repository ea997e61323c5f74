//! Of whose absence which message tells: a row for each session and matter, so that a family is told once however many
//! press the button. The row moves in the transaction that accepts the message.
//!
//! What a message holds is let go without anybody's doing: an entry of one that was rejected, or stopped before it was
//! planned, counts for nothing, and the next message may take its place. So does one of a family that the message has
//! reached nobody of: everything that went to those who were to be told about this pupil has failed.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::attendance::{About, Matter};
use domain::delivery::DeliveryState;
use domain::feed::Session;
use domain::ids::{ContactId, Epoch, MessageId};
use domain::message::MessageState;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::error::{Result, StoreError};
use crate::message::Meta;
use crate::message::pages::PAGES_READ_AT_ONCE;
use crate::table::{json, key_row, n, number, read_json};
use crate::update::Transacted;
use crate::{School, keys};

/// How long it is kept who was told, in seconds: a school year and more.
const KEPT_SECONDS: i64 = 400 * 24 * 3_600;
/// Tries at a row that others change meanwhile.
const TRIES: u32 = 6;

/// Which message tells a pupil's family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldBy {
    /// The message.
    pub message: MessageId,
    /// When it was accepted, in milliseconds since 1970.
    pub at_ms: i64,
    /// Who is written to about this pupil, as the plan had it; nobody before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adults: Vec<ContactId>,
    /// Whether it was planned, so that it went or is going; until then it only waits to.
    #[serde(skip)]
    pub went: bool,
}

/// Families of whose pupils a message has told, or was to tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Families {
    /// Told, or about to be.
    pub told: BTreeMap<ContactId, ToldBy>,
    /// Not reached: all that went to them has failed, so that they may be told again.
    pub missed: BTreeMap<ContactId, ToldBy>,
}

/// A row as it counts, and the version at which it was read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    version: u64,
    pub(crate) families: Families,
}

impl Told {
    /// Whether somebody changed the row since it was read as `seen`.
    pub(crate) const fn has_moved(&self, seen: &Self) -> bool {
        self.version != seen.version
    }
}

/// Whether a delivery in this state tells somebody, has told them, or may have.
const fn tells(state: DeliveryState) -> bool {
    !matches!(
        state,
        DeliveryState::TemporaryFailure
            | DeliveryState::PermanentFailure
            | DeliveryState::TechnicalFailure
            | DeliveryState::NotSent
            | DeliveryState::Cancelled
    )
}

/// How a message stands to the families it took on.
enum Stands {
    /// It tells nobody.
    Dropped,
    /// It is not planned yet.
    Waits,
    /// Each of its deliveries tells somebody, as far as it is known.
    Tells,
    /// Only these are told.
    Reaches(BTreeSet<ContactId>),
}

/// Which families were notified of a matter of a session, and by which message.
#[derive(Debug, Clone, Copy)]
pub struct FamilyNotices<'a> {
    pub(crate) school: &'a School,
}

impl FamilyNotices<'_> {
    /// Whose families were told of a matter of a session, or are about to be, and by which message; and whose were not
    /// reached.
    pub async fn read(self, date: Date, session: Session, matter: Matter) -> Result<Families> {
        Ok(self.row(About { date, session, matter, all_the_same: None }).await?.families)
    }

    pub(crate) async fn row(self, about: About) -> Result<Told> {
        let (version, by) = self.read_row(about).await?;
        let messages: BTreeSet<MessageId> = by.values().map(|told| told.message).collect();
        let mut standing = BTreeMap::new();
        for message in messages {
            standing.insert(message, self.stands(message).await?);
        }
        let mut families = Families::default();
        for (pupil, mut told) in by {
            let reached = match standing.get(&told.message) {
                None | Some(Stands::Dropped) => continue,
                Some(Stands::Waits) => true,
                Some(Stands::Tells) => {
                    told.went = true;
                    true
                }
                Some(Stands::Reaches(people)) => {
                    told.went = true;
                    told.adults.is_empty() || told.adults.iter().any(|adult| people.contains(adult))
                }
            };
            let list = if reached { &mut families.told } else { &mut families.missed };
            list.insert(pupil, told);
        }
        Ok(Told { version, families })
    }

    async fn read_row(self, about: About) -> Result<(u64, BTreeMap<ContactId, ToldBy>)> {
        let Some(row) = self.school.table.get(&keys::told(self.school.id, about), true).await? else {
            return Ok((0, BTreeMap::new()));
        };
        Ok((number(&row, "version").unwrap_or_default(), read_json("told families", &row, "doc")?))
    }

    async fn stands(self, message: MessageId) -> Result<Stands> {
        let Some(meta) = self.school.messages().meta(message).await? else { return Ok(Stands::Dropped) };
        match (meta.state, &meta.epoch) {
            (MessageState::Rejected, _) | (MessageState::Stopped, None) => Ok(Stands::Dropped),
            (_, None) => Ok(Stands::Waits),
            // Whatever was counted last is no news of the pages; until then, and where something failed, they are read.
            (MessageState::Finished, _)
                if meta.counted_version > 0 && meta.totals.keys().all(|s| tells(*s)) =>
            {
                Ok(Stands::Tells)
            }
            (_, Some(epoch)) => self.reached(&meta, epoch).await.map(Stands::Reaches),
        }
    }

    /// Everybody to whom a delivery of a message goes, went, or may have gone.
    async fn reached(self, meta: &Meta, epoch: &Epoch) -> Result<BTreeSet<ContactId>> {
        let mut reached = BTreeSet::new();
        let mut first = 0;
        while first < meta.pages {
            let (contents, states) = tokio::try_join!(
                self.school.pages().contents_from(meta.id, epoch, first, meta.pages),
                self.school.pages().states_from(meta.id, epoch, first, meta.pages)
            )?;
            for (content, state) in contents.into_iter().zip(&states) {
                let going = content.deliveries.into_iter().enumerate();
                let going =
                    going.filter(|(at, _)| *at < state.slots.len() && tells(state.standing(*at).state));
                reached.extend(going.flat_map(|(_, delivery)| delivery.contacts));
            }
            first = first.saturating_add(PAGES_READ_AT_ONCE);
        }
        Ok(reached)
    }

    /// Of whose pupils a message tells whom, as its plan had it: for whoever looks once more before it goes.
    pub async fn planned(
        self,
        about: About,
        message: MessageId,
    ) -> Result<BTreeMap<ContactId, Vec<ContactId>>> {
        let (_, by) = self.read_row(about).await?;
        let mine = by.into_iter().filter(|(_, told)| told.message == message);
        Ok(mine.map(|(pupil, told)| (pupil, told.adults)).collect())
    }

    /// The row after a message has taken these pupils on.
    pub(crate) fn tx_claim(
        self,
        about: About,
        seen: &Told,
        pupils: &[ContactId],
        by: &ToldBy,
    ) -> Result<TransactWriteItem> {
        let mut told = seen.clone();
        for pupil in pupils {
            told.families.missed.remove(pupil);
            told.families.told.insert(pupil.clone(), by.clone());
        }
        self.tx_put(about, &told, by.at_ms)
    }

    fn tx_put(self, about: About, told: &Told, now_ms: i64) -> Result<TransactWriteItem> {
        let mut row = key_row(&keys::told(self.school.id, about));
        let Families { told: reached, missed } = &told.families;
        let all: BTreeMap<&ContactId, &ToldBy> = missed.iter().chain(reached).collect();
        row.insert("doc".to_owned(), json("told families", &all)?);
        row.insert("version".to_owned(), n(told.version + 1));
        row.insert(keys::TTL.to_owned(), n(now_ms / 1_000 + KEPT_SECONDS));
        match told.version {
            0 => self.school.table.tx_put(row, Some("attribute_not_exists(pk)")),
            seen => self.school.table.tx_put_if(row, "version = :seen", [(":seen", n(seen))]),
        }
    }

    /// Says after a plan whom a message writes to about each pupil, and lets go of those whose families it does not
    /// tell after all.
    pub async fn record_plan(
        self,
        about: About,
        message: MessageId,
        tells: &BTreeMap<ContactId, Vec<ContactId>>,
        now_ms: i64,
    ) -> Result<()> {
        for _ in 0..TRIES {
            let mut told = self.row(about).await?;
            let before = told.families.clone();
            let settle = |pupil: &ContactId, by: &mut ToldBy| match tells.get(pupil) {
                _ if by.message != message => true,
                Some(adults) => {
                    by.adults.clone_from(adults);
                    true
                }
                None => false,
            };
            told.families.told.retain(settle);
            if told.families == before {
                return Ok(());
            }
            match self.school.table.try_transact(vec![self.tx_put(about, &told, now_ms)?]).await? {
                Transacted::Done => return Ok(()),
                Transacted::Refused(_) => {}
            }
        }
        Err(StoreError::Busy)
    }
}
