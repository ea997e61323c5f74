//! OneRoster as a package: a zip file of CSV files, with a manifest of which are whole.

use std::collections::HashMap;
use std::io::{Cursor, Read as _};

use domain::feed::{FeedSchool, Part, Records, single_spaced};
use domain::sync::FileCounts;
use domain::tabular::decode;
use zip::ZipArchive;

use super::model::{self, Class, Enrolment, User};
use crate::mis::{Mis, MisError, Progress, Query, ReadingSoon};

/// The files that are read; others are not unpacked.
const NEEDED: [&str; 6] =
    ["manifest.csv", "orgs.csv", "users.csv", "roles.csv", "classes.csv", "enrollments.csv"];
/// Entries of a package.
const MOST_ENTRIES: usize = 200;
/// Bytes that the files together may unpack to, whatever the package says of them.
const MOST_BYTES: u64 = 64 << 20;
/// Rows of one file.
const MOST_ROWS: usize = 200_000;

/// A package that was read whole and understood.
pub struct OneRosterCsv {
    school: String,
    users: Vec<User>,
    classes: Vec<Class>,
    enrolments: Vec<Enrolment>,
}

/// A row by its headings, which are compared without capitals and spaces.
type Row = HashMap<String, String>;

impl OneRosterCsv {
    /// Unpacks and reads a package.
    pub fn new(package: &[u8]) -> Result<Self, MisError> {
        let files = unpack(package)?;
        let manifest = manifest(&files)?;
        let whole = |name: &str| manifest.get(&format!("file.{name}")).map(String::as_str);
        for name in ["orgs", "users", "roles", "classes", "enrollments"] {
            match whole(name) {
                Some(mode)
                    if mode.eq_ignore_ascii_case("bulk") && !files.contains_key(&format!("{name}.csv")) =>
                {
                    return Err(MisError::Truncated("a file that the manifest names is missing"));
                }
                Some(mode) if mode.eq_ignore_ascii_case("delta") => {
                    return Err(MisError::Malformed("a package of changes only".to_owned()));
                }
                _ => {}
            }
        }
        let rows = |name: &str| files.get(name).map(|bytes| rows(bytes)).transpose();
        let missing = || MisError::Truncated("a file is missing");
        let orgs = rows("orgs.csv")?.ok_or_else(missing)?;
        let users = rows("users.csv")?.ok_or_else(missing)?;
        let roles = rows("roles.csv")?.unwrap_or_default();
        Ok(Self {
            school: school(&orgs)?,
            users: users_of(&users, &roles)?,
            classes: rows("classes.csv")?.unwrap_or_default().iter().map(class).collect(),
            enrolments: rows("enrollments.csv")?.unwrap_or_default().iter().map(enrolment).collect(),
        })
    }

    /// How much is in it.
    pub fn counts(&self) -> Result<FileCounts, MisError> {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let (contacts, ties) = match self.records(Part::Contacts)? {
            Records::Contacts { people, ties } => (people.len(), ties.len()),
            _ => (0, 0),
        };
        Ok(FileCounts {
            pupils: count(self.records(Part::Pupils)?.len()),
            contacts: count(contacts),
            ties: count(ties),
            staff: count(self.records(Part::Staff)?.len()),
        })
    }

    fn records(&self, part: Part) -> Result<Records, MisError> {
        match part {
            Part::School => Ok(Records::School(FeedSchool { name: self.school.clone() })),
            Part::Pupils => model::pupils(&self.users, None),
            Part::Contacts => model::contacts(&self.users, None),
            Part::Staff => model::staff(&self.users, None),
            Part::Groups => model::groups(&self.classes, &self.enrolments, None),
            Part::Attendance => Err(MisError::NotCarried),
        }
    }
}

impl Mis for OneRosterCsv {
    fn carries(&self, part: Part) -> bool {
        part != Part::Attendance
    }

    fn read<'a>(&'a self, query: Query, progress: &'a dyn Progress) -> ReadingSoon<'a> {
        Box::pin(async move { Ok(query.of_file(self.records(query.part)?, progress)) })
    }
}

/// The files by their names in small letters, whichever folder they lie in.
fn unpack(package: &[u8]) -> Result<HashMap<String, Vec<u8>>, MisError> {
    let broken = |_| MisError::Truncated("the package is no whole zip file");
    let mut archive = ZipArchive::new(Cursor::new(package)).map_err(broken)?;
    if archive.len() > MOST_ENTRIES {
        return Err(MisError::TooLarge("a package"));
    }
    let mut files = HashMap::new();
    let mut left = MOST_BYTES;
    for n in 0..archive.len() {
        let entry = archive.by_index(n).map_err(broken)?;
        let name =
            entry.name().map_err(broken)?.rsplit(['/', '\\']).next().unwrap_or_default().to_lowercase();
        if !NEEDED.contains(&name.as_str()) {
            continue;
        }
        let mut bytes = Vec::new();
        // What it says of its size may be a lie, so it is measured while it is unpacked.
        let read = entry.take(left + 1).read_to_end(&mut bytes);
        read.map_err(|_| MisError::Truncated("a file of the package is damaged"))?;
        left = left.checked_sub(bytes.len() as u64).ok_or(MisError::TooLarge("the files of the package"))?;
        if files.insert(name, bytes).is_some() {
            return Err(MisError::Malformed("the same file twice".to_owned()));
        }
    }
    Ok(files)
}

/// A heading as it is compared.
fn folded(heading: &str) -> String {
    heading.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

fn rows(bytes: &[u8]) -> Result<Vec<Row>, MisError> {
    let text = decode(bytes).map_err(|_| MisError::Malformed("a file that is not text".to_owned()))?.text;
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let wrong = |_| MisError::Malformed("a file that is not CSV".to_owned());
    let headings: Vec<String> = reader.headers().map_err(wrong)?.iter().map(folded).collect();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(wrong)?;
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if rows.len() == MOST_ROWS {
            return Err(MisError::TooLarge("a file of the package"));
        }
        let short = record.len() < headings.iter().filter(|heading| !heading.is_empty()).count();
        if short && reader_at_end(&record, text.len()) && !text.ends_with(['\n', '\r']) {
            return Err(MisError::Truncated("a file ends within a row"));
        }
        let cells = headings.iter().zip(record.iter()).filter(|(heading, _)| !heading.is_empty());
        rows.push(cells.map(|(heading, cell)| (heading.clone(), cell.trim().to_owned())).collect());
    }
    Ok(rows)
}

/// Whether a record is the last: what follows it could only be its own line break.
fn reader_at_end(record: &csv::StringRecord, length: usize) -> bool {
    let start = record.position().map_or(0, csv::Position::byte);
    // Quotation marks and separators lie between the cells, so the end is looked for a little beyond them.
    start + record.as_slice().len() as u64 + 3 * record.len() as u64 >= length as u64
}

fn manifest(files: &HashMap<String, Vec<u8>>) -> Result<HashMap<String, String>, MisError> {
    let bytes = files.get("manifest.csv").ok_or(MisError::Truncated("the package has no manifest"))?;
    let named = |row: &Row| Some((cell(row, "propertyname")?, cell(row, "value").unwrap_or_default()));
    Ok(rows(bytes)?.iter().filter_map(named).collect())
}

fn cell(row: &Row, heading: &str) -> Option<String> {
    row.get(heading).filter(|text| !text.is_empty()).cloned()
}

fn first(row: &Row, headings: &[&str]) -> String {
    headings.iter().find_map(|heading| cell(row, heading)).unwrap_or_default()
}

/// A list in one cell: parted by commas, or written as `{one},{two}`.
fn list(row: &Row, heading: &str) -> Vec<String> {
    let text = cell(row, heading).unwrap_or_default();
    let parts = text.split(',').map(|part| part.trim().trim_matches(['{', '}', '[', ']']).trim().to_owned());
    parts.filter(|part| !part.is_empty()).collect()
}

/// In bulk files the status is left empty.
fn is_active(row: &Row) -> bool {
    cell(row, "status").is_none_or(|status| status.eq_ignore_ascii_case("active"))
}

fn school(orgs: &[Row]) -> Result<String, MisError> {
    let is = |row: &&Row, kind: &str| {
        cell(row, "type").is_some_and(|k| k.eq_ignore_ascii_case(kind)) && is_active(row)
    };
    let mut schools = orgs.iter().filter(|row| is(row, "school"));
    match (schools.next().and_then(|row| cell(row, "name")), schools.next()) {
        (Some(name), None) => Ok(single_spaced(&name)),
        (Some(_), Some(_)) => Err(MisError::Malformed("a package of several schools".to_owned())),
        (None, _) => Err(MisError::Malformed("a package without a school".to_owned())),
    }
}

fn users_of(users: &[Row], roles: &[Row]) -> Result<Vec<User>, MisError> {
    let mut held: HashMap<String, Vec<(String, Option<String>)>> = HashMap::new();
    for row in roles.iter().filter(|row| is_active(row)) {
        if let (Some(user), Some(role)) = (cell(row, "usersourcedid"), cell(row, "role")) {
            held.entry(user).or_default().push((role, None));
        }
    }
    let mut all = Vec::with_capacity(users.len());
    for row in users {
        let id = cell(row, "sourcedid");
        let id = id.ok_or_else(|| MisError::Malformed("a user without an id".to_owned()))?;
        let mut roles = held.get(&id).cloned().unwrap_or_default();
        roles.extend(cell(row, "role").map(|role| (role, None)));
        all.push(User {
            active: is_active(row),
            roles,
            forename: first(
                row,
                &["preferredgivenname", "prefferedgivenname", "preferredfirstname", "givenname"],
            ),
            surname: first(
                row,
                &["preferredfamilyname", "prefferedfamilyname", "preferredlastname", "familyname"],
            ),
            email: cell(row, "email"),
            sms: cell(row, "sms"),
            phone: cell(row, "phone"),
            agents: list(row, "agentsourcedids"),
            grades: list(row, "grades"),
            id,
        });
    }
    Ok(all)
}

fn class(row: &Row) -> Class {
    Class {
        id: first(row, &["sourcedid"]),
        active: is_active(row),
        title: first(row, &["title"]),
        homeroom: first(row, &["classtype"]).eq_ignore_ascii_case("homeroom"),
        school: None,
    }
}

fn enrolment(row: &Row) -> Enrolment {
    Enrolment {
        active: is_active(row),
        class: first(row, &["classsourcedid"]),
        user: first(row, &["usersourcedid"]),
    }
}
