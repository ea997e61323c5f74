//! The ways a message reaches a person.

use serde::{Deserialize, Serialize};

/// SMS, voice call, e-mail or a post on X.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// A text message.
    Sms,
    /// A voice call that speaks the text.
    Voice,
    /// An e-mail.
    Email,
    /// A post on the school's account on X: one for everybody.
    Tweet,
}

impl Channel {
    /// Every channel, in the order in which pages show them.
    pub const ALL: [Self; 4] = [Self::Sms, Self::Voice, Self::Email, Self::Tweet];
    /// Those that go to somebody.
    pub const TO_PEOPLE: [Self; 3] = [Self::Sms, Self::Voice, Self::Email];

    /// The word used in keys, JSON and forms.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Voice => "voice",
            Self::Email => "email",
            Self::Tweet => "tweet",
        }
    }

    /// The channel of a code; `None` for an unknown word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.code() == code)
    }

    /// What staff call one of these: "text", "call", "e-mail", "post".
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Sms => "text",
            Self::Voice => "call",
            Self::Email => "e-mail",
            Self::Tweet => "post",
        }
    }
}
