//! Files that a school's MIS wrote, a row each; the files themselves lie in the store of files.

use domain::ids::SyncFileId;
use domain::sync::SyncFile;

use crate::School;
use crate::error::{Result, StoreError};
use crate::keys;
use crate::table::{Row, json, key_row, n, text};
use crate::update::Updated;

const DOC: &str = "doc";
/// How long a file is known, in seconds; its bytes are kept as long.
const KEPT_SECONDS: i64 = 30 * 86_400;

/// Files in which the MIS gives its data.
#[derive(Debug, Clone, Copy)]
pub struct SyncFiles<'a> {
    pub(crate) school: &'a School,
}

impl SyncFiles<'_> {
    /// Makes a place for a file.
    pub async fn create(self, file: &SyncFile) -> Result<()> {
        let mut row = key_row(&keys::sync_file(self.school.id, file.id));
        row.insert(DOC.to_owned(), json("file", file)?);
        row.insert(keys::TTL.to_owned(), n(file.made_ms / 1_000 + KEPT_SECONDS));
        self.school.table.create(row).await
    }

    /// A file. `None` if this school has no such file, or no longer.
    pub async fn get(self, id: SyncFileId, now_ms: i64) -> Result<Option<SyncFile>> {
        let row = self.school.table.get(&keys::sync_file(self.school.id, id), true).await?;
        let file = row.as_ref().map(read).transpose()?;
        Ok(file.filter(|file| is_kept(file, now_ms)))
    }

    /// The latest files, newest first.
    pub async fn list(self, most: i32, now_ms: i64) -> Result<Vec<SyncFile>> {
        let rows =
            self.school.table.latest(&keys::sync_pk(self.school.id), keys::SYNC_FILE_PREFIX, most).await?;
        let files = rows.iter().map(read).collect::<Result<Vec<_>>>()?;
        Ok(files.into_iter().filter(|file| is_kept(file, now_ms)).collect())
    }

    /// Writes how a file stands over what was read; `false` if somebody else was first.
    pub async fn replace(self, seen: &SyncFile, file: &SyncFile) -> Result<bool> {
        let values = [(":doc", json("file", file)?), (":seen", json("file", seen)?)];
        let key = keys::sync_file(self.school.id, file.id);
        let done = self.school.table.update_if(&key, "SET doc = :doc", "doc = :seen", values).await?;
        Ok(matches!(done, Updated::Done(_)))
    }
}

const fn is_kept(file: &SyncFile, now_ms: i64) -> bool {
    file.made_ms / 1_000 + KEPT_SECONDS > now_ms / 1_000
}

fn read(row: &Row) -> Result<SyncFile> {
    let doc = text(row, DOC).ok_or_else(|| StoreError::corrupt("file", "doc is missing"))?;
    serde_json::from_str(doc)
        .map_err(|e| StoreError::corrupt("file", format!("{:?} at column {}", e.classify(), e.column())))
}
