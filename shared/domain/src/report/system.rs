//! The systems that write reports, and the headings that they are likely to use.

use super::look::{ReportColumn, folded};
use super::{ReportField as F, ReportMapping};

/// The system that writes a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportSystem {
    /// SIMS.
    Sims,
    /// SEEMIS, in Scotland.
    Seemis,
    /// e1.
    E1,
    /// Progresso.
    Progresso,
    /// Any other.
    Other,
}

/// Headings by the field that they name. A system's own come first, these after.
type Headings = &'static [(F, &'static [&'static str])];

#[rustfmt::skip]
const COMMON: Headings = &[
    (F::PupilId, &["pupilid", "studentid", "learnerid", "pupilpersonid", "personid", "adno", "admissionnumber",
        "admissionno", "pupilref", "pupilreference", "pupilnumber", "misid"]),
    (F::PupilForename, &["pupilforename", "studentforename", "learnerforename", "pupilfirstname", "studentfirstname",
        "preferredforename", "chosenname", "forename1of2", "forename", "firstname"]),
    (F::PupilSurname, &["pupilsurname", "studentsurname", "learnersurname", "pupillastname", "studentlastname",
        "preferredsurname", "surname1of2", "surname", "lastname"]),
    (F::Year, &["year", "yeargroup", "ncyear", "yeartaughtin", "curriculumyear", "stage"]),
    (F::Registration, &["registrationgroup", "reggroup", "reg", "registration", "tutorgroup", "form", "regclass"]),
    (F::House, &["house", "housename"]),
    (F::Classes, &["classes", "class", "teachinggroups", "groups"]),
    (F::ContactId, &["contactid", "contactpersonid", "contactref", "contactreference", "parentid", "carerid",
        "personid2of2", "contactnumberid"]),
    (F::ContactTitle, &["contacttitle", "parenttitle", "title2of2", "title"]),
    (F::ContactForename, &["contactforename", "contactfirstname", "parentforename", "parentfirstname", "forename2of2"]),
    (F::ContactSurname, &["contactsurname", "contactlastname", "parentsurname", "parentlastname", "surname2of2"]),
    (F::Mobile, &["mobile", "mobilephone", "mobilenumber", "mobileno", "mobiletelephone", "contactmobile"]),
    (F::Home, &["home", "homephone", "hometelephone", "homenumber", "hometel", "telephone", "contacthomephone",
        "primaryphone"]),
    (F::Work, &["work", "workphone", "worktelephone", "worknumber", "worktel", "daytimephone"]),
    (F::Email, &["email", "emailaddress", "mainemail", "primaryemail", "homeemail", "contactemail"]),
    (F::Relationship, &["relationship", "relation", "relationshiptopupil", "relationshiptostudent", "relationtype"]),
    (F::Priority, &["priority", "contactpriority", "contactorder", "order"]),
    (F::Responsibility, &["parentalresponsibility", "responsibility", "hasparentalresponsibility", "pr"]),
    (F::CourtOrder, &["courtorder", "nocontact", "contactbarred"]),
];

#[rustfmt::skip]
const SIMS: Headings = &[
    (F::PupilId, &["adno", "personid1of2", "personid"]),
    (F::Year, &["yeartaughtin"]),
    (F::Registration, &["reg"]),
    (F::ContactId, &["contactpersonid", "personid2of2"]),
    (F::Home, &["primaryphone", "telephone"]),
    (F::Email, &["mainemail", "primaryemail"]),
];

#[rustfmt::skip]
const SEEMIS: Headings = &[
    (F::PupilId, &["pupilref", "pupilno", "scn"]),
    (F::PupilForename, &["knownas", "knownname"]),
    (F::Year, &["stage", "yearstage"]),
    (F::Registration, &["regclass", "class"]),
    (F::ContactId, &["contactref", "contactno"]),
    (F::Responsibility, &["parentalrightsandresponsibilities", "prr", "parentalrights"]),
];

#[rustfmt::skip]
const E1: Headings = &[
    (F::PupilId, &["pupilid", "pupilreference"]),
    (F::Registration, &["form", "tutorgroup"]),
    (F::ContactId, &["contactid", "contactreference"]),
    (F::Home, &["homephone", "telephone1"]),
];

#[rustfmt::skip]
const PROGRESSO: Headings = &[
    (F::PupilId, &["learnerid", "learnercode"]),
    (F::Year, &["ncyear"]),
    (F::Registration, &["tutorgroup"]),
    (F::ContactId, &["contactpersonid", "contactcode"]),
];

impl ReportSystem {
    /// Every system, in the order in which they are offered.
    pub const ALL: [Self; 5] = [Self::Sims, Self::Seemis, Self::E1, Self::Progresso, Self::Other];

    /// The code, as the settings hold it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Sims => "sims",
            Self::Seemis => "seemis",
            Self::E1 => "e1",
            Self::Progresso => "progresso",
            Self::Other => "other",
        }
    }

    /// The system of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|system| system.code() == code)
    }

    /// For people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Sims => "SIMS",
            Self::Seemis => "SEEMIS",
            Self::E1 => "e1",
            Self::Progresso => "Progresso",
            Self::Other => "Another system",
        }
    }

    const fn headings(self) -> Headings {
        match self {
            Self::Sims => SIMS,
            Self::Seemis => SEEMIS,
            Self::E1 => E1,
            Self::Progresso => PROGRESSO,
            Self::Other => &[],
        }
    }

    /// Whether a folded heading is one that reports use.
    pub(super) fn knows(self, folded: &str) -> bool {
        let has = |headings: Headings| headings.iter().any(|(_, names)| names.contains(&folded));
        has(self.headings()) || has(COMMON)
    }

    /// What a year group is called. SEEMIS has stages (*P7*, *S3*), whose numbers are no school years as in England.
    pub fn year_name(self, year: &str) -> String {
        match year.parse::<u8>() {
            Ok(number) if self != Self::Seemis => format!("Year {number}"),
            _ => year.to_owned(),
        }
    }

    /// What each column seems to hold: as it was chosen before, else by the system's own headings, else by common ones.
    pub fn suggest(self, columns: &[ReportColumn], before: &ReportMapping) -> Vec<Option<F>> {
        let headings: Vec<String> = columns.iter().map(|column| folded(&column.heading)).collect();
        let mut held: Vec<Option<F>> = vec![None; columns.len()];
        for (field, heading) in before {
            take(&mut held, &headings, *field, &[&folded(heading)]);
        }
        for (field, names) in self.headings().iter().chain(COMMON) {
            take(&mut held, &headings, *field, names);
        }
        held
    }
}

/// Gives a field that has no column yet the first free one of these names.
fn take(held: &mut [Option<F>], headings: &[String], field: F, names: &[&str]) {
    if held.contains(&Some(field)) {
        return;
    }
    let free = |name: &&str| headings.iter().position(|h| h == name).filter(|at| held[*at].is_none());
    if let Some(at) = names.iter().find_map(free) {
        held[at] = Some(field);
    }
}
