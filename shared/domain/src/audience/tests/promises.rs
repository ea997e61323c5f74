//! What holds for every address book and audience.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use proptest::sample::Index;

use super::{id, person, tie};
use crate::audience::{Audience, Going, SendTo, Since, find, why};
use crate::book::{AddressBook, BookRows};
use crate::contact::{Contact, ContactRole, Overrides};
use crate::content::{Contents, SmsContent};
use crate::feed::Tie;
use crate::ids::ContactId;
use crate::message::{Message, Purpose};
use crate::phone::{CountryCode, NumberMode};
use crate::plan::{Planned, plan};
use crate::settings::Settings;
use crate::texts::Texts;

#[derive(Debug, Clone)]
struct World {
    contacts: Vec<Contact>,
    ties: BTreeMap<(usize, usize), (Option<u8>, bool, bool)>,
    /// Pairs that the school has barred itself, whether a source ties them or not.
    bars: BTreeSet<(usize, usize)>,
}

impl World {
    fn book(&self) -> AddressBook {
        let rows = BookRows { contacts: self.contacts.clone(), ties: self.rows(), kinds: BTreeMap::new() };
        AddressBook::of_rows(2, rows, CountryCode::UK, NumberMode::Simulated)
    }

    /// Every tie as the book has it, each bar a row of its own.
    fn rows(&self) -> Vec<Tie> {
        let sourced = self.ties.iter().map(|((pupil, adult), (priority, responsibility, court_order))| {
            tie(&format!("x{pupil}"), &format!("x{adult}"), *priority, *responsibility, *court_order)
        });
        let bars = self.bars.iter().map(|(pupil, adult)| Tie {
            kind: String::new(),
            ..tie(&format!("x{pupil}"), &format!("x{adult}"), None, false, true)
        });
        sourced.chain(bars).collect()
    }

    /// The pupils to whom an adult is tied or from whom they are barred, and whether they are barred.
    fn pupils_of(&self, adult: usize) -> BTreeMap<usize, bool> {
        let sourced = self.ties.iter().filter(|((_, of), _)| *of == adult);
        let mut all: BTreeMap<usize, bool> =
            sourced.map(|((pupil, _), (_, _, court_order))| (*pupil, *court_order)).collect();
        all.extend(self.bars.iter().filter(|(_, of)| *of == adult).map(|(pupil, _)| (*pupil, true)));
        all
    }
}

const PUPILS: usize = 4;
const ADULTS: usize = 6;

fn world() -> impl Strategy<Value = World> {
    let groups = || vec(prop::sample::select(vec!["Year 9", "Choir", "Staff"]), 0..3);
    let staff = prop::bool::weighted(0.3);
    let people = vec((groups(), staff, prop::bool::ANY), PUPILS + ADULTS);
    let rights = (prop::option::of(1..4_u8), any::<bool>(), any::<bool>());
    let pair = || (0..PUPILS, PUPILS..PUPILS + ADULTS);
    let (ties, bars) = (btree_map(pair(), rights, 0..14), btree_set(pair(), 0..6));
    (people, ties, bars).prop_map(|(people, ties, bars)| {
        let contacts = people.into_iter().enumerate().map(|(n, (groups, staff, overridden))| {
            let role = match n {
                0..PUPILS => ContactRole::Pupil,
                _ if staff => ContactRole::Staff,
                _ => ContactRole::Parent,
            };
            let mut contact = person(&format!("x{n}"), role, &groups);
            if overridden {
                contact.overrides =
                    Overrides::default().with("forename", "Other").with("mobile", "+447700900999");
            }
            contact
        });
        World { contacts: contacts.collect(), ties, bars }
    })
}

fn audience() -> impl Strategy<Value = Audience> {
    let people = |most| vec(any::<Index>(), 0..most);
    let groups = vec(prop::sample::select(vec!["Year 9", "Choir", "Staff"]), 0..3);
    let send_to = prop::option::of(prop::sample::select(SendTo::ALL.to_vec()));
    (people(4), groups, prop::bool::weighted(0.2), people(3), send_to).prop_map(
        |(contacts, groups, everyone, pupils, send_to)| Audience {
            contacts: contacts.iter().map(|n| id(&format!("x{}", n.index(PUPILS + ADULTS)))).collect(),
            groups: groups.into_iter().map(str::to_owned).collect(),
            everyone,
            pupils: pupils.iter().map(|n| id(&format!("x{}", n.index(PUPILS)))).collect(),
            send_to,
            ..Audience::default()
        },
    )
}

fn text(text: &str) -> Contents {
    let sms = SmsContent { header: String::new(), text: text.to_owned() };
    Contents { sms: Some(sms), ..Contents::default() }
}

proptest! {
    /// What would be planned now as it was is kept, and nobody barred now by a court order is written to.
    #[test]
    fn what_a_later_book_lets_go_it_would_have_planned(before in world(), after in world(), to in audience()) {
        let message = Message {
            purpose: Purpose::Service,
            to: to.clone(),
            contents: text("About $pupilName|your child$"),
            routing: None,
        };
        let settings = Settings::new("Hillview");
        let (planned, now) = (plan(&before.book(), &message, &settings), Arc::new(after.book()));
        let today = plan(&now, &message, &settings);
        let texts = Texts::of(&message.contents);
        let since = Since::new(Arc::clone(&now), &to);
        for delivery in &planned.deliveries {
            let pupils = texts.pupils_in(delivery.channel, &delivery.values);
            let (to, contacts) = (&*delivery.to, &*delivery.contacts);
            let spoilt = since.spoils(Going { channel: delivery.channel, to, contacts, pupils });
            let same = |d: &&Planned| d.to == delivery.to && d.contacts.iter().any(|c| contacts.contains(c));
            let would_go = today.deliveries.iter().find(same);
            if spoilt.is_none() {
                prop_assert!(would_go.is_some(), "{delivery:?} would not be planned now");
            } else if would_go.is_some_and(|d| d.text == delivery.text) {
                prop_assert!(false, "{delivery:?} is spoilt by {spoilt:?}, and would go now");
            }
        }
    }

    /// What is said about a person is what the look-up does.
    #[test]
    fn why_agrees_with_who_is_found(world in world(), to in audience()) {
        let book = world.book();
        let found = find(&book, &to).people;
        for place in 0..book.len() {
            let why = why(&book, &to, place);
            prop_assert_eq!(why.meant, found.contains(&place), "{} {:?}", place, why);
            prop_assert!(!why.because.is_empty());
        }
    }

    /// Whoever is written to and barred from a pupil whom the message is about has another of those pupils to get it
    /// for, or gets it as staff.
    #[test]
    fn no_barred_pair_by_any_path(world in world(), to in audience()) {
        let book = world.book();
        let message = Message {
            purpose: Purpose::Emergency,
            to: to.clone(),
            contents: text("Dear $forename$"),
            routing: None,
        };
        let plan = plan(&book, &message, &Settings::new("Hillview"));

        let chosen = |n: usize, ids: &[ContactId]| ids.contains(&id(&format!("x{n}")));
        let in_group = |n: usize| world.contacts[n].groups.iter().any(|g| to.groups.contains(g));
        let by_name = |n: usize| chosen(n, &to.pupils) || chosen(n, &to.contacts);
        let about = |n: usize| by_name(n) || in_group(n) || to.everyone;
        for contact in plan.deliveries.iter().flat_map(|d| &d.contacts) {
            let n: usize = contact.as_str()[1..].parse().unwrap();
            let pairs = world.pupils_of(n).into_iter().filter(|(pupil, _)| about(*pupil));
            let (barred, free): (Vec<_>, Vec<_>) = pairs.partition(|(_, barred)| *barred);
            if barred.is_empty() || !free.is_empty() {
                continue;
            }
            let as_staff = world.contacts[n].role == ContactRole::Staff
                && !chosen(n, &to.contacts)
                && barred.iter().all(|(pupil, _)| !by_name(*pupil));
            prop_assert!(as_staff, "{contact} is barred from {:?}", barred);
        }
    }
}
