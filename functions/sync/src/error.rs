//! Why a run could not go on by itself.

use runtime::{FileError, JobError, QueueError};
use store::StoreError;

/// The run goes back to its queue and is taken up again.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The store of files.
    #[error(transparent)]
    Files(#[from] FileError),
    /// Another worker has the run, or had it until it was lost.
    #[error("another worker has the run")]
    Elsewhere,
    /// What is wrong for good.
    #[error("{0}")]
    Fail(&'static str),
}

/// What a step of a run comes to.
pub type Result<T> = std::result::Result<T, SyncError>;

impl JobError for SyncError {
    fn is_passing(&self) -> bool {
        match self {
            // A run elsewhere is left to the queue's long visibility: the other worker may need minutes.
            Self::Store(StoreError::Corrupt { .. }) | Self::Fail(_) | Self::Elsewhere => false,
            Self::Store(_) | Self::Queue(_) | Self::Files(_) => true,
        }
    }
}
