//! Checking a whole file at once, and packing its good rows into parts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use domain::book::AddressBook;
use domain::contact::{Contact, Source};
use domain::import::{Inspected, Mapping, Rules, Tally, check};

use sheets::ListText;

use super::file::{FileProblem, look};

/// Bytes of a part, give or take one contact: a row of the table takes 400 kB, and a part is written in one go.
const PART_BYTES: usize = 100_000;

/// Good rows to be put by.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// A JSON array of contacts.
    pub(super) contacts: String,
    /// Rows of the file up to and with its last.
    pub(super) rows: u32,
}

/// The result of a check.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) tally: Tally,
    pub(super) parts: Vec<Part>,
    /// Good rows whose ids are known.
    pub(super) known: u32,
    /// Those of them that came from elsewhere.
    pub(super) from_elsewhere: u32,
}

/// What a check needs to know.
pub(super) struct Checking {
    pub(super) inspected: Inspected,
    pub(super) mapping: Mapping,
    pub(super) rules: Rules,
    pub(super) book: Arc<AddressBook>,
    /// Rows that an earlier worker put by.
    pub(super) rows_packed: u32,
    /// Rows checked so far, for whoever watches.
    pub(super) rows_done: Arc<AtomicU32>,
}

impl Checking {
    /// Checks every row. Rows that were put by before are checked again, for the counts, but not packed again.
    pub(super) fn run(self, bytes: &[u8]) -> Result<Checked, FileProblem> {
        let list = ListText::of(bytes)?;
        if look(&list)? != self.inspected {
            return Err(FileProblem::Changed);
        }
        let mut packer = Packer::default();
        let (mut known, mut from_elsewhere) = (0, 0);
        let tally = check(&list.sheet(), &self.inspected, &self.mapping, self.rules, |rows, contact| {
            self.rows_done.store(rows, Ordering::Relaxed);
            let Some(contact) = contact else { return };
            if let Some((held, _)) = self.book.get(&contact.id) {
                known += 1;
                from_elsewhere += u32::from(held.source != Source::Upload);
            }
            if rows > self.rows_packed {
                packer.push(rows, contact);
            }
        });
        Ok(Checked { tally, parts: packer.finish(), known, from_elsewhere })
    }
}

/// Fills one part after the other.
#[derive(Default)]
struct Packer {
    parts: Vec<Part>,
    contacts: Vec<u8>,
    rows: u32,
}

impl Packer {
    fn push(&mut self, rows: u32, contact: &Contact) {
        self.contacts.push(if self.contacts.is_empty() { b'[' } else { b',' });
        // Texts and numbers into memory: there is nothing that could fail.
        if serde_json::to_writer(&mut self.contacts, contact).is_ok() {
            self.rows = rows;
        }
        if self.contacts.len() >= PART_BYTES {
            self.close();
        }
    }

    fn close(&mut self) {
        if self.contacts.is_empty() {
            return;
        }
        let mut contacts = std::mem::take(&mut self.contacts);
        contacts.push(b']');
        if let Ok(contacts) = String::from_utf8(contacts) {
            self.parts.push(Part { contacts, rows: self.rows });
        }
    }

    fn finish(mut self) -> Vec<Part> {
        self.close();
        self.parts
    }
}
