//! A list as text: which character parts its columns, and its rows by the numbers that a spreadsheet shows.

use csv::{ReaderBuilder, StringRecord};

/// The characters that part columns in files that people have.
const DELIMITERS: [u8; 4] = *b",;\t|";
/// Longest cell that is shown, in characters.
pub(crate) const LONGEST_SHOWN: usize = 40;

/// The text of an uploaded list, and the character that parts its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sheet<'t> {
    text: &'t str,
    delimiter: u8,
}

impl<'t> Sheet<'t> {
    /// Finds the delimiter: named by Excel's first line `sep=;`, else the commonest one on the first line that has
    /// any text.
    pub fn detect(text: &'t str) -> Self {
        if let Some((delimiter, rest)) = named_delimiter(text) {
            return Self { text: rest, delimiter };
        }
        let first_line = first_record(text);
        let mut best = (0, b',');
        for delimiter in DELIMITERS {
            let count = count_outside_quotes(first_line, delimiter);
            if count > best.0 {
                best = (count, delimiter);
            }
        }
        Self { text, delimiter: best.1 }
    }

    /// A list whose columns are parted by commas, as this system writes one.
    pub const fn comma_separated(text: &'t str) -> Self {
        Self { text, delimiter: b',' }
    }

    /// Its rows from the top.
    pub fn rows(&self) -> Rows<'t> {
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.delimiter)
            .from_reader(self.text.as_bytes());
        Rows { reader, record: StringRecord::new(), row: 0 }
    }

    /// How many rows there are below the headings, up to `most`, and the first `samples` cells of each column: empty
    /// ones too, so that they line up with their rows. `None` for more rows.
    pub(crate) fn survey(
        &self,
        heading_row: u32,
        columns: usize,
        samples: usize,
        most: u32,
    ) -> Option<(u32, Vec<Vec<String>>)> {
        let mut cells = vec![Vec::new(); columns];
        let mut count = 0;
        let mut rows = self.rows();
        while let Some((number, row)) = rows.next_row() {
            if number <= heading_row {
                continue;
            }
            if count == most {
                return None;
            }
            count += 1;
            if count as usize <= samples {
                for (index, column) in cells.iter_mut().enumerate() {
                    column.push(shortened(row.get(index).unwrap_or_default(), LONGEST_SHOWN));
                }
            }
        }
        Some((count, cells))
    }
}

/// The cells of a row of headings, without the empty ones at its end.
pub(crate) fn headings(row: &StringRecord, longest: usize) -> Vec<String> {
    let mut names: Vec<String> = row.iter().map(|cell| shortened(cell, longest)).collect();
    while names.last().is_some_and(String::is_empty) {
        names.pop();
    }
    names
}

/// A text cut to so many characters for a page.
pub(crate) fn shortened(text: &str, longest: usize) -> String {
    let text = text.trim();
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A heading as it is compared: letters and digits, in small letters.
pub fn folded(heading: &str) -> String {
    heading.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Goes through the rows of a sheet that are not blank.
pub struct Rows<'t> {
    reader: csv::Reader<&'t [u8]>,
    record: StringRecord,
    row: u32,
}

impl Rows<'_> {
    /// The next row with anything in it, and its number as a spreadsheet shows it, from 1.
    pub fn next_row(&mut self) -> Option<(u32, &StringRecord)> {
        loop {
            let line_before = self.reader.position().line();
            // Text in memory is UTF-8 and rows may have any length, so reading has no other end than the last row.
            if !self.reader.read_record(&mut self.record).unwrap_or(false) {
                return None;
            }
            let lines = self.reader.position().line().saturating_sub(line_before);
            let line_breaks_in_cells = if lines > 1 { line_breaks(&self.record) } else { 0 };
            // A blank line is no record, but the spreadsheet gives it a number.
            let blank_lines = lines.saturating_sub(1).saturating_sub(line_breaks_in_cells);
            self.row =
                self.row.saturating_add(1).saturating_add(u32::try_from(blank_lines).unwrap_or(u32::MAX));
            if self.record.iter().any(|cell| !cell.trim().is_empty()) {
                return Some((self.row, &self.record));
            }
        }
    }
}

fn line_breaks(record: &StringRecord) -> u64 {
    record.as_slice().bytes().map(|b| u64::from(b == b'\n')).sum()
}

/// `sep=;` on a line of its own: Excel obeys it and does not show it.
fn named_delimiter(text: &str) -> Option<(u8, &str)> {
    let rest = text.strip_prefix("sep=").or_else(|| text.strip_prefix("SEP="))?;
    let delimiter = *rest.as_bytes().first().filter(|b| DELIMITERS.contains(b))?;
    let rest = rest.get(1..)?;
    let rest = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix(['\n', '\r']))?;
    Some((delimiter, rest))
}

/// The first line with anything on it; a line break inside quotation marks does not end it.
fn first_record(text: &str) -> &str {
    let text = text.trim_start_matches(['\r', '\n', ' ']);
    let mut quoted = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => return &text[..at],
            _ => {}
        }
    }
    text
}

fn count_outside_quotes(line: &str, delimiter: u8) -> usize {
    let mut quoted = false;
    let outside = |byte: &u8| {
        quoted ^= *byte == b'"';
        !quoted && *byte == delimiter
    };
    line.as_bytes().iter().copied().filter(outside).count()
}

/// The letters over a column, from 0: A, B, … Z, AA.
pub fn column_letters(index: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = index + 1;
    while rest > 0 {
        letters.push(char::from(b'A' + ((rest - 1) % 26) as u8));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().collect()
}
