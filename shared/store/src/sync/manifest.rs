//! The manifest: hashes of what the last run left, in buckets, so that an unchanged school is known by a few small
//! reads and a changed one by the buckets that differ.

use std::collections::BTreeMap;

use domain::ids::ContactId;
use domain::sync::Counts;

use crate::School;
use crate::error::{Result, StoreError};
use crate::keys::{self, SK};
use crate::table::{Row, json, key_row, n, number, text};

const HASHES: &str = "hashes";
const ROWS: &str = "rows";
const LIST: &str = "list";
const COUNTS: &str = "counts";

/// Hashes of one list's buckets, and how many rows it has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ManifestHead {
    /// A hash for each bucket, in hex; a bucket that is not there is empty.
    pub hashes: BTreeMap<u8, String>,
    /// How many rows all buckets have.
    pub rows: usize,
    /// What else was counted of the rows; empty where nobody counted yet.
    pub counts: Counts,
}

/// What the last run read, list by list.
#[derive(Debug, Clone, Copy)]
pub struct Manifest<'a> {
    pub(crate) school: &'a School,
}

impl Manifest<'_> {
    /// The heads of every list, by name.
    pub async fn heads(self) -> Result<BTreeMap<String, ManifestHead>> {
        let rows =
            self.school.table.query(&keys::sync_pk(self.school.id), keys::MANIFEST_HEAD_PREFIX, true).await?;
        rows.iter().map(|row| Ok((text(row, LIST).unwrap_or_default().to_owned(), read_head(row)?))).collect()
    }

    /// Keeps the head of a list.
    pub async fn put_head(self, list: &str, head: &ManifestHead) -> Result<()> {
        let mut row = key_row(&keys::manifest_head(self.school.id, list));
        row.insert(HASHES.to_owned(), json("manifest", &head.hashes)?);
        row.insert(ROWS.to_owned(), n(head.rows));
        row.insert(LIST.to_owned(), crate::table::s(list));
        if !head.counts.is_empty() {
            row.insert(COUNTS.to_owned(), json("manifest", &head.counts)?);
        }
        self.school.table.put(row).await
    }

    /// Forgets a list.
    pub async fn delete(self, list: &str, head: &ManifestHead) -> Result<()> {
        for bucket in head.hashes.keys() {
            self.school.table.delete(&keys::manifest_bucket(self.school.id, list, *bucket)).await?;
        }
        self.school.table.delete(&keys::manifest_head(self.school.id, list)).await
    }

    /// The rows of these buckets: a hash for each row's name.
    pub async fn buckets(self, list: &str, buckets: &[u8]) -> Result<BTreeMap<String, String>> {
        let wanted: Vec<_> =
            buckets.iter().map(|b| keys::manifest_bucket(self.school.id, list, *b)).collect();
        let mut all = BTreeMap::new();
        for row in self.school.table.batch_get(&wanted, true).await? {
            let doc = text(&row, HASHES).unwrap_or("{}");
            let some: BTreeMap<String, String> = serde_json::from_str(doc).map_err(|_| corrupt())?;
            all.extend(some);
        }
        Ok(all)
    }

    /// Keeps the rows of buckets; an empty one is forgotten.
    pub async fn put_buckets(self, list: &str, buckets: &BTreeMap<u8, BTreeMap<&str, &str>>) -> Result<()> {
        let writes = buckets.iter().map(|(bucket, rows)| {
            let key = keys::manifest_bucket(self.school.id, list, *bucket);
            if rows.is_empty() {
                return crate::table::delete_request(&key);
            }
            let mut row = key_row(&key);
            row.insert(HASHES.to_owned(), json("manifest", rows)?);
            crate::table::put_request(row)
        });
        self.school.table.batch_write(writes.collect::<Result<_>>()?).await
    }

    /// People of the MIS's whom somebody else changed since the last run.
    pub async fn stale_people(self) -> Result<Vec<ContactId>> {
        let rows = self.school.table.query(&keys::sync_pk(self.school.id), keys::STALE_PREFIX, true).await?;
        let ids = rows.iter().filter_map(|row| text(row, SK)?.strip_prefix(keys::STALE_PREFIX));
        Ok(ids.filter_map(|id| ContactId::parse(id).ok()).collect())
    }

    /// Takes the marks off again, once they are as the MIS has them.
    pub async fn clear_stale(self, ids: &[ContactId]) -> Result<()> {
        let writes = ids.iter().map(|id| crate::table::delete_request(&keys::stale(self.school.id, id)));
        self.school.table.batch_write(writes.collect::<Result<_>>()?).await
    }
}

fn read_head(row: &Row) -> Result<ManifestHead> {
    let hashes = text(row, HASHES).and_then(|doc| serde_json::from_str(doc).ok()).ok_or_else(corrupt)?;
    // A count that this version does not know is as good as none.
    let counts = text(row, COUNTS).and_then(|doc| serde_json::from_str(doc).ok()).unwrap_or_default();
    Ok(ManifestHead { hashes, rows: number(row, ROWS).unwrap_or_default(), counts })
}

fn corrupt() -> StoreError {
    StoreError::corrupt("manifest", "not hashes")
}
