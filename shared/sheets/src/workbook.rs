//! An Excel workbook as CSV text, so that everything after has one path.
//!
//! A workbook is a zip file of XML that somebody else made: what it unpacks to is measured before it is parsed.

use std::io::{Cursor, Read};

use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx};
use domain::import::{InspectError, MAX_COLUMNS, MAX_ROWS};
use zip::ZipArchive;

/// Files in a workbook.
const MOST_ENTRIES: usize = 2_000;
/// Bytes that all of them unpack to.
const MOST_BYTES: u64 = 256 << 20;
/// Shared texts that the parser makes room for because the file says so.
const MOST_TEXTS: u64 = 3_000_000;
/// The attribute that says so.
const COUNT: &[u8] = b"uniqueCount";
/// Rows that a spreadsheet can have.
const LAST_ROW: u32 = 1_048_576;
/// Rows that may stand above the headings.
const ROWS_ABOVE: u32 = 20;

/// Why a workbook cannot be read. `Display` is a sentence for a page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorkbookError {
    /// A zip file of something else.
    #[error("This is not an Excel workbook. Save the list as .xlsx or as “CSV UTF-8” and upload that.")]
    NotWorkbook,
    /// Cut off or altered.
    #[error(
        "This workbook is damaged, or only a part of it arrived. Open it, save it again and upload that."
    )]
    Damaged,
    /// Unpacks to more than any list.
    #[error(
        "This workbook holds far more than a list. Copy the list into a new workbook, or save it as “CSV UTF-8”, and upload that."
    )]
    TooMuch,
    /// The list in it is none.
    #[error(transparent)]
    List(#[from] InspectError),
}

/// A list as comma-separated text, and what there is to say about where it came from.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Converted {
    pub(super) text: String,
    pub(super) notes: Vec<String>,
}

/// Takes the first sheet that has anything on it.
pub(super) fn to_csv(bytes: &[u8]) -> Result<Converted, WorkbookError> {
    measure(bytes)?;
    let mut workbook = Xlsx::new(Cursor::new(bytes)).map_err(|_| WorkbookError::Damaged)?;
    let visible = |sheet: &&calamine::Sheet| {
        sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible
    };
    let names: Vec<String> =
        workbook.sheets_metadata().iter().filter(visible).map(|s| s.name.clone()).collect();
    for name in &names {
        let text = sheet_to_csv(&mut workbook, name)?;
        if !text.is_empty() {
            let notes = (names.len() > 1).then(|| {
                format!("The workbook has {} sheets. Only the sheet “{}” was read.", names.len(), short(name))
            });
            return Ok(Converted { text, notes: notes.into_iter().collect() });
        }
    }
    Err(InspectError::Empty.into())
}

fn short(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(40).collect()
}

/// Unpacks every entry to nowhere: what a zip file says of its sizes may be a lie, and the parser believes it.
fn measure(bytes: &[u8]) -> Result<(), WorkbookError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| WorkbookError::Damaged)?;
    if archive.len() > MOST_ENTRIES {
        return Err(WorkbookError::TooMuch);
    }
    let mut left = MOST_BYTES;
    let mut is_workbook = false;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|_| WorkbookError::Damaged)?;
        let name = entry.name().map_err(|_| WorkbookError::Damaged)?.to_ascii_lowercase();
        is_workbook |= name.ends_with("workbook.xml");
        let limit = largest(&name).min(left);
        let size = if name.ends_with("sharedstrings.xml") {
            measure_texts(entry, limit)?
        } else {
            std::io::copy(&mut entry.take(limit + 1), &mut std::io::sink())
                .map_err(|_| WorkbookError::Damaged)?
        };
        left = left.checked_sub(size).filter(|_| size <= limit).ok_or(WorkbookError::TooMuch)?;
    }
    if is_workbook { Ok(()) } else { Err(WorkbookError::NotWorkbook) }
}

/// The most that an entry may unpack to: what the parser keeps in memory takes a multiple of it.
fn largest(name: &str) -> u64 {
    if name.contains("worksheets/") {
        160 << 20
    } else if name.ends_with("sharedstrings.xml") {
        48 << 20
    } else if name.ends_with("styles.xml") || name.ends_with("workbook.xml") {
        4 << 20
    } else {
        40 << 20
    }
}

/// The parser makes room for as many shared texts as the entry says it has, so that number is looked at first. Bytes
/// that could hide it from us, as those of UTF-16 and of other encodings that shift, do not occur in workbooks.
fn measure_texts(entry: impl Read, limit: u64) -> Result<u64, WorkbookError> {
    let mut xml = Vec::new();
    entry.take(limit + 1).read_to_end(&mut xml).map_err(|_| WorkbookError::Damaged)?;
    if xml.iter().any(|b| *b < b' ' && !matches!(b, b'\t' | b'\n' | b'\r')) {
        return Err(WorkbookError::Damaged);
    }
    let mut rest = xml.as_slice();
    while let Some(at) = rest.windows(COUNT.len()).position(|window| window == COUNT) {
        rest = &rest[at + COUNT.len()..];
        let digits = rest.iter().skip_while(|b| !b.is_ascii_digit()).take_while(|b| b.is_ascii_digit());
        let count =
            digits.fold(0_u64, |sum, digit| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
        if count > MOST_TEXTS {
            return Err(WorkbookError::TooMuch);
        }
    }
    Ok(xml.len() as u64)
}

/// A sheet as text: a line for each row, blank ones too, so that rows keep their numbers. Empty if the sheet is.
fn sheet_to_csv(workbook: &mut Xlsx<Cursor<&[u8]>>, name: &str) -> Result<String, WorkbookError> {
    let mut cells = workbook.worksheet_cells_reader(name).map_err(|_| WorkbookError::Damaged)?;
    let mut lines = Lines::default();
    while let Some(cell) = cells.next_cell().map_err(|_| WorkbookError::Damaged)? {
        let (row, column) = cell.get_position();
        let text = cell_text(cell.get_value());
        if !text.trim().is_empty() {
            lines.put(row, column as usize, text)?;
        }
    }
    lines.end_row();
    Ok(lines.text)
}

/// Writes rows as they come, each as wide as the widest before it.
#[derive(Default)]
struct Lines {
    text: String,
    /// Cells of the row in hand.
    row: Vec<String>,
    /// Its number, from 0.
    number: u32,
    /// Rows written, blank ones included.
    written: u32,
    /// Rows that are not blank.
    count: u32,
    width: usize,
}

impl Lines {
    fn put(&mut self, row: u32, column: usize, text: String) -> Result<(), WorkbookError> {
        if row < self.number || row >= LAST_ROW {
            return Err(WorkbookError::Damaged);
        }
        if column >= MAX_COLUMNS {
            return Err(InspectError::TooManyColumns.into());
        }
        if row > self.number {
            self.end_row();
            self.number = row;
        }
        if self.row.is_empty() {
            self.count += 1;
            if self.count > MAX_ROWS + ROWS_ABOVE {
                return Err(InspectError::TooManyRows.into());
            }
        }
        if self.row.len() <= column {
            self.row.resize(column + 1, String::new());
        }
        if let Some(place) = self.row.get_mut(column) {
            *place = text;
        }
        Ok(())
    }

    /// Writes the row in hand, behind an empty line for each blank row before it.
    fn end_row(&mut self) {
        if self.row.is_empty() {
            return;
        }
        let blank = self.number.saturating_sub(self.written);
        self.text.extend(std::iter::repeat_n('\n', blank as usize));
        self.width = self.width.max(self.row.len());
        for column in 0..self.width {
            if column > 0 {
                self.text.push(',');
            }
            push_cell(&mut self.text, self.row.get(column).map_or("", String::as_str));
        }
        self.text.push('\n');
        self.written = self.number + 1;
        self.row.clear();
    }
}

/// A cell as CSV has it.
fn push_cell(text: &mut String, cell: &str) {
    if !cell.contains([',', '"', '\n', '\r']) {
        text.push_str(cell);
        return;
    }
    text.push('"');
    for part in cell.split_inclusive('"') {
        text.push_str(part);
        if part.ends_with('"') {
            text.push('"');
        }
    }
    text.push('"');
}

/// What a cell says: a formula's last value, numbers without the ".0" that only the file format gives them.
fn cell_text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Empty => String::new(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number_text(*number),
        DataRef::Bool(value) => if *value { "TRUE" } else { "FALSE" }.to_owned(),
        DataRef::DateTime(date) if date.is_datetime() => date_text(date.to_ymd_hms_milli()),
        DataRef::DateTime(duration) => number_text(duration.as_f64()),
        DataRef::Error(error) => error.to_string(),
    }
}

/// A number holds 15 digits exactly; a longer one is written so that it is seen to have lost some.
fn number_text(number: f64) -> String {
    if number.abs() >= 1e15 { format!("{number:.5E}").replace('E', "E+") } else { number.to_string() }
}

fn date_text((year, month, day, hour, minute, _, _): (u16, u8, u8, u8, u8, u8, u16)) -> String {
    let date = format!("{year:04}-{month:02}-{day:02}");
    if (hour, minute) == (0, 0) { date } else { format!("{date} {hour:02}:{minute:02}") }
}
