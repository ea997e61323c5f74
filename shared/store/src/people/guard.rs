//! The row that guards a school's address book: its version, and who is changing it in bulk.
//!
//! Even and unheld: the rows are whole. Odd and held: a bulk writer is among them. Every write to the book is one
//! transaction with this row, so a writer whose hold has run out can do no more harm, and anybody may end its hold.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::audit::AuditEvent;

use crate::error::{Result, StoreError};
use crate::table::{Row, n, number, s, text};
use crate::update::{Updated, WAITS_MS, pause};
use crate::{School, keys};

/// A school's guard row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Guard {
    pub(crate) version: u64,
    pub(crate) holder: Option<String>,
    pub(crate) held_until: i64,
}

impl Guard {
    pub(crate) fn of(row: &Row) -> Self {
        Self {
            version: number(row, "v").unwrap_or_default(),
            holder: text(row, "holder").map(str::to_owned),
            held_until: number(row, "held_until").unwrap_or_default(),
        }
    }

    /// Whether a bulk writer is at work.
    pub(crate) const fn is_held(&self) -> bool {
        self.holder.is_some()
    }

    /// Whether a bulk writer has not been heard of for longer than it said.
    pub(crate) const fn has_run_out(&self, now_ms: i64) -> bool {
        self.is_held() && self.held_until <= now_ms
    }
}

/// Leave to write to the book: what a transaction must find on the guard row.
pub(crate) struct Leave<'a> {
    condition: TransactWriteItem,
    owner: Option<&'a str>,
}

impl Leave<'_> {
    /// Whether the guard row still says so.
    pub(crate) async fn still_given(&self, school: &School) -> Result<bool> {
        Ok(school.guard().await?.holder.as_deref() == self.owner)
    }
}

impl School {
    pub(crate) async fn guard(&self) -> Result<Guard> {
        let row = self.table.get(&keys::book_version(self.id), true).await?;
        Ok(row.as_ref().map(Guard::of).unwrap_or_default())
    }

    /// For a change that is whole in itself, while nobody writes in bulk.
    pub(crate) fn single_leave(&self) -> Result<Leave<'static>> {
        let key = keys::book_version(self.id);
        let condition = self.table.tx_update(
            &key,
            "ADD v :two",
            Some("attribute_not_exists(holder)"),
            [(":two", n(2))],
        )?;
        Ok(Leave { condition, owner: None })
    }

    /// For a part of a bulk, while `owner` still holds the book; holds it until `until_ms`.
    pub(crate) fn bulk_leave<'a>(&self, owner: &'a str, version: u64, until_ms: i64) -> Result<Leave<'a>> {
        let condition = self.table.tx_update(
            &keys::book_version(self.id),
            "SET held_until = :until",
            Some("holder = :me AND v = :v"),
            [(":until", n(until_ms)), (":me", s(owner)), (":v", n(version))],
        )?;
        Ok(Leave { condition, owner: Some(owner) })
    }

    /// Ends a hold that has run out. The rows are each whole, so what was written stays.
    pub(crate) async fn end_lost_hold(&self, guard: &Guard) -> Result<()> {
        let Some(holder) = &guard.holder else {
            return Ok(());
        };
        let update = "ADD v :one REMOVE holder, held_until";
        let condition = "holder = :holder AND held_until = :until";
        let values = [(":one", n(1)), (":holder", s(holder)), (":until", n(guard.held_until))];
        match self.table.update_if(&keys::book_version(self.id), update, condition, values).await? {
            Updated::Done(_) | Updated::Refused(_) => Ok(()),
        }
    }

    /// Writes to the book, all or nothing. `Busy` while somebody else writes in bulk; `Conflict` when a row is not as
    /// its own condition says, or the leave was lost.
    pub(crate) async fn write_book(
        &self,
        items: Vec<TransactWriteItem>,
        leave: &Leave<'_>,
        now_ms: i64,
    ) -> Result<()> {
        self.write_book_for(items, leave, None, now_ms).await
    }

    /// As [`School::write_book`], for a change that somebody makes and the log holds.
    pub(crate) async fn write_book_recorded(
        &self,
        items: Vec<TransactWriteItem>,
        leave: &Leave<'_>,
        event: &AuditEvent,
        now_ms: i64,
    ) -> Result<()> {
        self.write_book_for(items, leave, Some(event), now_ms).await
    }

    async fn write_book_for(
        &self,
        mut items: Vec<TransactWriteItem>,
        leave: &Leave<'_>,
        event: Option<&AuditEvent>,
        now_ms: i64,
    ) -> Result<()> {
        items.push(leave.condition.clone());
        let mut last = StoreError::Busy;
        let mut conflicts = 0;
        for wait in WAITS_MS {
            pause(wait).await;
            let done = match event {
                Some(event) => self.transact_recorded(items.clone(), event, now_ms).await,
                None => self.table.transact(items.clone(), None).await,
            };
            match done {
                Err(StoreError::Conflict) => {
                    let guard = self.guard().await?;
                    if guard.holder.as_deref() == leave.owner {
                        // A hold may have ended since: only the second refusal is surely about the rows.
                        conflicts += 1;
                        if conflicts == 2 {
                            return Err(StoreError::Conflict);
                        }
                    } else if leave.owner.is_some() {
                        return Err(StoreError::Conflict);
                    } else if guard.has_run_out(now_ms) {
                        self.end_lost_hold(&guard).await?;
                    } else {
                        return Err(StoreError::Busy);
                    }
                }
                Err(error) if is_passing(&error) => last = error,
                done => return done,
            }
        }
        Err(last)
    }
}

/// Refusals that did nothing and may not be repeated next time: two transactions met, or the table is throttled.
fn is_passing(error: &StoreError) -> bool {
    matches!(error, StoreError::Database { code, .. } if matches!(
        code.as_str(),
        "TransactionCanceledException"
            | "TransactionInProgressException"
            | "ProvisionedThroughputExceededException"
            | "ThrottlingException"
    ))
}
