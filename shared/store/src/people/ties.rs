//! How adults are tied to pupils, and what the MIS has its groups for: rows of the address book.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use domain::audit::AuditEvent;
use domain::feed::{GroupKind, Tie};
use domain::ids::{ContactId, SchoolId};

use crate::error::{Result, StoreError};
use crate::people::contacts::CHUNK;
use crate::people::guard::Leave;
use crate::table::{Row, from_row, key_row, n, s, text, to_row};
use crate::{School, keys};

const DOC: &str = "doc";
/// On a tie that the MIS gave: a court order that it knows of is lifted nowhere else.
const OF_MIS: &str = "of_mis";

/// Who says how two people are tied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A run of the sync.
    Mis,
    /// A partner's batch.
    Partner,
}

/// Ties between pupils and adults, and bars on them.
#[derive(Debug, Clone, Copy)]
pub struct Ties<'a> {
    pub(crate) school: &'a School,
}

impl Ties<'_> {
    /// Adds or replaces ties, and ends others, each a pupil's and an adult's id: for a partner's batch. Each step of 99
    /// leaves the book whole. `Busy` during a bulk change, `Conflict` where the MIS has meanwhile come to tie one of
    /// them: see [`Self::ties_of_mis`].
    pub async fn write(self, put: &[Tie], end: &[(ContactId, ContactId)], now_ms: i64) -> Result<()> {
        self.write_under(put, end, Origin::Partner, &self.school.single_leave()?, now_ms).await
    }

    /// Of these pairs, those that the MIS ties: nobody else may say what holds between them.
    pub async fn pairs_of_mis(
        self,
        pairs: &[(&ContactId, &ContactId)],
    ) -> Result<HashSet<(ContactId, ContactId)>> {
        let mut wanted: Vec<_> =
            pairs.iter().map(|(pupil, contact)| keys::tie(self.school.id, pupil, contact)).collect();
        wanted.sort_unstable_by(|a, b| a.sk.cmp(&b.sk));
        wanted.dedup();
        let rows = self.school.table.batch_get(&wanted, true).await?;
        let of_mis = rows.into_iter().filter(|row| row.contains_key(OF_MIS));
        of_mis.map(|row| from_row::<Tie>("tie", row).map(|tie| (tie.pupil, tie.contact))).collect()
    }

    /// The ties of these pairs, each a pupil's and an adult's id, as they stand: the MIS's and partners', no bars of
    /// ours.
    pub async fn between(self, pairs: &[(ContactId, ContactId)]) -> Result<Vec<Tie>> {
        let wanted: Vec<_> =
            pairs.iter().map(|(pupil, contact)| keys::tie(self.school.id, pupil, contact)).collect();
        let rows = self.school.table.batch_get(&wanted, true).await?;
        rows.into_iter().map(|row| from_row::<Tie>("tie", row)).collect()
    }

    pub(crate) async fn write_under(
        self,
        put: &[Tie],
        end: &[(ContactId, ContactId)],
        origin: Origin,
        leave: &Leave<'_>,
        now_ms: i64,
    ) -> Result<()> {
        let free = match origin {
            Origin::Mis => None,
            Origin::Partner => Some("attribute_not_exists(of_mis)"),
        };
        for chunk in put.chunks(CHUNK) {
            let puts = chunk.iter().map(|tie| {
                let mut row = to_row("tie", &keys::tie(self.school.id, &tie.pupil, &tie.contact), tie)?;
                if origin == Origin::Mis {
                    row.insert(OF_MIS.to_owned(), n(1));
                }
                self.school.table.tx_put(row, free)
            });
            self.school.write_book(puts.collect::<Result<_>>()?, leave, now_ms).await?;
        }
        for chunk in end.chunks(CHUNK) {
            let deletes = chunk.iter().map(|(pupil, contact)| {
                self.school.table.tx_delete(&keys::tie(self.school.id, pupil, contact), free)
            });
            self.school.write_book(deletes.collect::<Result<_>>()?, leave, now_ms).await?;
        }
        Ok(())
    }
}

impl Ties<'_> {
    /// Bars an adult from what concerns a pupil, whatever a source says now or later. Done twice it is done once.
    /// `Busy` during a bulk change.
    pub async fn bar(
        self,
        pupil: &ContactId,
        contact: &ContactId,
        event: &AuditEvent,
        now_ms: i64,
    ) -> Result<()> {
        self.bar_under(pupil, contact, &self.school.single_leave()?, event, now_ms).await
    }

    pub(crate) async fn bar_under(
        self,
        pupil: &ContactId,
        contact: &ContactId,
        leave: &Leave<'_>,
        event: &AuditEvent,
        now_ms: i64,
    ) -> Result<()> {
        let bar = Tie {
            pupil: pupil.clone(),
            contact: contact.clone(),
            kind: String::new(),
            priority: None,
            responsibility: false,
            court_order: true,
        };
        let row = to_row("bar", &keys::bar(self.school.id, pupil, contact), &bar)?;
        let put = self.school.table.tx_put(row, None)?;
        self.school.write_book_recorded(vec![put], leave, event, now_ms).await
    }

    /// Takes such a bar away; one that the source gives stays.
    pub async fn lift_bar(
        self,
        pupil: &ContactId,
        contact: &ContactId,
        event: &AuditEvent,
        now_ms: i64,
    ) -> Result<()> {
        let delete = self.school.table.tx_delete(&keys::bar(self.school.id, pupil, contact), None);
        self.school.write_book_recorded(vec![delete?], &self.school.single_leave()?, event, now_ms).await
    }

    /// Every pair that was barred so, as pupil and adult: a few.
    pub async fn bars(self) -> Result<BTreeSet<(ContactId, ContactId)>> {
        let rows = self.school.table.query(&keys::book_pk(self.school.id), keys::BAR_PREFIX, true).await?;
        let bars = rows.into_iter().map(|row| from_row::<Tie>("bar", row));
        bars.map(|bar| bar.map(|bar| (bar.pupil, bar.contact))).collect()
    }
}

pub(crate) fn kinds_row(school: SchoolId, kinds: &BTreeMap<String, GroupKind>) -> Result<Row> {
    let mut row = key_row(&keys::group_kinds(school));
    let doc = serde_json::to_string(kinds).map_err(|e| StoreError::corrupt("group kinds", e))?;
    row.insert(DOC.to_owned(), s(doc));
    Ok(row)
}

pub(crate) fn read_kinds(row: &Row) -> Result<BTreeMap<String, GroupKind>> {
    let doc = text(row, DOC).unwrap_or("{}");
    serde_json::from_str(doc).map_err(|e| StoreError::corrupt("group kinds", e))
}
