//! The rows of each list, with the columns that the service is known to have and a few that it is known to have but
//! nobody should read.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::register::{self, SESSIONS};
use super::school::MisAdult;
use super::state::{Changes, Mis};
use crate::clock::Millis;

/// As the service writes times: to the millisecond, without a zone.
fn stamp(ms: Millis) -> String {
    Timestamp::from_millisecond(ms).unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%S%.3f").to_string()
}

pub(super) fn students(mis: &Mis) -> Vec<Value> {
    let at = stamp(mis.started_at);
    let row = |p: &super::school::MisPupil| {
        json!({
            "Id": p.id, "IdaasId": format!("PL-{}", p.id), "Forename": p.forename, "Surname": p.surname,
            "DisplayName": format!("{} {}", p.forename, p.surname), "YearGroup": p.year, "RegGroup": p.registration,
            "HouseGroup": p.house, "WorkEmail": null, "StudentStatus": "OnRoll", "LastUpdated": at,
        })
    };
    mis.school.pupils.iter().map(row).collect()
}

fn adult(mis: &Mis, changes: &Changes, prefix: &str, person: &MisAdult) -> Value {
    let at = changes.changed_at.get(&person.id).copied().unwrap_or(mis.started_at);
    json!({
        "Id": person.id, "IdaasId": format!("{prefix}{}", person.id), "Title": person.title,
        "Forename": person.forename, "Surname": person.surname,
        "DisplayName": format!("{} {}", person.forename, person.surname),
        "MobilePhone": changes.mobile(&person.id, person.mobile.as_deref()), "HomePhone": person.home,
        "WorkPhone": person.work, "WorkEmail": null, "HomeEmail": person.email, "StaffStatus": "Current",
        "LastUpdated": stamp(at),
    })
}

pub(super) fn contacts(mis: &Mis, changes: &Changes) -> Vec<Value> {
    mis.school.contacts.iter().map(|p| adult(mis, changes, "PC-", p)).collect()
}

pub(super) fn staff(mis: &Mis, changes: &Changes) -> Vec<Value> {
    mis.school.staff.iter().map(|p| adult(mis, changes, "PWT-", p)).collect()
}

pub(super) fn student_contacts(mis: &Mis) -> Vec<Value> {
    let at = stamp(mis.started_at);
    let row = |t: &super::school::MisTie| {
        json!({
            "Id": format!("PL-{}.PC-{}", t.pupil, t.contact), "StudentId": t.pupil, "ContactId": t.contact,
            "Relationship": t.relationship, "Priority": t.priority, "ParResp": u8::from(t.responsibility),
            "CourtOrder": u8::from(t.court_order), "LastUpdated": at,
        })
    };
    mis.school.ties.iter().map(row).collect()
}

pub(super) fn groups(mis: &Mis, with_members: bool) -> Vec<Value> {
    let mut groups: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for pupil in &mis.school.pupils {
        let own = [("YearGrp", &pupil.year), ("RegGrp", &pupil.registration)].into_iter();
        let house = pupil.house.iter().map(|house| ("HouseGrp", house));
        let classes = pupil.classes.iter().map(|class| ("TeachingGrp", class));
        for (kind, name) in own.chain(house).chain(classes) {
            groups.entry((kind, name)).or_default().push(&pupil.id);
        }
    }
    let at = stamp(mis.started_at);
    let row = |(n, ((kind, name), members)): (usize, ((&str, &str), Vec<&str>))| {
        let ids = with_members.then(|| members.join(","));
        json!({
            "Id": (n + 1).to_string(), "Type": kind, "Code": name, "Name": name, "NumStudents": members.len(),
            "StudentIds": ids, "StaffIds": null, "LastUpdated": at,
        })
    };
    groups.into_iter().enumerate().map(row).collect()
}

pub(super) fn marks(mis: &Mis, changes: &Changes, date: Date) -> Vec<Value> {
    let mut rows = Vec::with_capacity(mis.school.pupils.len() * 2);
    for pupil in &mis.school.pupils {
        for session in SESSIONS {
            if let Some(mark) = register::mark(changes, date, &pupil.id, session) {
                rows.push(json!({
                    "Id": format!("{}.{date}.{session}", pupil.id), "Date": date.to_string(), "StudentId": pupil.id,
                    "Mark": mark.code, "MinsLate": mark.minutes_late, "Type": "S", "Session": session,
                }));
            }
        }
    }
    rows
}
