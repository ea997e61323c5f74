//! The ways a message reaches a person.

use serde::{Deserialize, Serialize};

/// SMS, voice call or e-mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// A text message.
    Sms,
    /// A voice call that speaks the text.
    Voice,
    /// An e-mail.
    Email,
}

impl Channel {
    /// Every channel, in the order in which pages show them.
    pub const ALL: [Self; 3] = [Self::Sms, Self::Voice, Self::Email];

    /// The word used in keys, JSON and forms.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Voice => "voice",
            Self::Email => "email",
        }
    }

    /// The channel of a code; `None` for an unknown word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.code() == code)
    }

    /// What staff call one of these: "text", "call", "e-mail".
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Sms => "text",
            Self::Voice => "call",
            Self::Email => "e-mail",
        }
    }
}
