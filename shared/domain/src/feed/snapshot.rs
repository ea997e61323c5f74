//! What was read of an MIS, put together.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::parts::{FeedGroup, FeedPerson, FeedSchool, Mark, Part, Tie};
use crate::ids::ContactId;

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
