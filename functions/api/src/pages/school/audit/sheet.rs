//! The log as files: a workbook to read, and text to check without our program (`docs/AUDIT.md`).

use domain::audit::Entry;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rust_xlsxwriter::{Format, FormatBorder, Workbook, XlsxError};

use super::{name_of, words_of};
use crate::services::audit::Names;

pub(super) const HEADINGS: [&str; 12] =
    ["seq", "time", "at_ms", "who", "who_name", "from", "act", "act_words", "on", "changes", "prev", "hash"];
const WIDTHS: [f64; 12] = [8.0, 22.0, 15.0, 32.0, 22.0, 16.0, 22.0, 30.0, 30.0, 50.0, 20.0, 20.0];

/// A row as texts. The time is the school's; what is hashed stands beside it as it was hashed.
pub(super) fn cells(entry: &Entry, zone: &TimeZone, names: &Names) -> [String; 12] {
    let at = Timestamp::from_millisecond(entry.at_ms).unwrap_or_default().to_zoned(zone.clone());
    [
        entry.seq.to_string(),
        at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        entry.at_ms.to_string(),
        entry.who.clone(),
        name_of(&entry.who, names),
        entry.from.clone(),
        entry.act.clone(),
        words_of(&entry.act),
        entry.on.clone(),
        entry.changes.clone(),
        entry.prev.clone(),
        entry.hash.clone(),
    ]
}

/// A workbook. Every cell is text, so that nothing that anybody typed becomes a formula.
pub(super) fn workbook(rows: &[[String; 12]]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let heading = Format::new().set_bold().set_border_bottom(FormatBorder::Thin);
    let sheet = workbook.add_worksheet();
    sheet.set_name("Audit")?;
    sheet.set_freeze_panes(1, 0)?;
    for (column, (words, width)) in (0..).zip(HEADINGS.iter().zip(WIDTHS)) {
        sheet.write_string_with_format(0, column, *words, &heading)?;
        sheet.set_column_width(column, width)?;
    }
    for (row, cells) in (1..).zip(rows) {
        for (column, cell) in (0..).zip(cells) {
            sheet.write_string(row, column, cell)?;
        }
    }
    workbook.save_to_buffer()
}

/// RFC 4180, every cell in quotation marks. One that a spreadsheet would take for a formula gets an apostrophe before
/// it.
pub(super) fn csv(rows: &[[String; 12]]) -> String {
    let mut text = String::new();
    let mut line = |cells: &mut dyn Iterator<Item = &str>| {
        let cells: Vec<String> =
            cells.map(|cell| format!("\"{}\"", guarded(cell).replace('"', "\"\""))).collect();
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    };
    line(&mut HEADINGS.into_iter());
    for row in rows {
        line(&mut row.iter().map(String::as_str));
    }
    text
}

fn guarded(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\'']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use calamine::{Data, Reader, Xlsx};

    use super::*;
    use crate::pages::school::audit::samples::{entries, names};

    fn rows() -> Vec<[String; 12]> {
        entries().iter().map(|entry| cells(entry, &TimeZone::UTC, &names())).collect()
    }

    #[test]
    fn nothing_in_a_file_is_a_formula() {
        let text = csv(&rows());
        assert!(text.contains("\"'=1+1\"") && !text.contains("\"=1+1\""), "{text}");
        assert!(text.starts_with("\"seq\",\"time\",\"at_ms\","));
        let bytes = workbook(&rows()).unwrap();
        let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes)).unwrap();
        let sheet = book.worksheet_range("Audit").unwrap();
        assert_eq!(sheet.get_value((1, 8)), Some(&Data::String("=1+1".to_owned())));
        assert!(book.worksheet_formula("Audit").unwrap().is_empty());
    }

    #[test]
    fn quotation_marks_and_guards_can_be_taken_back() {
        for (cell, kept) in [("a\"b", "\"a\"\"b\""), ("-1", "\"'-1\""), ("'x", "\"''x\""), ("[]", "\"[]\"")] {
            let mut row: [String; 12] = Default::default();
            row[0] = cell.to_owned();
            assert!(csv(&[row]).lines().nth(1).unwrap().starts_with(kept), "{cell}");
        }
    }
}
