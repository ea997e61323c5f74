//! The rows of each list, with the columns that the service is known to have and a few that it is known to have but
//! nobody should read. A row is written when it is asked for: a page of a large school costs no more than one of a
//! small one.

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

/// A row of a list.
pub(super) struct Row<'a> {
    /// When it was last changed.
    changed_at: Millis,
    write: Box<dyn Fn() -> Value + Send + 'a>,
}

impl<'a> Row<'a> {
    fn new(changed_at: Millis, write: impl Fn() -> Value + Send + 'a) -> Self {
        Self { changed_at, write: Box::new(write) }
    }

    /// Whether it was changed since then, as the service compares times: as texts.
    pub(super) fn is_newer_than(&self, since: &str) -> bool {
        stamp(self.changed_at).as_str() > since
    }

    pub(super) fn write(&self) -> Value {
        (self.write)()
    }
}

pub(super) fn students(mis: &Mis) -> Vec<Row<'_>> {
    let at = mis.started_at;
    let row = move |p: &super::school::MisPupil| {
        json!({
            "Id": p.id, "IdaasId": format!("PL-{}", p.id), "Forename": p.forename, "Surname": p.surname,
            "DisplayName": format!("{} {}", p.forename, p.surname), "YearGroup": p.year, "RegGroup": p.registration,
            "HouseGroup": p.house, "WorkEmail": null, "StudentStatus": "OnRoll", "LastUpdated": stamp(at),
        })
    };
    mis.school.pupils.iter().map(|pupil| Row::new(at, move || row(pupil))).collect()
}

fn adults<'a>(mis: &Mis, changes: &'a Changes, prefix: &'static str, people: &'a [MisAdult]) -> Vec<Row<'a>> {
    let started_at = mis.started_at;
    let row = move |person: &'a MisAdult| {
        let at = changes.changed_at.get(&person.id).copied().unwrap_or(started_at);
        Row::new(at, move || adult(changes, prefix, person, at))
    };
    people.iter().map(row).collect()
}

fn adult(changes: &Changes, prefix: &str, person: &MisAdult, at: Millis) -> Value {
    json!({
        "Id": person.id, "IdaasId": format!("{prefix}{}", person.id), "Title": person.title,
        "Forename": person.forename, "Surname": person.surname,
        "DisplayName": format!("{} {}", person.forename, person.surname),
        "MobilePhone": changes.mobile(&person.id, person.mobile.as_deref()), "HomePhone": person.home,
        "WorkPhone": person.work, "WorkEmail": null, "HomeEmail": person.email, "StaffStatus": "Current",
        "LastUpdated": stamp(at),
    })
}

pub(super) fn contacts<'a>(mis: &'a Mis, changes: &'a Changes) -> Vec<Row<'a>> {
    adults(mis, changes, "PC-", &mis.school.contacts)
}

pub(super) fn staff<'a>(mis: &'a Mis, changes: &'a Changes) -> Vec<Row<'a>> {
    adults(mis, changes, "PWT-", &mis.school.staff)
}

pub(super) fn student_contacts(mis: &Mis) -> Vec<Row<'_>> {
    let at = mis.started_at;
    let row = move |t: &super::school::MisTie| {
        json!({
            "Id": format!("PL-{}.PC-{}", t.pupil, t.contact), "StudentId": t.pupil, "ContactId": t.contact,
            "Relationship": t.relationship, "Priority": t.priority, "ParResp": u8::from(t.responsibility),
            "CourtOrder": u8::from(t.court_order), "LastUpdated": stamp(at),
        })
    };
    mis.school.ties.iter().map(|tie| Row::new(at, move || row(tie))).collect()
}

pub(super) fn groups(mis: &Mis, with_members: bool) -> Vec<Row<'_>> {
    let mut groups: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for pupil in &mis.school.pupils {
        let own = [("YearGrp", &pupil.year), ("RegGrp", &pupil.registration)].into_iter();
        let house = pupil.house.iter().map(|house| ("HouseGrp", house));
        let classes = pupil.classes.iter().map(|class| ("TeachingGrp", class));
        for (kind, name) in own.chain(house).chain(classes) {
            groups.entry((kind, name)).or_default().push(&pupil.id);
        }
    }
    let at = mis.started_at;
    let row = move |(n, ((kind, name), members)): (usize, ((&str, &str), Vec<&str>))| {
        json!({
            "Id": (n + 1).to_string(), "Type": kind, "Code": name, "Name": name, "NumStudents": members.len(),
            "StudentIds": with_members.then(|| members.join(",")), "StaffIds": null, "LastUpdated": stamp(at),
        })
    };
    groups.into_iter().enumerate().map(|group| Row::new(at, move || row(group.clone()))).collect()
}

pub(super) fn marks<'a>(mis: &'a Mis, changes: &Changes, date: Date) -> Vec<Row<'a>> {
    let mut rows = Vec::with_capacity(mis.school.pupils.len() * 2);
    for pupil in &mis.school.pupils {
        for session in SESSIONS {
            if let Some(mark) = register::mark(changes, date, &pupil.id, session) {
                let row = move || {
                    json!({
                        "Id": format!("{}.{date}.{session}", pupil.id), "Date": date.to_string(),
                        "StudentId": pupil.id, "Mark": mark.code, "MinsLate": mark.minutes_late, "Type": "S",
                        "Session": session,
                    })
                };
                rows.push(Row::new(mis.started_at, row));
            }
        }
    }
    rows
}
