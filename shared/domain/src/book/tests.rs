use super::*;
use crate::contact::{ContactRole, LabelledNumber, Source};

fn contact(id: &str, forename: &str, surname: &str) -> Contact {
    Contact {
        forename: forename.into(),
        surname: surname.into(),
        ..Contact::new(ContactId::parse(id).unwrap(), Source::Upload, ContactRole::Parent)
    }
}

fn with_mobile(mut contact: Contact, number: &str) -> Contact {
    contact.numbers.push(LabelledNumber { label: PhoneLabel::Mobile, number: number.into() });
    contact
}

fn book(contacts: Vec<Contact>) -> AddressBook {
    AddressBook::new(4, contacts, CountryCode::UK, NumberMode::Simulated)
}

fn ids(book: &AddressBook, places: &[usize]) -> Vec<String> {
    places.iter().map(|p| book.contacts()[*p].id.to_string()).collect()
}

#[test]
fn people_are_sorted_as_an_office_sorts_them() {
    let book = book(vec![
        contact("5", "Ben", "de Souza"),
        contact("4", "Ann", "Élan"),
        contact("3", "Ann", "Abbot"),
        contact("2", "Zoë", "Abbot"),
        contact("1", "zoe", "abbot"),
    ]);
    assert_eq!(ids(&book, &[0, 1, 2, 3, 4]), ["3", "1", "2", "5", "4"]);
    let id = ContactId::parse("5").unwrap();
    assert_eq!(book.place(&id), Some(3));
    assert_eq!(book.get(&id).map(|(c, _)| c.forename.as_str()), Some("Ben"));
    assert_eq!(book.place(&ContactId::parse("6").unwrap()), None);
}

#[test]
fn only_well_formed_numbers_and_addresses_reach_a_person() {
    let mut person = with_mobile(with_mobile(contact("1", "Ann", "Abbot"), "nonsense"), "7700900123");
    person.email = Some("not an address".into());
    let book = book(vec![person]);
    let (_, reach) = book.at(0).unwrap();
    let numbers: Vec<_> = reach.numbers.iter().map(|(label, n)| (*label, n.e164())).collect();
    assert_eq!(numbers, [(PhoneLabel::Mobile, "+447700900123".to_owned())]);
    assert_eq!(reach.email, None);
}

#[test]
fn a_group_is_one_however_it_is_spelled() {
    let mut people = vec![contact("1", "A", "A"), contact("2", "B", "B"), contact("3", "C", "C")];
    people[0].groups = vec!["Year 10".into(), "Year 9".into(), "year  9".into()];
    people[1].groups = vec!["YEAR 9 ".into(), " ".into()];
    people[2].groups = vec!["Year 9+".into()];
    let book = book(people);
    let groups: Vec<_> = book.groups().iter().map(|g| (g.name.as_str(), g.members.len())).collect();
    assert_eq!(groups, [("Year 9", 2), ("Year 9+", 1), ("Year 10", 1)]);
    assert_eq!(book.members("year 9"), Some([0, 1].as_slice()));
    assert_eq!(book.members("Year 11"), None);
}

#[test]
fn a_search_finds_people_by_anything_about_them() {
    let mut zoe = with_mobile(contact("P-17", "Zoë", "O’Neil-Łask"), "+447700900123");
    zoe.email = Some("Zoe.O@example.org".into());
    let book = book(vec![
        zoe,
        with_mobile(contact("2", "Ann", "Abbot"), "0770 bad"),
        contact("3", "Joanne", "Baker"),
    ]);
    let table: &[(&str, &[&str])] = &[
        ("zoe", &["P-17"]),
        ("ZOË", &["P-17"]),
        ("oneil zoe", &["P-17"]),
        ("o'neil", &["P-17"]),
        ("neil-lask", &["P-17"]),
        ("p-17", &["P-17"]),
        ("07700 900123", &["P-17"]),
        ("7700900123", &["P-17"]),
        ("+44 (0)7700-900 123", &["P-17"]),
        ("0044 7700 900123", &["P-17"]),
        ("900123", &["P-17"]),
        ("zoe.o@EXAMPLE", &["P-17"]),
        ("0770 bad", &["2"]),
        ("zoe abbot", &[]),
        ("nobody", &[]),
        // The beginning of a word goes before its middle.
        ("ann", &["2", "3"]),
        ("", &["2", "3", "P-17"]),
    ];
    for (text, found) in table {
        assert_eq!(ids(&book, &book.search(text, 10)), *found, "{text:?}");
    }
    assert_eq!(ids(&book, &book.search("", 2)), ["2", "3"]);
    assert!(book.search("ann", 0).is_empty());
}

#[test]
fn debug_output_names_nobody() {
    let book = book(vec![contact("1", "Ann", "Abbot")]);
    assert_eq!(format!("{book:?}"), "AddressBook(version 4, 1 contacts)");
}
