//! Whom a member of staff sees and messages, where they are linked to groups.
//!
//! A linked user is given a smaller address book: nobody outside it can be found, named or chosen, however they are
//! asked for. The groups are kept with a message, so that its plan, which reads the book again, is bound by them
//! too.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::book::{AddressBook, Pair, group_key};
use crate::contact::Contact;

/// Groups outside of which somebody sees and messages nobody; without a group there is no limit. A group that nobody is
/// in any more lets nobody through: it does not lift the limit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Limit(Vec<String>);

impl Limit {
    /// To the people of these groups and the adults of their pupils; no limit where there is no group.
    pub fn to_groups(groups: &[String]) -> Self {
        Self(groups.to_vec())
    }

    /// Whether everybody may be seen and messaged.
    pub const fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// The groups, as they were named.
    pub fn groups(&self) -> &[String] {
        &self.0
    }

    /// Whether somebody is in one of the groups themselves, or there is no limit.
    pub fn names_a_group_of(&self, contact: &Contact) -> bool {
        let keys: Vec<String> = self.0.iter().map(|group| group_key(group)).collect();
        self.is_none() || contact.groups.iter().any(|group| keys.contains(&group_key(group)))
    }

    /// What of the book is left within the limit; `None` where it is the whole. With a pupil their adults are left, the
    /// barred ones too: they are known, and the court order keeps every message about the pupil from them.
    pub fn within(&self, book: &AddressBook) -> Option<AddressBook> {
        if self.is_none() {
            return None;
        }
        let members = self.0.iter().filter_map(|group| book.members(group)).flatten().copied();
        let mut kept: BTreeSet<usize> = members.collect();
        let adults = kept.iter().flat_map(|place| book.adults_of(*place)).map(Pair::contact);
        let adults: Vec<usize> = adults.collect();
        kept.extend(adults);
        Some(book.only(&kept))
    }

    /// As [`Limit::within`], for a book that is shared.
    pub fn narrow(&self, book: Arc<AddressBook>) -> Arc<AddressBook> {
        self.within(&book).map_or(book, Arc::new)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::audience::{Audience, SendTo};
    use crate::book::BookRows;
    use crate::contact::{ContactRole, LabelledNumber, PhoneLabel, Source};
    use crate::content::{Contents, EmailContent, SmsContent, VoiceContent};
    use crate::feed::Tie;
    use crate::ids::ContactId;
    use crate::message::{Message, Purpose};
    use crate::phone::{CountryCode, NumberMode};
    use crate::plan::{Plan, plan};

    /// Group names with their second spellings beside them.
    const NAMES: [&str; 6] = ["Year 9", "year  9", "Year 10", "Choir", "YEAR 10 ", "Year 99"];

    fn id(n: usize) -> ContactId {
        ContactId::parse(&format!("P{n}")).unwrap()
    }

    fn named(places: &[usize]) -> Vec<String> {
        places.iter().map(|place| NAMES[*place].to_owned()).collect()
    }

    /// One in three shares the number of another; one in five has none.
    fn person(n: usize, groups: &[usize]) -> Contact {
        let number = LabelledNumber { label: PhoneLabel::Mobile, number: format!("0770090{:04}", n / 3) };
        Contact {
            forename: format!("F{n}"),
            surname: "Abbot".into(),
            numbers: if n.is_multiple_of(5) { Vec::new() } else { vec![number] },
            email: (!n.is_multiple_of(4)).then(|| format!("p{}@example.org", n / 2)),
            groups: named(groups),
            ..Contact::new(id(n), Source::Hand, ContactRole::Parent)
        }
    }

    fn book(groups: &[Vec<usize>]) -> AddressBook {
        let people = groups.iter().enumerate().map(|(n, of)| person(n, of)).collect();
        AddressBook::new(2, people, CountryCode::UK, NumberMode::Simulated)
    }

    fn message(to: Audience) -> Message {
        let text = "Hello".to_owned();
        Message {
            purpose: Purpose::Emergency,
            to,
            contents: Contents {
                sms: Some(SmsContent { header: String::new(), text: text.clone() }),
                voice: Some(VoiceContent { text: text.clone() }),
                email: Some(EmailContent { subject: text.clone(), text }),
                ..Contents::default()
            },
            routing: None,
        }
    }

    /// Everybody selected by a plan, reached or not.
    fn selected(plan: &Plan) -> Vec<ContactId> {
        let served = plan.deliveries.iter().flat_map(|d| d.contacts.iter());
        let mut all: Vec<ContactId> = served.chain(&plan.unreachable).cloned().collect();
        all.sort();
        all.dedup();
        all
    }

    fn plain(name: &str) -> String {
        name.to_lowercase().split(' ').filter(|word| !word.is_empty()).collect()
    }

    proptest! {
        #[test]
        fn no_choice_of_people_groups_or_everyone_reaches_beyond_the_limit(
            groups in vec(vec(0..NAMES.len(), 0..3), 0..24),
            contacts in vec(0..30_usize, 0..12),
            chosen in vec(0..NAMES.len(), 0..4),
            everyone in any::<bool>(),
            limit in vec(0..NAMES.len(), 0..3),
        ) {
            let book = book(&groups);
            let settings = crate::plan::tests::settings();
            let to = Audience {
                contacts: contacts.iter().map(|n| id(*n)).collect(),
                groups: named(&chosen),
                everyone,
                within: Limit::to_groups(&named(&limit)),
                ..Audience::default()
            };
            let free = plan(&book, &message(Audience { within: Limit::default(), ..to.clone() }), &settings);
            let bound = plan(&book, &message(to.clone()), &settings);
            let may: Vec<String> = named(&limit).iter().map(|name| plain(name)).collect();
            let allowed = |id: &ContactId| {
                let (contact, _) = book.get(id).unwrap();
                limit.is_empty() || contact.groups.iter().any(|g| may.contains(&plain(g)))
            };
            // Nobody outside, and nobody inside left out.
            let expected: Vec<ContactId> = selected(&free).into_iter().filter(&allowed).collect();
            prop_assert_eq!(selected(&bound), expected);
            prop_assert!(book.contacts().iter().all(|c| to.within.names_a_group_of(c) == allowed(&c.id)));
        }
    }

    #[test]
    fn who_is_outside_is_as_if_they_were_not_there() {
        let book = book(&[vec![], vec![0], vec![2, 3], vec![0, 3]]);
        let limit = Limit::to_groups(&["YEAR 9".to_owned()]);
        let small = limit.within(&book).unwrap();
        let groups: Vec<_> = small.groups().iter().map(|g| (g.name.as_str(), g.members.len())).collect();
        assert_eq!((small.len(), groups), (2, vec![("Choir", 1), ("Year 9", 2)]));
        assert!(small.get(&id(2)).is_none() && small.search("F2", 9).is_empty());
        assert_eq!(small.search("f3", 9).len(), 1);
        let to = Audience {
            contacts: vec![id(2), id(1)],
            groups: vec!["Year 10".into(), "Choir".into()],
            within: limit,
            ..Audience::default()
        };
        let plan = plan(&book, &message(to), &crate::plan::tests::settings());
        assert_eq!((plan.unknown_contacts, plan.unknown_groups), (vec![id(2)], vec!["Year 10".to_owned()]));
        assert!(Limit::default().within(&book).is_none());
        assert_eq!(Limit::to_groups(&["Gone".to_owned()]).within(&book).unwrap().len(), 0);
    }

    #[test]
    fn adults_of_a_linked_groups_pupils_are_within_and_court_orders_hold() {
        let of = |n: usize, role, groups: &[usize]| Contact { role, ..person(n, groups) };
        let tie = |pupil, contact, court_order| Tie {
            pupil: id(pupil),
            contact: id(contact),
            kind: "Parent".into(),
            priority: Some(1),
            responsibility: true,
            court_order,
        };
        let rows = BookRows {
            contacts: vec![
                of(1, ContactRole::Pupil, &[0]),
                of(2, ContactRole::Pupil, &[2]),
                of(3, ContactRole::Parent, &[]),
                of(4, ContactRole::Parent, &[]),
                of(6, ContactRole::Parent, &[]),
            ],
            ties: vec![tie(1, 3, false), tie(1, 4, true), tie(2, 4, false), tie(2, 6, false)],
            ..BookRows::default()
        };
        let book = AddressBook::of_rows(2, rows, CountryCode::UK, NumberMode::Simulated);
        let within = Limit::to_groups(&["Year 9".to_owned()]);
        let small = within.within(&book).unwrap();
        assert_eq!((small.len(), small.pairs()), (3, 2), "the pupil, and both adults known for them");
        for to in [
            Audience { everyone: true, send_to: Some(SendTo::All), ..Audience::default() },
            Audience { pupils: vec![id(1), id(2)], ..Audience::default() },
            Audience {
                groups: vec!["Year 9".into(), "Year 10".into()],
                send_to: Some(SendTo::All),
                ..Audience::default()
            },
            Audience { pupils: vec![id(1)], contacts: vec![id(4), id(6)], ..Audience::default() },
        ] {
            let plan = plan(
                &book,
                &message(Audience { within: within.clone(), ..to }),
                &crate::plan::tests::settings(),
            );
            assert_eq!(
                selected(&plan),
                [id(3)],
                "neither who is barred from the pupil nor another pupil's adult"
            );
        }
    }
}
