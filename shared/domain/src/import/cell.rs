//! What one cell says: each kind of field read from what people and spreadsheets put into it.

use std::borrow::Cow;

use crate::contact::ContactRole;
use crate::email::{EmailAddress, EmailError};
use crate::ids::ContactId;
use crate::phone::typed::is_invisible;
use crate::phone::{CountryCode, NumberMode, Parsed, PhoneError, PhoneNumber, Repair};
use crate::tabular::safe_cell;

/// Longest name, in characters.
const LONGEST_NAME: usize = 100;
/// Longest title, in characters.
const LONGEST_TITLE: usize = 30;
/// More digits than this in a name are a phone number in the wrong column.
const MOST_DIGITS_IN_NAME: usize = 6;
/// Most groups of one person.
const MOST_GROUPS: usize = 50;

/// What is wrong with one cell. `Display` is a sentence for a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CellProblem {
    /// No id.
    #[error("There is no ID. Give the person one.")]
    IdMissing,
    /// Not usable as an id.
    #[error("An ID can have up to 64 letters, digits and signs, on one line.")]
    IdMalformed,
    /// `1.23457E+11`.
    #[error(
        "The spreadsheet has shortened this ID and its last digits are lost. Set the column to Text, type the ID again and save."
    )]
    IdShortened,
    /// A spreadsheet would run it.
    #[error("This looks like a formula. Take out the sign at the start.")]
    Formula,
    /// `#N/A` and its like.
    #[error("The spreadsheet could not work this cell out. Type what it should say.")]
    SheetError,
    /// Longer than the field.
    #[error("This is longer than {0} characters. Shorten it.")]
    TooLong(usize),
    /// Characters that no keyboard types.
    #[error("There is an unprintable character in this cell. Type it again.")]
    Unprintable,
    /// Digits where a name should be.
    #[error(
        "This looks like a phone number, not a name. Check that the cells of this row are in the right columns."
    )]
    NumberForName,
    /// Not a role.
    #[error("This is not a role. Use parent, staff, pupil or other, or leave the cell empty.")]
    Role,
    /// Too many groups.
    #[error("There are more than {MOST_GROUPS} groups in this cell. Take some out.")]
    TooManyGroups,
    /// Not a phone number.
    #[error(transparent)]
    Phone(#[from] PhoneError),
    /// Not an e-mail address.
    #[error(transparent)]
    Email(#[from] EmailError),
}

/// What is wrong with a row as a whole. `Display` is a sentence for a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RowProblem {
    /// Neither forename nor surname.
    #[error("There is no name. Fill in the forename or the surname.")]
    NoName,
    /// Cells are missing at the end.
    #[error(
        "This row has only {cells} of {headings} cells. Fill in the missing ones, or leave them empty but there."
    )]
    TooFewCells {
        /// Cells in the row.
        cells: usize,
        /// Cells in the row of headings.
        headings: usize,
    },
    /// There is something beyond the last heading.
    #[error(
        "This row has more cells than there are headings. A name with a comma in it needs quotation marks around it."
    )]
    TooManyCells,
    /// So long that a quotation mark is open.
    #[error("This row is very long. Check for a quotation mark that opens and never closes.")]
    TooLong,
    /// Another row has the same id.
    #[error("This row and row {0} have the same ID. Keep one of them.")]
    IdTwice(u32),
}

/// The text of a cell without what surrounds it unseen, and whether a spreadsheet's text marks (`="…"`) were taken off.
pub(super) fn clean(cell: &str) -> (&str, bool) {
    let unseen = |c: char| c.is_whitespace() || is_invisible(c);
    let text = cell.trim_matches(unseen);
    match text.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) if !inner.contains('"') => (inner.trim_matches(unseen), true),
        _ if is_dash(text) => ("", false),
        _ => (text, false),
    }
}

/// A dash alone stands for nothing.
fn is_dash(text: &str) -> bool {
    matches!(text, "-" | "--" | "\u{2013}" | "\u{2014}")
}

/// What no field may hold.
fn refuse_unsafe(text: &str) -> Result<(), CellProblem> {
    if matches!(safe_cell(text), Cow::Owned(_)) {
        return Err(CellProblem::Formula);
    }
    refuse_sheet_error(text)
}

fn refuse_sheet_error(text: &str) -> Result<(), CellProblem> {
    const ERRORS: [&str; 9] =
        ["#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#GETTING_DATA"];
    if text.starts_with('#') && ERRORS.contains(&text) { Err(CellProblem::SheetError) } else { Ok(()) }
}

/// An id.
pub(super) fn id(text: &str) -> Result<ContactId, CellProblem> {
    if text.is_empty() {
        return Err(CellProblem::IdMissing);
    }
    refuse_unsafe(text)?;
    if is_shortened(text) {
        return Err(CellProblem::IdShortened);
    }
    ContactId::parse(text).map_err(|_| CellProblem::IdMalformed)
}

/// `1.23457E+11`, as a spreadsheet shows and saves a long number.
fn is_shortened(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    text.split_once("E+").is_some_and(|(mantissa, power)| {
        let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
        whole.len() == 1 && digits(whole) && digits(fraction) && digits(power)
    })
}

/// A forename or surname; empty if the cell is.
pub(super) fn name(text: &str) -> Result<String, CellProblem> {
    if text.bytes().filter(u8::is_ascii_digit).count() > MOST_DIGITS_IN_NAME {
        return Err(CellProblem::NumberForName);
    }
    words(text, LONGEST_NAME)
}

/// A title.
pub(super) fn title(text: &str) -> Result<String, CellProblem> {
    words(text, LONGEST_TITLE)
}

/// Words with single spaces between them.
fn words(text: &str, longest: usize) -> Result<String, CellProblem> {
    if text.is_empty() {
        return Ok(String::new());
    }
    refuse_unsafe(text)?;
    let mut words = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
    }
    if words.len() > longest && words.chars().count() > longest {
        return Err(CellProblem::TooLong(longest));
    }
    if words.chars().any(char::is_control) {
        return Err(CellProblem::Unprintable);
    }
    Ok(words)
}

/// A role, in the product's words or in those of other systems; `None` for an empty cell.
pub(super) fn role(text: &str) -> Result<Option<ContactRole>, CellProblem> {
    const PARENTS: [&str; 10] = [
        "parents",
        "carer",
        "guardian",
        "mother",
        "father",
        "mum",
        "dad",
        "parent/carer",
        "contact",
        "grandparent",
    ];
    const STAFF: [&str; 4] = ["teacher", "employee", "member of staff", "staff member"];
    const PUPILS: [&str; 5] = ["pupils", "student", "students", "learner", "child"];
    if text.is_empty() {
        return Ok(None);
    }
    refuse_sheet_error(text)?;
    let is_one_of = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    let role = match ContactRole::from_code(text) {
        Some(role) => role,
        None if is_one_of(&PARENTS) => ContactRole::Parent,
        None if is_one_of(&STAFF) => ContactRole::Staff,
        None if is_one_of(&PUPILS) => ContactRole::Pupil,
        None if text.eq_ignore_ascii_case("governor") => ContactRole::Other,
        None => return Err(CellProblem::Role),
    };
    Ok(Some(role))
}

/// A phone number; `None` for an empty cell. Takes the cell as it came: the marks around it are the parser's to see.
pub(super) fn phone(
    cell: &str,
    country: CountryCode,
    mode: NumberMode,
) -> Result<Option<(PhoneNumber, Option<Repair>)>, CellProblem> {
    let (text, _) = clean(cell);
    if text.is_empty() {
        return Ok(None);
    }
    refuse_sheet_error(text)?;
    let Parsed { number, repair } = PhoneNumber::parse_cell(cell, country, mode)?;
    Ok(Some((number, repair)))
}

/// An e-mail address; `None` for an empty cell.
pub(super) fn email(text: &str) -> Result<Option<String>, CellProblem> {
    if text.is_empty() {
        return Ok(None);
    }
    refuse_unsafe(text)?;
    Ok(Some(EmailAddress::parse(text)?.into()))
}

/// Groups, parted by `;`, `|` or a line break; each once.
pub(super) fn groups(text: &str) -> Result<Vec<String>, CellProblem> {
    let mut groups: Vec<String> = Vec::new();
    for part in text.split([';', '|', '\n']) {
        let (part, _) = clean(part);
        let group = words(part, LONGEST_NAME)?;
        if group.is_empty() || groups.contains(&group) {
            continue;
        }
        if groups.len() == MOST_GROUPS {
            return Err(CellProblem::TooManyGroups);
        }
        groups.push(group);
    }
    Ok(groups)
}
