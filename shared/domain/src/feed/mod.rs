//! What a school's MIS says, in one form whichever product it is: what a connector reads and a sync run compares.
//!
//! Nothing here is checked against the address book, and a number or an address stands as the MIS wrote it: a malformed
//! one is imported, so that the office sees it and mends it where it belongs.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::contact::{ContactRole, LabelledNumber};
use crate::ids::ContactId;

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

/// How an adult is tied to a pupil. Rights belong to the pair (FEATURES §4.3).
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

/// What was read of one [`Part`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Records {
    /// The school.
    School(FeedSchool),
    /// Pupils.
    Pupils(Vec<FeedPerson>),
    /// Adults, and every tie. The ties are always whole, also where the people are only those that changed: that a
    /// tie has ended can be seen in no other way.
    Contacts {
        /// The adults.
        people: Vec<FeedPerson>,
        /// Every tie of the school.
        ties: Vec<Tie>,
    },
    /// Staff.
    Staff(Vec<FeedPerson>),
    /// Every group with its members, always whole.
    Groups(Vec<FeedGroup>),
    /// Every mark of the days asked for, always whole.
    Attendance(Vec<Mark>),
}

impl Records {
    /// Which part they are of.
    pub const fn part(&self) -> Part {
        match self {
            Self::School(_) => Part::School,
            Self::Pupils(_) => Part::Pupils,
            Self::Contacts { .. } => Part::Contacts,
            Self::Staff(_) => Part::Staff,
            Self::Groups(_) => Part::Groups,
            Self::Attendance(_) => Part::Attendance,
        }
    }

    /// How many people, groups or marks; ties are not counted.
    pub const fn len(&self) -> usize {
        match self {
            Self::School(_) => 1,
            Self::Pupils(people) | Self::Staff(people) | Self::Contacts { people, .. } => people.len(),
            Self::Groups(groups) => groups.len(),
            Self::Attendance(marks) => marks.len(),
        }
    }

    /// Whether nothing was read.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What a connector read, to the end: a reading that broke off is an error, never a shorter one of these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// What was read.
    pub records: Records,
    /// Whether the people are all there are. Otherwise they are those that changed, and nobody has left because they
    /// are missing here.
    pub whole: bool,
}

/// A school as all parts together say it, each thing once and in order, so that two feeds can be compared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The school's name.
    pub school: Option<FeedSchool>,
    /// Everybody, with every group that they are in by their own record or the group's, in order and each once.
    pub people: BTreeMap<ContactId, FeedPerson>,
    /// Ties between people who are here.
    pub ties: BTreeSet<Tie>,
    /// Marks of pupils who are here.
    pub marks: BTreeSet<Mark>,
}

/// Parts that do not fit together: the feed is not to be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Inconsistent {
    /// One id stands for two people, or for one person twice.
    #[error("the feed has the same person twice")]
    SamePersonTwice,
    /// A pupil and an adult have two ties, so that it is not known which holds.
    #[error("the feed ties the same two people twice")]
    SamePairTwice,
    /// A pupil has two marks for one session.
    #[error("the feed has two marks of one pupil for one session")]
    SameMarkTwice,
}

impl Snapshot {
    /// Puts whole parts together. Ties, members and marks of people who are not in the feed are left out: a pupil who
    /// left keeps no adult.
    pub fn assemble(parts: impl IntoIterator<Item = Records>) -> Result<Self, Inconsistent> {
        let mut all = Self::default();
        let (mut groups, mut ties, mut marks) = (Vec::new(), Vec::new(), Vec::new());
        for records in parts {
            match records {
                Records::School(school) => all.school = Some(school),
                Records::Pupils(people) | Records::Staff(people) => all.add_people(people)?,
                Records::Contacts { people, ties: more } => {
                    all.add_people(people)?;
                    ties.extend(more);
                }
                Records::Groups(more) => groups.extend(more),
                Records::Attendance(more) => marks.extend(more),
            }
        }
        for group in groups {
            for member in &group.members {
                if let Some(person) = all.people.get_mut(member) {
                    person.groups.push(group.group.clone());
                }
            }
        }
        for person in all.people.values_mut() {
            person.groups.sort();
            person.groups.dedup();
        }
        all.add_ties(ties)?;
        all.add_marks(marks)?;
        Ok(all)
    }

    fn add_people(&mut self, people: Vec<FeedPerson>) -> Result<(), Inconsistent> {
        for person in people {
            if self.people.insert(person.id.clone(), person).is_some() {
                return Err(Inconsistent::SamePersonTwice);
            }
        }
        Ok(())
    }

    fn add_ties(&mut self, ties: Vec<Tie>) -> Result<(), Inconsistent> {
        let mut pairs = BTreeSet::new();
        for tie in ties {
            if !self.people.contains_key(&tie.pupil) || !self.people.contains_key(&tie.contact) {
                continue;
            }
            if !pairs.insert((tie.pupil.clone(), tie.contact.clone())) && !self.ties.contains(&tie) {
                return Err(Inconsistent::SamePairTwice);
            }
            self.ties.insert(tie);
        }
        Ok(())
    }

    fn add_marks(&mut self, marks: Vec<Mark>) -> Result<(), Inconsistent> {
        let mut sessions = BTreeSet::new();
        for mark in marks {
            if !self.people.contains_key(&mark.pupil) {
                continue;
            }
            if !sessions.insert((mark.pupil.clone(), mark.date, mark.session)) && !self.marks.contains(&mark)
            {
                return Err(Inconsistent::SameMarkTwice);
            }
            self.marks.insert(mark);
        }
        Ok(())
    }
}

/// The text without spaces around it, and with one between two words.
pub fn single_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
