mod promises;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::book::{AddressBook, BookRows};
use crate::channel::Channel;
use crate::contact::{Contact, ContactRole, LabelledNumber, PhoneLabel, Source};
use crate::delivery::Reason;
use crate::feed::Tie;
use crate::ids::ContactId;
use crate::phone::{CountryCode, NumberMode};

fn id(text: &str) -> ContactId {
    ContactId::parse(text).unwrap()
}

fn person(name: &str, role: ContactRole, groups: &[&str]) -> Contact {
    Contact {
        forename: name.into(),
        surname: "Example".into(),
        numbers: vec![LabelledNumber {
            label: PhoneLabel::Mobile,
            number: format!(
                "+4477009{:05}",
                name.bytes().fold(7_u32, |n, b| (n * 31 + u32::from(b)) % 99_991)
            ),
        }],
        groups: groups.iter().map(|g| (*g).to_owned()).collect(),
        ..Contact::new(id(name), Source::Mis, role)
    }
}

fn tie(pupil: &str, contact: &str, priority: Option<u8>, responsibility: bool, court_order: bool) -> Tie {
    let (pupil, contact) = (id(pupil), id(contact));
    Tie { pupil, contact, kind: "Parent".into(), priority, responsibility, court_order }
}

/// Ben and Cat are siblings. Their mother is asked first; the father is barred from Ben alone; a grandmother has no
/// responsibility. Dan's father is barred, and nobody else is known.
fn family() -> (Vec<Contact>, Vec<Tie>) {
    use ContactRole::{Parent, Pupil, Staff};
    let contacts = vec![
        person("ben", Pupil, &["Year 9"]),
        person("cat", Pupil, &["Year 7"]),
        person("dan", Pupil, &["Year 9"]),
        person("mother", Parent, &["Year 9"]),
        person("father", Parent, &["Year 9"]),
        person("gran", Parent, &[]),
        person("dans", Parent, &["Year 9", "Choir"]),
        person("head", Staff, &["Staff"]),
    ];
    let ties = vec![
        tie("ben", "father", Some(1), true, true),
        tie("ben", "mother", Some(2), true, false),
        tie("ben", "gran", None, false, false),
        tie("cat", "mother", Some(1), true, false),
        tie("cat", "father", Some(2), true, false),
        tie("dan", "dans", Some(1), true, true),
        tie("dan", "head", Some(2), true, true),
        tie("gone", "mother", Some(1), true, false),
    ];
    (contacts, ties)
}

fn book() -> AddressBook {
    let (contacts, ties) = family();
    AddressBook::of_rows(
        2,
        BookRows { contacts, ties, kinds: BTreeMap::new() },
        CountryCode::UK,
        NumberMode::Simulated,
    )
}

fn names(book: &AddressBook, places: &[usize]) -> Vec<String> {
    let mut names: Vec<_> = places.iter().map(|p| book.contacts()[*p].id.to_string()).collect();
    names.sort();
    names
}

fn to(contacts: &[&str], groups: &[&str], pupils: &[&str], send_to: Option<SendTo>) -> Audience {
    let ids = |list: &[&str]| list.iter().map(|t| id(t)).collect();
    let groups = groups.iter().map(|g| (*g).to_owned()).collect();
    Audience { contacts: ids(contacts), groups, pupils: ids(pupils), send_to, ..Audience::default() }
}

#[test]
fn adults_of_a_pupil_are_those_of_the_choice_the_barred_one_never() {
    let book = book();
    let table: &[(&str, SendTo, &[&str])] = &[
        // The barred father was first: the mother is asked first instead of him.
        ("ben", SendTo::First, &["mother"]),
        ("ben", SendTo::FirstTwo, &["gran", "mother"]),
        ("ben", SendTo::Responsibility, &["mother"]),
        ("ben", SendTo::All, &["gran", "mother"]),
        ("cat", SendTo::First, &["mother"]),
        ("cat", SendTo::All, &["father", "mother"]),
    ];
    for (pupil, send_to, wanted) in table {
        let found = find(&book, &to(&[], &[], &[pupil], Some(*send_to)));
        assert_eq!(names(&book, &found.people), *wanted, "{pupil} {send_to:?}");
    }
}

#[test]
fn a_pupil_for_whom_nobody_is_left_is_named() {
    let book = book();
    let found = find(&book, &to(&[], &[], &["dan", "mother", "nobody"], None));
    assert!(found.people.is_empty());
    assert_eq!(names(&book, &found.pupils_without), ["dan"]);
    assert_eq!(found.unknown_pupils, [id("mother"), id("nobody")]);
}

#[test]
fn a_bar_holds_by_every_path_and_ends_where_another_pupil_is_meant() {
    let book = book();
    let all = Some(SendTo::All);
    let table: &[(&str, Audience, &[&str])] = &[
        ("picked beside the pupil", to(&["father"], &[], &["ben"], all), &["gran", "mother"]),
        ("picked beside the pupil's own number", to(&["father", "ben"], &[], &[], None), &["ben"]),
        (
            "picked beside a group with the pupil",
            to(&["father"], &["Year 9"], &[], None),
            &["ben", "dan", "mother"],
        ),
        ("in a group with the pupil", to(&[], &["Year 9"], &[], None), &["ben", "dan", "mother"]),
        ("the group's adults", to(&[], &["Year 9"], &[], all), &["gran", "mother"]),
        ("for the sibling", to(&[], &[], &["ben", "cat"], all), &["father", "gran", "mother"]),
        ("about nobody", to(&["father"], &[], &[], None), &["father"]),
        ("in a group without the pupil", to(&[], &["Choir"], &[], None), &["dans"]),
        ("staff, as staff", to(&[], &["Staff", "Year 9"], &[], None), &["ben", "dan", "head", "mother"]),
        ("staff, about the pupil by name", to(&[], &["Staff"], &["dan"], all), &[]),
        ("staff, picked about the pupil", to(&["head"], &["Year 9"], &[], None), &["ben", "dan", "mother"]),
    ];
    for (what, to, wanted) in table {
        assert_eq!(names(&book, &find(&book, to).people), *wanted, "{what}");
    }
    let everyone = Audience { everyone: true, ..Audience::default() };
    let found = find(&book, &everyone);
    assert_eq!(names(&book, &found.people), ["ben", "cat", "dan", "father", "gran", "head", "mother"]);
    assert_eq!(found.barred, 1, "dans");
    // The head is written to as staff; a bar from one pupil is no tie to any.
    let everyone = Audience { send_to: Some(SendTo::First), ..everyone };
    assert_eq!(names(&book, &find(&book, &everyone).people), ["head", "mother"]);
}

#[test]
fn who_is_away_is_nobodys_adult_and_keeps_a_name() {
    let mut contacts: Vec<Contact> = book().contacts().to_vec();
    for contact in contacts.iter_mut().filter(|c| c.id == id("mother")) {
        contact.away = Some(crate::contact::Away::Left);
    }
    let rows =
        BookRows { contacts, ties: vec![tie("cat", "mother", Some(1), true, false)], ..BookRows::default() };
    let book = AddressBook::of_rows(2, rows, CountryCode::UK, NumberMode::Simulated);
    let found = find(&book, &to(&["mother"], &[], &["cat"], Some(SendTo::All)));
    assert_eq!((found.people, found.unknown_contacts), (vec![], vec![id("mother")]));
    assert_eq!(book.name_of(&id("mother")).as_deref(), Some("mother Example"));
    assert_eq!(book.pairs(), 0);
}

#[test]
fn why_somebody_gets_it_or_not_is_said_by_what_led_to_them() {
    use Because::{AdultOf, AdultsInstead, Barred, Everyone, InGroup, LeftOut, NotChosen, Picked};
    let book = book();
    let at = |name: &str| book.place(&id(name)).unwrap();
    let ben = to(&["father"], &[], &["ben"], Some(SendTo::First));
    let group = to(&[], &["Year 9"], &[], None);
    let everyone = Audience { everyone: true, ..Audience::default() };
    let table = [
        (&ben, "mother", true, vec![AdultOf(at("ben"))]),
        (&ben, "father", false, vec![Barred(at("ben"))]),
        (&ben, "gran", false, vec![LeftOut(at("ben"), SendTo::First)]),
        (&ben, "ben", false, vec![AdultsInstead]),
        (&ben, "dans", false, vec![NotChosen]),
        (&group, "mother", true, vec![InGroup("Year 9".to_owned())]),
        (&group, "father", false, vec![Barred(at("ben"))]),
        (&everyone, "gran", true, vec![Everyone]),
        (&everyone, "dans", false, vec![Barred(at("dan"))]),
    ];
    for (to, name, meant, because) in table {
        assert_eq!(why(&book, to, at(name)), Why { meant, because }, "{name} of {to:?}");
    }
    let picked = to(&["gran"], &[], &[], None);
    assert_eq!(why(&book, &picked, at("gran")).because, [Picked]);
}

/// What changed, the book with it, whom a delivery serves, where, which pupils its text names, and what comes of it.
type Spoilt<'a> = (&'a str, &'a Arc<AddressBook>, &'a [&'a str], &'a str, Option<&'a str>, Option<Reason>);

/// The book after a change of its ties and contacts.
fn changed(change: impl FnOnce(&mut Vec<Contact>, &mut Vec<Tie>)) -> Arc<AddressBook> {
    let (mut contacts, mut ties) = family();
    change(&mut contacts, &mut ties);
    let rows = BookRows { contacts, ties, kinds: BTreeMap::new() };
    Arc::new(AddressBook::of_rows(4, rows, CountryCode::UK, NumberMode::Simulated))
}

#[test]
fn a_delivery_that_was_planned_goes_by_the_book_as_it_has_become() {
    let siblings = to(&[], &[], &["ben", "cat"], Some(SendTo::All));
    let number = |name: &str| book().get(&id(name)).unwrap().1.numbers[0].1.to_string();
    let (mothers, fathers) = (number("mother"), number("father"));
    let barred = |ties: &mut Vec<Tie>, pupil: &str, contact: &str| {
        let tie = ties.iter_mut().find(|t| t.pupil == id(pupil) && t.contact == id(contact));
        tie.unwrap().court_order = true;
    };
    let elsewhere = |contacts: &mut Vec<Contact>, name: &str| {
        let contact = contacts.iter_mut().find(|c| c.id == id(name));
        "+447700900999".clone_into(&mut contact.unwrap().numbers[0].number);
    };
    let no_change = changed(|_, _| {});
    let father_barred = changed(|_, ties| barred(ties, "cat", "father"));
    let mother_barred_from_ben = changed(|_, ties| barred(ties, "ben", "mother"));
    let tie_gone = changed(|_, ties| ties.retain(|tie| tie.contact != id("father")));
    let bens_tie_gone =
        changed(|_, ties| ties.retain(|t| (&t.pupil, &t.contact) != (&id("ben"), &id("mother"))));
    let person_gone = changed(|contacts, _| contacts.retain(|c| c.id != id("father")));
    let mother_moved = changed(|contacts, _| elsewhere(contacts, "mother"));
    let ben_renamed = changed(|contacts, _| {
        let ben = contacts.iter_mut().find(|c| c.id == id("ben")).unwrap();
        "Benjamin".clone_into(&mut ben.forename);
    });
    let both = "ben Example and cat Example";
    let table: &[Spoilt<'_>] = &[
        ("nothing changed", &no_change, &["mother"], &mothers, Some(both), None),
        ("barred since", &father_barred, &["father"], &fathers, None, Some(Reason::Barred)),
        ("one of two at the number may", &father_barred, &["father", "mother"], &mothers, None, None),
        ("barred from one, who is not named", &mother_barred_from_ben, &["mother"], &mothers, None, None),
        (
            "barred from one, who is named",
            &mother_barred_from_ben,
            &["mother"],
            &mothers,
            Some(both),
            Some(Reason::Barred),
        ),
        ("not tied any more", &tie_gone, &["father"], &fathers, None, Some(Reason::NoLongerMeant)),
        (
            "not tied to one who is named",
            &bens_tie_gone,
            &["mother"],
            &mothers,
            Some(both),
            Some(Reason::NoLongerMeant),
        ),
        ("deleted", &person_gone, &["father"], &fathers, None, Some(Reason::NoLongerMeant)),
        ("at another number", &mother_moved, &["mother"], &mothers, None, Some(Reason::AddressChanged)),
        ("a pupil's name put right", &ben_renamed, &["mother"], &mothers, Some(both), None),
        (
            "a bar is what is said of it",
            &father_barred,
            &["nobody", "father"],
            &fathers,
            None,
            Some(Reason::Barred),
        ),
        ("a post", &father_barred, &[], "@hillview", None, None),
    ];
    for (what, book, contacts, to, pupils, wanted) in table {
        let contacts: Vec<ContactId> = contacts.iter().map(|name| id(name)).collect();
        let going = Going { channel: Channel::Sms, to, contacts: &contacts, pupils: *pupils };
        let since = Since::new(Arc::clone(book), &siblings);
        assert_eq!(since.spoils(going), *wanted, "{what}");
    }
}
