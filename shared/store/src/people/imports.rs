//! Uploads of contacts: where each stands (META), the good rows put by in parts, what was found, and the school's list.
//!
//! All of it expires 30 days after the upload began.

use domain::audit::AuditEvent;
use domain::contact::Contact;
use domain::ids::{ImportId, SchoolId};
use domain::import::{Finding, Inspected, Mapping, Stage};
use serde::{Deserialize, Serialize};

use crate::error::{Result, StoreError};
use crate::keys::{self, SK, TTL};
use crate::message::Author;
use crate::table::{Row, delete_requests, json, key_row, n, s, text};
use crate::{School, Store};

/// How long an upload is kept, in seconds.
const KEPT_SECONDS: i64 = 30 * 24 * 3_600;
/// Findings to a row: well under the size that a row may have.
const FINDINGS_A_ROW: usize = 250;
/// The upload itself, as JSON.
const DOC: &str = "doc";
/// Moves with each change.
const VERSION: &str = "v";

/// An upload of contacts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// Its id.
    pub id: ImportId,
    /// Moves with each change; a change is only made to the version that was read.
    pub version: u32,
    /// Where it stands.
    pub stage: Stage,
    /// Name of the file, for display.
    pub file_name: String,
    /// Its size as declared, in bytes.
    pub file_bytes: u64,
    /// Who uploads.
    pub author: Author,
    /// When it began, in milliseconds since 1970.
    pub created_ms: i64,
    /// When a worker that has not been heard of is taken for lost, in milliseconds since 1970; `None` while there is
    /// nothing for a worker to do.
    pub due_ms: Option<i64>,
    /// The worker that has it in hand.
    pub worker: Option<String>,
    /// Times that a worker took it up since it last got on.
    pub tries: u32,
    /// What the file looks like.
    pub inspected: Option<Inspected>,
    /// Which column is which.
    pub mapping: Option<Mapping>,
}

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FindingKind {
    /// Something is wrong.
    Error,
    /// Something was put right.
    Repair,
}

impl FindingKind {
    const fn code(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Repair => "repair",
        }
    }
}

impl Import {
    /// An upload that waits for its file.
    pub const fn new(id: ImportId, file_name: String, file_bytes: u64, author: Author, now_ms: i64) -> Self {
        Self {
            id,
            version: 1,
            stage: Stage::AwaitingUpload,
            file_name,
            file_bytes,
            author,
            created_ms: now_ms,
            due_ms: None,
            worker: None,
            tries: 0,
            inspected: None,
            mapping: None,
        }
    }

    /// When it expires, in seconds since 1970.
    const fn ends_s(&self) -> i64 {
        self.created_ms / 1_000 + KEPT_SECONDS
    }

    fn row(&self, school: SchoolId) -> Result<Row> {
        let mut row = key_row(&keys::import_meta(school, self.id));
        row.insert(DOC.to_owned(), json("upload", self)?);
        row.insert(VERSION.to_owned(), n(self.version));
        row.insert(TTL.to_owned(), n(self.ends_s()));
        if let Some(due_ms) = self.due_ms {
            row.insert(keys::WORK_PK.to_owned(), s(keys::IMPORT_WORK));
            row.insert(keys::WORK_SK.to_owned(), s(keys::import_work_sk(due_ms, school, self.id)));
        }
        Ok(row)
    }

    /// `None` once it has expired: removal by the service lags.
    fn read(row: &Row, now_ms: i64) -> Result<Option<Self>> {
        let doc = text(row, DOC).ok_or_else(|| StoreError::corrupt("upload", "doc is missing"))?;
        let import: Self = serde_json::from_str(doc).map_err(|e| unreadable("upload", &e))?;
        Ok((import.ends_s() > now_ms / 1_000).then_some(import))
    }
}

/// Says where the JSON is wrong without quoting it.
fn unreadable(what: &'static str, error: &serde_json::Error) -> StoreError {
    StoreError::corrupt(what, format!("{:?} error at column {}", error.classify(), error.column()))
}

/// Uploads of contacts.
#[derive(Debug, Clone, Copy)]
pub struct Imports<'a> {
    pub(crate) school: &'a School,
}

impl Imports<'_> {
    /// Begins an upload.
    pub async fn create(self, import: &Import) -> Result<()> {
        let mut line = key_row(&keys::import_summary(self.school.id, import.id));
        line.insert(TTL.to_owned(), n(import.ends_s()));
        let items = vec![
            self.school.table.tx_put(import.row(self.school.id)?, Some("attribute_not_exists(pk)"))?,
            self.school.table.tx_put(line, None)?,
        ];
        self.school.table.transact(items, Some(import.id.to_string())).await
    }

    /// An upload, as it stands now. `None` if this school has no such upload, or no longer.
    pub async fn get(self, id: ImportId, now_ms: i64) -> Result<Option<Import>> {
        match self.school.table.get(&keys::import_meta(self.school.id, id), true).await? {
            Some(row) => Import::read(&row, now_ms),
            None => Ok(None),
        }
    }

    /// The school's latest uploads, newest first.
    pub async fn list(self, limit: i32, now_ms: i64) -> Result<Vec<Import>> {
        let lines = self
            .school
            .table
            .newest(&keys::school_pk(self.school.id), keys::IMPORT_SUMMARY_PREFIX, None, limit)
            .await?;
        let ids = lines.iter().filter_map(|row| {
            text(row, SK)?.strip_prefix(keys::IMPORT_SUMMARY_PREFIX)?.parse::<ImportId>().ok()
        });
        let metas: Vec<_> = ids.map(|id| keys::import_meta(self.school.id, id)).collect();
        let rows = self.school.table.batch_get(&metas, true).await?;
        let mut imports = rows
            .iter()
            .filter_map(|row| Import::read(row, now_ms).transpose())
            .collect::<Result<Vec<_>>>()?;
        imports.sort_unstable_by_key(|import| std::cmp::Reverse(import.id));
        Ok(imports)
    }

    /// Writes a changed upload over the version that it was read at, and moves its version. `Conflict` when somebody
    /// else was first.
    pub async fn save(self, import: &mut Import) -> Result<()> {
        let before = import.version;
        import.version += 1;
        let saved = self.put_over_version(import, before).await;
        if saved.is_err() {
            import.version = before;
        }
        saved
    }

    /// As [`Imports::save`], for a change that somebody makes and the log holds.
    pub async fn save_recorded(self, import: &mut Import, event: &AuditEvent, now_ms: i64) -> Result<()> {
        let next = Import { version: import.version + 1, ..import.clone() };
        let put =
            self.school.table.tx_put_if(next.row(self.school.id)?, "v = :v", [(":v", n(import.version))])?;
        self.school.transact_recorded(vec![put], event, now_ms).await?;
        import.version = next.version;
        Ok(())
    }

    async fn put_over_version(self, import: &Import, before: u32) -> Result<()> {
        let put = self.school.table.client.put_item().table_name(&*self.school.table.name);
        let put = put
            .set_item(Some(import.row(self.school.id)?))
            .condition_expression("v = :v")
            .expression_attribute_values(":v", n(before));
        match put.send().await.map_err(|e| StoreError::sdk("save upload", &e)) {
            Err(StoreError::Conflict) => {
                // The answer to our own write may have been lost and the SDK have tried again.
                let row = self.school.table.get(&keys::import_meta(self.school.id, import.id), true).await?;
                let doc = row.as_ref().and_then(|row| text(row, DOC));
                let ours = serde_json::to_string(import).ok();
                if doc.is_some() && doc == ours.as_deref() { Ok(()) } else { Err(StoreError::Conflict) }
            }
            done => done.map(|_| ()),
        }
    }

    /// Puts good rows by: `contacts` is a JSON array of contacts of up to 300 kB.
    pub async fn put_part(self, import: &Import, part: u32, contacts: String) -> Result<()> {
        let mut row = key_row(&keys::import_part(self.school.id, import.id, part));
        row.insert("contacts".to_owned(), s(contacts));
        row.insert(TTL.to_owned(), n(import.ends_s()));
        self.school.table.put(row).await
    }

    /// Good rows that were put by.
    pub async fn part(self, id: ImportId, part: u32) -> Result<Vec<Contact>> {
        let row = self.school.table.get(&keys::import_part(self.school.id, id, part), true).await?;
        let row = row.ok_or(StoreError::NotFound("part of the upload"))?;
        let contacts = text(&row, "contacts").unwrap_or_default();
        serde_json::from_str(contacts).map_err(|e| unreadable("part of the upload", &e))
    }

    /// Keeps what was found in a file: up to a thousand of each kind.
    pub async fn put_findings(self, import: &Import, errors: &[Finding], repairs: &[Finding]) -> Result<()> {
        self.delete_findings(import.id).await?;
        for (kind, findings) in [(FindingKind::Error, errors), (FindingKind::Repair, repairs)] {
            for (part, some) in findings.chunks(FINDINGS_A_ROW).enumerate() {
                let mut row = key_row(&keys::import_findings(self.school.id, import.id, kind.code(), part));
                row.insert("found".to_owned(), json("findings", &some)?);
                row.insert(TTL.to_owned(), n(import.ends_s()));
                self.school.table.put(row).await?;
            }
        }
        Ok(())
    }

    /// What was found in a file, in the order of its rows.
    pub async fn findings(self, id: ImportId, kind: FindingKind) -> Result<Vec<Finding>> {
        let prefix = format!("{}{}#", keys::IMPORT_FINDINGS_PREFIX, kind.code());
        let rows = self.school.table.query(&keys::import_pk(self.school.id, id), &prefix, true).await?;
        let mut findings = Vec::new();
        for row in rows {
            let some = text(&row, "found").unwrap_or_default();
            let some: Vec<Finding> = serde_json::from_str(some).map_err(|e| unreadable("findings", &e))?;
            findings.extend(some);
        }
        Ok(findings)
    }

    /// Forgets the rows that were put by.
    pub async fn delete_parts(self, id: ImportId) -> Result<()> {
        self.delete_rows(id, keys::IMPORT_PART_PREFIX).await
    }

    /// Forgets what was found.
    pub async fn delete_findings(self, id: ImportId) -> Result<()> {
        self.delete_rows(id, keys::IMPORT_FINDINGS_PREFIX).await
    }

    /// Deletes rows of an upload without holding them in memory.
    async fn delete_rows(self, id: ImportId, prefix: &str) -> Result<()> {
        let pk = keys::import_pk(self.school.id, id);
        let mut start = None;
        loop {
            let found = self
                .school
                .table
                .client
                .query()
                .table_name(&*self.school.table.name)
                .key_condition_expression("pk = :p AND begins_with(sk, :s)")
                .expression_attribute_values(":p", s(&*pk))
                .expression_attribute_values(":s", s(prefix))
                .projection_expression("sk")
                .set_exclusive_start_key(start)
                .consistent_read(true)
                .send()
                .await
                .map_err(|e| StoreError::sdk("query", &e))?;
            let rows = found.items.unwrap_or_default();
            self.school.table.batch_write(delete_requests(&pk, &rows)?).await?;
            match found.last_evaluated_key {
                Some(next) if !next.is_empty() => start = Some(next),
                _ => return Ok(()),
            }
        }
    }
}

impl Store {
    /// Uploads whose worker is overdue. The index may lag: whoever takes one up looks at the upload itself.
    pub async fn due_imports(&self, now_ms: i64, limit: i32) -> Result<Vec<(SchoolId, ImportId)>> {
        self.due(keys::IMPORT_WORK, now_ms, limit).await
    }
}
