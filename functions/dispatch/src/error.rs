//! How a job can fail: where it is raised, it says whether trying again can help.

use runtime::{FileError, QueueError};
use store::StoreError;

/// A job did not end well.
#[derive(Debug, thiserror::Error)]
pub enum DispatchError {
    /// The queue should bring it again: nothing was decided.
    #[error("try again: {0}")]
    Retry(String),
    /// It will never work: it belongs in the dead-letter queue, for a person to look at.
    #[error("cannot work: {0}")]
    Fail(String),
}

/// Result of a job.
pub type Result<T> = std::result::Result<T, DispatchError>;

impl From<StoreError> for DispatchError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Corrupt { .. } => Self::Fail(error.to_string()),
            _ => Self::Retry(error.to_string()),
        }
    }
}

impl From<QueueError> for DispatchError {
    fn from(error: QueueError) -> Self {
        Self::Retry(error.to_string())
    }
}

impl From<FileError> for DispatchError {
    fn from(error: FileError) -> Self {
        Self::Retry(error.to_string())
    }
}
