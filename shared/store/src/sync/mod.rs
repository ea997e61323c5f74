//! A school's sync: one lock, which holds the run that is at work; the runs that ended; and what a held one would do.

mod files;
mod look;
mod manifest;
mod marks;
mod outline;
mod schedule;
mod trial;

use domain::ids::{ContactId, RunId, SyncFileId};
use domain::sync::{Asked, Run, RunState};

use crate::School;
use crate::error::{Result, StoreError};
use crate::keys;
use crate::table::{Row, json, key_row, n, number, s, text};
use crate::update::Updated;

pub use files::SyncFiles;
pub use manifest::{Manifest, ManifestHead};
pub use marks::Registers;
pub use trial::MisTrial;

/// The run at work, as JSON.
const DOC: &str = "doc";
/// Its id.
const RUN: &str = "run_id";
/// When its worker is taken for lost, in milliseconds since 1970.
const UNTIL: &str = "until_ms";
/// How long a run that ended is kept, in seconds.
const KEPT_SECONDS: i64 = 60 * 24 * 3_600;
/// Ids to a row of who would be removed.
const IDS_A_ROW: usize = 4_000;
/// Tries at the lock, which others may take meanwhile.
const TRIES: u32 = 5;

const LOST: &str = "The refresh broke off before its end. The next one makes up for it.";

/// Where a school's sync stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SyncStanding {
    /// The run at work, if any.
    pub running: Option<Run>,
    /// When its worker is taken for lost.
    until_ms: i64,
    /// When the last run that finished began: the book is as the MIS was then. In milliseconds since 1970.
    pub fresh_ms: Option<i64>,
    /// When the registers were last read: by that run, or by one since that is held for something else.
    pub registers_read_ms: Option<i64>,
    /// When a run began that broke off while it wrote: the book has been a mixture since.
    half_written_ms: Option<i64>,
    /// When the MIS was last seen to have other marks than those at hand.
    pub registers_ms: Option<i64>,
    /// When the schedule last began a run.
    pub scheduled_ms: Option<i64>,
    /// The last run that ended.
    pub last: Option<LastRun>,
    /// The file that the last run that finished read, where the MIS is read from files.
    pub file: Option<SyncFileId>,
}

/// The run that ended last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastRun {
    /// Its id.
    pub id: RunId,
    /// How it ended.
    pub state: RunState,
    /// When it was asked for, in milliseconds since 1970.
    pub began_ms: i64,
    /// When it ended.
    pub ended_ms: i64,
}

/// What a request for a run came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// A run was begun.
    New,
    /// One goes on already: this.
    Joined(RunId),
}

impl SyncStanding {
    fn read(row: &Row) -> Result<Self> {
        let running = match text(row, DOC).filter(|_| text(row, RUN).is_some()) {
            Some(doc) => Some(read_run(doc)?),
            None => None,
        };
        let last = || {
            Some(LastRun {
                id: text(row, "last_run")?.parse().ok()?,
                state: serde_json::from_value(text(row, "last_state")?.into()).ok()?,
                began_ms: number(row, "last_began_ms")?,
                ended_ms: number(row, "last_ended_ms")?,
            })
        };
        Ok(Self {
            running,
            until_ms: number(row, UNTIL).unwrap_or_default(),
            fresh_ms: number(row, "fresh_ms"),
            registers_read_ms: number(row, "registers_read_ms").max(number(row, "fresh_ms")),
            half_written_ms: number(row, "half_written_ms"),
            registers_ms: number(row, "registers_ms"),
            scheduled_ms: number(row, "scheduled_ms").filter(|ms| *ms > 0),
            last: last(),
            file: text(row, "file_id").and_then(|id| id.parse().ok()),
        })
    }

    /// When the file that was read last was handed in, in milliseconds since 1970; `None` where the MIS is called.
    pub fn file_ms(&self) -> Option<i64> {
        self.file.and_then(|file| i64::try_from(file.made_at_ms()).ok())
    }

    /// The run at work, unless its worker is lost.
    pub fn at_work(&self, now_ms: i64) -> Option<&Run> {
        self.running.as_ref().filter(|_| self.until_ms > now_ms)
    }

    /// The run whose worker is lost, until somebody takes it up or ends it.
    pub fn lost(&self, now_ms: i64) -> Option<&Run> {
        self.running.as_ref().filter(|_| self.until_ms <= now_ms)
    }

    /// Since when the book has not been whole, or may not be: a run is at work, was lost, or broke off while it wrote.
    pub fn unsynced_since_ms(&self) -> Option<i64> {
        let running = self.running.as_ref().map(|run| run.began_ms);
        self.half_written_ms.into_iter().chain(running).min()
    }
}

/// Sync runs with the MIS.
#[derive(Debug, Clone, Copy)]
pub struct Sync<'a> {
    pub(crate) school: &'a School,
}

impl<'a> Sync<'a> {
    /// Files in which the MIS gives its data.
    pub const fn files(self) -> SyncFiles<'a> {
        SyncFiles { school: self.school }
    }

    /// Registers: marks, and looks at them before a message goes.
    pub const fn registers(self) -> Registers<'a> {
        Registers { school: self.school }
    }

    /// What the last run read, list by list.
    pub const fn manifest(self) -> Manifest<'a> {
        Manifest { school: self.school }
    }

    /// The trial of the connection to the MIS.
    pub const fn trial(self) -> MisTrial<'a> {
        MisTrial { school: self.school }
    }

    /// Where the sync stands, by one small read.
    pub async fn status(self) -> Result<SyncStanding> {
        let row = self.school.table.get(&keys::sync_lock(self.school.id), true).await?;
        row.as_ref().map(SyncStanding::read).transpose().map(Option::unwrap_or_default)
    }

    /// Begins a run, unless one is at work: then that one is joined. One whose worker is lost is ended first.
    pub async fn begin(self, run: &Run, lease_ms: i64, now_ms: i64) -> Result<Begun> {
        for _ in 0..TRIES {
            let seen = self.status().await?;
            if let Some(at_work) = seen.at_work(now_ms) {
                return Ok(Begun::Joined(at_work.id));
            }
            if let Some(mut lost) = seen.running {
                lost.end(RunState::Failed, Some(LOST.to_owned()), now_ms);
                self.end(&lost, now_ms).await?;
                continue;
            }
            let doc = json("sync run", run)?;
            let scheduled_ms =
                if run.asked == Asked::Schedule { now_ms } else { seen.scheduled_ms.unwrap_or_default() };
            let values = [
                (":doc", doc),
                (":run", s(run.id.to_string())),
                (":until", n(now_ms + lease_ms)),
                (":scheduled", n(scheduled_ms)),
            ];
            let update = "SET doc = :doc, run_id = :run, until_ms = :until, scheduled_ms = :scheduled";
            let free = "attribute_not_exists(run_id)";
            let begun =
                self.school.table.update_if(&keys::sync_lock(self.school.id), update, free, values).await?;
            if matches!(begun, Updated::Done(_)) {
                return Ok(Begun::New);
            }
        }
        Err(StoreError::Busy)
    }

    /// Takes a run up that was read as `seen`; `false` if another worker was first, or it is over.
    pub async fn claim(self, seen: &Run, run: &Run, lease_ms: i64, now_ms: i64) -> Result<bool> {
        let values = [
            (":doc", json("sync run", run)?),
            (":seen", json("sync run", seen)?),
            (":run", s(run.id.to_string())),
            (":until", n(now_ms + lease_ms)),
        ];
        let update = "SET doc = :doc, until_ms = :until";
        let free = "run_id = :run AND doc = :seen";
        let done =
            self.school.table.update_if(&keys::sync_lock(self.school.id), update, free, values).await?;
        Ok(matches!(done, Updated::Done(_)))
    }

    /// Says how far a run is, and that its worker lives. `false` if it is at work no more: the worker stops.
    pub async fn renew(self, run: &Run, lease_ms: i64, now_ms: i64) -> Result<bool> {
        let values = [
            (":doc", json("sync run", run)?),
            (":run", s(run.id.to_string())),
            (":until", n(now_ms + lease_ms)),
        ];
        let update = "SET doc = :doc, until_ms = :until";
        let done = self
            .school
            .table
            .update_if(&keys::sync_lock(self.school.id), update, "run_id = :run", values)
            .await?;
        Ok(matches!(done, Updated::Done(_)))
    }

    /// Ends a run, as it says itself. One that somebody ended before is left as it is.
    pub async fn end(self, run: &Run, now_ms: i64) -> Result<()> {
        let fresh = match run.state {
            RunState::Finished => ", fresh_ms = :began",
            RunState::Held if run.registers => ", registers_read_ms = :began",
            // An earlier one may have left it so already.
            _ if run.is_half_written() => ", half_written_ms = if_not_exists(half_written_ms, :began)",
            _ => "",
        };
        // Another kind of MIS makes the last file a thing of the past.
        let (kept, gone) = match run.file {
            _ if run.state != RunState::Finished => ("", ""),
            Some(_) => (", file_id = :file", ", half_written_ms"),
            None => ("", ", file_id, half_written_ms"),
        };
        let update = format!(
            "SET last_run = :run, last_state = :state, last_began_ms = :began, last_ended_ms = :ended{fresh}{kept} \
             REMOVE run_id, doc, until_ms{gone}"
        );
        let mut values = vec![
            (":run", s(run.id.to_string())),
            (":state", s(run.state.code())),
            (":began", n(run.began_ms)),
            (":ended", n(run.ended_ms.unwrap_or(now_ms))),
        ];
        if let Some(file) = run.file.filter(|_| !kept.is_empty()) {
            values.push((":file", s(file.to_string())));
        }
        let lock = self.school.table.tx_update(
            &keys::sync_lock(self.school.id),
            &update,
            Some("run_id = :run"),
            values,
        )?;
        match self
            .school
            .table
            .transact(vec![lock, self.school.table.tx_put(self.run_row(run)?, None)?], None)
            .await
        {
            Err(StoreError::Conflict) => Ok(()),
            done => done,
        }
    }

    fn run_row(self, run: &Run) -> Result<Row> {
        let mut row = key_row(&keys::sync_run(self.school.id, run.id));
        row.insert(DOC.to_owned(), json("sync run", run)?);
        row.insert(keys::TTL.to_owned(), n(run.began_ms / 1_000 + KEPT_SECONDS));
        Ok(row)
    }

    /// A run, at work or over.
    pub async fn run(self, id: RunId) -> Result<Option<Run>> {
        if let Some(run) = self.ended_run(id).await? {
            return Ok(Some(run));
        }
        match self.status().await?.running.filter(|run| run.id == id) {
            Some(run) => Ok(Some(run)),
            // It may have ended between the two looks.
            None => self.ended_run(id).await,
        }
    }

    async fn ended_run(self, id: RunId) -> Result<Option<Run>> {
        let row = self.school.table.get(&keys::sync_run(self.school.id, id), true).await?;
        row.as_ref().and_then(|row| text(row, DOC)).map(read_run).transpose()
    }

    /// The newest runs that are over.
    pub async fn runs(self, most: i32) -> Result<Vec<Run>> {
        let rows = self.school.table.latest(&keys::sync_pk(self.school.id), keys::RUN_PREFIX, most).await?;
        rows.iter().filter_map(|row| text(row, DOC)).map(read_run).collect()
    }

    /// Says of a held run that it is discarded: messages that waited for it still wait for the next.
    pub async fn discard(self, run: &Run, event: &domain::audit::AuditEvent, now_ms: i64) -> Result<()> {
        let discarded = Run { state: RunState::Discarded, ..run.clone() };
        let put = self.school.table.tx_put_if(
            self.run_row(&discarded)?,
            "doc = :seen",
            [(":seen", json("sync run", run)?)],
        )?;
        let mut items = vec![put];
        if self.status().await?.last.is_some_and(|last| last.id == run.id) {
            let values = [(":run", s(run.id.to_string())), (":state", s(discarded.state.code()))];
            let (update, last) = ("SET last_state = :state", Some("last_run = :run"));
            items.push(self.school.table.tx_update(
                &keys::sync_lock(self.school.id),
                update,
                last,
                values,
            )?);
        }
        self.school.transact_recorded(items, event, now_ms).await
    }

    /// Keeps who would be removed by a held run.
    pub async fn put_held_people(self, run: RunId, ids: &[ContactId], now_ms: i64) -> Result<()> {
        for (part, some) in ids.chunks(IDS_A_ROW).enumerate() {
            let mut row = key_row(&keys::held_part(self.school.id, run, part));
            row.insert(DOC.to_owned(), json("held run", &some)?);
            row.insert(keys::TTL.to_owned(), n(now_ms / 1_000 + KEPT_SECONDS));
            self.school.table.put(row).await?;
        }
        Ok(())
    }

    /// Who would be removed by a held run.
    pub async fn held_people(self, run: RunId) -> Result<Vec<ContactId>> {
        let rows =
            self.school.table.query(&keys::sync_pk(self.school.id), &keys::held_prefix(run), true).await?;
        let mut ids: Vec<ContactId> = Vec::new();
        for row in &rows {
            let doc = text(row, DOC).unwrap_or("[]");
            let some: Vec<ContactId> = serde_json::from_str(doc)
                .map_err(|_| StoreError::corrupt("held run", "not a list of ids"))?;
            ids.extend(some);
        }
        Ok(ids)
    }
}

fn read_run(doc: &str) -> Result<Run> {
    serde_json::from_str(doc)
        .map_err(|e| StoreError::corrupt("sync run", format!("{:?} at column {}", e.classify(), e.column())))
}
