//! A sync run: where it and its jobs stand, the brake that holds a bad feed, and when runs are due.

mod brake;
mod connector;
mod due;
mod file;
mod outline;
mod trial;

use serde::{Deserialize, Serialize};

use crate::feed::Part;
use crate::ids::{RunId, SyncFileId};

pub use brake::{Count, Counted, Counts, Loss, Lost, brake, brake_bars, brake_marks};
pub use connector::{Connector, Credential};
pub use due::{MisSettings, Windows, is_due};
pub use file::{FileCounts, FileState, MAX_FILE_FINDINGS, MAX_SYNC_FILE_BYTES, SyncFile, sync_file_key};
pub use outline::{OUTLINED, OutlineLine, Outlined, Would, differs, tie_differs};
pub use trial::{TRIAL_PATIENCE_MS, Trial, TrialState};

/// How long a worker that says nothing has before it is taken for lost, in milliseconds.
pub const LEASE_MS: i64 = 60_000;

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Asked for; no worker has it yet.
    Queued,
    /// At work.
    Running,
    /// Done: the address book is as the MIS has it.
    Finished,
    /// The feed looks wrong. What looks wrong was not changed; an administrator is asked.
    Held,
    /// The MIS could not be read, or the run broke off.
    Failed,
    /// It was held, and an administrator let it be.
    Discarded,
}

impl RunState {
    /// The word of the JSON API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Held => "held",
            Self::Failed => "failed",
            Self::Discarded => "discarded",
        }
    }
}

/// Where a job of a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Not begun.
    Waiting,
    /// Reading the MIS.
    Reading,
    /// Read to its end; not written yet.
    Read,
    /// Writing the difference.
    Writing,
    /// Done.
    Finished,
    /// Broken off.
    Failed,
    /// This kind of MIS has no such part.
    Skipped,
}

impl JobState {
    /// The word of the JSON API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Reading => "reading",
            Self::Read => "read",
            Self::Writing => "writing",
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// One part of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobLine {
    /// Which part of the MIS.
    pub part: Part,
    /// Where it stands.
    pub state: JobState,
    /// Rows read so far.
    pub done: u64,
    /// Rows in all; 0 if the MIS does not say.
    pub of: u64,
}

/// Who asked for a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// The schedule.
    Schedule,
    /// A member of staff, by id.
    User(String),
    /// A partner's system, by its key's id.
    Key(String),
}

/// A run as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// Where it stands.
    pub state: RunState,
    /// Who asked for it.
    pub asked: Asked,
    /// When it was asked for, in milliseconds since 1970.
    pub began_ms: i64,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_ms: Option<i64>,
    /// Its jobs, in order.
    pub jobs: Vec<JobLine>,
    /// Why it is held or failed, in plain words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What it changed, or would change while it is held.
    #[serde(default)]
    pub changes: Changes,
    /// The held run whose removals an administrator approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approves: Option<RunId>,
    /// The file that it reads, where the school's MIS is read from files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<SyncFileId>,
    /// For what it is held, where it can be applied all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub losses: Vec<Loss>,
    /// Whether it brought the registers up to date though it is held for people.
    #[serde(default, skip_serializing_if = "is_false")]
    pub registers: bool,
    /// How often it broke off since it last came further.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub broke_off: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
const fn is_zero(value: &u32) -> bool {
    *value == 0
}

/// How much of the address book a run changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// People who are new or differ.
    pub people: u32,
    /// People who are gone.
    pub left: u32,
    /// Ties that are new or differ.
    pub ties: u32,
    /// Ties that ended.
    pub ties_ended: u32,
    /// Register marks that are new or differ.
    pub marks: u32,
    /// Bars that the MIS no longer has, between people who stay: they hold as the school's own until somebody lifts
    /// them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub bars_kept: u32,
}

impl Run {
    /// A run that was asked for.
    pub fn new(id: RunId, asked: Asked, now_ms: i64) -> Self {
        let job = |part| JobLine { part, state: JobState::Waiting, done: 0, of: 0 };
        Self {
            id,
            state: RunState::Queued,
            asked,
            began_ms: now_ms,
            ended_ms: None,
            jobs: Part::ALL.into_iter().map(job).collect(),
            why: None,
            changes: Changes::default(),
            approves: None,
            file: None,
            losses: Vec::new(),
            registers: false,
            broke_off: 0,
        }
    }

    /// Whether an administrator may have it applied all the same: it is held, and not because the feed broke off.
    pub const fn may_be_applied(&self) -> bool {
        let asks = self.changes.left > 0 || self.changes.ties_ended > 0 || !self.losses.is_empty();
        matches!(self.state, RunState::Held) && asks
    }

    /// Whether it broke off after it had begun to write: the book is neither as it was nor as the MIS has it.
    pub fn is_half_written(&self) -> bool {
        self.state == RunState::Failed && self.changes != Changes::default()
    }

    /// The job of a part.
    pub fn job(&mut self, part: Part) -> Option<&mut JobLine> {
        self.jobs.iter_mut().find(|job| job.part == part)
    }

    /// Ends it: a job that was not done is broken off, unless all are.
    pub fn end(&mut self, state: RunState, why: Option<String>, now_ms: i64) {
        for job in &mut self.jobs {
            job.state = match job.state {
                JobState::Skipped => JobState::Skipped,
                _ if state == RunState::Finished => JobState::Finished,
                JobState::Read | JobState::Finished => JobState::Read,
                _ => JobState::Failed,
            };
        }
        (self.state, self.why, self.ended_ms) = (state, why, Some(now_ms));
    }
}
