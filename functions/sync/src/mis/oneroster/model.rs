//! What OneRoster says, whichever way it came, and what that is in the feed.

use std::collections::{HashMap, HashSet};

use domain::contact::{ContactRole, PhoneLabel};
use domain::feed::{FeedGroup, FeedGroupRef, FeedPerson, GroupKind, Records, Tie, single_spaced};

use crate::mis::MisError;
use crate::mis::tidy::{self, each_person_once, emails, id, named, numbers, some};

/// A user of any kind.
#[derive(Debug, Clone, Default)]
pub(super) struct User {
    pub(super) id: String,
    pub(super) active: bool,
    /// Roles with the organisation that each is held in, where it is said.
    pub(super) roles: Vec<(String, Option<String>)>,
    pub(super) forename: String,
    pub(super) surname: String,
    pub(super) email: Option<String>,
    pub(super) sms: Option<String>,
    pub(super) phone: Option<String>,
    /// Users to whom this one is tied, in either direction.
    pub(super) agents: Vec<String>,
    pub(super) grades: Vec<String>,
}

/// A class.
#[derive(Debug, Clone, Default)]
pub(super) struct Class {
    pub(super) id: String,
    pub(super) active: bool,
    pub(super) title: String,
    pub(super) homeroom: bool,
    pub(super) school: Option<String>,
}

/// That a user is in a class.
#[derive(Debug, Clone, Default)]
pub(super) struct Enrolment {
    pub(super) active: bool,
    pub(super) class: String,
    pub(super) user: String,
}

/// The adults' words for what they are to a pupil.
const FAMILY: [(&str, &str, bool); 3] =
    [("parent", "Parent", true), ("guardian", "Guardian", true), ("relative", "Relative", false)];

impl User {
    fn has(&self, role: &str, school: Option<&str>) -> bool {
        self.active
            && self.roles.iter().any(|(held, org)| {
                held.eq_ignore_ascii_case(role)
                    && (school.is_none() || org.is_none() || org.as_deref() == school)
            })
    }

    fn is_pupil(&self, school: Option<&str>) -> bool {
        self.has("student", school)
    }

    /// Of the family; the organisation that a parent is listed under says nothing.
    fn family(&self) -> Option<(&'static str, bool)> {
        FAMILY
            .into_iter()
            .find(|(role, ..)| self.has(role, None))
            .map(|(_, kind, responsible)| (kind, responsible))
    }

    /// Staff of the school, whose other roles do not count.
    fn is_staff(&self, school: Option<&str>) -> bool {
        const STAFF: [&str; 10] = [
            "administrator",
            "aide",
            "counselor",
            "districtAdministrator",
            "principal",
            "proctor",
            "siteAdministrator",
            "systemAdministrator",
            "teacher",
            "staff",
        ];
        STAFF.into_iter().any(|role| self.has(role, school))
    }

    fn person(&self, role: ContactRole) -> Result<FeedPerson, MisError> {
        let years = self.grades.iter().map(|grade| FeedGroupRef::new(GroupKind::Year, &year(grade)));
        Ok(FeedPerson {
            forename: single_spaced(&self.forename),
            surname: single_spaced(&self.surname),
            numbers: numbers([
                (PhoneLabel::Mobile, self.sms.as_deref()),
                (PhoneLabel::Home, self.phone.as_deref()),
            ]),
            emails: emails([self.email.as_deref()]),
            groups: if role == ContactRole::Pupil { named(years) } else { Vec::new() },
            ..FeedPerson::new(id("", Some(&self.id))?, role)
        })
    }
}

/// A grade as a school's year: `07` is *Year 7*, anything but a number stays.
fn year(grade: &str) -> String {
    let grade = grade.trim();
    grade.parse::<u8>().map_or_else(|_| grade.to_owned(), |number| format!("Year {number}"))
}

fn people(users: &[&User], role: ContactRole) -> Result<Vec<FeedPerson>, MisError> {
    let people = users.iter().map(|u| u.person(role)).collect::<Result<Vec<_>, _>>()?;
    each_person_once(&people)?;
    Ok(people)
}

/// The school's pupils.
pub(super) fn pupils(users: &[User], school: Option<&str>) -> Result<Records, MisError> {
    let pupils: Vec<&User> = users.iter().filter(|u| u.is_pupil(school)).collect();
    people(&pupils, ContactRole::Pupil).map(Records::Pupils)
}

/// The school's staff.
pub(super) fn staff(users: &[User], school: Option<&str>) -> Result<Records, MisError> {
    let staff: Vec<&User> = users.iter().filter(|u| u.is_staff(school) && !u.is_pupil(school)).collect();
    people(&staff, ContactRole::Staff).map(Records::Staff)
}

/// The adults of the school's pupils, with their ties. Whoever is also staff comes with the staff, once.
pub(super) fn contacts(users: &[User], school: Option<&str>) -> Result<Records, MisError> {
    let pupils: HashMap<&str, &User> =
        users.iter().filter(|u| u.is_pupil(school)).map(|u| (u.id.as_str(), u)).collect();
    let family: HashMap<&str, (&'static str, bool)> =
        users.iter().filter_map(|u| Some((u.id.as_str(), u.family()?))).collect();
    let mut pairs: HashSet<(&str, &str)> = HashSet::new();
    for user in users {
        for agent in &user.agents {
            for (pupil, adult) in [(user.id.as_str(), agent.as_str()), (agent.as_str(), user.id.as_str())] {
                if pupils.contains_key(pupil) && family.contains_key(adult) {
                    pairs.insert((pupil, adult));
                }
            }
        }
    }
    let tied: HashSet<&str> = pairs.iter().map(|(_, adult)| *adult).collect();
    let adults = users.iter().filter(|u| u.family().is_some() && !u.is_staff(school) && !u.is_pupil(school));
    // Of a shared roster only this school's families.
    let adults: Vec<&User> = adults.filter(|u| school.is_none() || tied.contains(u.id.as_str())).collect();
    let people = people(&adults, ContactRole::Parent)?;
    let mut ties = Vec::with_capacity(pairs.len());
    for (pupil, adult) in pairs {
        let Some((kind, responsibility)) = family.get(adult) else { continue };
        ties.push(Tie {
            pupil: id("", Some(pupil))?,
            contact: id("", Some(adult))?,
            kind: (*kind).to_owned(),
            priority: None,
            responsibility: *responsibility,
            court_order: false,
        });
    }
    ties.sort();
    Ok(Records::Contacts { people, ties })
}

/// Classes with whoever is enrolled in them.
pub(super) fn groups(
    classes: &[Class],
    enrolments: &[Enrolment],
    school: Option<&str>,
) -> Result<Records, MisError> {
    let mut members: HashMap<&str, Vec<&str>> = HashMap::new();
    for enrolment in enrolments.iter().filter(|e| e.active) {
        members.entry(enrolment.class.as_str()).or_default().push(&enrolment.user);
    }
    let mut groups = Vec::with_capacity(classes.len());
    let mut seen = HashSet::new();
    for class in classes.iter().filter(|c| c.active) {
        if some(Some(&class.id)).is_none() || !seen.insert(class.id.as_str()) {
            return Err(MisError::Malformed("a class without an id of its own".to_owned()));
        }
        if school.is_some() && class.school.is_some() && class.school.as_deref() != school {
            continue;
        }
        let kind = if class.homeroom { GroupKind::Registration } else { GroupKind::Class };
        if let Some(group) = FeedGroupRef::new(kind, &class.title) {
            let ids = members.remove(class.id.as_str()).unwrap_or_default();
            let members = ids.into_iter().map(|one| id("", Some(one))).collect::<Result<_, _>>()?;
            groups.push(FeedGroup { group, members });
        }
    }
    Ok(Records::Groups(tidy::groups(groups)))
}
