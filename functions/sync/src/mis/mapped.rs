//! A report that a school lets its MIS write: one row for each pupil and adult, whose columns a person has named once.
//! SIMS, SEEMIS, e1 and Progresso all write such reports, each with headings of its own.
//!
//! The file is CSV; a workbook is rewritten as CSV where uploads are taken. A row that cannot be understood is an error
//! of the whole file: to leave it out would be to lose the people in it.

use std::collections::BTreeMap;

use domain::contact::{ContactRole, PhoneLabel};
use domain::feed::{
    FeedGroup, FeedGroupRef, FeedPerson, FeedSchool, GroupKind, Part, Reading, Records, Tie, single_spaced,
};
use domain::ids::ContactId;
use domain::import::Sheet;
use domain::tabular::decode;
use runtime::BoxFuture;
use serde::{Deserialize, Serialize};

use super::tidy::{self, emails, id, named, numbers, some, yes};
use super::{Mis, MisError, Progress, Query};

/// Rows of a file.
const MOST_ROWS: usize = 200_000;

/// What a column of a report can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportField {
    /// The MIS's id of the pupil; every row has one.
    PupilId,
    /// Given name.
    PupilForename,
    /// Family name.
    PupilSurname,
    /// Such as *Year 9* or *9*.
    Year,
    /// Registration or tutor group.
    Registration,
    /// House.
    House,
    /// Teaching groups, parted by semicolons.
    Classes,
    /// The MIS's id of the adult; a row without one is a pupil without an adult.
    ContactId,
    /// Mr, Ms, Dr…
    ContactTitle,
    /// Given name.
    ContactForename,
    /// Family name.
    ContactSurname,
    /// Mobile number.
    Mobile,
    /// Number at home.
    Home,
    /// Number at work.
    Work,
    /// E-mail address.
    Email,
    /// *Mother*, *Father*…
    Relationship,
    /// 1 is asked first.
    Priority,
    /// Parental responsibility: yes, true, 1, Y or T.
    Responsibility,
    /// A court order bars contact: likewise.
    CourtOrder,
}

/// Which heading holds which field; kept for the school and used for every file that comes.
pub type ReportMapping = BTreeMap<ReportField, String>;

/// A report that was read whole and understood.
pub struct MappedFile {
    school: String,
    pupils: BTreeMap<ContactId, FeedPerson>,
    contacts: BTreeMap<ContactId, FeedPerson>,
    ties: BTreeMap<(ContactId, ContactId), Tie>,
    groups: Vec<FeedGroup>,
}

impl MappedFile {
    /// Reads a report. `school` is the school's name, which no report holds.
    pub fn new(school: &str, file: &[u8], mapping: &ReportMapping) -> Result<Self, MisError> {
        let text = decode(file).map_err(|_| MisError::Malformed("a file that is not text".to_owned()))?.text;
        let sheet = Sheet::detect(&text);
        let mut rows = sheet.rows();
        let headings: Vec<String> = match rows.next_row() {
            Some((_, row)) => row.iter().map(folded).collect(),
            None => return Err(MisError::Truncated("the file is empty")),
        };
        let columns = columns(&headings, mapping)?;
        let mut read = Self {
            school: single_spaced(school),
            pupils: BTreeMap::new(),
            contacts: BTreeMap::new(),
            ties: BTreeMap::new(),
            groups: Vec::new(),
        };
        let mut count = 0;
        while let Some((number, row)) = rows.next_row() {
            count += 1;
            if count > MOST_ROWS {
                return Err(MisError::TooLarge("a file"));
            }
            if row.len() < headings.len() {
                return Err(MisError::Truncated("a row with fewer cells than headings"));
            }
            let cell = |field: ReportField| {
                columns.get(&field).and_then(|at| row.get(*at)).and_then(|c| some(Some(c)))
            };
            read.add(&cell).map_err(|error| at_row(error, number))?;
        }
        let groups = std::mem::take(&mut read.groups);
        read.groups = tidy::groups(groups);
        Ok(read)
    }

    fn add<'c>(&mut self, cell: &impl Fn(ReportField) -> Option<&'c str>) -> Result<(), MisError> {
        use ReportField as F;
        let text = |field| cell(field).map(single_spaced).unwrap_or_default();
        let pupil = FeedPerson {
            id: id("", cell(F::PupilId))?,
            role: ContactRole::Pupil,
            title: None,
            forename: text(F::PupilForename),
            surname: text(F::PupilSurname),
            numbers: Vec::new(),
            emails: Vec::new(),
            groups: named([
                cell(F::Year).and_then(|year| FeedGroupRef::new(GroupKind::Year, &year_name(year))),
                cell(F::House).and_then(|house| FeedGroupRef::new(GroupKind::House, house)),
                cell(F::Registration).and_then(|group| FeedGroupRef::new(GroupKind::Registration, group)),
            ]),
        };
        for class in cell(F::Classes).unwrap_or_default().split(';') {
            if let Some(group) = FeedGroupRef::new(GroupKind::Class, class) {
                self.groups.push(FeedGroup { group, members: vec![pupil.id.clone()] });
            }
        }
        let pupil_id = pupil.id.clone();
        same(&mut self.pupils, pupil_id.clone(), pupil)?;
        if cell(F::ContactId).is_none() {
            return Ok(());
        }
        let contact = FeedPerson {
            id: id("", cell(F::ContactId))?,
            role: ContactRole::Parent,
            title: cell(F::ContactTitle).map(str::to_owned),
            forename: text(F::ContactForename),
            surname: text(F::ContactSurname),
            numbers: numbers([
                (PhoneLabel::Mobile, cell(F::Mobile)),
                (PhoneLabel::Home, cell(F::Home)),
                (PhoneLabel::Work, cell(F::Work)),
            ]),
            emails: emails([cell(F::Email)]),
            groups: Vec::new(),
        };
        let tie = Tie {
            pupil: pupil_id,
            contact: contact.id.clone(),
            kind: text(F::Relationship),
            priority: cell(F::Priority).and_then(|p| p.parse().ok()).filter(|p| *p > 0),
            responsibility: yes(cell(F::Responsibility)),
            court_order: yes(cell(F::CourtOrder)),
        };
        same(&mut self.contacts, contact.id.clone(), contact)?;
        same(&mut self.ties, (tie.pupil.clone(), tie.contact.clone()), tie)
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

    fn read<'a>(
        &'a self,
        query: Query,
        progress: &'a dyn Progress,
    ) -> BoxFuture<'a, Result<Reading, MisError>> {
        Box::pin(async move {
            let records = self.records(query.part)?;
            progress.rows(records.len() as u64, Some(records.len() as u64));
            Ok(Reading { records, whole: true })
        })
    }
}

/// A heading as it is compared: small letters and digits.
fn folded(heading: &str) -> String {
    heading.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The place of each mapped column. One that the file has not, or has twice, makes it another report.
fn columns(headings: &[String], mapping: &ReportMapping) -> Result<BTreeMap<ReportField, usize>, MisError> {
    if !mapping.contains_key(&ReportField::PupilId) || !mapping.contains_key(&ReportField::ContactId) {
        return Err(MisError::Malformed("a mapping without the ids".to_owned()));
    }
    let mut columns = BTreeMap::new();
    for (field, heading) in mapping {
        let wanted = folded(heading);
        let mut found = headings.iter().enumerate().filter(|(_, h)| **h == wanted).map(|(at, _)| at);
        match (found.next(), found.next()) {
            (Some(at), None) => columns.insert(*field, at),
            _ => {
                return Err(MisError::Malformed(
                    "a file without a column that was mapped, or with two".to_owned(),
                ));
            }
        };
    }
    Ok(columns)
}

fn year_name(year: &str) -> String {
    year.parse::<u8>().map_or_else(|_| year.to_owned(), |number| format!("Year {number}"))
}

/// Keeps what a row says; another row that says something else of the same person or pair makes the file a mixture.
fn same<K: Ord, V: PartialEq>(all: &mut BTreeMap<K, V>, key: K, value: V) -> Result<(), MisError> {
    match all.get(&key) {
        Some(known) if *known == value => Ok(()),
        Some(_) => Err(MisError::Malformed("two rows that contradict each other".to_owned())),
        None => {
            all.insert(key, value);
            Ok(())
        }
    }
}

/// Says in which row a file is wrong, as a spreadsheet numbers it.
fn at_row(error: MisError, number: u32) -> MisError {
    match error {
        MisError::Malformed(what) => MisError::Malformed(format!("{what}, row {number}")),
        other => other,
    }
}
