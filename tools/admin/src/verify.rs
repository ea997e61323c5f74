//! Checking a school's audit log: every row against its hash and the row before it, the head, and the anchors that were
//! kept where nobody can rewrite them.

use std::path::Path;

use domain::audit::{Broken, Entry, Head, verify};
use domain::ids::SchoolId;
use runtime::Files;
use serde::Deserialize;
use store::{Access, AuditMonth, Store, StoreError};

/// Months that are looked into where the head says nothing: a log without its head is found all the same.
const MONTHS_WITHOUT_HEAD: usize = 24;

/// An anchor as it is kept.
#[derive(Debug, Deserialize)]
struct Anchor {
    school: String,
    seq: u64,
    hash: String,
    at: String,
}

/// What is known of a log.
#[derive(Debug, PartialEq, Eq)]
pub struct Report {
    /// Rows that are there.
    pub rows: usize,
    /// Number of the last row, as the head has it.
    pub head: u64,
    /// Anchors that it was compared with.
    pub anchors: usize,
    /// Time of the newest anchor: rows since then are vouched for by the head alone.
    pub anchored: Option<String>,
    /// What is wrong; empty for a whole log.
    pub broken: Vec<String>,
}

/// Anchors could not be had.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    /// The folder or the bucket could not be read.
    #[error("anchors cannot be read: {0}")]
    Read(String),
    /// One of them is none.
    #[error("an anchor is not one of ours: {0}")]
    Malformed(String),
}

/// The log was not checked.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// Anchors could not be had.
    #[error(transparent)]
    Anchors(#[from] AnchorError),
    /// The table could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The anchors of a school in a folder of this machine: `<folder>/<school>/*.json`.
pub fn anchors_in(folder: &Path, school: SchoolId) -> Result<Vec<Vec<u8>>, AnchorError> {
    let read = |e: std::io::Error| AnchorError::Read(e.to_string());
    let folder = folder.join(school.to_string());
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let files = std::fs::read_dir(folder).map_err(read)?;
    files.map(|file| std::fs::read(file.map_err(read)?.path()).map_err(read)).collect()
}

/// The anchors of a school where they are kept in AWS.
pub async fn anchors_kept(files: &dyn Files, school: SchoolId) -> Result<Vec<Vec<u8>>, AnchorError> {
    let kept = files.kept(&format!("audit/{school}/")).await;
    kept.map_err(|e| AnchorError::Read(e.to_string()))
}

/// Checks the log of a school against its head and these anchors.
pub async fn verify_audit(
    store: &Store,
    school: SchoolId,
    anchors: &[Vec<u8>],
    now_ms: i64,
) -> Result<Report, VerifyError> {
    let mut heads = Vec::new();
    let mut anchored: Option<String> = None;
    for bytes in anchors {
        let anchor: Anchor =
            serde_json::from_slice(bytes).map_err(|e| AnchorError::Malformed(e.to_string()))?;
        if anchor.school != school.to_string() {
            return Err(AnchorError::Malformed("it is another school's".to_owned()).into());
        }
        anchored = anchored.max(Some(anchor.at));
        heads.push(Head { seq: anchor.seq, hash: anchor.hash });
    }
    let door = store.school(Access::of_operator(school));
    let span = door.audit().span().await?;
    let now = AuditMonth::of_ms(now_ms);
    let (head, first, last) = match &span {
        Some((head, first, last)) => (head.clone(), *first, (*last).max(now)),
        None => (Head::default(), back(now, MONTHS_WITHOUT_HEAD), now),
    };
    let mut entries: Vec<Entry> = Vec::new();
    let mut month = first;
    while month <= last {
        entries.extend(door.audit().month(month).await?);
        month = month.next();
    }
    let id = school.to_string();
    let mut broken: Vec<String> =
        verify(&id, &entries, &head, &heads).iter().map(Broken::to_string).collect();
    if entries.is_empty() && broken.is_empty() {
        // Making a school is its first row, so no log is without one.
        broken.push("the log is not there: it has no rows and no head".to_owned());
    }
    let end = entries.last().map_or(0, |entry| entry.seq);
    if end > head.seq {
        broken.push(format!("rows {} to {end} are after the head", head.seq + 1));
    }
    Ok(Report { rows: entries.len(), head: head.seq, anchors: heads.len(), anchored, broken })
}

fn back(month: AuditMonth, by: usize) -> AuditMonth {
    (0..by).fold(month, |month, _| month.previous())
}
