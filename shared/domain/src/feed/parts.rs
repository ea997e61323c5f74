//! What a school's MIS says, part by part.
//!
//! Nothing here is checked against the address book, and a number or an address stands as the MIS wrote it: a malformed
//! one is imported, so that the office sees it and corrects it where it belongs.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::contact::{Contact, ContactRole, LabelledNumber, Rules, Source};
use crate::ids::ContactId;
use crate::phone::PhoneNumber;

/// A part of the MIS that is read by itself: one job of a sync run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The school's name.
    School,
    /// Pupils on roll.
    Pupils,
    /// Parents, carers and others, and how they are tied to pupils.
    Contacts,
    /// Members of staff.
    Staff,
    /// Years, houses, registration groups and classes, with who is in them.
    Groups,
    /// Marks of the registers.
    Attendance,
}

impl Part {
    /// Every part, in the order in which a run reads them: a person before what refers to them.
    pub const ALL: [Self; 6] =
        [Self::School, Self::Pupils, Self::Contacts, Self::Staff, Self::Groups, Self::Attendance];

    /// The word used in JSON, keys and logs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::School => "school",
            Self::Pupils => "pupils",
            Self::Contacts => "contacts",
            Self::Staff => "staff",
            Self::Groups => "groups",
            Self::Attendance => "attendance",
        }
    }

    /// The word a page shows.
    pub const fn words(self) -> &'static str {
        match self {
            Self::School => "School",
            Self::Pupils => "Pupils",
            Self::Contacts => "Contacts",
            Self::Staff => "Staff",
            Self::Groups => "Groups",
            Self::Attendance => "Attendance",
        }
    }
}

/// The school itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FeedSchool {
    /// As the MIS spells it.
    pub name: String,
}

/// What a group is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GroupKind {
    /// A year group.
    Year,
    /// A house.
    House,
    /// A registration or tutor group.
    Registration,
    /// A teaching group.
    Class,
    /// Clubs and whatever else the MIS groups people by.
    Other,
}

impl GroupKind {
    /// Every kind, in the order in which pages list them.
    pub const ALL: [Self; 5] = [Self::Year, Self::House, Self::Registration, Self::Class, Self::Other];

    /// The word used in JSON and files.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::House => "house",
            Self::Registration => "registration",
            Self::Class => "class",
            Self::Other => "other",
        }
    }
}

/// A group, named. Two spellings that differ in spaces are one group; a name is spelled with single spaces.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FeedGroupRef {
    /// What it is for.
    pub kind: GroupKind,
    /// Its name, such as *Year 9*, *9C* or *9C/Ma1*.
    pub name: String,
}

impl FeedGroupRef {
    /// A reference to the group of this name, or `None` for a name of spaces only.
    pub fn new(kind: GroupKind, name: &str) -> Option<Self> {
        let name = single_spaced(name);
        (!name.is_empty()).then_some(Self { kind, name })
    }
}

/// A group with who is in it, pupils and staff alike.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FeedGroup {
    /// Which group.
    pub group: FeedGroupRef,
    /// Its members, each once, in the order of the ids.
    pub members: Vec<ContactId>,
}

/// A pupil, contact or member of staff. No unique pupil number, date of birth or address is ever read.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FeedPerson {
    /// The MIS's own id, lasting; no two people of one school share one, whatever their roles.
    pub id: ContactId,
    /// What the person is to the school.
    pub role: ContactRole,
    /// Mr, Ms, Dr…
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The given name that the person goes by.
    pub forename: String,
    /// The family name that the person goes by.
    pub surname: String,
    /// Numbers in the MIS's order of preference; what is empty there is left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub numbers: Vec<LabelledNumber>,
    /// E-mail addresses in the MIS's order of preference.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<String>,
    /// The groups that the person's own record names; [`Part::Groups`] may add others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<FeedGroupRef>,
}

impl FeedPerson {
    /// Somebody of whom nothing but this is known.
    pub const fn new(id: ContactId, role: ContactRole) -> Self {
        Self {
            id,
            role,
            title: None,
            forename: String::new(),
            surname: String::new(),
            numbers: Vec::new(),
            emails: Vec::new(),
            groups: Vec::new(),
        }
    }

    /// The contact that the address book has of them. What is malformed is kept as it came.
    pub fn into_contact(self, rules: Rules) -> Contact {
        let number = |n: LabelledNumber| LabelledNumber {
            number: PhoneNumber::parse(&n.number, rules.country, rules.mode)
                .map_or(n.number, PhoneNumber::e164),
            label: n.label,
        };
        Contact {
            title: self.title,
            forename: self.forename,
            surname: self.surname,
            numbers: self.numbers.into_iter().map(number).collect(),
            email: self.emails.into_iter().next(),
            groups: self.groups.into_iter().map(|group| group.name).collect(),
            ..Contact::new(self.id, Source::Mis, self.role)
        }
    }
}

/// How an adult is tied to a pupil. Rights belong to the pair.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Tie {
    /// The pupil.
    pub pupil: ContactId,
    /// The adult.
    pub contact: ContactId,
    /// *Mother*, *Foster carer*… as the MIS spells it; empty where it does not say.
    pub kind: String,
    /// 1 is asked first; `None` where the MIS does not say, which is after every number.
    pub priority: Option<u8>,
    /// Parental responsibility for this pupil.
    pub responsibility: bool,
    /// A court order, or the school's own word, bars contact about this pupil.
    pub court_order: bool,
}

/// Half of a school day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Session {
    /// Morning registration.
    Am,
    /// Afternoon registration.
    Pm,
}

impl Session {
    /// Both, in the day's order.
    pub const ALL: [Self; 2] = [Self::Am, Self::Pm];

    /// `AM` or `PM`, as keys, forms and most products spell it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Am => "AM",
            Self::Pm => "PM",
        }
    }

    /// The session of a code, upper or lower case.
    pub fn from_code(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.code().eq_ignore_ascii_case(text.trim()))
    }

    /// The word a page shows.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Am => "Morning",
            Self::Pm => "Afternoon",
        }
    }
}

/// One mark of a register.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Mark {
    /// Whose.
    pub pupil: ContactId,
    /// The school day.
    pub date: Date,
    /// Morning or afternoon.
    pub session: Session,
    /// The code as the MIS writes it, without spaces around it; empty or `-` where the register has no mark yet.
    pub code: String,
    /// How late the pupil came, in minutes, where the MIS says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes_late: Option<u16>,
}

/// The text without spaces around it, and with one between two words.
pub fn single_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
