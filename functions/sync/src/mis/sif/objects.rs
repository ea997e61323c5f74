//! What the objects say, of each only what is needed.

use domain::contact::{ContactRole, PhoneLabel};
use domain::feed::{FeedGroup, FeedGroupRef, FeedPerson, GroupKind, Mark, Session, Tie, single_spaced};
use domain::ids::ContactId;

use super::xml::Node;
use crate::mis::MisError;
use crate::mis::tidy::{emails, id, named, numbers, some, yes};

fn ref_id(node: &Node) -> Result<ContactId, MisError> {
    id("", node.attribute("RefId"))
}

/// A person by the name they go by: the preferred one where there is one.
fn person(node: &Node, role: ContactRole) -> Result<FeedPerson, MisError> {
    let info =
        node.at("PersonInfo").ok_or_else(|| MisError::Malformed("a person without a name".to_owned()))?;
    let others = info.at("OtherNames").into_iter().flat_map(|names| names.all("Name"));
    let preferred = others.into_iter().find(|name| name.attribute("Type") == Some("PRF"));
    let legal = info.at("Name");
    let part = |key: &str| {
        let of =
            |name: Option<&Node>| name.map(|n| single_spaced(n.text(key))).filter(|text| !text.is_empty());
        of(preferred).or_else(|| of(legal)).unwrap_or_default()
    };
    let list = |list: &str, item: &'static str| {
        info.at(list).map(|l| l.all(item).collect::<Vec<_>>()).unwrap_or_default()
    };
    let phones = list("PhoneNumberList", "PhoneNumber");
    let label = |node: &Node| match node.attribute("Type") {
        Some("0888") => PhoneLabel::Mobile,
        _ => PhoneLabel::Home,
    };
    Ok(FeedPerson {
        title: some(Some(&part("Title"))).filter(|_| role != ContactRole::Pupil).map(str::to_owned),
        forename: part("GivenName"),
        surname: part("FamilyName"),
        numbers: numbers(phones.iter().map(|p| (label(p), Some(p.text("Number"))))),
        emails: emails(list("EmailList", "Email").iter().map(|e| Some(e.own()))),
        ..FeedPerson::new(ref_id(node)?, role)
    })
}

pub(super) fn pupil(node: &Node) -> Result<FeedPerson, MisError> {
    let mut pupil = person(node, ContactRole::Pupil)?;
    let year = node.text("MostRecent/YearLevel/Code");
    let year = year.parse::<u8>().map_or_else(|_| year.to_owned(), |number| format!("Year {number}"));
    let home =
        some(Some(node.text("MostRecent/Homegroup"))).unwrap_or(node.text("MostRecent/HomeroomLocalId"));
    pupil.groups =
        named([FeedGroupRef::new(GroupKind::Year, &year), FeedGroupRef::new(GroupKind::Registration, home)]);
    Ok(pupil)
}

pub(super) fn contact(node: &Node) -> Result<FeedPerson, MisError> {
    person(node, ContactRole::Parent)
}

pub(super) fn staff(node: &Node) -> Result<FeedPerson, MisError> {
    person(node, ContactRole::Staff)
}

pub(super) fn tie(node: &Node) -> Result<Tie, MisError> {
    Ok(Tie {
        pupil: id("", Some(node.text("StudentPersonalRefId")))?,
        contact: id("", Some(node.text("StudentContactPersonalRefId")))?,
        kind: single_spaced(node.text("Relationship/Code")),
        priority: node.text("ContactSequence").parse().ok().filter(|n| *n > 0),
        responsibility: yes(Some(node.text("ContactFlags/ParentLegalGuardian"))),
        court_order: false,
    })
}

pub(super) fn group(node: &Node) -> Result<Option<FeedGroup>, MisError> {
    let name = some(Some(node.text("ShortName"))).unwrap_or(node.text("LongName"));
    let Some(group) = FeedGroupRef::new(GroupKind::Class, name) else { return Ok(None) };
    let mut members = Vec::new();
    for (list, item, key) in [
        ("StudentList", "TeachingGroupStudent", "StudentPersonalRefId"),
        ("TeacherList", "TeachingGroupTeacher", "StaffPersonalRefId"),
    ] {
        for member in node.at(list).into_iter().flat_map(|l| l.all(item)) {
            members.push(id("", Some(member.text(key)))?);
        }
    }
    Ok(Some(FeedGroup { group, members }))
}

/// The marks of one object: of a full day it is two.
pub(super) fn marks(node: &Node) -> Result<Vec<Mark>, MisError> {
    let malformed = |what: &str| MisError::Malformed(what.to_owned());
    let date = node.text("Date").parse().map_err(|_| malformed("a mark without its day"))?;
    let sessions = match node.text("DayValue") {
        day if day.eq_ignore_ascii_case("FD") => Session::ALL.to_vec(),
        half => vec![Session::from_code(half).ok_or_else(|| malformed("a mark without its session"))?],
    };
    let others = node.at("AttendanceCode/OtherCodeList").into_iter().flat_map(|list| list.all("OtherCode"));
    let local = others.into_iter().find(|code| code.attribute("Codeset") == Some("Local"));
    let code = local.map_or(node.text("AttendanceCode/Code"), Node::own).to_owned();
    let pupil = id("", Some(node.text("StudentPersonalRefId")))?;
    let mark = |session| Mark { pupil: pupil.clone(), date, session, code: code.clone(), minutes_late: None };
    Ok(sessions.into_iter().map(mark).collect())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::xml;
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "a test says where the samples are")]
    fn sample(name: &str) -> Option<Vec<u8>> {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
        let specs =
            std::env::var_os("SPECS_DIR").map_or_else(|| PathBuf::from("../shared/specs"), PathBuf::from);
        let found = std::fs::read(root.join(specs).join("sif").join(name)).ok();
        if found.is_none() {
            println!("skipped: {name} is missing");
        }
        found
    }

    #[test]
    fn samples_are_understood() {
        if let Some(bytes) = sample("StudentPersonal.xml") {
            let person = pupil(&xml::document(&bytes).unwrap()).unwrap();
            assert_eq!((person.forename.as_str(), person.surname.as_str()), ("Sam", "Rowinski"));
            assert_eq!(person.emails.len(), 2);
        }
        if let Some(bytes) = sample("StudentPersonals5.xml") {
            assert_eq!(xml::objects(&bytes, "StudentPersonals", "StudentPersonal").unwrap().len(), 5);
        }
        if let Some(bytes) = sample("StudentDailyAttendances.xml") {
            let rows = xml::objects(&bytes, "StudentDailyAttendances", "StudentDailyAttendance").unwrap();
            let first = marks(&rows[0]).unwrap();
            assert_eq!((first[0].session, first[0].code.as_str()), (Session::Am, "S"));
        }
    }
}
