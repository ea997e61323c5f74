//! A file at each of its steps.

use domain::import::Finding;

use super::*;

fn page(view: View) -> FilePage {
    FilePage {
        frame: Frame::sample(NavItem::SETTINGS),
        id: "01K3ZZZZZZ0000000000000000".to_owned(),
        title: view.title(),
        file: "contacts.csv, handed in today 08:57".to_owned(),
        problems: Vec::new(),
        again: true,
        view,
    }
}

fn column(at: usize, heading: &str, first: &str, field: Option<ReportField>) -> ColumnView {
    let fields = ReportField::all().map(|f| Choice::new(f.code(), f.words(), field == Some(f)));
    ColumnView::new(at, heading, &[first.to_owned(), String::new()], fields)
}

impl FilePage {
    pub(crate) fn sample_columns() -> Self {
        let columns = vec![
            column(0, "Adno", "P-1", Some(ReportField::PupilId)),
            column(1, "Forename", "Ada", Some(ReportField::PupilForename)),
            column(2, "Contact person ID", "C-9", Some(ReportField::ContactId)),
            column(3, "Notes", "", None),
        ];
        let why = "The file is not the report whose columns were matched: “Mobile” is missing.".to_owned();
        let problems = vec![Problem::new("c1", "Two columns are marked “Mobile”. Choose one of them.")];
        Self { problems, ..page(View::Columns { why, columns }) }
    }

    pub(crate) fn sample_looking() -> Self {
        page(View::Looking)
    }

    pub(crate) fn sample_lost() -> Self {
        page(View::Lost("The file has not arrived."))
    }

    pub(crate) fn sample_good() -> Self {
        let counts = FileCounts { pupils: 900, contacts: 1_600, ties: 1_750, staff: 60 };
        page(View::Good { figures: figures(counts), read: false })
    }

    pub(crate) fn sample_wrong() -> Self {
        let finding = Finding {
            row: 14,
            column: Some(1),
            value: "maybe".into(),
            message: "This must be yes or no.".into(),
        };
        let file = SyncFile {
            columns: vec![ReportColumn { heading: "Adno".to_owned(), samples: Vec::new() }],
            ..SyncFile::new(SyncFileId::new(ulid::Ulid::nil()), String::new(), 1, Asked::Schedule, 0)
        };
        let found = Found::new(&finding, |at| title_of(&file, at));
        page(View::Wrong {
            why: "1 thing is wrong with the rows of the file.".to_owned(),
            findings: vec![found],
        })
    }
}

impl FilePart {
    pub(crate) fn sample() -> Self {
        Self { over: true }
    }
}
