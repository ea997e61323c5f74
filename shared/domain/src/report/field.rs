//! What a column of a report can hold.

use serde::{Deserialize, Serialize};

/// What a column of a report can hold. Each row is a pupil and one of the pupil's adults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportField {
    /// The MIS's id of the pupil; every row has one.
    PupilId,
    /// Given name.
    PupilForename,
    /// Family name.
    PupilSurname,
    /// Such as *Year 9*, *9* or *S3*.
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
    /// Home number.
    Home,
    /// Work number.
    Work,
    /// E-mail address.
    Email,
    /// *Mother*, *Father*…
    Relationship,
    /// 1 is asked first.
    Priority,
    /// Parental responsibility: yes or no.
    Responsibility,
    /// A court order bars contact: yes or no.
    CourtOrder,
}

/// Every field with its code and what a page calls it, in the order in which pages list them.
const FIELDS: [(ReportField, &str, &str); 19] = [
    (ReportField::PupilId, "pupil_id", "Pupil’s ID"),
    (ReportField::PupilForename, "pupil_forename", "Pupil’s forename"),
    (ReportField::PupilSurname, "pupil_surname", "Pupil’s surname"),
    (ReportField::Year, "year", "Year group"),
    (ReportField::Registration, "registration", "Registration group"),
    (ReportField::House, "house", "House"),
    (ReportField::Classes, "classes", "Classes, with semicolons between"),
    (ReportField::ContactId, "contact_id", "Contact’s ID"),
    (ReportField::ContactTitle, "contact_title", "Contact’s title"),
    (ReportField::ContactForename, "contact_forename", "Contact’s forename"),
    (ReportField::ContactSurname, "contact_surname", "Contact’s surname"),
    (ReportField::Mobile, "mobile", "Mobile"),
    (ReportField::Home, "home", "Home phone"),
    (ReportField::Work, "work", "Work phone"),
    (ReportField::Email, "email", "E-mail"),
    (ReportField::Relationship, "relationship", "Relationship"),
    (ReportField::Priority, "priority", "Priority"),
    (ReportField::Responsibility, "responsibility", "Parental responsibility"),
    (ReportField::CourtOrder, "court_order", "Court order or no contact"),
];

impl ReportField {
    /// Every field, in the order in which pages list them.
    pub fn all() -> impl Iterator<Item = Self> {
        FIELDS.iter().map(|(field, ..)| *field)
    }

    fn row(self) -> &'static (Self, &'static str, &'static str) {
        // Every field is in the table: a test sees to it.
        FIELDS.iter().find(|(field, ..)| *field == self).unwrap_or(&FIELDS[0])
    }

    /// The word in forms and rows.
    pub fn code(self) -> &'static str {
        self.row().1
    }

    /// The field of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::all().find(|field| field.code() == code)
    }

    /// What a page calls it.
    pub fn words(self) -> &'static str {
        self.row().2
    }
}
