//! What can go wrong with a request: what the caller is told, apart from its cause.

use std::error::Error;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use runtime::{FileError, QueueError};
use serde::Serialize;
use store::StoreError;

/// One thing to correct, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// The part of the request, such as `sms.text` or `contacts[3].mobile`.
    #[schema(example = "sms.text")]
    pub field: String,
    /// What is wrong with it and what to do.
    #[schema(example = "Write the text message.")]
    pub message: String,
}

impl FieldError {
    /// A thing to correct.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

/// The cause of a failure on our side: for the log, never for the caller.
pub(crate) type Cause = Arc<dyn Error + Send + Sync>;

/// Why a request was not done. `Display` is for the log: it names kinds, never what the caller sent.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ApiError {
    /// The request cannot be read: 400.
    #[error("request cannot be read")]
    Malformed(String),
    /// No key, or not one of ours: 401.
    #[error("no valid API key")]
    NoKey,
    /// Nobody is signed in. A page leads to the sign-in page and from there to `next`; a script gets 401.
    #[error("not signed in")]
    SignIn {
        /// Path and query of the page that was asked for, if it can be asked for again.
        next: Option<String>,
    },
    /// Something comes first, such as a new password for one that has expired. A page leads to where it is done; a
    /// script gets 403.
    #[error("something else comes first")]
    First {
        /// Where it is done.
        path: &'static str,
    },
    /// Known, but not allowed to: 403.
    #[error("not allowed")]
    Forbidden(String),
    /// Not there, or another school's: 404.
    #[error("not found")]
    NotFound,
    /// There, but not for this method: 405.
    #[error("method not allowed")]
    MethodNotAllowed,
    /// Does not fit what has become of the thing in the meantime: 409.
    #[error("conflict")]
    Conflict(String),
    /// Over the limit of a request: 413.
    #[error("request too large")]
    TooLarge,
    /// Not the media type that the route takes: 415.
    #[error("media type not supported")]
    MediaType(String),
    /// Well formed, but something must be corrected first: 422.
    #[error("{} things to correct", .errors.len().max(1))]
    Invalid {
        /// The whole in a sentence.
        detail: String,
        /// Each thing to correct.
        errors: Vec<FieldError>,
    },
    /// Too many tries: 429.
    #[error("too many requests")]
    TooMany {
        /// When it is worth trying again, in seconds.
        retry_after_s: u32,
    },
    /// Contacts are being imported: 503.
    #[error("address book busy")]
    Busy,
    /// The database, a queue or a store of files did not answer: 503. The same request may work in a moment.
    #[error("unavailable: {0}")]
    Unavailable(Cause),
    /// Our fault: 500.
    #[error("internal: {0}")]
    Internal(Cause),
    /// A handler panicked: 500.
    #[error("panic")]
    Panic,
}

/// Result of whatever answers a request.
pub type Result<T> = std::result::Result<T, ApiError>;

/// What the caller is told: the body of `application/problem+json` (RFC 9457), and what an error page shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// A URI that names the kind of problem; `about:blank` where the status says it all.
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    pub kind: &'static str,
    /// The kind of problem in a few words.
    #[schema(example = "Please correct the following")]
    pub title: &'static str,
    /// The HTTP status.
    #[schema(example = 422)]
    pub status: u16,
    /// What happened and what to do, in a sentence or two.
    #[schema(example = "Correct what is listed and send the request again.")]
    pub detail: String,
    /// Each thing to correct; empty if there is nothing to list.
    pub errors: Vec<FieldError>,
}

impl ApiError {
    /// 422 with a list of things to correct.
    pub fn invalid(detail: impl Into<String>, errors: Vec<FieldError>) -> Self {
        Self::Invalid { detail: detail.into(), errors }
    }

    /// 422 about one part of the request.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        let error = FieldError::new(field, message);
        Self::Invalid { detail: error.message.clone(), errors: vec![error] }
    }

    /// 500 for a cause that is our fault.
    pub fn internal(cause: impl Error + Send + Sync + 'static) -> Self {
        Self::Internal(Arc::new(cause))
    }

    /// 503 for a cause that may pass.
    pub fn unavailable(cause: impl Error + Send + Sync + 'static) -> Self {
        Self::Unavailable(Arc::new(cause))
    }

    /// The HTTP status.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::NoKey | Self::SignIn { .. } => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) | Self::First { .. } => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Invalid { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy | Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) | Self::Panic => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What the caller is told.
    pub fn problem(&self) -> Problem {
        let (title, detail) = match self {
            Self::Malformed(detail) => ("The request cannot be read", detail.as_str()),
            Self::NoKey => (
                "API key needed",
                "Send a valid key as `Authorization: Bearer <api key>`. A key is made in the account settings.",
            ),
            Self::SignIn { .. } => ("Please sign in", "You are not signed in, or were away for too long."),
            Self::First { .. } => ("Something comes first", "Load the page again: it says what to do."),
            Self::Forbidden(detail) => ("Not allowed", detail.as_str()),
            Self::NotFound => ("Not found", "There is nothing here, or it is not this school's."),
            Self::MethodNotAllowed => {
                ("Method not allowed", "This address takes other methods; see `Allow`.")
            }
            Self::Conflict(detail) => ("No longer possible", detail.as_str()),
            Self::TooLarge => ("Request too large", "A request may have up to 6 MB. Split it into several."),
            Self::MediaType(detail) => ("Media type not supported", detail.as_str()),
            Self::Invalid { detail, .. } => ("Please correct the following", detail.as_str()),
            Self::TooMany { .. } => ("Too many tries", "Please wait a few minutes and try again."),
            Self::Busy => ("Contacts are being imported", "The address book can be used again in a minute."),
            Self::Unavailable(_) => ("Not available just now", "Please repeat the request in a moment."),
            Self::Internal(_) | Self::Panic => (
                "Something went wrong",
                "The fault is ours, not yours. Please try again; if it happens again, tell us the request id.",
            ),
        };
        let errors = match self {
            Self::Invalid { errors, .. } => errors.clone(),
            _ => Vec::new(),
        };
        Problem {
            kind: "about:blank",
            title,
            status: self.status().as_u16(),
            detail: detail.to_owned(),
            errors,
        }
    }

    /// The error for a bare status, where axum itself refused a request.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                Self::MediaType("Send the type that the page says.".to_owned())
            }
            _ => Self::Malformed("Part of the request is not well formed.".to_owned()),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => Self::Conflict(
                "Somebody else changed this first. Look again, then repeat your change.".to_owned(),
            ),
            told @ StoreError::Told => Self::Conflict(format!("Nothing was sent: {told}.")),
            StoreError::NotFound(_) => Self::NotFound,
            StoreError::Busy => Self::Busy,
            corrupt @ StoreError::Corrupt { .. } => Self::internal(corrupt),
            database @ StoreError::Database { .. } => Self::unavailable(database),
        }
    }
}

impl From<QueueError> for ApiError {
    fn from(error: QueueError) -> Self {
        Self::unavailable(error)
    }
}

impl From<FileError> for ApiError {
    fn from(error: FileError) -> Self {
        match error {
            FileError::NotFound => Self::NotFound,
            failed @ FileError::Failed(_) => Self::unavailable(failed),
        }
    }
}

/// Only the status, and the error itself for the outermost layer, which knows whether to answer JSON or a page.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}
