//! Changing the address book in bulk: an import, which readers see whole or not at all.

use std::collections::BTreeMap;

use domain::audit::AuditEvent;
use domain::contact::Contact;
use domain::feed::{GroupKind, Tie};
use domain::ids::ContactId;

use crate::error::{Result, StoreError};
use crate::people::book::Book;
use crate::people::contacts::{CHUNK, Upserted, last_of_each};
use crate::people::guard::{Guard, Leave};
use crate::people::ties::{Origin, kinds_row};
use crate::table::{n, s};
use crate::update::{Updated, WAITS_MS, pause};
use crate::{School, keys};

/// The sole right to write to a school's address book. While it lasts, readers and single edits are `Busy`.
///
/// It lasts `hold_ms` beyond each write, so that a writer that died does not shut the book for ever. A job that goes on
/// in another process takes it up again under the same owner.
#[derive(Debug)]
pub struct Bulk {
    school: School,
    owner: String,
    version: u64,
    hold_ms: i64,
}

impl Book<'_> {
    /// Begins a bulk change, or takes up the one that the same `owner` (such as an import's id) began. `Busy` while
    /// another owner's goes on.
    pub async fn begin_bulk(self, owner: &str, hold_ms: i64, now_ms: i64) -> Result<Bulk> {
        let key = keys::book_version(self.school.id);
        let until = now_ms.saturating_add(hold_ms);
        let bulk = |version| Bulk { school: self.school.clone(), owner: owner.to_owned(), version, hold_ms };
        for wait in WAITS_MS {
            pause(wait).await;
            let begin = "ADD v :one SET holder = :me, held_until = :until";
            let values = [(":one", n(1)), (":me", s(owner)), (":until", n(until))];
            let held =
                match self.school.table.update_if(&key, begin, "attribute_not_exists(holder)", values).await?
                {
                    Updated::Done(row) => return Ok(bulk(Guard::of(&row).version)),
                    Updated::Refused(row) => row.as_ref().map(Guard::of).unwrap_or_default(),
                };
            if held.holder.as_deref() == Some(owner) {
                let values = [(":me", s(owner)), (":until", n(until))];
                let again =
                    self.school.table.update_if(&key, "SET held_until = :until", "holder = :me", values);
                if let Updated::Done(row) = again.await? {
                    return Ok(bulk(Guard::of(&row).version));
                }
            } else if held.has_run_out(now_ms) {
                self.school.end_lost_hold(&held).await?;
            } else {
                return Err(StoreError::Busy);
            }
        }
        Err(StoreError::Busy)
    }
}

impl Bulk {
    /// Adds or replaces contacts by id, and holds the book for longer. May be repeated after a failure: what this bulk
    /// has made counts as created again. `Conflict` when the hold was lost: begin again.
    pub async fn upsert_contacts(&self, contacts: Vec<Contact>, now_ms: i64) -> Result<Upserted> {
        let leave = self.leave_to_write(now_ms)?;
        let (contacts, mut counts) = last_of_each(contacts);
        for chunk in contacts.chunks(CHUNK) {
            let chunk = self.school.contacts().upsert_chunk(chunk, &leave, Some(self.version), now_ms);
            counts = counts.plus(chunk.await?);
        }
        Ok(counts)
    }

    /// Takes people out of the book whom the MIS has no more: their names stay for the history. May be repeated.
    pub async fn leave(&self, ids: &[ContactId], now_ms: i64) -> Result<()> {
        let leave = self.leave_to_write(now_ms)?;
        for chunk in ids.chunks(CHUNK) {
            self.school.contacts().mark_left(chunk, &leave, now_ms).await?;
        }
        Ok(())
    }

    /// Adds or replaces ties, as the MIS has them. May be repeated.
    pub async fn put_ties(&self, ties: &[Tie], now_ms: i64) -> Result<()> {
        let leave = self.leave_to_write(now_ms)?;
        self.school.ties().write_under(ties, &[], Origin::Mis, &leave, now_ms).await
    }

    /// Bars a pair in the school's own name, so that it outlives what the MIS says from now on. Done twice it is done
    /// once.
    pub async fn bar(
        &self,
        pupil: &ContactId,
        contact: &ContactId,
        event: &AuditEvent,
        now_ms: i64,
    ) -> Result<()> {
        let leave = self.leave_to_write(now_ms)?;
        self.school.ties().bar_under(pupil, contact, &leave, event, now_ms).await
    }

    /// Ends ties, each a pupil's and an adult's id. May be repeated.
    pub async fn end_ties(&self, pairs: &[(ContactId, ContactId)], now_ms: i64) -> Result<()> {
        let leave = self.leave_to_write(now_ms)?;
        self.school.ties().write_under(&[], pairs, Origin::Mis, &leave, now_ms).await
    }

    /// Says what the MIS has its groups for.
    pub async fn put_kinds(&self, kinds: &BTreeMap<String, GroupKind>, now_ms: i64) -> Result<()> {
        let leave = self.leave_to_write(now_ms)?;
        let put = self.school.table.tx_put(kinds_row(self.school.id, kinds)?, None)?;
        self.school.write_book(vec![put], &leave, now_ms).await
    }

    fn leave_to_write(&self, now_ms: i64) -> Result<Leave<'_>> {
        self.school.bulk_leave(&self.owner, self.version, now_ms.saturating_add(self.hold_ms))
    }

    /// Opens the book to readers and single edits again. A hold that was lost has been ended already.
    pub async fn end(self) -> Result<()> {
        let update = "ADD v :one REMOVE holder, held_until";
        let values = [(":one", n(1)), (":me", s(&*self.owner)), (":v", n(self.version))];
        let key = keys::book_version(self.school.id);
        match self.school.table.update_if(&key, update, "holder = :me AND v = :v", values).await? {
            Updated::Done(_) | Updated::Refused(_) => Ok(()),
        }
    }
}
