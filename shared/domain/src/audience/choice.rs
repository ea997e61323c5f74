//! What somebody chooses as the audience of a message.

use serde::{Deserialize, Serialize};

use crate::attendance::About;
use crate::ids::ContactId;
use crate::limit::Limit;

/// Most ids and names in one audience.
pub const MAX_AUDIENCE: usize = 20_000;

/// Who a message is for. Resolved when it is previewed and again when it is sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audience {
    /// Single people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<ContactId>,
    /// Names of groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// The whole address book.
    #[serde(default)]
    pub everyone: bool,
    /// Single pupils, whose adults are meant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pupils: Vec<ContactId>,
    /// Which adults of a pupil. Without it a group of pupils, or everyone, stands for the people themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_to: Option<SendTo>,
    /// The people whom its author may message at all. It stays with the message: nobody outside is found.
    #[serde(default, skip_serializing_if = "Limit::is_none")]
    pub within: Limit,
    /// What of its pupils' registers the message is about: each pupil's mark is read again before it goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<About>,
}

impl Audience {
    /// Whether nobody was chosen.
    pub const fn is_empty(&self) -> bool {
        self.contacts.is_empty() && self.groups.is_empty() && self.pupils.is_empty() && !self.everyone
    }
}

/// Which adults of a chosen pupil are written to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendTo {
    /// The adult with the first priority.
    #[serde(rename = "priority_1")]
    First,
    /// The adults with the first and the second priority.
    #[serde(rename = "priorities_1_2")]
    FirstTwo,
    /// Everybody with parental responsibility.
    #[default]
    Responsibility,
    /// Every adult known to the school.
    All,
}

impl SendTo {
    /// Every choice, in the order in which pages list them.
    pub const ALL: [Self; 4] = [Self::First, Self::FirstTwo, Self::Responsibility, Self::All];

    /// The word used in JSON and forms.
    pub const fn code(self) -> &'static str {
        match self {
            Self::First => "priority_1",
            Self::FirstTwo => "priorities_1_2",
            Self::Responsibility => "responsibility",
            Self::All => "all",
        }
    }

    /// The choice of a word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.code() == code)
    }

    /// The words of a page.
    pub const fn words(self) -> &'static str {
        match self {
            Self::First => "Priority 1",
            Self::FirstTwo => "Priorities 1 and 2",
            Self::Responsibility => "Everyone with parental responsibility",
            Self::All => "All contacts of the pupil",
        }
    }
}
