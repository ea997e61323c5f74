//! A person who can be messaged, as the address book holds them.

mod overrides;

use serde::{Deserialize, Serialize};

pub use overrides::{Overridden, Overrides};

use crate::email::EmailAddress;
use crate::ids::ContactId;
use crate::phone::{CountryCode, NumberMode, PhoneNumber};

/// Where a contact came from. Imported contacts are read-only to staff (FEATURES §4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The school's management information system.
    Mis,
    /// A file uploaded by staff.
    Upload,
    /// Typed by staff.
    Hand,
    /// Pushed by a partner system with an API key.
    Api,
}

impl Source {
    /// The word a page shows.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Mis => "MIS",
            Self::Upload => "Upload",
            Self::Hand => "Added here",
            Self::Api => "Partner",
        }
    }

    /// Whether the fields belong to another system, so that staff see them grey.
    pub const fn is_imported(self) -> bool {
        !matches!(self, Self::Hand)
    }
}

/// What the person is to the school.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ContactRole {
    /// Parent or carer.
    Parent,
    /// Member of staff.
    Staff,
    /// Pupil.
    Pupil,
    /// Governor, club leader, anyone else.
    Other,
}

impl ContactRole {
    /// Every role, in the order in which pages list them.
    pub const ALL: [Self; 4] = [Self::Parent, Self::Staff, Self::Pupil, Self::Other];

    /// The word used in JSON, files and forms.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Parent => "parent",
            Self::Staff => "staff",
            Self::Pupil => "pupil",
            Self::Other => "other",
        }
    }

    /// The role of a word, upper or lower case; `None` for an unknown one.
    pub fn from_code(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.code().eq_ignore_ascii_case(text.trim()))
    }
}

/// What the source calls a number. What it can carry is the numbering plan's word, not this one (FEATURES §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PhoneLabel {
    /// Mobile.
    Mobile,
    /// Home.
    Home,
    /// Work.
    Work,
}

impl PhoneLabel {
    /// Every label, in the order in which pages list them.
    pub const ALL: [Self; 3] = [Self::Mobile, Self::Home, Self::Work];

    /// The word used in JSON, files and forms.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Mobile => "mobile",
            Self::Home => "home",
            Self::Work => "work",
        }
    }
}

/// A number under its label, as the source gave it: E.164 when it is well formed, else the text as it came,
/// so that the office can see and mend it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LabelledNumber {
    /// Home, Work or Mobile.
    pub label: PhoneLabel,
    /// E.164, or the malformed text.
    pub number: String,
}

impl LabelledNumber {
    /// The number if it is one; numbers that no provider could reach are `None`.
    pub fn parsed(&self, country: CountryCode, mode: NumberMode) -> Option<PhoneNumber> {
        PhoneNumber::parse(&self.number, country, mode).ok()
    }
}

/// Why a person is kept but is in the book no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Away {
    /// Deleted by staff; the next sync brings the person back if the MIS still has them.
    Hidden,
    /// The MIS has the person no more.
    Left,
}

/// One person in the address book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The school's own id.
    pub id: ContactId,
    /// Where it came from.
    pub source: Source,
    /// Mr, Ms, Dr…
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Given name.
    pub forename: String,
    /// Family name.
    pub surname: String,
    /// Parent, staff, pupil or other.
    pub role: ContactRole,
    /// Numbers in the source's order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub numbers: Vec<LabelledNumber>,
    /// The preferred e-mail address, well formed or as it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Names of the groups the person belongs to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// What staff changed of the fields above, which are the source's: see [`Contact::as_changed`].
    #[serde(default, skip_serializing_if = "Overrides::is_empty")]
    pub overrides: Overrides,
    /// Set for somebody whom no list, search, group or message has any more, and whose name the history still needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub away: Option<Away>,
}

impl Contact {
    /// Title, forename and surname with single spaces.
    pub fn full_name(&self) -> String {
        let title = self.title.as_deref().unwrap_or_default();
        let mut name = String::with_capacity(title.len() + self.forename.len() + self.surname.len() + 2);
        for part in [title, &self.forename, &self.surname] {
            if !part.is_empty() {
                if !name.is_empty() {
                    name.push(' ');
                }
                name.push_str(part);
            }
        }
        name
    }

    /// The first number under a label, as the source gave it.
    pub fn number(&self, label: PhoneLabel) -> Option<&str> {
        self.numbers.iter().find(|n| n.label == label).map(|n| n.number.as_str())
    }

    /// The e-mail address if it is one.
    pub fn email_address(&self) -> Option<EmailAddress> {
        self.email.as_deref().and_then(|e| EmailAddress::parse(e).ok())
    }
}
