//! The demo school as its MIS holds it: the same adults as in the address book, under the ids that a sync gives them,
//! and their children.

use domain::contact::{Contact, ContactRole, PhoneLabel};
use simulators::{MisAdult, MisPupil, MisSchool, MisTie};

use domain::sync::{MisSettings, Windows};

use super::people;

/// Name under which the demo MIS's credentials are kept.
pub(crate) const SECRET: &str = "demo";

/// Authority and establishment of the demo school.
pub(crate) const ESTAB: &str = "3285976";

/// How the school's settings name its MIS. It is refreshed only when somebody asks: the demo stays as it was left.
pub(super) fn settings() -> MisSettings {
    MisSettings {
        kind: "xporter".to_owned(),
        address: "http://127.0.0.1".to_owned(),
        school: ESTAB.to_owned(),
        secret: SECRET.to_owned(),
        windows: Windows { hourly_from: None, hourly_to: 17, overnight: None },
        ..MisSettings::default()
    }
}

/// The school's MIS. In a few families a court order bars the second adult from the first child.
pub(crate) fn school() -> MisSchool {
    let (contacts, children) = people::everybody();
    let of = |role: ContactRole| contacts.iter().filter(move |c| c.role == role).map(adult).collect();
    let mut school = MisSchool {
        name: "Green Abbey School".to_owned(),
        estab: ESTAB.to_owned(),
        contacts: of(ContactRole::Parent),
        staff: of(ContactRole::Staff),
        ..MisSchool::default()
    };
    for (n, child) in children.iter().enumerate() {
        let id = format!("{:04}", n + 1);
        for (place, contact) in child.adults.iter().enumerate() {
            let court_order = place == 1 && n % 90 == 7;
            school.ties.push(MisTie {
                pupil: id.clone(),
                contact: bare(contact.as_str()).to_owned(),
                relationship: ["Mother", "Father", "Grandparent", "Carer"][place.min(3)].to_owned(),
                priority: u8::try_from(place + 1).unwrap_or(u8::MAX),
                responsibility: place < 2 && !court_order,
                court_order,
            });
        }
        school.pupils.push(MisPupil {
            id,
            forename: child.forename.to_owned(),
            surname: child.surname.to_owned(),
            year: format!("Year {}", child.year),
            registration: format!("{}{}", child.year, child.form),
            house: Some(["Aire", "Calder", "Nidd", "Wharfe"][n % 4].to_owned()),
            classes: vec![format!("{}{}/Ma", child.year, child.form)],
        });
    }
    school
}

/// The id without the prefix that a sync puts before it.
fn bare(id: &str) -> &str {
    id.split_once('-').map_or(id, |(_, bare)| bare)
}

fn adult(contact: &Contact) -> MisAdult {
    let number = |label: PhoneLabel| contact.number(label).map(str::to_owned);
    MisAdult {
        id: bare(contact.id.as_str()).to_owned(),
        title: contact.title.clone(),
        forename: contact.forename.clone(),
        surname: contact.surname.clone(),
        mobile: number(PhoneLabel::Mobile),
        home: number(PhoneLabel::Home),
        work: number(PhoneLabel::Work),
        email: contact.email.clone(),
    }
}
