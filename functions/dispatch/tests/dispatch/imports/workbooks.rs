//! Excel workbooks, honest and otherwise.

use std::io::Write;

use domain::contact::PhoneLabel;
use domain::import::Field;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::office::Office;

/// A workbook with an empty sheet before the list, a title above the headings, and every kind of cell.
fn workbook() -> Vec<u8> {
    let mut workbook = Workbook::new();
    workbook.add_worksheet().set_name("Notes").unwrap();
    let sheet = workbook.add_worksheet();
    sheet.set_name("Contacts").unwrap();
    sheet.write(0, 0, "Contacts of the school").unwrap();
    for (column, heading) in (0..).zip(["Adno", "Forename", "Surname", "Mobile", "Home", "Year", "Notes"]) {
        sheet.write(2, column, heading).unwrap();
    }
    // A number without its 0; a formula; a date in a column that nobody wants.
    sheet.write(3, 0, 1_001).unwrap();
    sheet.write(3, 1, "Zoë, known as \"Zo\"").unwrap();
    sheet.write(3, 2, "Example").unwrap();
    sheet.write(3, 3, 7_700_900_123_i64).unwrap();
    sheet.write(3, 4, "020 7946 0123").unwrap();
    let date = ExcelDateTime::from_ymd(2026, 9, 1).unwrap();
    sheet.write_with_format(3, 6, &date, &Format::new().set_num_format("dd/mm/yyyy")).unwrap();
    // A blank row, then one with few cells.
    sheet.write(5, 0, "A-2").unwrap();
    sheet
        .write_formula(5, 2, rust_xlsxwriter::Formula::new("=\"O\"&\"'Example\"").set_result("O'Example"))
        .unwrap();
    sheet.write(5, 3, 447_700_900_124_i64).unwrap();
    sheet.write(5, 5, 9).unwrap();
    // A spreadsheet's own error, and a number too long for it.
    sheet.write(6, 0, 1.234_567_890_123_456_7e17).unwrap();
    sheet.write_formula(6, 1, rust_xlsxwriter::Formula::new("=NA()").set_result("#N/A")).unwrap();
    workbook.save_to_buffer().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workbook_is_read_like_any_list() {
    let office = Office::open().await;
    let (id, inspected) = office.inspected(&workbook()).await;
    assert_eq!((inspected.heading_row, inspected.rows), (3, 3));
    assert_eq!(inspected.notes, ["The workbook has 2 sheets. Only the sheet “Contacts” was read."]);
    assert_eq!(inspected.columns[6].samples, ["2026-09-01", "", ""]);
    assert_eq!(inspected.guess.get(&Field::Groups), Some(&5));
    office.choose(id).await;
    office.work().await;
    let errors = office.errors(id).await;
    let places: Vec<(u32, Option<u16>, &str)> =
        errors.iter().map(|f| (f.row, f.column, f.value.as_str())).collect();
    assert_eq!(places, [(7, Some(0), "1.23457E+17"), (7, Some(1), "#N/A")]);
    let repairs = office.repairs(id).await;
    assert_eq!((repairs.len(), repairs[0].row, repairs[0].column), (1, 4, Some(3)));

    let domain::import::Stage::Checked(report) = office.stage(id).await else { panic!() };
    office.confirm(id, report).await;
    office.work().await;
    let book = office.book().await;
    assert_eq!((book[0].id.as_str(), book[0].forename.as_str()), ("1001", "Zoë, known as \"Zo\""));
    assert_eq!(book[0].number(PhoneLabel::Mobile), Some("+447700900123"));
    assert_eq!((book[1].surname.as_str(), book[1].groups[0].as_str()), ("O'Example", "9"));
    assert_eq!(book[1].number(PhoneLabel::Mobile), Some("+447700900124"));
}

/// A zip file of these entries.
fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(1));
    for (name, bytes) in entries {
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A workbook of one sheet, made by hand.
fn by_hand(sheet: &[u8], texts: &[u8]) -> Vec<u8> {
    const WORKBOOK: &[u8] = br#"<?xml version="1.0" encoding="UTF-8"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="List" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
    const PACKAGE: &[u8] = br#"<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
    const RELATIONS: &[u8] = br#"<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;
    zipped(&[
        ("_rels/.rels", PACKAGE),
        ("xl/workbook.xml", WORKBOOK),
        ("xl/_rels/workbook.xml.rels", RELATIONS),
        ("xl/worksheets/sheet1.xml", sheet),
        ("xl/sharedStrings.xml", texts),
    ])
}

fn sheet(rows: &str) -> Vec<u8> {
    format!("<worksheet><sheetData>{rows}</sheetData></worksheet>").into_bytes()
}

const GOOD: &str = r#"<row r="1"><c r="A1" t="inlineStr"><is><t>id</t></is></c><c r="B1" t="inlineStr"><is><t>forename</t></is></c></row><row r="2"><c r="A2"><v>7</v></c><c r="B2" t="inlineStr"><is><t>Ann</t></is></c></row>"#;
const NO_TEXTS: &[u8] = b"<sst></sst>";

#[tokio::test(flavor = "multi_thread")]
async fn a_workbook_made_by_hand_is_read() {
    let office = Office::open().await;
    assert_eq!(office.imported(&by_hand(&sheet(GOOD), NO_TEXTS)).await.created, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_workbooks_are_refused_before_they_do_harm() {
    let office = Office::open().await;
    let whole = workbook();
    // Five megabytes of nothing in five kilobytes, where a workbook keeps its styles.
    let bomb = zipped(&[("xl/workbook.xml", b"<workbook/>"), ("xl/styles.xml", &vec![b' '; 5 << 20])]);
    let many_texts = br#"<sst count="1" uniqueCount = "99999999999"><si><t>x</t></si></sst>"#;
    let hidden: Vec<u8> =
        r#"<sst uniqueCount="99999999999"/>"#.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let far_row = GOOD.replace(r#"<row r="2"><c r="A2">"#, r#"<row r="2"><c r="A4000000">"#);
    let far_column = GOOD.replace(r#"r="B2""#, r#"r="XFD2""#);
    let overflow = GOOD.replace(r#"r="A2""#, r#"r="A99999999999""#);
    let backwards = GOOD.replace(r#"<row r="2"><c r="A2">"#, r#"<row r="9"><c r="A9">"#);
    for (name, bytes, said) in [
        ("cut off", whole[..whole.len() / 2].to_vec(), "damaged"),
        ("another zip", zipped(&[("word/document.xml", b"<w/>")]), "not an Excel workbook"),
        ("no sheets", zipped(&[("xl/workbook.xml", b"<workbook/>")]), "damaged"),
        ("bomb", bomb, "far more than a list"),
        ("room for texts", by_hand(&sheet(GOOD), many_texts), "far more than a list"),
        ("hidden room for texts", by_hand(&sheet(GOOD), &hidden), "damaged"),
        ("row beyond the last", by_hand(&sheet(&far_row), NO_TEXTS), "damaged"),
        ("column beyond the last", by_hand(&sheet(&far_column), NO_TEXTS), "more than 100 columns"),
        ("rows backwards", by_hand(&sheet(&backwards), NO_TEXTS), "damaged"),
        ("broken XML", by_hand(b"<worksheet><sheetData><row", NO_TEXTS), "damaged"),
        ("empty sheet", by_hand(&sheet(""), NO_TEXTS), "empty"),
    ] {
        let reason = office.refused(&bytes).await;
        assert!(reason.contains(said), "{name}: {reason}");
    }
    // A parser that panics on arithmetic in a debug build, and wraps in a release build: either way no harm is done.
    let reason = office.refused(&by_hand(&sheet(&overflow), NO_TEXTS)).await;
    assert!(reason.contains("cannot be read") || reason.contains("damaged"), "{reason}");
}
