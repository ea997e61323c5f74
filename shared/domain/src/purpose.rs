//! What a message is for.

use serde::{Deserialize, Serialize};

/// What a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// The ordinary business of the school.
    Service,
    /// A child is not in school.
    Attendance,
    /// Cannot wait: goes before everything else.
    Emergency,
    /// May be refused by the person.
    Marketing,
}

impl Purpose {
    /// Every purpose, in the order in which pages list them.
    pub const ALL: [Self; 4] = [Self::Service, Self::Attendance, Self::Emergency, Self::Marketing];

    /// The word used in JSON and forms.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Attendance => "attendance",
            Self::Emergency => "emergency",
            Self::Marketing => "marketing",
        }
    }

    /// The purpose of a word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.code() == code)
    }
}
