//! Why an MIS could not be read.

use std::error::Error as _;

use domain::feed::Inconsistent;
use runtime::Blocked;

/// Why a part could not be read to its end. [`MisError::public`] is for the page; the message is for the log and holds
/// nothing that the MIS said about anybody.
#[derive(Debug, thiserror::Error)]
pub enum MisError {
    /// The MIS does not accept our credentials, or they do not open this part.
    #[error("not let in: status {status}")]
    Unauthorised {
        /// The HTTP status.
        status: u16,
    },
    /// The address may not be called.
    #[error("address refused: {0}")]
    Address(#[from] Blocked),
    /// No connection, no answer in time, or a server error each time.
    #[error("not reached: {0}")]
    Unreachable(String),
    /// An answer broke off, or there was less than announced.
    #[error("broke off: {0}")]
    Truncated(&'static str),
    /// An answer is not what this kind of MIS gives.
    #[error("malformed: {0}")]
    Malformed(String),
    /// The MIS answered that it will not.
    #[error("refused: status {status}")]
    Refused {
        /// The HTTP status; 200 where the refusal stands in the body.
        status: u16,
        /// What the MIS gave as its reason, shortened; for an administrator's eyes, not for logs.
        said: String,
    },
    /// The MIS asks us to come back later, beyond what a run waits.
    #[error("too many requests")]
    TooManyRequests {
        /// Seconds until it may be asked again, where it says.
        retry_after_s: Option<u64>,
    },
    /// The same record came twice: what was read is a mixture.
    #[error("inconsistent: {0}")]
    Inconsistent(#[from] Inconsistent),
    /// An answer or a file is larger, or there are more pages, than any school has.
    #[error("too large: {0}")]
    TooLarge(&'static str),
    /// The format has no such part.
    #[error("this kind of MIS does not carry the part")]
    NotCarried,
}

impl MisError {
    /// What a page says.
    pub const fn public(&self) -> &'static str {
        match self {
            Self::Unauthorised { .. } => {
                "The MIS did not let us in. Check the sign-in details and what they give access to."
            }
            Self::Address(_) => "The address of the MIS cannot be used. It must be a public https address.",
            Self::Unreachable(_) => "The MIS could not be reached. We will try again.",
            Self::Truncated(_) => "The MIS broke off before the end. Nothing was changed.",
            Self::Malformed(_) => {
                "The MIS answered in a form that we do not understand. Nothing was changed."
            }
            Self::Refused { .. } => "The MIS answered with an error. Nothing was changed.",
            Self::TooManyRequests { .. } => "The MIS is busy and asked us to come back later.",
            Self::Inconsistent(_) => "The MIS gave the same record twice. Nothing was changed.",
            Self::TooLarge(_) => "The MIS sent far more than a school has. Nothing was changed.",
            Self::NotCarried => "This kind of MIS does not give this information.",
        }
    }

    /// A word for metrics and logs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unauthorised { .. } => "unauthorised",
            Self::Address(_) => "address",
            Self::Unreachable(_) => "unreachable",
            Self::Truncated(_) => "truncated",
            Self::Malformed(_) => "malformed",
            Self::Refused { .. } => "refused",
            Self::TooManyRequests { .. } => "too_many_requests",
            Self::Inconsistent(_) => "inconsistent",
            Self::TooLarge(_) => "too_large",
            Self::NotCarried => "not_carried",
        }
    }

    /// Whether it may well be different soon, without anybody doing anything.
    pub const fn passes(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Truncated(_) | Self::TooManyRequests { .. })
    }

    /// What became of a request that has no answer.
    pub fn of_request(error: &reqwest::Error) -> Self {
        let mut cause = error.source();
        while let Some(inner) = cause {
            if let Some(blocked) = inner.downcast_ref::<Blocked>() {
                return Self::Address(*blocked);
            }
            cause = inner.source();
        }
        let what = match error {
            e if e.is_timeout() => "no answer in time",
            e if e.is_connect() => "no connection",
            _ => "the request failed",
        };
        Self::Unreachable(what.to_owned())
    }

    /// What is wrong with a body that is not the JSON that was wanted. The parser's own words quote no values but may
    /// quote unknown keys, so only the place is kept.
    pub fn of_json(error: &serde_json::Error) -> Self {
        if error.is_eof() {
            return Self::Truncated("the JSON ends early");
        }
        Self::Malformed(format!("JSON at line {} column {}", error.line(), error.column()))
    }
}
