//! The kinds of traffic that the simulators keep.

use serde::{Deserialize, Serialize};

/// What kind of traffic a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// An accepted text message.
    Sms,
    /// An accepted call.
    Call,
    /// An accepted e-mail.
    Email,
    /// An accepted post on X.
    Tweet,
    /// A text message from a phone to the school.
    Inbound,
    /// Not traffic: all receipts of the record with this id have been dealt with.
    Done,
}
