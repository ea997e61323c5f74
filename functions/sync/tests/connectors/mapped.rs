//! Reports of SIMS, SEEMIS, e1 and Progresso with a saved mapping of columns.

use domain::contact::PhoneLabel;
use domain::feed::{FeedPerson, GroupKind, Snapshot};
use sync::mis::{MappedFile, MisError, ReportField, ReportMapping};

use crate::faults::Right;
use crate::school::{NAME, read, school};

const HEADINGS: [(ReportField, &str); 19] = [
    (ReportField::PupilId, "Person id"),
    (ReportField::PupilForename, "Forename"),
    (ReportField::PupilSurname, "Surname"),
    (ReportField::Year, "Year"),
    (ReportField::Registration, "Reg"),
    (ReportField::House, "House"),
    (ReportField::Classes, "Classes"),
    (ReportField::ContactId, "Contact id"),
    (ReportField::ContactTitle, "Contact title"),
    (ReportField::ContactForename, "Contact forename"),
    (ReportField::ContactSurname, "Contact surname"),
    (ReportField::Mobile, "Mobile"),
    (ReportField::Home, "Telephone"),
    (ReportField::Work, "Work"),
    (ReportField::Email, "E-mail"),
    (ReportField::Relationship, "Relation"),
    (ReportField::Priority, "Priority"),
    (ReportField::Responsibility, "Parental responsibility"),
    (ReportField::CourtOrder, "Court order"),
];

fn mapping() -> ReportMapping {
    // Headings are compared without capitals, spaces and signs.
    HEADINGS.iter().map(|(field, heading)| (*field, heading.to_uppercase().replace('-', " "))).collect()
}

/// The school as far as the report carries it: no staff, no marks.
fn carried() -> Snapshot {
    let mut school = school();
    school.staff.clear();
    school.marks.clear();
    school.snapshot()
}

fn report() -> String {
    let school = school();
    let mut lines = vec![HEADINGS.map(|(_, heading)| heading).join(",")];
    let group = |p: &FeedPerson, kind| {
        p.groups.iter().find(|g| g.kind == kind).map_or("", |g| g.name.as_str()).to_owned()
    };
    for tie in &school.ties {
        let pupil = school.pupils.iter().find(|p| p.id == tie.pupil).unwrap();
        let adult = school.contacts.iter().find(|p| p.id == tie.contact).unwrap();
        let taught = school
            .groups
            .iter()
            .filter(|g| g.group.kind == GroupKind::Class && g.members.contains(&pupil.id));
        let phone = |label: PhoneLabel| {
            adult.numbers.iter().find(|n| n.label == label).map_or("", |n| n.number.as_str()).to_owned()
        };
        let yes = |truth: bool| if truth { "Yes" } else { "No" }.to_owned();
        let cells = [
            pupil.id.to_string(),
            pupil.forename.clone(),
            pupil.surname.clone(),
            group(pupil, GroupKind::Year).replace("Year ", ""),
            group(pupil, GroupKind::Registration),
            group(pupil, GroupKind::House),
            taught.map(|g| g.group.name.as_str()).collect::<Vec<_>>().join(";"),
            adult.id.to_string(),
            adult.title.clone().unwrap_or_default(),
            adult.forename.clone(),
            adult.surname.clone(),
            phone(PhoneLabel::Mobile),
            phone(PhoneLabel::Home),
            String::new(),
            adult.emails.first().cloned().unwrap_or_default(),
            tie.kind.clone(),
            tie.priority.unwrap().to_string(),
            yes(tie.responsibility),
            yes(tie.court_order),
        ];
        lines.push(cells.map(|cell| format!("\"{cell}\"")).join(","));
    }
    lines.join("\r\n") + "\r\n"
}

#[tokio::test]
async fn a_report_is_read_into_the_same_feed() {
    let file = MappedFile::new(NAME, report().as_bytes(), &mapping()).unwrap();
    assert_eq!(read(&file).await.unwrap(), carried());
    let marked = format!("\u{feff}{}", report());
    let file = MappedFile::new(NAME, marked.as_bytes(), &mapping()).unwrap();
    assert_eq!(read(&file).await.unwrap(), carried());
}

#[test]
fn a_report_that_is_wrong_anywhere_is_refused_whole() {
    let whole = report();
    let row = |n: usize, from: &str, to: &str| {
        let lines: Vec<String> = whole
            .lines()
            .enumerate()
            .map(|(at, l)| if at == n { l.replace(from, to) } else { l.to_owned() })
            .collect();
        lines.join("\n")
    };
    let malformed: Right = |e| matches!(e, MisError::Malformed(_));
    let truncated: Right = |e| matches!(e, MisError::Truncated(_));
    let table = [
        ("empty", String::new(), truncated),
        ("cut in a row", whole[..whole.len() - 60].to_owned(), truncated),
        ("a column less", row(0, "Court order", "Something"), malformed),
        ("no id", row(4, "\"PL-101\"", "\"\""), malformed),
        ("one adult, two numbers", row(4, "07700 900200", "07700 900999"), malformed),
    ];
    for (what, text, right) in table {
        let error = MappedFile::new(NAME, text.as_bytes(), &mapping()).err().expect(what);
        assert!(right(&error), "{what}: {error:?}");
    }
    let error = MappedFile::new(NAME, b"\x00\x01\x02binary\x00", &mapping()).err().unwrap();
    assert!(malformed(&error), "{error:?}");
    let error = MappedFile::new(NAME, whole.as_bytes(), &ReportMapping::new()).err().unwrap();
    assert!(malformed(&error), "{error:?}");
}
