//! A trial of a school's MIS: can it be reached, does it let us in, and is it the right school?

use serde::{Deserialize, Serialize};

use crate::ids::RunId;

/// After which a trial without an outcome is taken for lost, in milliseconds: it takes ten seconds, and a function to
/// start.
pub const TRIAL_PATIENCE_MS: i64 = 45_000;

/// How a trial came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrialState {
    /// Asked for.
    Waiting,
    /// The MIS answers, as the school.
    Good,
    /// The MIS answers, under another name than the school's.
    OtherName,
    /// It did not work.
    Wrong,
}

/// A trial, the latest of its school. It holds no credentials and nothing about a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// Its id.
    pub id: RunId,
    /// When it was asked for, in milliseconds since 1970.
    pub asked_ms: i64,
    /// How it came out.
    pub state: TrialState,
    /// That in plain words; empty while it waits.
    #[serde(default)]
    pub said: String,
}

impl Trial {
    /// A trial that was asked for.
    pub const fn new(id: RunId, now_ms: i64) -> Self {
        Self { id, asked_ms: now_ms, state: TrialState::Waiting, said: String::new() }
    }

    /// Whether an outcome may still come.
    pub const fn waits(&self, now_ms: i64) -> bool {
        matches!(self.state, TrialState::Waiting) && now_ms < self.asked_ms.saturating_add(TRIAL_PATIENCE_MS)
    }

    /// It came out.
    pub fn ended(self, state: TrialState, said: impl Into<String>) -> Self {
        Self { state, said: said.into(), ..self }
    }
}
