//! What a user has set up for themselves, whichever school they work for.

use std::fmt;

use domain::channel::Channel;
use domain::email::EmailAddress;
use domain::phone::PhoneNumber;
use serde::{Deserialize, Serialize};

/// A user's own preferences and the state of their sign-in; part of the user's row.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Account {
    /// Moves with every change to the user.
    pub version: u32,
    /// Where a code by text goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mobile: Option<PhoneNumber>,
    /// Whether mail to their address was shown to reach them.
    pub email_confirmed: bool,
    /// When the password was set, in milliseconds since 1970.
    pub password_set_ms: i64,
    /// Hashes of the passwords before the present one, newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub former_hashes: Vec<String>,
    /// Moves when every session before now is to end; a session of another epoch is over.
    pub epoch: u32,
    /// The second factor, if it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second_factor: Option<SecondFactor>,
    /// What the page for writing a message begins with.
    pub compose: ComposeDefaults,
}

/// No hash and no number, because debug output ends up in logs.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("version", &self.version).finish_non_exhaustive()
    }
}

/// A time-based one-time password (RFC 6238), and codes for when the phone is lost.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFactor {
    /// The shared secret, in hex.
    pub secret: String,
    /// The last step whose code was used: neither it nor an earlier one works again.
    pub last_step: u64,
    /// SHA-256 of the recovery codes that are left.
    pub recovery: Vec<String>,
}

/// The number of codes left only, because debug output ends up in logs.
impl fmt::Debug for SecondFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecondFactor({} recovery codes)", self.recovery.len())
    }
}

/// What the page for writing a message begins with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ComposeDefaults {
    /// Channels that are ticked; none for the school's own beginning.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<Channel>,
    /// Put before each text in place of the school's header; `None` for the school's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// Where replies to e-mail go; `None` for the school's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<EmailAddress>,
}
