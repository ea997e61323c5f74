//! The rows of the lists, of each only the columns that are needed.

use domain::contact::{ContactRole, PhoneLabel};
use domain::feed::{FeedGroup, FeedGroupRef, FeedPerson, GroupKind, Mark, Session, Tie, single_spaced};
use jiff::civil::Date;
use serde::Deserialize;

use super::list::Row;
use crate::mis::MisError;
use crate::mis::tidy::{barring, emails, id, loose, named, numbers, some, yes};

const PUPIL: &str = "PL-";
const CONTACT: &str = "PC-";
const STAFF: &str = "PWT-";

macro_rules! row {
    ($name:ident, $keys:expr, { $($field:ident => $column:literal),+ $(,)? } $(, $bar:ident => $bars:literal)?) => {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        pub(super) struct $name {
            $(#[serde(rename = $column, deserialize_with = "loose")] pub(super) $field: Option<String>,)+
            $(#[serde(rename = $bars, deserialize_with = "barring")] pub(super) $bar: bool,)?
        }

        impl Row for $name {
            const KEYS: &'static [&'static str] = $keys;
        }
    };
}

row!(SchoolInfo, &["SchoolInfo"], { name => "Name" });
row!(Student, &["Students", "Student"], {
    id => "Id", forename => "Forename", surname => "Surname", year => "YearGroup", house => "HouseGroup",
    registration => "RegGroup", email => "WorkEmail", status => "StudentStatus",
});
row!(Adult, &[], {
    id => "Id", title => "Title", forename => "Forename", surname => "Surname", mobile => "MobilePhone",
    home => "HomePhone", work => "WorkPhone", home_email => "HomeEmail", work_email => "WorkEmail",
    status => "StaffStatus",
});
row!(StudentContact, &["StudentContacts", "StudentContact"], {
    pupil => "StudentId", contact => "ContactId", kind => "Relationship", priority => "Priority",
    responsibility => "ParResp",
}, court_order => "CourtOrder");
row!(Group, &["Group", "Groups"], {
    kind => "Type", code => "Code", name => "Name", pupils => "StudentIds", staff => "StaffIds", count => "NumStudents",
});
row!(AttendMark, &["AttendMarks", "AttendMark", "Attendance"], {
    date => "Date", pupil => "StudentId", code => "Mark", minutes => "MinsLate", kind => "Type", session => "Session",
});

/// A parent or carer.
#[derive(Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Contact(Adult);

impl Row for Contact {
    const KEYS: &'static [&'static str] = &["Contacts", "Contact"];
}

/// A member of staff.
#[derive(Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Member(Adult);

impl Row for Member {
    const KEYS: &'static [&'static str] = &["Staff"];
}

fn text(field: Option<&String>) -> String {
    field.map(|t| single_spaced(t)).unwrap_or_default()
}

impl Student {
    /// Leavers and those yet to come are not asked for, and left out should they be there.
    pub(super) fn on_roll(&self) -> bool {
        self.status.as_deref().is_none_or(|s| s.eq_ignore_ascii_case("OnRoll"))
    }

    pub(super) fn person(&self) -> Result<FeedPerson, MisError> {
        let group = |kind, name: &Option<String>| FeedGroupRef::new(kind, name.as_deref()?);
        Ok(FeedPerson {
            forename: text(self.forename.as_ref()),
            surname: text(self.surname.as_ref()),
            emails: emails([self.email.as_deref()]),
            groups: named([
                group(GroupKind::Year, &self.year),
                group(GroupKind::House, &self.house),
                group(GroupKind::Registration, &self.registration),
            ]),
            ..FeedPerson::new(id(PUPIL, self.id.as_deref())?, ContactRole::Pupil)
        })
    }
}

impl Adult {
    fn person(
        &self,
        prefix: &str,
        role: ContactRole,
        addresses: [&Option<String>; 2],
    ) -> Result<FeedPerson, MisError> {
        Ok(FeedPerson {
            title: some(self.title.as_deref()).map(str::to_owned),
            forename: text(self.forename.as_ref()),
            surname: text(self.surname.as_ref()),
            numbers: numbers([
                (PhoneLabel::Mobile, self.mobile.as_deref()),
                (PhoneLabel::Home, self.home.as_deref()),
                (PhoneLabel::Work, self.work.as_deref()),
            ]),
            emails: emails(addresses.map(Option::as_deref)),
            ..FeedPerson::new(id(prefix, self.id.as_deref())?, role)
        })
    }
}

impl Contact {
    pub(super) fn person(&self) -> Result<FeedPerson, MisError> {
        self.0.person(CONTACT, ContactRole::Parent, [&self.0.home_email, &self.0.work_email])
    }
}

impl StudentContact {
    pub(super) fn tie(&self) -> Result<Tie, MisError> {
        Ok(Tie {
            pupil: id(PUPIL, self.pupil.as_deref())?,
            contact: id(CONTACT, self.contact.as_deref())?,
            kind: text(self.kind.as_ref()),
            priority: self.priority.as_deref().and_then(|p| p.parse().ok()).filter(|p| *p > 0),
            responsibility: yes(self.responsibility.as_deref()),
            court_order: self.court_order,
        })
    }
}

impl Member {
    pub(super) fn is_current(&self) -> bool {
        self.0.status.as_deref().is_none_or(|s| s.eq_ignore_ascii_case("Current"))
    }

    pub(super) fn person(&self) -> Result<FeedPerson, MisError> {
        self.0.person(STAFF, ContactRole::Staff, [&self.0.work_email, &self.0.home_email])
    }
}

impl Group {
    /// The group with its members; `None` for one without a name.
    pub(super) fn group(&self) -> Result<Option<FeedGroup>, MisError> {
        let kind = match self.kind.as_deref().unwrap_or_default() {
            "YearGrp" => GroupKind::Year,
            "HouseGrp" => GroupKind::House,
            "RegGrp" => GroupKind::Registration,
            "TeachingGrp" => GroupKind::Class,
            _ => GroupKind::Other,
        };
        let name = some(self.name.as_deref()).or(some(self.code.as_deref())).unwrap_or_default();
        let Some(group) = FeedGroupRef::new(kind, name) else { return Ok(None) };
        let pupils = members(PUPIL, self.pupils.as_deref())?;
        let count: usize = self.count.as_deref().and_then(|c| c.parse().ok()).unwrap_or_default();
        // Members that did not come along must not read as a group that everybody left.
        if pupils.is_empty() && count > 0 {
            return Err(MisError::Truncated("a group without its members"));
        }
        let mut all = pupils;
        all.extend(members(STAFF, self.staff.as_deref())?);
        Ok(Some(FeedGroup { group, members: all }))
    }
}

fn members(prefix: &str, list: Option<&str>) -> Result<Vec<domain::ids::ContactId>, MisError> {
    let ids = list.unwrap_or_default().split(',').filter_map(|one| some(Some(one)));
    ids.map(|one| id(prefix, Some(one))).collect()
}

impl AttendMark {
    /// Marks of lessons are another register's.
    pub(super) fn is_of_session(&self) -> bool {
        self.kind.as_deref().is_none_or(|k| k.eq_ignore_ascii_case("S"))
    }

    pub(super) fn mark(&self, asked: Date) -> Result<Mark, MisError> {
        let session = self.session.as_deref().and_then(Session::from_code);
        let session = session.ok_or_else(|| MisError::Malformed("a mark without its session".to_owned()))?;
        let date = self.date.as_deref().and_then(|d| d.get(..10)).and_then(|d| d.parse::<Date>().ok());
        if date != Some(asked) {
            return Err(MisError::Malformed("a mark of another day".to_owned()));
        }
        Ok(Mark {
            pupil: id(PUPIL, self.pupil.as_deref())?,
            date: asked,
            session,
            code: self.code.clone().unwrap_or_default(),
            minutes_late: self.minutes.as_deref().and_then(|m| m.parse().ok()).filter(|m| *m > 0),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use serde_json::{Map, Value};

    use super::*;
    use crate::mis::xporter::list::rows_of;

    /// The answer in a file of recorded ones; `None` where they are not at hand.
    #[expect(clippy::disallowed_methods, reason = "a test says where the recorded answers are")]
    fn recorded(name: &str) -> Option<Map<String, Value>> {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
        let specs =
            std::env::var_os("SPECS_DIR").map_or_else(|| PathBuf::from("../shared/specs"), PathBuf::from);
        let path = root.join(specs).join("xporter/recorded").join(name);
        let Ok(text) = std::fs::read_to_string(path) else {
            println!("skipped: no recorded answers");
            return None;
        };
        let all: Value = serde_json::from_str(&text).unwrap();
        all[0]["response"]["json"].as_object().cloned()
    }

    #[test]
    fn recorded_answers_are_understood() {
        if let Some(mut page) = recorded("students.json") {
            let rows: Vec<Student> = rows_of(&mut page, Student::KEYS).unwrap();
            let person = rows[0].person().unwrap();
            assert_eq!((person.id.as_str(), person.forename.as_str()), ("PL-3116", "Albus"));
            let groups: Vec<_> = person.groups.iter().map(|g| (g.kind, g.name.as_str())).collect();
            assert_eq!(groups, [(GroupKind::Year, "Year 4"), (GroupKind::Registration, "4ES")]);
        }
        if let Some(mut page) = recorded("staff.json") {
            let rows: Vec<Member> = rows_of(&mut page, Member::KEYS).unwrap();
            let person = rows[0].person().unwrap();
            assert_eq!((person.id.as_str(), person.title.as_deref()), ("PWT-2", Some("Mrs")));
            assert_eq!(person.numbers.len(), 1);
            // A malformed number comes along as it is.
            assert_eq!(rows[1].person().unwrap().numbers[0].number, "01632 4");
        }
        if let Some(mut page) = recorded("groups.json") {
            let rows: Vec<Group> = rows_of(&mut page, Group::KEYS).unwrap();
            // Recorded without members: that is not a group which everybody left.
            assert!(matches!(rows[0].group(), Err(MisError::Truncated(_))));
        }
        if let Some(mut page) = recorded("school_info.json") {
            let rows: Vec<SchoolInfo> = rows_of(&mut page, SchoolInfo::KEYS).unwrap();
            assert_eq!(rows[0].name.as_deref(), Some("WATERS EDGE PRIMARY SCHOOL"));
        }
    }
}
