//! How adults are tied to pupils, and what the MIS has its groups for: rows of the address book.

use std::collections::BTreeMap;

use domain::feed::{GroupKind, Tie};
use domain::ids::{ContactId, SchoolId};

use crate::contacts::CHUNK;
use crate::error::{Result, StoreError};
use crate::guard::Leave;
use crate::table::{Row, key_row, s, text, to_row};
use crate::{School, keys};

const DOC: &str = "doc";

impl School {
    /// Adds or replaces ties, and ends others, each a pupil's and an adult's id: for a partner's batch. Each step of
    /// 99 leaves the book whole. `Busy` during a bulk change.
    pub async fn write_ties(&self, put: &[Tie], end: &[(ContactId, ContactId)], now_ms: i64) -> Result<()> {
        self.write_ties_under(put, end, &self.single_leave()?, now_ms).await
    }

    pub(crate) async fn write_ties_under(
        &self,
        put: &[Tie],
        end: &[(ContactId, ContactId)],
        leave: &Leave<'_>,
        now_ms: i64,
    ) -> Result<()> {
        for chunk in put.chunks(CHUNK) {
            let puts = chunk.iter().map(|tie| {
                let row = to_row("tie", &keys::tie(self.id, &tie.pupil, &tie.contact), tie)?;
                self.table.tx_put(row, None)
            });
            self.write_book(puts.collect::<Result<_>>()?, leave, now_ms).await?;
        }
        for chunk in end.chunks(CHUNK) {
            let deletes = chunk
                .iter()
                .map(|(pupil, contact)| self.table.tx_delete(&keys::tie(self.id, pupil, contact), None));
            self.write_book(deletes.collect::<Result<_>>()?, leave, now_ms).await?;
        }
        Ok(())
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
