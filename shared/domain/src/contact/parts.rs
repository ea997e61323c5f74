//! What a contact is made of.

use serde::{Deserialize, Serialize};

use crate::phone::{CountryCode, NumberMode, PhoneNumber};

/// Where a contact came from. Imported contacts are read-only to staff.
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

/// What the source calls a number. What it can carry is the numbering plan's word, not this one.
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
/// so that the office can see and correct it.
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

/// Why a person is kept but is no longer in the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Away {
    /// Deleted by staff; the next sync brings the person back if the MIS still has them.
    Hidden,
    /// The MIS no longer has the person.
    Left,
}
