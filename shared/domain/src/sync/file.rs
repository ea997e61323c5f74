//! A file that an MIS wrote for us: how far it is from being handed in to being read by a run.

use serde::{Deserialize, Serialize};

use super::Asked;
use crate::ids::{SchoolId, SyncFileId};
use crate::import::Finding;
use crate::report::ReportColumn;

/// The largest file that is taken, in bytes.
pub const MAX_SYNC_FILE_BYTES: u64 = 20 * 1024 * 1024;
/// The most things wrong with its rows that are kept to be shown; all are counted.
pub const MAX_FILE_FINDINGS: usize = 200;
/// After which a look without an outcome is taken for lost, in milliseconds.
const LOOK_PATIENCE_MS: i64 = 120_000;

/// Where a file lies in the store of files.
pub fn sync_file_key(school: SchoolId, file: SyncFileId) -> String {
    format!("mis/{school}/{file}")
}

/// Where a file stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum FileState {
    /// It has a place, and has not come.
    Awaited,
    /// The sync looks at it.
    Looking {
        /// Since when, in milliseconds since 1970.
        since_ms: i64,
    },
    /// Somebody has to say which column holds what.
    Columns {
        /// Why the columns that were chosen before will not do; empty where none were.
        why: String,
    },
    /// It was read whole and understood.
    Good(FileCounts),
    /// It cannot be used.
    Wrong {
        /// Why, in a sentence that names nobody.
        why: String,
        /// What is wrong in which row, as far as it is kept.
        findings: Vec<Finding>,
    },
}

/// How much is in a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileCounts {
    /// Pupils.
    pub pupils: u32,
    /// Contacts.
    pub contacts: u32,
    /// Ties between the two.
    pub ties: u32,
    /// Staff.
    pub staff: u32,
}

/// A file as it is kept, for a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncFile {
    /// Its id.
    pub id: SyncFileId,
    /// Its name, for display.
    pub name: String,
    /// Its size, in bytes.
    pub bytes: u64,
    /// Who handed it in.
    pub by: Asked,
    /// When, in milliseconds since 1970.
    pub made_ms: i64,
    /// Where it stands.
    pub state: FileState,
    /// Its columns, once it was looked at; a package has none.
    #[serde(default)]
    pub columns: Vec<ReportColumn>,
}

impl SyncFile {
    /// A file that is to come.
    pub const fn new(id: SyncFileId, name: String, bytes: u64, by: Asked, now_ms: i64) -> Self {
        Self { id, name, bytes, by, made_ms: now_ms, state: FileState::Awaited, columns: Vec::new() }
    }

    /// Whether an outcome of a look may still come.
    pub const fn is_looked_at(&self, now_ms: i64) -> bool {
        matches!(self.state, FileState::Looking { since_ms } if now_ms < since_ms.saturating_add(LOOK_PATIENCE_MS))
    }
}
