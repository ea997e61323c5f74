//! A report that a school lets its MIS write: one row for each pupil and adult, whose columns a person has matched
//! once. SIMS, SEEMIS, e1 and Progresso all write such reports, each with headings of its own; CSV or an Excel
//! workbook.
//!
//! A row that cannot be understood is an error of the whole file: to leave it out would be to lose the people in it.
//! All of them are found at once, so that they can be mended at once.

use std::collections::BTreeMap;

use domain::contact::{ContactRole, FieldProblem, Given, PhoneLabel, read_id};
use domain::feed::{
    FeedGroup, FeedGroupRef, FeedPerson, FeedSchool, GroupKind, Part, Records, Tie, single_spaced,
};
use domain::ids::ContactId;
use domain::import::Finding;
use domain::report::{ReportField, ReportLook, ReportMapping, ReportProblem, ReportSystem, look, place};
use domain::sync::{FileCounts, MAX_FILE_FINDINGS};
use sheets::ListText;

use super::tidy::{self, emails, named, no, numbers, some, yes};
use super::{Mis, MisError, Progress, Query, ReadingSoon};

/// Longest part of a cell that is shown, in characters.
const LONGEST_SHOWN: usize = 40;

/// How a school has its reports read.
#[derive(Debug, Clone, Copy)]
pub struct ReportRules<'s> {
    /// The school's name, which no report holds.
    pub school: &'s str,
    /// Which system writes them.
    pub system: ReportSystem,
    /// Which column holds what.
    pub mapping: &'s ReportMapping,
}

/// Why a report is not read. `Display` is a sentence for a page and names nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// It is not the report that was matched, or has nothing in it.
    #[error(transparent)]
    Whole(#[from] ReportProblem),
    /// Some of its rows cannot be understood.
    #[error("{}", rows_words(*.count, .findings))]
    Rows {
        /// What is wrong where, as far as it is kept.
        findings: Vec<Finding>,
        /// How much is wrong in all.
        count: usize,
    },
}

fn rows_words(count: usize, findings: &[Finding]) -> String {
    let (what, first) = (if count == 1 { "thing is" } else { "things are" }, findings.first());
    let first = first.map_or_else(String::new, |f| format!(" Row {}: {}", f.row, f.message));
    format!("{count} {what} wrong with the rows of the file, so none of them is used.{first}")
}

/// A report that was read whole and understood.
pub struct MappedFile {
    school: String,
    pupils: BTreeMap<ContactId, FeedPerson>,
    contacts: BTreeMap<ContactId, FeedPerson>,
    ties: BTreeMap<(ContactId, ContactId), Tie>,
    groups: Vec<FeedGroup>,
}

impl MappedFile {
    /// What a report's columns are, whether they are matched or not.
    pub fn look(list: &ListText, rules: ReportRules<'_>) -> Result<ReportLook, ReportProblem> {
        look(&list.sheet(), rules.system, rules.mapping)
    }

    /// Reads a report, or says everything that is wrong with it.
    pub fn new(list: &ListText, rules: ReportRules<'_>) -> Result<Self, ReportError> {
        let sheet = list.sheet();
        let seen = look(&sheet, rules.system, rules.mapping)?;
        let columns: BTreeMap<ReportField, usize> =
            place(&seen.columns, rules.mapping)?.into_iter().collect();
        let mut reader =
            Reader { rules, columns: &columns, rows_of: BTreeMap::new(), wrong: Vec::new(), count: 0 };
        let mut read = Self {
            school: single_spaced(rules.school),
            pupils: BTreeMap::new(),
            contacts: BTreeMap::new(),
            ties: BTreeMap::new(),
            groups: Vec::new(),
        };
        let mut rows = sheet.rows();
        while let Some((number, row)) = rows.next_row() {
            if number <= seen.heading_row {
                continue;
            }
            if row.len() < seen.columns.len() {
                let words = format!(
                    "This row has only {} of {} cells: the file may have been cut off.",
                    row.len(),
                    seen.columns.len()
                );
                reader.says(number, None, "", words);
                continue;
            }
            let cells: Vec<&str> = row.iter().map(str::trim).collect();
            reader.row(&mut read, Row { number, cells: &cells });
        }
        if reader.count > 0 {
            return Err(ReportError::Rows { findings: reader.wrong, count: reader.count });
        }
        read.groups = tidy::groups(std::mem::take(&mut read.groups));
        Ok(read)
    }

    /// How much is in it.
    pub fn counts(&self) -> FileCounts {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        FileCounts {
            pupils: count(self.pupils.len()),
            contacts: count(self.contacts.len()),
            ties: count(self.ties.len()),
            staff: 0,
        }
    }

    fn records(&self, part: Part) -> Result<Records, MisError> {
        Ok(match part {
            Part::School => Records::School(FeedSchool { name: self.school.clone() }),
            Part::Pupils => Records::Pupils(self.pupils.values().cloned().collect()),
            Part::Contacts => Records::Contacts {
                people: self.contacts.values().cloned().collect(),
                ties: self.ties.values().cloned().collect(),
            },
            Part::Groups => Records::Groups(self.groups.clone()),
            Part::Staff | Part::Attendance => return Err(MisError::NotCarried),
        })
    }
}

impl Mis for MappedFile {
    fn carries(&self, part: Part) -> bool {
        !matches!(part, Part::Staff | Part::Attendance)
    }

    fn read<'a>(&'a self, query: Query, progress: &'a dyn Progress) -> ReadingSoon<'a> {
        Box::pin(async move { Ok(query.of_file(self.records(query.part)?, progress)) })
    }
}

/// One row of a report.
#[derive(Clone, Copy)]
struct Row<'c> {
    number: u32,
    cells: &'c [&'c str],
}

/// Whom a row speaks of, to find rows that contradict each other.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Whom {
    Pupil(ContactId),
    Contact(ContactId),
    Pair(ContactId, ContactId),
}

/// Reads rows, and gathers what is wrong with them.
struct Reader<'r> {
    rules: ReportRules<'r>,
    columns: &'r BTreeMap<ReportField, usize>,
    /// The row that spoke of somebody first.
    rows_of: BTreeMap<Whom, u32>,
    wrong: Vec<Finding>,
    count: usize,
}

impl Reader<'_> {
    fn says(&mut self, row: u32, field: Option<ReportField>, value: &str, message: impl Into<String>) {
        self.count += 1;
        if self.wrong.len() < MAX_FILE_FINDINGS {
            let column =
                field.and_then(|field| self.columns.get(&field)).and_then(|at| u16::try_from(*at).ok());
            let value = value.chars().take(LONGEST_SHOWN).collect();
            self.wrong.push(Finding { row, column, value, message: message.into() });
        }
    }

    fn cell<'c>(&self, row: Row<'c>, field: ReportField) -> Option<&'c str> {
        some(self.columns.get(&field).and_then(|at| row.cells.get(*at)).copied())
    }

    fn text(&self, row: Row<'_>, field: ReportField) -> String {
        self.cell(row, field).map(single_spaced).unwrap_or_default()
    }

    fn id(&mut self, row: Row<'_>, field: ReportField) -> Option<ContactId> {
        let text = self.cell(row, field).unwrap_or_default();
        let problem = match read_id(Given::Cell(text)) {
            Ok(id) => return Some(id),
            Err(problem) => problem,
        };
        let words = match problem {
            FieldProblem::IdMissing => "There is no ID, so nobody can tell whose row this is.".to_owned(),
            FieldProblem::IdShortened => {
                "A spreadsheet has shortened this ID and its last digits are lost. Let the MIS write the report \
                 again, and do not save it from Excel."
                    .to_owned()
            }
            other => other.to_string(),
        };
        self.says(row.number, Some(field), text, words);
        None
    }

    /// Yes or no. What is neither must not be taken for a no: it may bar somebody.
    fn yes(&mut self, row: Row<'_>, field: ReportField) -> bool {
        let Some(text) = self.cell(row, field) else { return false };
        if !no(text) && !yes(Some(text)) {
            self.says(row.number, Some(field), text, "This must be yes or no, or empty for no.");
        }
        yes(Some(text))
    }

    fn priority(&mut self, row: Row<'_>) -> Option<u8> {
        let text = self.cell(row, ReportField::Priority)?;
        let priority = text.parse::<u8>().ok();
        if priority.is_none() {
            let words = "A priority is a number from 1 to 255, or empty for none.";
            self.says(row.number, Some(ReportField::Priority), text, words);
        }
        priority.filter(|priority| *priority > 0)
    }

    fn row(&mut self, read: &mut MappedFile, row: Row<'_>) {
        use ReportField as F;
        let Some(pupil) = self.pupil(row) else { return };
        for class in self.cell(row, F::Classes).unwrap_or_default().split(';') {
            if let Some(group) = FeedGroupRef::new(GroupKind::Class, class) {
                read.groups.push(FeedGroup { group, members: vec![pupil.id.clone()] });
            }
        }
        let pupil_id = pupil.id.clone();
        if read.contacts.contains_key(&pupil_id) {
            let words =
                "This ID is also that of a contact. Let the report give IDs that no two people share.";
            self.says(row.number, Some(F::PupilId), pupil_id.as_str(), words);
        }
        self.keep(row, Whom::Pupil(pupil_id.clone()), &mut read.pupils, pupil_id.clone(), pupil);
        if self.cell(row, F::ContactId).is_none() {
            let named = [F::ContactForename, F::ContactSurname, F::Mobile, F::Home, F::Work, F::Email];
            if named.into_iter().any(|field| self.cell(row, field).is_some()) {
                self.says(
                    row.number,
                    Some(F::ContactId),
                    "",
                    "There is a contact in this row, and no ID of theirs.",
                );
            }
            return;
        }
        let Some(contact) = self.contact(row) else { return };
        if read.pupils.contains_key(&contact.id) {
            let words = "This ID is also that of a pupil. Let the report give IDs that no two people share.";
            self.says(row.number, Some(F::ContactId), contact.id.as_str(), words);
        }
        let tie = Tie {
            pupil: pupil_id.clone(),
            contact: contact.id.clone(),
            kind: self.text(row, F::Relationship),
            priority: self.priority(row),
            responsibility: self.yes(row, F::Responsibility),
            court_order: self.yes(row, F::CourtOrder),
        };
        let contact_id = contact.id.clone();
        self.keep(row, Whom::Contact(contact_id.clone()), &mut read.contacts, contact_id.clone(), contact);
        let pair = (pupil_id.clone(), contact_id.clone());
        self.keep(row, Whom::Pair(pupil_id, contact_id), &mut read.ties, pair, tie);
    }

    fn pupil(&mut self, row: Row<'_>) -> Option<FeedPerson> {
        use ReportField as F;
        Some(FeedPerson {
            forename: self.text(row, F::PupilForename),
            surname: self.text(row, F::PupilSurname),
            groups: named([
                self.cell(row, F::Year)
                    .and_then(|year| FeedGroupRef::new(GroupKind::Year, &self.rules.system.year_name(year))),
                self.cell(row, F::House).and_then(|house| FeedGroupRef::new(GroupKind::House, house)),
                self.cell(row, F::Registration)
                    .and_then(|group| FeedGroupRef::new(GroupKind::Registration, group)),
            ]),
            ..FeedPerson::new(self.id(row, F::PupilId)?, ContactRole::Pupil)
        })
    }

    fn contact(&mut self, row: Row<'_>) -> Option<FeedPerson> {
        use ReportField as F;
        Some(FeedPerson {
            title: self.cell(row, F::ContactTitle).map(str::to_owned),
            forename: self.text(row, F::ContactForename),
            surname: self.text(row, F::ContactSurname),
            numbers: numbers([
                (PhoneLabel::Mobile, self.cell(row, F::Mobile)),
                (PhoneLabel::Home, self.cell(row, F::Home)),
                (PhoneLabel::Work, self.cell(row, F::Work)),
            ]),
            emails: emails([self.cell(row, F::Email)]),
            ..FeedPerson::new(self.id(row, F::ContactId)?, ContactRole::Parent)
        })
    }

    /// Keeps what a row says; another row that says something else of the same person or pair contradicts it.
    fn keep<K: Ord, V: PartialEq>(
        &mut self,
        row: Row<'_>,
        whom: Whom,
        all: &mut BTreeMap<K, V>,
        key: K,
        value: V,
    ) {
        match all.get(&key) {
            Some(known) if *known == value => {}
            Some(_) => {
                let first = self.rows_of.get(&whom).copied().unwrap_or_default();
                let (field, what) = match whom {
                    Whom::Pupil(_) => (ReportField::PupilId, "the same pupil"),
                    Whom::Contact(_) => (ReportField::ContactId, "the same contact"),
                    Whom::Pair(..) => (ReportField::ContactId, "the same pupil and contact"),
                };
                let words = format!("This row and row {first} say different things of {what}.");
                self.says(row.number, Some(field), "", words);
            }
            None => {
                all.insert(key, value);
                self.rows_of.insert(whom, row.number);
            }
        }
    }
}
