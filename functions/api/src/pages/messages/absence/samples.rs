//! A made-up morning.

use std::collections::BTreeMap;

use domain::attendance::{AbsenceList, Freshness, Listed, Matter};
use domain::audience::SendTo;
use domain::book::{AddressBook, BookRows};
use domain::contact::ContactRole;
use domain::feed::{GroupKind, Session, Tie};
use domain::ids::{ContactId, MessageId};
use domain::phone::{CountryCode, NumberMode};
use store::ToldBy;
use ulid::Ulid;

use super::AbsencePage;
use super::view::Asked;
use crate::pages::kit::book::PageBook;
use crate::pages::kit::form::Problem;
use crate::pages::kit::frame::Frame;
use crate::pages::kit::lines::samples::{local, now_ms};
use crate::pages::kit::places::NavItem;
use crate::pages::messages::compose::samples as compose;
use crate::services::attendance::{Fresh, Registers};

/// Twenty pupils, each with one adult; two have nobody.
fn book() -> PageBook {
    let mut contacts = compose::book().contacts().to_vec();
    for contact in contacts.iter_mut().take(20) {
        contact.role = ContactRole::Pupil;
    }
    let tie = |n: usize| Tie {
        pupil: contacts[n].id.clone(),
        contact: contacts[n + 40].id.clone(),
        kind: "Mother".into(),
        priority: Some(1),
        responsibility: true,
        court_order: false,
    };
    let ties = (0..18).map(tie).collect();
    let kinds = BTreeMap::from([
        ("9A".to_owned(), GroupKind::Registration),
        ("9B".to_owned(), GroupKind::Registration),
    ]);
    let rows = BookRows { contacts, ties, kinds };
    AddressBook::of_rows(2, rows, CountryCode::default(), NumberMode::Simulated).into()
}

fn listed(book: &PageBook, from: usize, count: usize, code: &str) -> Vec<Listed> {
    let pupils = (0..book.len()).filter(|place| book.is_pupil(*place)).filter_map(|place| book.at(place));
    let pupil = |id: ContactId| Listed { pupil: id, code: code.to_owned(), minutes_late: None };
    pupils.skip(from).take(count).map(|(contact, _)| pupil(contact.id.clone())).collect()
}

fn registers(book: &PageBook, state: Freshness) -> Registers {
    let list = AbsenceList {
        to_tell: listed(book, 0, 9, "N"),
        told: listed(book, 9, 2, "N"),
        blank: listed(book, 11, 2, ""),
        excluded: listed(book, 13, 1, "N"),
        unknown: listed(book, 14, 1, "?"),
    };
    let message = MessageId::new(Ulid::from_parts(1, 1));
    let by = ToldBy { message, at_ms: now_ms() - 600_000, adults: Vec::new(), went: true };
    let told = list.told.iter().map(|pupil| (pupil.pupil.clone(), by.clone())).collect();
    let missed = list.to_tell.iter().skip(2).take(1);
    let missed = missed.map(|pupil| ((Matter::Absence, pupil.pupil.clone()), by.clone())).collect();
    let mut late = listed(book, 15, 2, "L");
    for pupil in &mut late {
        pupil.minutes_late = Some(12);
    }
    let clear = listed(book, 17, 1, "L");
    let read_ms = (state != Freshness::Never).then(|| now_ms() - 120_000);
    Registers { list, late, clear, told, missed, any: true, fresh: Fresh { state, read_ms } }
}

impl AbsencePage {
    fn made(registers: &Registers, book: &PageBook, problems: Vec<Problem>) -> Self {
        let asked =
            Asked { day: local().today(), session: Session::Am, send_to: SendTo::default(), ticked: None };
        let settings = compose::settings();
        Self::new(Frame::sample(NavItem::ABSENCE), (book, &settings, &local()), asked, registers, problems)
    }

    pub(crate) fn sample() -> Self {
        let book = book();
        Self::made(&registers(&book, Freshness::Fresh), &book, Vec::new())
    }

    pub(crate) fn sample_stale() -> Self {
        let book = book();
        let problems = vec![Problem::new("absence", "Tick at least one pupil.".to_owned())];
        Self::made(&registers(&book, Freshness::Changed), &book, problems)
    }

    pub(crate) fn sample_empty() -> Self {
        let book = book();
        let fresh = Fresh { state: Freshness::Never, read_ms: None };
        let nothing = Registers {
            list: AbsenceList::default(),
            late: Vec::new(),
            clear: Vec::new(),
            told: BTreeMap::new(),
            missed: BTreeMap::new(),
            any: false,
            fresh,
        };
        Self::made(&nothing, &book, Vec::new())
    }
}
