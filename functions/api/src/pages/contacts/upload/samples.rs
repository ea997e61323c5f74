//! An upload at each of its steps.

use domain::ids::ImportId;
use domain::import::{Column, Field, Finding, Inspected, Outcome, Report};
use store::Author;

use super::*;
use crate::pages::kit::lines::samples::{local, now_ms};
use crate::pages::kit::places::NavItem;

const REPORT: Report = Report {
    rows: 3_000,
    good: 2_991,
    errors: 11,
    repairs: 214,
    to_create: 2_612,
    to_update: 379,
    to_take_over: 12,
    parts: 9,
};

fn import(stage: Stage) -> Import {
    let column = |name: &str, samples: [&str; 3]| Column {
        name: name.into(),
        samples: samples.iter().map(ToString::to_string).collect(),
    };
    let created_ms = now_ms() - 4 * 60_000;
    let id = ImportId::new(ulid::Ulid::from_parts(created_ms as u64, 1));
    let author = Author { id: "u1".into(), name: "Morgan Ellis".into() };
    let mut import = Import::new(id, "Parents September.xlsx".into(), 412_300, author, created_ms);
    import.stage = stage;
    import.inspected = Some(Inspected {
        columns: vec![
            column("Adno", ["P0001", "P0002", "P0003"]),
            column("First name", ["Ada", "Ben", "Cerys"]),
            column("Surname", ["Abbot", "Barnes", "Chowdhury"]),
            column("Mobile tel", ["7700900123", "07700 900124", ""]),
            column("E-mail", ["ada@example.com", "", "cerys@example.org"]),
            column("Year", ["Year 9", "Year 9, Choir", "Year 10"]),
            column("", ["x", "", ""]),
        ],
        heading_row: 1,
        rows: 3_000,
        guess: [
            (Field::Id, 0),
            (Field::Forename, 1),
            (Field::Surname, 2),
            (Field::Mobile, 3),
            (Field::Email, 4),
        ]
        .into(),
        notes: vec![
            "The file was read as Windows text, because it is not Unicode. Check names with accents.".into(),
        ],
    });
    import
}

fn page(stage: Stage, problems: Vec<Problem>) -> ImportPage {
    let finding = |row, column: Option<u16>, value: &str, message: &str| Finding {
        row,
        column,
        value: value.into(),
        message: message.into(),
    };
    let findings = Findings {
        errors: vec![
            finding(
                14,
                Some(3),
                "0770 900",
                "This number has too few digits. Enter the whole number with its area code.",
            ),
            finding(88, Some(4), "ann@", "There is nothing after the @. Write the whole address."),
            finding(121, None, "", "This row and row 120 have the same ID. Keep one of them."),
        ],
        repairs: vec![finding(2, Some(3), "7700900123", "The leading 0 was lost: read as 07700 900123.")],
    };
    ImportPage::new(Frame::sample(NavItem::UPLOAD), &local(), &import(stage), &findings, false, problems)
}

impl UploadPage {
    pub(crate) fn sample() -> Self {
        let latest = [
            import(Stage::Checked(REPORT)),
            import(Stage::Done(Outcome { created: 1, updated: 2, skipped: 0 })),
        ];
        Self::new(Frame::sample(NavItem::UPLOAD), &local(), &latest, true)
    }
}

impl ImportPage {
    pub(crate) fn sample_columns() -> Self {
        page(Stage::Mapping, vec![Problem::new("c0", "Choose the column that holds each person’s ID.")])
    }

    pub(crate) fn sample_checking() -> Self {
        page(Stage::Checking { rows_done: 1_200, rows_packed: 0, parts: 0 }, Vec::new())
    }

    pub(crate) fn sample_checked() -> Self {
        page(Stage::Checked(REPORT), Vec::new())
    }

    pub(crate) fn sample_done() -> Self {
        page(Stage::Done(Outcome { created: 2_612, updated: 379, skipped: 9 }), Vec::new())
    }

    pub(crate) fn sample_failed() -> Self {
        page(
            Stage::Failed {
                reason: "This file is empty. Check that you saved the list before uploading it.".into(),
            },
            Vec::new(),
        )
    }
}

impl LivePart {
    pub(crate) fn sample() -> Self {
        let report = REPORT;
        let so_far = Outcome { created: 900, updated: 100, skipped: 9 };
        Self { working: Working::of(&import(Stage::Importing { report, parts_done: 3, so_far })) }
    }
}

#[test]
fn a_size_is_said_in_round_figures() {
    assert_eq!([size(1), size(312_400), size(4_260_000)], ["1 byte", "312 kB", "4.2 MB"]);
}

#[test]
fn steps_before_are_past_and_later_ones_wait() {
    assert_eq!(steps(1).map(|s| s.class), ["past", "now", "later", "later"]);
    assert_eq!(steps(4).map(|s| s.class), ["past"; 4]);
}
