//! Pages of a message: content rows, written once, and state rows, each change conditional on what was read.

use std::ops::Range;
use std::sync::Arc;

use domain::channel::Channel;
use domain::delivery::Evidence;
use domain::ids::{ContactId, Epoch, MessageId};
use domain::job::PageRef;
use domain::page::{Claim, PageState, Receipts, Slot};
use domain::sms::Units;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};

use crate::School;
use crate::error::{Result, StoreError};
use crate::keys::{self, PAGES_PER_SHARD};
use crate::table::{Row, delete_requests, json, key_row, n, number, put_request, read_json, s, text};
use crate::update::{Updated, unless_conflict};

/// Tries before receipts that meet other receipts are put back.
const MERGE_TRIES: usize = 10;
/// Partitions of a message that are read at once.
const PARALLEL_SHARDS: usize = 8;

/// Pages that are held in memory at once where a large message's are read bit by bit: 8,000 deliveries, some 10 MB.
pub const PAGES_READ_AT_ONCE: u32 = 8 * PAGES_PER_SHARD;

/// One delivery as the plan wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedDelivery {
    /// E.164 number or e-mail address.
    #[serde(rename = "a")]
    pub to: String,
    /// The contacts it serves.
    #[serde(rename = "c")]
    pub contacts: Vec<ContactId>,
    /// Values of the text's tokens, in the order of their names.
    #[serde(rename = "v", default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

/// The immutable part of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageContent {
    /// Hash of all its rendered texts: a page that would render differently stops.
    pub text_hash: String,
    /// Its deliveries.
    pub deliveries: Vec<PlannedDelivery>,
}

/// What became of an attempt to take a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claiming {
    /// It is ours.
    Mine(PageState),
    /// Somebody was there first, or the job is stale.
    Lost,
}

/// Pages of deliveries.
#[derive(Debug, Clone, Copy)]
pub struct Pages<'a> {
    pub(crate) school: &'a School,
}

impl Pages<'_> {
    /// Writes a plan's pages under its epoch. Not atomic: nothing reads them before the plan is committed.
    pub async fn write(
        self,
        message: MessageId,
        epoch: &Epoch,
        first: u32,
        pages: &[(PageContent, PageState)],
    ) -> Result<()> {
        let mut writes = Vec::with_capacity(pages.len() * 2);
        for (number, (content, state)) in (first..).zip(pages) {
            let page = self.reference(message, epoch, number);
            let mut row = key_row(&keys::page_content(&page));
            row.insert("h".to_owned(), s(&*content.text_hash));
            row.insert("d".to_owned(), json("page", &content.deliveries)?);
            writes.push(put_request(row)?);
            writes.push(put_request(state_row(&page, state)?)?);
        }
        self.school.table.batch_write(writes).await
    }

    /// The name of a page.
    pub fn reference(self, message: MessageId, epoch: &Epoch, page: u32) -> PageRef {
        PageRef { school: self.school.id, message, epoch: epoch.clone(), page }
    }

    /// A page's content.
    pub async fn content(self, page: &PageRef) -> Result<PageContent> {
        // Written before the epoch was committed, and never since: but only a consistent read is sure to see it.
        let row = self.school.table.get(&keys::page_content(page), true).await?;
        read_content(&row.ok_or(StoreError::NotFound("page"))?)
    }

    /// A page's state.
    pub async fn state(self, page: &PageRef) -> Result<PageState> {
        let row = self.school.table.get(&keys::page_state(page), true).await?;
        read_state(&row.ok_or(StoreError::NotFound("page"))?)
    }

    /// Takes a page, before any send (ARCHITECTURE §4.3). A condition that fails because of our own earlier try, whose
    /// answer was lost, is success.
    ///
    /// ```text
    ///   worker A: fence 0 ──claim──► fence 1, claim a ──outcome──► fence 1, no claim
    ///   worker B: fence 0 ──claim──► condition fails: somebody was first
    /// ```
    pub async fn claim(self, page: &PageRef, fence: u32, by: &str, now_ms: i64) -> Result<Claiming> {
        let values =
            [(":seen", n(fence)), (":next", n(fence.saturating_add(1))), (":me", s(by)), (":now", n(now_ms))];
        let update = "SET fence = :next, claim = :me, claimed = :now";
        let free = "fence = :seen AND attribute_not_exists(claim)";
        match self.school.table.update_if(&keys::page_state(page), update, free, values).await? {
            Updated::Done(row) => Ok(Claiming::Mine(read_state(&row)?)),
            Updated::Refused(None) => Ok(Claiming::Lost),
            Updated::Refused(Some(row)) => {
                let state = read_state(&row)?;
                let mine = state.claim.as_ref().is_some_and(|c| c.by == by);
                Ok(if mine { Claiming::Mine(state) } else { Claiming::Lost })
            }
        }
    }

    /// Writes a page's next state if nobody has moved it since `before` was read; `false` if somebody has. Receipts
    /// are not touched: they move under a version of their own.
    pub async fn advance(self, page: &PageRef, before: &PageState, after: &PageState) -> Result<bool> {
        let unmoved = match &before.claim {
            Some(_) => "fence = :seen AND claim = :by",
            None => "fence = :seen AND attribute_not_exists(claim)",
        };
        let values = [
            (":seen", n(before.fence)),
            (":next", n(after.fence)),
            (":o", json("page", &after.slots)?),
            (":due", n(after.due_ms)),
            (":lost", n(after.lost)),
        ];
        let values = values.into_iter().chain(before.claim.as_ref().map(|claim| (":by", s(&*claim.by))));
        let update = "SET fence = :next, o = :o, due = :due, lost = :lost REMOVE claim, claimed";
        match self.school.table.update_unread(&keys::page_state(page), update, unmoved, values).await? {
            Updated::Done(_) => Ok(true),
            Updated::Refused(None) => Ok(false),
            // Our own first try, whose answer was lost, or somebody else's.
            Updated::Refused(Some(row)) => {
                let now = read_state(&row)?;
                Ok(now.fence == after.fence && now.claim.is_none() && now.slots == after.slots)
            }
        }
    }

    /// Merges receipts into a page; says whether anything changed. They may come early, doubled, out of order.
    pub async fn merge_receipts(self, page: &PageRef, receipts: &[(u8, u32, Evidence)]) -> Result<bool> {
        for _ in 0..MERGE_TRIES {
            let mut state = self.state(page).await?;
            let mut changed = false;
            for (index, attempt, evidence) in receipts {
                if usize::from(*index) < state.slots.len() {
                    changed |= state.receipts.merge(state.channel, *index, *attempt, evidence.clone());
                }
            }
            if !changed {
                return Ok(false);
            }
            let values = [
                (":r", json("receipts", &state.receipts)?),
                (":seen", n(state.version)),
                (":next", n(state.version.wrapping_add(1))),
            ];
            let key = keys::page_state(page);
            let merged = self.school.table.update(&key, "SET r = :r, v = :next", "v = :seen", values).await;
            if unless_conflict(merged)? {
                return Ok(true);
            }
        }
        Err(StoreError::Conflict)
    }

    /// The states of all pages of a plan, in order.
    pub async fn all_states(self, message: MessageId, epoch: &Epoch, pages: u32) -> Result<Vec<PageState>> {
        let prefix = Arc::from(keys::state_prefix(epoch));
        self.plan_rows(message, 0..pages, prefix, read_state).await
    }

    /// The states of up to [`PAGES_READ_AT_ONCE`] of a plan's `pages`, from page `first`, a multiple of that number.
    pub async fn states_from(
        self,
        message: MessageId,
        epoch: &Epoch,
        first: u32,
        pages: u32,
    ) -> Result<Vec<PageState>> {
        let end = first.saturating_add(PAGES_READ_AT_ONCE).min(pages);
        self.plan_rows(message, first..end, Arc::from(keys::state_prefix(epoch)), read_state).await
    }

    /// The contents of up to [`PAGES_READ_AT_ONCE`] of a plan's `pages`, from page `first`, a multiple of that number.
    pub async fn contents_from(
        self,
        message: MessageId,
        epoch: &Epoch,
        first: u32,
        pages: u32,
    ) -> Result<Vec<PageContent>> {
        let end = first.saturating_add(PAGES_READ_AT_ONCE).min(pages);
        self.plan_rows(message, first..end, Arc::from(keys::content_prefix(epoch)), read_content).await
    }

    /// The contents of all pages of a plan, in order.
    pub async fn all_contents(
        self,
        message: MessageId,
        epoch: &Epoch,
        pages: u32,
    ) -> Result<Vec<PageContent>> {
        let prefix = Arc::from(keys::content_prefix(epoch));
        self.plan_rows(message, 0..pages, prefix, read_content).await
    }

    /// Content and state of `count` pages from `first`.
    pub async fn range(
        self,
        message: MessageId,
        epoch: &Epoch,
        first: u32,
        count: u32,
    ) -> Result<Vec<(PageContent, PageState)>> {
        let pages = (first..first.saturating_add(count)).map(|page| self.reference(message, epoch, page));
        stream::iter(pages.map(|page| async move {
            let (content, state) = tokio::try_join!(self.content(&page), self.state(&page))?;
            Ok((content, state))
        }))
        .buffered(PARALLEL_SHARDS)
        .try_collect()
        .await
    }

    /// The rows of whole partitions of pages, each read into what it says before the next partition's rows come.
    async fn plan_rows<T>(
        self,
        message: MessageId,
        pages: Range<u32>,
        prefix: Arc<str>,
        read: fn(&Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        let shards = (pages.start / PAGES_PER_SHARD..pages.end.div_ceil(PAGES_PER_SHARD)).map(|shard| {
            let prefix = Arc::clone(&prefix);
            async move {
                let rows = self
                    .school
                    .table
                    .query(&keys::shard_pk(self.school.id, message, shard), &prefix, true)
                    .await?;
                rows.iter().map(read).collect::<Result<Vec<T>>>()
            }
        });
        let parts: Vec<Vec<T>> = stream::iter(shards).buffered(PARALLEL_SHARDS).try_collect().await?;
        Ok(parts.into_iter().flatten().collect())
    }

    /// Removes the rows of a plan that never became the message's.
    pub async fn delete_all(self, message: MessageId, epoch: &Epoch, pages: u32) -> Result<()> {
        for shard in 0..pages.div_ceil(PAGES_PER_SHARD) {
            let pk = keys::shard_pk(self.school.id, message, shard);
            let mut rows = self.school.table.query(&pk, &keys::state_prefix(epoch), true).await?;
            rows.extend(self.school.table.query(&pk, &keys::content_prefix(epoch), true).await?);
            self.school.table.batch_write(delete_requests(&pk, &rows)?).await?;
        }
        Ok(())
    }
}

fn state_row(page: &PageRef, state: &PageState) -> Result<Row> {
    let mut row = key_row(&keys::page_state(page));
    row.insert("ch".to_owned(), s(state.channel.code()));
    row.insert("u".to_owned(), json("page", &state.units)?);
    row.insert("fence".to_owned(), n(state.fence));
    row.insert("due".to_owned(), n(state.due_ms));
    row.insert("v".to_owned(), n(state.version));
    if state.slots.iter().any(|slot| *slot != Slot::queued()) {
        row.insert("o".to_owned(), json("page", &state.slots)?);
    }
    Ok(row)
}

pub(crate) fn read_state(row: &Row) -> Result<PageState> {
    let missing = |name: &str| StoreError::corrupt("page", format!("{name} is missing or unknown"));
    let units: Vec<Units> = read_json("page", row, "u")?;
    let slots: Vec<Slot> = match text(row, "o") {
        Some(_) => read_json("page", row, "o")?,
        None => vec![Slot::queued(); units.len()],
    };
    if slots.len() != units.len() {
        return Err(missing("o"));
    }
    let receipts: Receipts = read_json("page", row, "r")?;
    let claim = text(row, "claim")
        .map(|by| Claim { by: by.to_owned(), at_ms: number(row, "claimed").unwrap_or_default() });
    Ok(PageState {
        channel: text(row, "ch").and_then(Channel::from_code).ok_or_else(|| missing("ch"))?,
        units,
        fence: number(row, "fence").ok_or_else(|| missing("fence"))?,
        claim,
        due_ms: number(row, "due").unwrap_or(0),
        lost: number(row, "lost").unwrap_or(0),
        slots,
        receipts,
        version: number(row, "v").ok_or_else(|| missing("v"))?,
    })
}

fn read_content(row: &Row) -> Result<PageContent> {
    Ok(PageContent {
        text_hash: text(row, "h").unwrap_or_default().to_owned(),
        deliveries: read_json("page", row, "d")?,
    })
}
