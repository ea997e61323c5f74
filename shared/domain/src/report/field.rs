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

/// A field, its code, what a page calls it, and the folded headings by which any system may call its column.
type Entry = (ReportField, &'static str, &'static str, &'static [&'static str]);

/// In the order in which pages list them.
#[rustfmt::skip]
const FIELDS: &[Entry] = &[
    (ReportField::PupilId, "pupil_id", "Pupil’s ID", &[
        "pupilid", "studentid", "learnerid", "pupilpersonid", "personid", "adno", "admissionnumber", "admissionno",
        "pupilref", "pupilreference", "pupilnumber", "misid",
    ]),
    (ReportField::PupilForename, "pupil_forename", "Pupil’s forename", &[
        "pupilforename", "studentforename", "learnerforename", "pupilfirstname", "studentfirstname",
        "preferredforename", "chosenname", "forename1of2", "forename", "firstname",
    ]),
    (ReportField::PupilSurname, "pupil_surname", "Pupil’s surname", &[
        "pupilsurname", "studentsurname", "learnersurname", "pupillastname", "studentlastname", "preferredsurname",
        "surname1of2", "surname", "lastname",
    ]),
    (ReportField::Year, "year", "Year group", &[
        "year", "yeargroup", "ncyear", "yeartaughtin", "curriculumyear", "stage",
    ]),
    (ReportField::Registration, "registration", "Registration group", &[
        "registrationgroup", "reggroup", "reg", "registration", "tutorgroup", "form", "regclass",
    ]),
    (ReportField::House, "house", "House", &["house", "housename"]),
    (ReportField::Classes, "classes", "Classes, with semicolons between", &[
        "classes", "class", "teachinggroups", "groups",
    ]),
    (ReportField::ContactId, "contact_id", "Contact’s ID", &[
        "contactid", "contactpersonid", "contactref", "contactreference", "parentid", "carerid", "personid2of2",
        "contactnumberid",
    ]),
    (ReportField::ContactTitle, "contact_title", "Contact’s title", &[
        "contacttitle", "parenttitle", "title2of2", "title",
    ]),
    (ReportField::ContactForename, "contact_forename", "Contact’s forename", &[
        "contactforename", "contactfirstname", "parentforename", "parentfirstname", "forename2of2",
    ]),
    (ReportField::ContactSurname, "contact_surname", "Contact’s surname", &[
        "contactsurname", "contactlastname", "parentsurname", "parentlastname", "surname2of2",
    ]),
    (ReportField::Mobile, "mobile", "Mobile", &[
        "mobile", "mobilephone", "mobilenumber", "mobileno", "mobiletelephone", "contactmobile",
    ]),
    (ReportField::Home, "home", "Home phone", &[
        "home", "homephone", "hometelephone", "homenumber", "hometel", "telephone", "contacthomephone",
        "primaryphone",
    ]),
    (ReportField::Work, "work", "Work phone", &[
        "work", "workphone", "worktelephone", "worknumber", "worktel", "daytimephone",
    ]),
    (ReportField::Email, "email", "E-mail", &[
        "email", "emailaddress", "mainemail", "primaryemail", "homeemail", "contactemail",
    ]),
    (ReportField::Relationship, "relationship", "Relationship", &[
        "relationship", "relation", "relationshiptopupil", "relationshiptostudent", "relationtype",
    ]),
    (ReportField::Priority, "priority", "Priority", &["priority", "contactpriority", "contactorder", "order"]),
    (ReportField::Responsibility, "responsibility", "Parental responsibility", &[
        "parentalresponsibility", "responsibility", "hasparentalresponsibility", "pr",
    ]),
    (ReportField::CourtOrder, "court_order", "Court order or no contact", &[
        "courtorder", "nocontact", "contactbarred",
    ]),
];

impl ReportField {
    /// Every field, in the order in which pages list them.
    pub fn all() -> impl Iterator<Item = Self> {
        FIELDS.iter().map(|(field, ..)| *field)
    }

    fn entry(self) -> &'static Entry {
        // Every field is in the table: a test sees to it.
        FIELDS.iter().find(|(field, ..)| *field == self).unwrap_or(&FIELDS[0])
    }

    /// The word in forms and rows.
    pub fn code(self) -> &'static str {
        self.entry().1
    }

    /// The field of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::all().find(|field| field.code() == code)
    }

    /// What a page calls it.
    pub fn words(self) -> &'static str {
        self.entry().2
    }

    /// Folded headings by which any system may call its column.
    pub(super) fn headings(self) -> &'static [&'static str] {
        self.entry().3
    }
}
