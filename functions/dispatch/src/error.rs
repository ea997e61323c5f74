//! How a job can fail: where it is raised, it says whether trying again can help.

use runtime::{FileError, JobError, QueueError};
use store::StoreError;

/// What lies behind a failure, for the log.
pub(crate) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// A job did not end well.
#[derive(Debug, thiserror::Error)]
pub enum DispatchError {
    /// The queue should bring it again: nothing was decided.
    #[error("try again")]
    Retry(#[source] Cause),
    /// It will never work: it belongs in the dead-letter queue, for a person to look at.
    #[error("cannot work")]
    Fail(#[source] Cause),
}

/// Result of a job.
pub type Result<T> = std::result::Result<T, DispatchError>;

impl JobError for DispatchError {
    fn is_passing(&self) -> bool {
        matches!(self, Self::Retry(_))
    }
}

impl From<StoreError> for DispatchError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Corrupt { .. } => Self::Fail(error.into()),
            _ => Self::Retry(error.into()),
        }
    }
}

impl From<QueueError> for DispatchError {
    fn from(error: QueueError) -> Self {
        Self::Retry(error.into())
    }
}

impl From<FileError> for DispatchError {
    fn from(error: FileError) -> Self {
        Self::Retry(error.into())
    }
}
