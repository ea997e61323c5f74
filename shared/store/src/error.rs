//! What can go wrong with the table.

use std::fmt;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// A read or write did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else changed the row first, or it already exists.
    #[error("the row was changed by somebody else")]
    Conflict,
    /// The address book is being changed in bulk, or faster than it can be read; try again later.
    #[error("the address book is being changed")]
    Busy,
    /// Another message tells one of these families of the same.
    #[error("another message already tells one of these families the same")]
    Told,
    /// The row is not there.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// A row does not have the shape that this version writes.
    #[error("row of {what} cannot be read: {cause}")]
    Corrupt {
        /// Which kind of row.
        what: &'static str,
        /// What is wrong with it; names attributes, never values.
        cause: String,
    },
    /// The database refused or did not answer; the same call may work later.
    #[error("database: {operation} failed: {code}")]
    Database {
        /// What was tried.
        operation: &'static str,
        /// The service's code, or the kind of failure. Never its message, which may quote values.
        code: String,
    },
}

impl StoreError {
    /// Wraps a failure of the SDK.
    pub(crate) fn sdk<E, R>(operation: &'static str, error: &SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata,
    {
        let code = match error {
            SdkError::ServiceError(e) => e.err().code().unwrap_or("unknown service error"),
            SdkError::TimeoutError(_) => "time-out",
            SdkError::DispatchFailure(_) => "not reached",
            SdkError::ResponseError(_) => "unreadable answer",
            _ => "request not built",
        };
        match code {
            "ConditionalCheckFailedException" => Self::Conflict,
            code => Self::Database { operation, code: code.to_owned() },
        }
    }

    /// A row that cannot be read.
    pub(crate) fn corrupt(what: &'static str, cause: impl fmt::Display) -> Self {
        Self::Corrupt { what, cause: cause.to_string() }
    }
}

/// Result of a store call.
pub type Result<T> = std::result::Result<T, StoreError>;
