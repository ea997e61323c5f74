//! Changing the address book: single edits and batches, each a transaction with the book's version.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::audit::{Act, AuditEvent, Change};
use domain::contact::{Away, Contact, Source};
use domain::ids::ContactId;

use crate::error::{Result, StoreError};
use crate::people::guard::Leave;
use crate::table::{Row, from_row, key_row, n, number, to_row};
use crate::{School, keys};

/// Rows to a transaction: the service takes 100, and one is the guard's.
pub(crate) const CHUNK: usize = 99;
/// People who are deleted in one transaction: two rows for each, the guard's, and two of the log's.
const DELETED_AT_ONCE: usize = 48;
/// Tries at a chunk whose rows others keep changing.
const CHUNK_TRIES: u32 = 5;

/// Moves with each change of a contact.
const REV: &str = "rev";
/// The book's version under which a bulk made the row.
const BORN: &str = "born";

/// A contact and how often it was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredContact {
    /// The contact.
    pub contact: Contact,
    /// Give it back with an edit, so that nobody overwrites what they have not seen.
    pub rev: u64,
}

/// What an upsert came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Upserted {
    /// Ids that were new.
    pub created: u32,
    /// Ids that were there, changed or not.
    pub updated: u32,
}

impl Upserted {
    /// Both counts added up.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { created: self.created + other.created, updated: self.updated + other.updated }
    }
}

struct Known {
    contact: Contact,
    rev: u64,
    born: Option<u64>,
}

impl Known {
    fn of(row: Row) -> Result<Self> {
        let (rev, born) = (number(&row, REV).unwrap_or_default(), number(&row, BORN));
        Ok(Self { contact: from_row("contact", row)?, rev, born })
    }
}

/// Single contacts of the address book.
#[derive(Debug, Clone, Copy)]
pub struct Contacts<'a> {
    pub(crate) school: &'a School,
}

impl Contacts<'_> {
    /// One contact, as it stands now; `None` for one who is away.
    pub async fn get(self, id: &ContactId) -> Result<Option<StoredContact>> {
        let row = self.school.table.get(&keys::contact(self.school.id, id), true).await?;
        let known = row.map(Known::of).transpose()?.filter(|k| k.contact.away.is_none());
        Ok(known.map(|k| StoredContact { contact: k.contact, rev: k.rev }))
    }

    /// Adds a contact. `Conflict` when the id is taken, `Busy` during a bulk change.
    pub async fn add(self, contact: &Contact, event: &AuditEvent, now_ms: i64) -> Result<()> {
        let put = self.put_new(contact, None)?;
        self.school.write_book_recorded(vec![put], &self.school.single_leave()?, event, now_ms).await
    }

    /// Replaces a contact that was read at `rev`; the new `rev` is returned. `Conflict` when it was changed or
    /// deleted since, `Busy` during a bulk change.
    pub async fn put(self, contact: &Contact, rev: u64, event: &AuditEvent, now_ms: i64) -> Result<u64> {
        let put = self.put_over(contact, rev, None)?;
        self.school.write_book_recorded(vec![put], &self.school.single_leave()?, event, now_ms).await?;
        Ok(rev + 1)
    }

    /// Deletes contacts; ids that are not there are passed over. Who came from the MIS is hidden until the next sync
    /// brings them back. Ties stay: a bar holds should the person come back. Each step leaves the book whole and has a
    /// row in the log, which names those who were there: `event` says only who does it and from where.
    pub async fn delete(self, ids: &[ContactId], event: &AuditEvent, now_ms: i64) -> Result<()> {
        let mut ids: Vec<&ContactId> = ids.iter().collect();
        ids.sort_unstable();
        ids.dedup();
        for chunk in ids.chunks(DELETED_AT_ONCE) {
            self.delete_chunk(chunk, event, now_ms).await?;
        }
        Ok(())
    }

    /// Of these people, those who are in the book.
    pub async fn known_ids(self, ids: &[&ContactId]) -> Result<HashSet<ContactId>> {
        let known = self.known(ids).await?;
        Ok(known.into_iter().filter(|contact| contact.away.is_none()).map(|contact| contact.id).collect())
    }

    /// These people as they are stored, those who are away among them.
    pub async fn known(self, ids: &[&ContactId]) -> Result<Vec<Contact>> {
        let mut wanted: Vec<_> = ids.iter().map(|id| keys::contact(self.school.id, id)).collect();
        wanted.sort_unstable_by(|a, b| a.sk.cmp(&b.sk));
        wanted.dedup();
        let rows = self.school.table.batch_get(&wanted, true).await?;
        rows.into_iter().map(|row| Known::of(row).map(|known| known.contact)).collect()
    }

    /// Of these people, those whom the MIS gives: who has left it is its no longer.
    pub async fn ids_of_mis(self, ids: &[&ContactId]) -> Result<HashSet<ContactId>> {
        let known = self.known(ids).await?;
        let of_mis = known.into_iter().filter(|c| c.source == Source::Mis && c.away != Some(Away::Left));
        Ok(of_mis.map(|contact| contact.id).collect())
    }

    /// Marks up to [`CHUNK`] people of the MIS's as gone.
    pub(crate) async fn mark_left(self, ids: &[ContactId], leave: &Leave<'_>, now_ms: i64) -> Result<()> {
        for _ in 0..CHUNK_TRIES {
            let wanted: Vec<_> = ids.iter().map(|id| keys::contact(self.school.id, id)).collect();
            let mut puts = Vec::new();
            for row in self.school.table.batch_get(&wanted, true).await? {
                let known = Known::of(row)?;
                if known.contact.source == Source::Mis && known.contact.away != Some(Away::Left) {
                    // Nobody writes to them any more, so nothing but the name is needed.
                    let Contact { id, source, role, title, forename, surname, overrides, .. } = known.contact;
                    let left = Contact {
                        title,
                        forename,
                        surname,
                        overrides,
                        away: Some(Away::Left),
                        ..Contact::new(id, source, role)
                    };
                    puts.push(self.put_over(&left, known.rev, known.born)?);
                }
            }
            match self.school.write_book(puts, leave, now_ms).await {
                Err(StoreError::Conflict) if leave.still_given(self.school).await? => {}
                done => return done,
            }
        }
        Err(StoreError::Conflict)
    }

    async fn delete_chunk(self, ids: &[&ContactId], event: &AuditEvent, now_ms: i64) -> Result<()> {
        for _ in 0..CHUNK_TRIES {
            let wanted: Vec<_> = ids.iter().map(|id| keys::contact(self.school.id, id)).collect();
            let (mut items, mut gone) = (Vec::new(), Vec::new());
            for row in self.school.table.batch_get(&wanted, true).await? {
                let known = Known::of(row)?;
                if known.contact.away.is_some() {
                    continue;
                }
                gone.push(known.contact.id.clone());
                if known.contact.source == Source::Mis {
                    let hidden = Contact { away: Some(Away::Hidden), ..known.contact };
                    items.push(self.put_over(&hidden, known.rev, known.born)?);
                    items.push(
                        self.school.table.tx_put(key_row(&keys::stale(self.school.id, &hidden.id)), None)?,
                    );
                } else {
                    items.push(
                        self.school
                            .table
                            .tx_delete(&keys::contact(self.school.id, &known.contact.id), None)?,
                    );
                }
            }
            if items.is_empty() {
                return Ok(());
            }
            let event = deleting(&gone, event);
            match self.school.write_book_recorded(items, &self.school.single_leave()?, &event, now_ms).await {
                Err(StoreError::Conflict) => {}
                done => return done,
            }
        }
        Err(StoreError::Conflict)
    }

    /// Adds or replaces contacts by id: for a partner's batch of up to a thousand. Each step of 99 leaves the book
    /// whole, so that a batch that was cut off can be sent again. `Busy` during a bulk change.
    pub async fn upsert(self, contacts: Vec<Contact>, now_ms: i64) -> Result<Upserted> {
        let (contacts, mut counts) = last_of_each(contacts);
        for chunk in contacts.chunks(CHUNK) {
            counts = counts.plus(self.upsert_chunk(chunk, &self.school.single_leave()?, None, now_ms).await?);
        }
        Ok(counts)
    }

    /// Upserts up to [`CHUNK`] contacts, each id once. Rows that would not change are not written. A row of the MIS's
    /// that somebody else writes over is marked besides: where that makes too many rows for one step, there are two.
    pub(crate) async fn upsert_chunk(
        self,
        contacts: &[Contact],
        leave: &Leave<'_>,
        born: Option<u64>,
        now_ms: i64,
    ) -> Result<Upserted> {
        for _ in 0..CHUNK_TRIES {
            let (puts, counts) = self.plan_upsert(contacts, born).await?;
            if puts.is_empty() && born.is_none() {
                return Ok(counts);
            }
            if puts.len() > CHUNK {
                let (some, others) = contacts.split_at(contacts.len() / 2);
                let some = Box::pin(self.upsert_chunk(some, leave, born, now_ms)).await?;
                return Ok(some.plus(Box::pin(self.upsert_chunk(others, leave, born, now_ms)).await?));
            }
            match self.school.write_book(puts, leave, now_ms).await {
                // Either the rows have changed since they were read, or the leave is gone.
                Err(StoreError::Conflict) if leave.still_given(self.school).await? => {}
                done => return done.map(|()| counts),
            }
        }
        Err(StoreError::Conflict)
    }

    async fn plan_upsert(
        self,
        contacts: &[Contact],
        born: Option<u64>,
    ) -> Result<(Vec<TransactWriteItem>, Upserted)> {
        let wanted: Vec<_> = contacts.iter().map(|c| keys::contact(self.school.id, &c.id)).collect();
        let mut known = HashMap::with_capacity(contacts.len());
        for row in self.school.table.batch_get(&wanted, true).await? {
            let row = Known::of(row)?;
            known.insert(row.contact.id.clone(), row);
        }
        let mut counts = Upserted::default();
        let mut puts = Vec::new();
        for contact in contacts {
            let known = known.get(&contact.id);
            let contact = &with_overrides_of(known, contact);
            // What this same bulk made before it was cut off still counts as made by it.
            if known.is_none_or(|k| born.is_some() && k.born == born) {
                counts.created += 1;
            } else {
                counts.updated += 1;
            }
            match known {
                None => puts.push(self.put_new(contact, born)?),
                Some(known) if known.contact == **contact => {}
                Some(known) => {
                    puts.push(self.put_over(contact, known.rev, known.born)?);
                    // Somebody else's word over the MIS's: the next run has it again.
                    if known.contact.source == Source::Mis && contact.source != Source::Mis {
                        puts.push(
                            self.school
                                .table
                                .tx_put(key_row(&keys::stale(self.school.id, &contact.id)), None)?,
                        );
                    }
                }
            }
        }
        Ok((puts, counts))
    }

    fn put_new(self, contact: &Contact, born: Option<u64>) -> Result<TransactWriteItem> {
        self.school.table.tx_put(self.contact_row(contact, 1, born)?, Some("attribute_not_exists(pk)"))
    }

    fn put_over(self, contact: &Contact, rev: u64, born: Option<u64>) -> Result<TransactWriteItem> {
        self.school.table.tx_put_if(
            self.contact_row(contact, rev + 1, born)?,
            "rev = :rev",
            [(":rev", n(rev))],
        )
    }

    fn contact_row(self, contact: &Contact, rev: u64, born: Option<u64>) -> Result<Row> {
        let mut row = to_row("contact", &keys::contact(self.school.id, &contact.id), contact)?;
        row.insert(REV.to_owned(), n(rev));
        row.extend(born.map(|version| (BORN.to_owned(), n(version))));
        Ok(row)
    }
}

/// The event of deleting these people.
fn deleting(gone: &[ContactId], by: &AuditEvent) -> AuditEvent {
    let on = if let [one] = gone { one.to_string() } else { String::new() };
    let many = gone.iter().filter(|_| on.is_empty());
    let changes = many.filter_map(|id| Change::of("contact", id.as_str(), "")).collect();
    AuditEvent { act: Act::ContactsDeleted, on, changes, ..by.clone() }
}

/// A source's word on a contact, with what staff had changed in it: a source knows nothing of that.
fn with_overrides_of<'c>(known: Option<&Known>, contact: &'c Contact) -> Cow<'c, Contact> {
    match known.map(|known| &known.contact.overrides) {
        Some(overrides) if contact.source.is_imported() && contact.overrides != *overrides => {
            Cow::Owned(Contact { overrides: overrides.clone(), ..contact.clone() })
        }
        _ => Cow::Borrowed(contact),
    }
}

/// Where an id comes twice the last one counts, and the earlier ones as if it had updated them.
pub(crate) fn last_of_each(contacts: Vec<Contact>) -> (Vec<Contact>, Upserted) {
    let mut places: HashMap<ContactId, usize> = HashMap::with_capacity(contacts.len());
    let mut kept: Vec<Contact> = Vec::with_capacity(contacts.len());
    let mut counts = Upserted::default();
    for contact in contacts {
        if let Some(earlier) = places.get(&contact.id).and_then(|place| kept.get_mut(*place)) {
            *earlier = contact;
            counts.updated += 1;
        } else {
            places.insert(contact.id.clone(), kept.len());
            kept.push(contact);
        }
    }
    (kept, counts)
}
