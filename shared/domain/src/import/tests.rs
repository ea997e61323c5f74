//! What lists from schools look like, and what is said about them.

use proptest::prelude::*;

use super::*;
use crate::contact::{Contact, ContactRole, PhoneLabel};
use crate::phone::{CountryCode, NumberMode};

const RULES: Rules = Rules { country: CountryCode::UK, mode: NumberMode::Simulated };

fn look(text: &str) -> Result<Inspected, InspectError> {
    inspect(&Sheet::detect(text), Vec::new())
}

/// Inspects, takes the guess as it is, checks.
fn check_all(text: &str) -> (Vec<Contact>, Tally) {
    let sheet = Sheet::detect(text);
    let inspected = inspect(&sheet, Vec::new()).unwrap();
    let mapping =
        Mapping::new(inspected.guess.clone(), ContactRole::Parent, inspected.columns.len()).unwrap();
    let mut contacts = Vec::new();
    let tally = check(&sheet, &inspected, &mapping, RULES, |_, contact| contacts.extend(contact.cloned()));
    (contacts, tally)
}

fn errors(text: &str) -> Vec<(u32, Option<u16>, String)> {
    check_all(text).1.errors.into_iter().map(|f| (f.row, f.column, f.message)).collect()
}

fn guessed(headings: &str) -> Vec<(Field, u16)> {
    look(&format!("{headings}\na,b\n")).unwrap().guess.into_iter().collect()
}

#[test]
fn headings_are_recognised_in_the_words_of_other_systems() {
    use Field::*;
    for (headings, expected) in [
        ("id,forename,surname,mobile", vec![(Id, 0), (Forename, 1), (Surname, 2), (Mobile, 3)]),
        ("Person ID,First name,Last Name,E-mail", vec![(Id, 0), (Forename, 1), (Surname, 2), (Email, 3)]),
        (
            "ADNO,Given name,Family name,Mobile number 1",
            vec![(Id, 0), (Forename, 1), (Surname, 2), (Mobile, 3)],
        ),
        ("UPN;Preferred Forename;Legal Surname", vec![(Id, 0), (Forename, 1), (Surname, 2)]),
        ("Surname,Telephone,id", vec![(Id, 2), (Surname, 0), (Mobile, 1)]),
        ("id,Surname,Telephone,Mobile", vec![(Id, 0), (Surname, 1), (Mobile, 3), (Home, 2)]),
        ("id,Name,Year,Class", vec![(Id, 0), (Forename, 1), (Groups, 2)]),
        ("id,Name,Year,Groups", vec![(Id, 0), (Forename, 1), (Groups, 3)]),
        (
            "id,Title,Forename,Relationship,Home,Work",
            vec![(Id, 0), (Title, 1), (Forename, 2), (Role, 3), (Home, 4), (Work, 5)],
        ),
        ("first_name ,LASTNAME,    id", vec![(Id, 2), (Forename, 0), (Surname, 1)]),
        ("what,ever", vec![]),
    ] {
        assert_eq!(guessed(headings), expected, "{headings}");
    }
}

#[test]
fn what_was_not_recognised_is_said() {
    assert_eq!(look("what,ever\na,b\n").unwrap().missing(), [MappingError::NoId, MappingError::NoName]);
    assert_eq!(look("id,surname\na,b\n").unwrap().missing(), []);
}

#[test]
fn delimiters_are_found() {
    for text in [
        "id,forename,mobile\r\n1,Ann,07700900001\r\n",
        "id;forename;mobile\r\n1;Ann;07700900001\r\n",
        "id\tforename\tmobile\n1\tAnn\t07700900001",
        "id|forename|mobile\r1|Ann|07700900001\r",
        "sep=;\r\nid;forename;mobile\r\n1;Ann;07700900001\r\n",
        "\"id\";\"forename, or first name\";mobile\n1;Ann;07700900001\n",
    ] {
        let looked = look(text).unwrap();
        assert_eq!((looked.columns.len(), looked.rows, looked.heading_row), (3, 1, 1), "{text:?}");
    }
}

#[test]
fn rows_have_the_numbers_that_a_spreadsheet_shows() {
    let text = "\r\nid,forename,mobile\n1,\"Ann\nMarie\",bad\n\n\n,,\n2,Bea,bad\n";
    let looked = look(text).unwrap();
    assert_eq!((looked.heading_row, looked.rows), (2, 2));
    let rows: Vec<u32> = errors(text).into_iter().map(|(row, ..)| row).collect();
    assert_eq!(rows, [3, 7]);
}

#[test]
fn headings_may_stand_below_a_title() {
    let looked =
        look("Contacts of Year 9,,\nPrinted 1 September,,\nID,Forename,Mobile\n1,Ann,07700900001\n").unwrap();
    assert_eq!((looked.heading_row, looked.rows), (3, 1));
    assert_eq!(looked.columns[1].samples, ["Ann"]);
    assert_eq!(looked.column_title(2), "C (Mobile)");
}

#[test]
fn a_list_that_cannot_be_read_says_why() {
    let wide = vec!["x"; 101].join(",");
    let long = format!("id,forename\n{}", "1,Ann\n".repeat(100_001));
    for (text, expected) in [
        ("", InspectError::Empty),
        ("\r\n \n,,,\n", InspectError::Empty),
        ("id,forename\n", InspectError::NoRows),
        ("id,forename\n,\n\n", InspectError::NoRows),
        ("just text\nmore text\n", InspectError::OneColumn),
        ("17,Ann,07700900123\n18,Bea,07700900124\n", InspectError::NoHeadings),
        ("Ann,ann@example.org\nBea,bea@example.org\n", InspectError::NoHeadings),
        (&wide, InspectError::TooManyColumns),
        (&long, InspectError::TooManyRows),
        (
            "id,mobile,forename,Mobile \n1,2,3,4\n",
            InspectError::DoubledHeading {
                name: "Mobile".to_owned(),
                first: "B".to_owned(),
                second: "D".to_owned(),
            },
        ),
    ] {
        assert_eq!(look(text), Err(expected));
    }
    assert!(look("id,forename,notes,notes\n1,Ann,x,y\n").is_ok());
}

#[test]
fn a_choice_of_columns_is_checked() {
    use Field::*;
    let new =
        |choices: &[(Field, u16)]| Mapping::new(choices.iter().copied(), ContactRole::Staff, 4).map(|_| ());
    assert_eq!(new(&[(Id, 0), (Surname, 3)]), Ok(()));
    assert_eq!(new(&[(Id, 0), (Mobile, 3)]), Err(vec![MappingError::NoName]));
    assert_eq!(new(&[(Forename, 0)]), Err(vec![MappingError::NoId]));
    assert_eq!(new(&[]), Err(vec![MappingError::NoId, MappingError::NoName]));
    assert_eq!(new(&[(Id, 0), (Surname, 0), (Forename, 1)]), Err(vec![MappingError::ColumnTwice(0)]));
    assert_eq!(new(&[(Id, 0), (Surname, 1), (Surname, 2)]), Err(vec![MappingError::FieldTwice(Surname)]));
    assert_eq!(new(&[(Id, 0), (Surname, 1), (Home, 4)]), Err(vec![MappingError::NoColumn]));
}

#[test]
fn a_row_becomes_a_contact() {
    let (contacts, tally) = check_all(
        "ID,Title,Forename,Surname,Role,Mobile,Home,Work,Email,Groups\n\
         P-1, Ms ,Ann  Marie,O'Example,Mother,07700 900123,020 7946 0123,01632 960 960,Ann@Example.ORG,\
         Year 9; Choir|Year 9\n\
         P-2,,,Example,,,,,,\n",
    );
    assert_eq!((tally.rows, tally.good, tally.error_count, tally.repair_count), (2, 2, 0, 0));
    let ann = &contacts[0];
    assert_eq!((ann.full_name().as_str(), ann.role), ("Ms Ann Marie O'Example", ContactRole::Parent));
    assert_eq!(ann.number(PhoneLabel::Mobile), Some("+447700900123"));
    assert_eq!(ann.number(PhoneLabel::Home), Some("+442079460123"));
    assert_eq!(ann.number(PhoneLabel::Work), Some("+441632960960"));
    assert_eq!(
        (ann.email.as_deref(), ann.groups.as_slice()),
        (Some("Ann@example.org"), &["Year 9".to_owned(), "Choir".to_owned()][..])
    );
    assert_eq!((contacts[1].full_name().as_str(), contacts[1].numbers.len()), ("Example", 0));
}

#[test]
fn every_error_is_told_with_its_place() {
    let text = "ID,Forename,Mobile,Email,Role\n\
                ,Ann,07700 900,ann@,wizard\n\
                2,,,,\n\
                =cmd|' /C calc'!A0,@SUM(A1),07700900123,,\n\
                1.23457E+11,07700900123,4.47E+11,#N/A,\n\
                5,Ann\u{0}b,07700900123,=a@example.org,\n";
    let found = errors(text);
    let place: Vec<(u32, Option<u16>)> = found.iter().map(|(row, column, _)| (*row, *column)).collect();
    assert_eq!(
        place,
        [
            (2, Some(0)),
            (2, Some(4)),
            (2, Some(2)),
            (2, Some(3)),
            (3, None),
            (4, Some(0)),
            (4, Some(1)),
            (5, Some(0)),
            (5, Some(1)),
            (5, Some(2)),
            (5, Some(3)),
            (6, Some(1)),
            (6, Some(3)),
        ]
    );
    let said = |n: usize| found[n].2.as_str();
    assert!(said(0).contains("no ID"), "{}", said(0));
    assert!(said(1).contains("not a role"), "{}", said(1));
    assert!(said(2).contains("too few digits"), "{}", said(2));
    assert!(said(4).contains("no name"), "{}", said(4));
    assert!(said(5).contains("formula") && said(6).contains("formula"), "{}", said(5));
    assert!(said(7).contains("shortened this ID"), "{}", said(7));
    assert!(said(8).contains("phone number, not a name"), "{}", said(8));
    assert!(said(9).contains("last digits are lost"), "{}", said(9));
    assert!(said(10).contains("could not work this cell out"), "{}", said(10));
    assert!(said(11).contains("unprintable"), "{}", said(11));
}

#[test]
fn rows_of_another_length_are_told() {
    let short = "id,forename,mobile,notes\n1,Ann\n2,Bea,07700900123\n";
    let found = errors(short);
    assert_eq!((found.len(), found[0].0), (1, 2));
    assert!(found[0].2.contains("only 2 of 4 cells"), "{}", found[0].2);
    let found = errors("id,forename,mobile\n1,Example, Ann,07700900123\n2,Bea,,,,\n");
    assert_eq!((found.len(), found[0].0), (1, 2));
    assert!(found[0].2.contains("quotation marks"), "{}", found[0].2);
    let open = format!("id,forename,mobile\n1,\"Ann,\n{}", "2,Bea,07700900123\n".repeat(2_000));
    let found = errors(&open);
    assert_eq!(found.len(), 1);
    assert!(found[0].2.contains("never closes"), "{}", found[0].2);
}

#[test]
fn an_id_that_stands_twice_names_both_rows() {
    let found = errors("id,forename\n7,Ann\n8,Bea\n 7,Cy\n7 ,Di\n");
    let told: Vec<(u32, bool)> = found.iter().map(|(row, _, said)| (*row, said.contains("row 2 "))).collect();
    assert_eq!(told, [(2, false), (4, true), (5, true)]);
    assert!(found[0].2.contains("row 4 "), "{}", found[0].2);
}

#[test]
fn what_a_spreadsheet_did_is_undone_and_said() {
    let (contacts, tally) = check_all(
        "id,forename,mobile,home\n\
         =\"007\",Ann,7700900123,'02079460123\n\
         2,Bea,4.47700900123E+11,2079460123.0\n\
         3,Cy,7700900124,nonsense\n\
         4,Di,-,–\n",
    );
    assert_eq!((tally.good, tally.error_count, tally.repair_count), (3, 1, 5));
    assert_eq!(contacts[0].id.as_str(), "007");
    for contact in &contacts[..2] {
        assert_eq!(contact.number(PhoneLabel::Mobile), Some("+447700900123"));
        assert_eq!(contact.number(PhoneLabel::Home), Some("+442079460123"));
    }
    assert!(contacts[2].numbers.is_empty());
    let told: Vec<(u32, Option<u16>, &str)> =
        tally.repairs.iter().map(|f| (f.row, f.column, f.value.as_str())).collect();
    assert_eq!(
        told,
        [
            (2, Some(0), "=\"007\""),
            (2, Some(2), "7700900123"),
            (2, Some(3), "'02079460123"),
            (3, Some(2), "4.47700900123E+11"),
            (3, Some(3), "2079460123.0"),
        ]
    );
}

#[test]
fn all_errors_are_counted_and_the_first_thousand_kept() {
    let rows: Vec<String> = (0..1_500).map(|i| format!("{i},,x\n")).collect();
    let text = format!("id,forename,mobile\n{}", rows.concat());
    let (contacts, tally) = check_all(&text);
    assert_eq!((contacts.len(), tally.rows, tally.error_count, tally.errors.len()), (0, 1_500, 1_500, 1_000));
}

#[test]
fn every_row_is_told_with_the_count_so_far() {
    let sheet = Sheet::detect("id,forename\n1,Ann\n,Bea\n3,Cy\n");
    let inspected = inspect(&sheet, Vec::new()).unwrap();
    let mapping = Mapping::new(inspected.guess.clone(), ContactRole::Parent, 2).unwrap();
    let mut counts = Vec::new();
    check(&sheet, &inspected, &mapping, RULES, |rows, contact| counts.push((rows, contact.is_some())));
    assert_eq!(counts, [(1, true), (2, false), (3, true)]);
}

#[test]
fn columns_have_letters() {
    for (index, letters) in
        [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA")]
    {
        assert_eq!(column_letters(index), letters);
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[\"\\PC,;=\\n\\r\\t|0-9@+a-z]{0,200}") {
        let sheet = Sheet::detect(&text);
        if let Ok(inspected) = inspect(&sheet, Vec::new()) {
            let columns = [(Field::Id, 0), (Field::Forename, 1)];
            let mapping = Mapping::new(columns, ContactRole::Other, inspected.columns.len());
            let tally = check(&sheet, &inspected, &mapping.unwrap(), RULES, |_, _| {});
            prop_assert_eq!(tally.rows, inspected.rows);
        }
    }

    #[test]
    fn a_row_is_a_safe_contact_or_an_error(cells in proptest::collection::vec("\\PC{0,30}|[0-9+ ()E.]{0,20}|=\"\\PC{0,9}\"", 10)) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(Field::ALL.map(Field::code)).unwrap();
        writer.write_record(&cells).unwrap();
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        prop_assume!(cells.iter().any(|c| !c.trim().is_empty()));
        let (contacts, tally) = check_all(&text);
        prop_assert_eq!(tally.rows, 1);
        prop_assert_eq!(tally.good == 1, tally.error_count == 0);
        for contact in contacts {
            prop_assert!(!contact.full_name().is_empty());
            for text in [contact.id.as_str(), &contact.forename, &contact.surname] {
                prop_assert!(crate::tabular::safe_cell(text) == text);
                prop_assert!(!text.chars().any(char::is_control));
            }
            for number in &contact.numbers {
                prop_assert!(number.parsed(CountryCode::UK, NumberMode::Simulated).is_some());
            }
        }
    }

    #[test]
    fn what_is_good_reads_back_the_same(id in "[A-Z0-9]{1,12}", name in "[A-Za-z][a-zé' -]{0,20}[a-z]", last in 0..1000) {
        let text = format!("id,forename,mobile\n{id},{name},07700 900{last:03}\n");
        let (contacts, _) = check_all(&text);
        prop_assert_eq!(contacts[0].id.as_str(), id);
        let mobile = format!("+447700900{last:03}");
        prop_assert_eq!(contacts[0].number(PhoneLabel::Mobile), Some(mobile.as_str()));
    }
}
