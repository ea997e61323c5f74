//! Reports of SIMS, SEEMIS, e1 and Progresso with a saved mapping of columns.

use domain::contact::PhoneLabel;
use domain::feed::{FeedPerson, GroupKind, Snapshot};
use domain::report::{ReportField, ReportMapping, ReportProblem, ReportSystem};
use rust_xlsxwriter::Workbook;
use sheets::ListText;
use sync::mis::{MappedFile, ReportError, ReportRules};

use super::school::{NAME, read, school};

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

pub(crate) fn mapping() -> ReportMapping {
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

pub(crate) fn report() -> String {
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

/// The same report as an Excel workbook, below a title, with numbers as numbers where they are.
pub(crate) fn workbook() -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.write(0, 0, "Contacts for messages").unwrap();
    let text = report();
    for (row, line) in (2..).zip(text.lines()) {
        // The first line has no quotation marks.
        let line = line.trim_matches('"');
        let cells: Vec<&str> =
            if row == 2 { line.split(',').collect() } else { line.split("\",\"").collect() };
        for (column, cell) in (0..).zip(cells) {
            match cell.parse::<f64>() {
                Ok(number) if cell.len() < 4 => sheet.write(row, column, number).unwrap(),
                _ => sheet.write(row, column, cell).unwrap(),
            };
        }
    }
    workbook.save_to_buffer().unwrap()
}

fn opened(bytes: &[u8], mapping: &ReportMapping) -> Result<MappedFile, ReportError> {
    let rules = ReportRules { school: NAME, system: ReportSystem::Other, mapping };
    MappedFile::new(&ListText::of(bytes).unwrap(), rules)
}

#[tokio::test]
async fn a_report_is_read_into_the_same_feed_whatever_it_was_saved_as() {
    let text = report();
    let utf16: Vec<u8> =
        std::iter::once(0xfeff_u16).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let titled = format!("Contacts for messages\r\nPrinted 12/01/2026\r\n\r\n{text}");
    let semicolons = format!("sep=;\r\n{}", text.replace("\",\"", "\";\"").replacen(',', ";", 18));
    let saved: [(&str, Vec<u8>); 6] = [
        ("plain", text.clone().into_bytes()),
        ("marked as UTF-8", format!("\u{feff}{text}").into_bytes()),
        ("UTF-16", utf16),
        ("below a title", titled.into_bytes()),
        ("with semicolons", semicolons.into_bytes()),
        ("a workbook", workbook()),
    ];
    for (what, bytes) in saved {
        let file = opened(&bytes, &mapping()).unwrap_or_else(|e| panic!("{what}: {e:?}"));
        assert_eq!(read(&file).await.unwrap(), carried(), "{what}");
    }
}

/// The report with something else in one line, counted from the headings.
fn with(line: usize, from: &str, to: &str) -> String {
    let text = report();
    let lines =
        text.lines().enumerate().map(|(at, l)| if at == line { l.replace(from, to) } else { l.to_owned() });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn everything_that_is_wrong_with_the_rows_is_said_at_once_with_row_and_column() {
    let rows = |text: &str| match opened(text.as_bytes(), &mapping()) {
        Err(ReportError::Rows { findings, count }) => {
            assert_eq!(findings.len(), count);
            findings.into_iter().map(|f| (f.row, f.column)).collect::<Vec<_>>()
        }
        other => panic!("{:?}", other.err()),
    };
    let table = [
        ("no id", with(4, "\"PL-101\"", "\"\""), (5, Some(0))),
        ("an id that a spreadsheet shortened", with(4, "\"PL-101\"", "\"1.23457E+11\""), (5, Some(0))),
        ("one adult, two numbers", with(4, "07700 900200", "07700 900999"), (5, Some(7))),
        ("an adult without an id", with(4, "\"PC-200\"", "\"\""), (5, Some(7))),
        ("an adult with a pupil's id", with(4, "\"PC-200\"", "\"PL-100\""), (5, Some(7))),
        (
            "a court order that is neither yes nor no",
            with(5, "\"Yes\"\n", "\"see file\"\n").replace("\"No\",\"Yes\"", "\"No\",\"see file\""),
            (6, Some(18)),
        ),
        ("a priority that is no number", with(4, "\"1\"", "\"first\""), (5, Some(16))),
    ];
    for (what, text, wanted) in table {
        assert_eq!(rows(&text), [wanted], "{what}");
    }
    let cut = report();
    assert_eq!(rows(&cut[..cut.len() - 60]).len(), 1, "cut in a row");
    let both = with(4, "\"1\"", "\"first\"").replace("\"3\"", "\"third\"");
    assert!(rows(&both).len() > 2, "all of them, not the first");
}

#[test]
fn another_report_and_an_empty_one_are_refused_as_a_whole() {
    let whole = |text: &str, mapping: &ReportMapping| match opened(text.as_bytes(), mapping) {
        Err(ReportError::Whole(problem)) => problem,
        other => panic!("{:?}", other.err()),
    };
    assert_eq!(whole("", &mapping()), ReportProblem::Empty);
    let headings = report().lines().next().unwrap().to_owned();
    assert_eq!(whole(&headings, &mapping()), ReportProblem::NoRows);
    let other = whole(&with(0, "Court order", "Something"), &mapping());
    assert_eq!(other, ReportProblem::Missing(vec!["COURT ORDER".to_owned()]));
    let twice = with(0, "Court order", "Mobile");
    assert!(matches!(whole(&twice, &mapping()), ReportProblem::Missing(_)), "two of one name");
    assert_eq!(whole(&report(), &ReportMapping::new()), ReportProblem::NotMatched);
}
