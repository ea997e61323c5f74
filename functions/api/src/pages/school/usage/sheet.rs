//! The usage table as an Excel workbook: dates are dates and numbers are numbers.

use domain::usage::{DayCounts, Days};
use rust_xlsxwriter::{ExcelDateTime, Format, FormatBorder, Formula, Workbook, XlsxError};

use crate::services::usage::Range;

const HEADINGS: [&str; 5] = ["Date", "E-mails", "Texts", "Text units", "Call minutes"];

/// The workbook of a range of days.
pub(crate) fn workbook(school: &str, range: Range, days: &Days) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let bold = Format::new().set_bold();
    let heading = Format::new().set_bold().set_border_bottom(FormatBorder::Thin);
    let date = Format::new().set_num_format("ddd d mmm yyyy").set_align(rust_xlsxwriter::FormatAlign::Left);
    let number = Format::new().set_num_format("#,##0");
    let total = Format::new().set_bold().set_num_format("#,##0").set_border_top(FormatBorder::Thin);

    let sheet = workbook.add_worksheet();
    sheet.set_name("Usage")?;
    sheet.set_column_width(0, 20)?;
    for column in 1..5 {
        sheet.set_column_width(column, 14)?;
    }
    // Written as text whatever it begins with, so that no name becomes a formula.
    sheet.write_string_with_format(0, 0, format!("Usage of {school}"), &bold)?;
    sheet.write_string(1, 0, format!("{} to {}", range.from, range.to))?;
    for (column, words) in (0..).zip(HEADINGS) {
        sheet.write_string_with_format(3, column, words, &heading)?;
    }
    sheet.set_freeze_panes(4, 0)?;
    let mut row = 4;
    for (day, counts) in days {
        let (year, month, dom) =
            (day.year().unsigned_abs(), day.month().unsigned_abs(), day.day().unsigned_abs());
        sheet.write_datetime_with_format(row, 0, ExcelDateTime::from_ymd(year, month, dom)?, &date)?;
        for (column, value) in (1..).zip(values(*counts)) {
            sheet.write_number_with_format(row, column, value as f64, &number)?;
        }
        row += 1;
    }
    sheet.write_string_with_format(row, 0, "Total", &total)?;
    let sum = days.values().fold(DayCounts::default(), |sum, day| sum.plus(*day));
    for (column, value) in (1_u16..).zip(values(sum)) {
        if row == 4 {
            sheet.write_number_with_format(row, column, 0.0, &total)?;
            continue;
        }
        let letter = char::from(b'A' + column as u8);
        let formula = Formula::new(format!("=SUM({letter}5:{letter}{row})")).set_result(value.to_string());
        sheet.write_formula_with_format(row, column, formula, &total)?;
    }
    workbook.save_to_buffer()
}

const fn values(counts: DayCounts) -> [i64; 4] {
    [counts.email_count, counts.sms_count, counts.sms_units, counts.voice_minutes]
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use calamine::{Data, Reader, Xlsx};

    use super::*;
    use crate::pages::school::usage::samples::{days, range};

    fn read(bytes: Vec<u8>) -> Vec<Vec<Data>> {
        let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(bytes)).unwrap();
        let sheet = book.worksheet_range("Usage").unwrap();
        sheet.rows().map(<[Data]>::to_vec).collect()
    }

    #[test]
    fn excel_gets_dates_and_numbers_and_never_a_formula_out_of_a_name() {
        let rows = read(workbook("=cmd|x", range(), &days()).unwrap());
        assert_eq!(rows[0][0], Data::String("Usage of =cmd|x".into()));
        assert!(matches!(rows[4][0], Data::DateTime(_)), "{:?}", rows[4][0]);
        assert_eq!(rows[4][1], Data::Float(210.0));
        assert_eq!(rows[14][0], Data::String("Total".into()));
        assert_eq!(rows[14][3], Data::Float(4_925.0));
    }

    #[test]
    fn a_range_without_use_is_a_workbook_too() {
        assert_eq!(read(workbook("A", range(), &Days::new()).unwrap())[4][0], Data::String("Total".into()));
    }
}
