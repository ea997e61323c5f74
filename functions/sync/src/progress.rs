//! How far a run is, and how it ends.

use domain::feed::Part;
use domain::sync::{JobState, Run, RunState};

use crate::error::SyncError;

/// How an invocation's share of a run went.
pub(crate) enum Outcome {
    /// The run is at its end.
    Ended(RunState, Option<String>),
    /// Another invocation goes on with it, after so many milliseconds.
    Later(i64),
    /// The run belongs to another worker by now, or is over.
    Gone,
}

/// Why writing stops before its end.
pub(crate) enum Stop {
    /// By plan.
    Outcome(Outcome),
    /// Something failed.
    Error(SyncError),
}

impl<E: Into<SyncError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

/// Says in the run how far one part is: rows done, and of how many.
pub(crate) fn set(run: &mut Run, part: Part, state: JobState, (done, of): (u64, u64)) {
    if let Some(job) = run.job(part) {
        (job.state, job.done, job.of) = (state, done, of);
    }
}
