//! The systems that write reports, and the headings that they are likely to use.

use super::ReportMapping;
use super::column::ReportColumn;
use super::field::ReportField as F;
use crate::import::folded;

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

/// A system's own headings by the field that they name: they come before those that every system may use.
type Headings = &'static [(F, &'static [&'static str])];

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
        has(self.headings()) || F::all().any(|field| field.headings().contains(&folded))
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
        let own = self.headings().iter().copied();
        for (field, names) in own.chain(F::all().map(|field| (field, field.headings()))) {
            take(&mut held, &headings, field, names);
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
