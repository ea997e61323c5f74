//! What a field was given, and how each kind of field is read from it.

use std::borrow::Cow;

use super::parts::ContactRole;
use crate::email::{EmailAddress, EmailError};
use crate::ids::ContactId;
use crate::phone::typed::is_invisible;
use crate::phone::{PhoneError, Repair};
use crate::tabular::safe_cell;

/// Longest name, in characters.
const LONGEST_NAME: usize = 100;
/// More digits than this in a name are a phone number in the wrong column.
const MOST_DIGITS_IN_NAME: usize = 6;
/// Most groups of one person.
const MOST_GROUPS: usize = 100;

/// What a field was given.
#[derive(Debug, Clone, Copy)]
pub enum Given<'a> {
    /// A cell of a list, with all that people and spreadsheets leave in it.
    Cell(&'a str),
    /// A text that somebody typed or a system sent for this field.
    Text(&'a str),
    /// Several such texts: names of groups.
    List(&'a [String]),
}

/// What was read, and what a spreadsheet had done to it.
pub(super) type Repaired<T> = (T, Option<Repair>);

/// What is wrong with one field. `Display` is a sentence for whoever gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FieldProblem {
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
    /// Neither forename nor surname.
    #[error("There is no name. Fill in the forename or the surname.")]
    NoName,
    /// A spreadsheet would run it.
    #[error("This looks like a formula. Take out the sign at the start.")]
    Formula,
    /// `#N/A` and its like.
    #[error("The spreadsheet could not work this cell out. Type what it should say.")]
    SheetError,
    /// Longer than the field.
    #[error("This is longer than {0} characters. Shorten it.")]
    TooLong(usize),
    /// Characters that no keyboard types, or several lines.
    #[error("There is a line break or an unprintable character in this. Type it again.")]
    Unprintable,
    /// Digits where a name should be.
    #[error(
        "This looks like a phone number, not a name. Check that the cells of this row are in the right columns."
    )]
    NumberForName,
    /// Not a role.
    #[error("This is not a role. Use parent, staff, pupil or other.")]
    Role,
    /// A group without a name.
    #[error("One of the groups has no name. Name it, or take it out.")]
    BlankGroup,
    /// Too many groups.
    #[error("There are more than {MOST_GROUPS} groups here. Take some out.")]
    TooManyGroups,
    /// Not a phone number.
    #[error(transparent)]
    Phone(#[from] PhoneError),
    /// Not an e-mail address.
    #[error(transparent)]
    Email(#[from] EmailError),
}

impl<'a> Given<'a> {
    /// Whether it comes from a list, where cells slip into other columns and spreadsheets have been at work.
    pub(super) const fn is_cell(self) -> bool {
        matches!(self, Self::Cell(_))
    }

    /// The text as it came. A list has none.
    pub(super) const fn raw(self) -> &'a str {
        match self {
            Self::Cell(text) | Self::Text(text) => text,
            Self::List(_) => "",
        }
    }

    /// The text without what surrounds it unseen, and whether a spreadsheet's text marks (`="…"`) were taken off.
    fn trimmed(self) -> (&'a str, bool) {
        match self {
            Self::Cell(cell) => clean(cell),
            text => (text.raw().trim(), false),
        }
    }

    /// The text that is to be read; what no such field may hold is refused.
    fn text(self) -> Result<Repaired<&'a str>, FieldProblem> {
        let (text, unmarked) = self.trimmed();
        if !self.is_cell() {
            let one_line = !text.chars().any(char::is_control);
            return one_line.then_some((text, None)).ok_or(FieldProblem::Unprintable);
        }
        if !text.is_empty() && matches!(safe_cell(text), Cow::Owned(_)) {
            return Err(FieldProblem::Formula);
        }
        refuse_sheet_error(text)?;
        Ok((text, unmarked.then_some(Repair::TextMark)))
    }
}

/// A cell without what surrounds it unseen, and whether a spreadsheet's text marks were taken off.
pub(crate) fn clean(cell: &str) -> (&str, bool) {
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

fn refuse_sheet_error(text: &str) -> Result<(), FieldProblem> {
    const ERRORS: [&str; 9] =
        ["#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#GETTING_DATA"];
    if text.starts_with('#') && ERRORS.contains(&text) { Err(FieldProblem::SheetError) } else { Ok(()) }
}

/// An id, alike in lists, reports, requests and forms.
pub fn read_id(given: Given<'_>) -> Result<ContactId, FieldProblem> {
    id(given).map(|(id, _)| id)
}

pub(super) fn id(given: Given<'_>) -> Result<Repaired<ContactId>, FieldProblem> {
    let (text, repair) = given.text()?;
    if text.is_empty() {
        return Err(FieldProblem::IdMissing);
    }
    if given.is_cell() && is_shortened(text) {
        return Err(FieldProblem::IdShortened);
    }
    let id = ContactId::parse(text).map_err(|_| FieldProblem::IdMalformed)?;
    Ok((id, repair))
}

/// `1.23457E+11`, as a spreadsheet shows and saves a long number.
fn is_shortened(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    text.split_once("E+").is_some_and(|(mantissa, power)| {
        let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
        whole.len() == 1 && digits(whole) && digits(fraction) && digits(power)
    })
}

/// A forename or surname; empty if nothing was given.
pub(super) fn name(given: Given<'_>) -> Result<Repaired<String>, FieldProblem> {
    let digits = given.raw().bytes().filter(u8::is_ascii_digit).count();
    if given.is_cell() && digits > MOST_DIGITS_IN_NAME {
        return Err(FieldProblem::NumberForName);
    }
    line(given, LONGEST_NAME)
}

/// Words with single spaces between them.
pub(super) fn line(given: Given<'_>, longest: usize) -> Result<Repaired<String>, FieldProblem> {
    let (text, repair) = given.text()?;
    Ok((words(text, longest)?, repair))
}

fn words(text: &str, longest: usize) -> Result<String, FieldProblem> {
    let mut words = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
    }
    if words.len() > longest && words.chars().count() > longest {
        return Err(FieldProblem::TooLong(longest));
    }
    if words.chars().any(char::is_control) {
        return Err(FieldProblem::Unprintable);
    }
    Ok(words)
}

/// A role; in a list also in the words of other systems, or `None` for an empty cell.
pub(super) fn role(given: Given<'_>) -> Result<Repaired<Option<ContactRole>>, FieldProblem> {
    let (text, repair) = given.text()?;
    if text.is_empty() && given.is_cell() {
        return Ok((None, repair));
    }
    let known = ContactRole::from_code(text);
    let role = known.or_else(|| if given.is_cell() { role_elsewhere(text) } else { None });
    Ok((Some(role.ok_or(FieldProblem::Role)?), repair))
}

/// A role in the words of other systems.
fn role_elsewhere(text: &str) -> Option<ContactRole> {
    #[rustfmt::skip]
    const WORDS: [(ContactRole, &[&str]); 4] = [
        (ContactRole::Parent, &[
            "parents", "carer", "guardian", "mother", "father", "mum", "dad", "parent/carer", "contact", "grandparent",
        ]),
        (ContactRole::Staff, &["teacher", "employee", "member of staff", "staff member"]),
        (ContactRole::Pupil, &["pupils", "student", "students", "learner", "child"]),
        (ContactRole::Other, &["governor"]),
    ];
    let names_it = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    WORDS.into_iter().find(|(_, words)| names_it(words)).map(|(role, _)| role)
}

/// What the telephone number is to be read from: as it came, for the marks around it are the number's reader to see.
/// `None` if nothing was given.
pub(super) fn phone_text(given: Given<'_>) -> Result<Option<&str>, FieldProblem> {
    let (text, _) = given.trimmed();
    refuse_sheet_error(text)?;
    Ok((!text.is_empty()).then_some(given.raw()))
}

/// An e-mail address; `None` if nothing was given.
pub(super) fn email(given: Given<'_>) -> Result<Repaired<Option<EmailAddress>>, FieldProblem> {
    let (text, repair) = given.text()?;
    let address = if text.is_empty() { None } else { Some(EmailAddress::parse(text)?) };
    Ok((address, repair))
}

/// Groups, each once: in a list's cell parted by `;`, `|` or a line break, in a text by commas.
pub(super) fn groups(given: Given<'_>) -> Result<Repaired<Vec<String>>, FieldProblem> {
    let mut groups = Vec::new();
    let repair = match given {
        Given::Cell(cell) => {
            let (text, unmarked) = clean(cell);
            for part in text.split([';', '|', '\n']) {
                add_group(&mut groups, Given::Cell(part))?;
            }
            unmarked.then_some(Repair::TextMark)
        }
        Given::Text(text) => {
            for part in text.split(',') {
                add_group(&mut groups, Given::Text(part))?;
            }
            None
        }
        Given::List(list) => {
            for name in list {
                if name.trim().is_empty() {
                    return Err(FieldProblem::BlankGroup);
                }
                add_group(&mut groups, Given::Text(name))?;
            }
            None
        }
    };
    Ok((groups, repair))
}

fn add_group(groups: &mut Vec<String>, given: Given<'_>) -> Result<(), FieldProblem> {
    let (group, _) = line(given, LONGEST_NAME)?;
    if group.is_empty() || groups.contains(&group) {
        return Ok(());
    }
    if groups.len() == MOST_GROUPS {
        return Err(FieldProblem::TooManyGroups);
    }
    groups.push(group);
    Ok(())
}
