//! Whose family is to be told of what.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::codes::{Meaning, Nation, meaning};
use crate::feed::{FeedGroupRef, GroupKind, Mark, Session};
use crate::ids::ContactId;

/// A school's rules for messages about attendance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rules {
    /// Whose codes the registers use.
    pub nation: Nation,
    /// The codes that are asked after. A code that means anything but an absence is never asked after, listed or not;
    /// one that is not in a table which is not whole is an absence where the school has listed it itself.
    pub chase: BTreeSet<String>,
    /// Year groups whose families are told nothing, such as a sixth form.
    pub excluded_years: BTreeSet<String>,
    /// Late by fewer minutes than this is not worth a message; a mark that says no minutes is.
    pub late_from_minutes: u16,
    /// Marks that were read so many minutes ago are too old to tell anybody anything.
    pub stale_after_minutes: u16,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            nation: Nation::England,
            chase: BTreeSet::from(["N".to_owned()]),
            excluded_years: BTreeSet::new(),
            late_from_minutes: 0,
            stale_after_minutes: 30,
        }
    }
}

impl Rules {
    /// Whether an absence with this code is asked after.
    pub fn chases(&self, day: Date, code: &str) -> bool {
        let listed = self.chase.iter().any(|c| c.eq_ignore_ascii_case(code.trim()));
        listed
            && match meaning(self.nation, day, code) {
                Meaning::Unknown => !self.nation.is_whole() && self.chase != Self::default().chase,
                meaning => meaning.is_away(),
            }
    }

    fn excludes(&self, groups: &[FeedGroupRef]) -> bool {
        let years = groups.iter().filter(|g| g.kind == GroupKind::Year);
        years
            .into_iter()
            .any(|year| self.excluded_years.iter().any(|name| name.eq_ignore_ascii_case(&year.name)))
    }
}

/// What a message about a session is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Matter {
    /// The pupil is absent.
    Absence,
    /// The pupil came late.
    Late,
    /// The pupil, of whose absence the family was told, is in school after all.
    AllClear,
}

impl Matter {
    /// Every matter.
    pub const ALL: [Self; 3] = [Self::Absence, Self::Late, Self::AllClear];

    /// The word used in keys and forms.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Absence => "absence",
            Self::Late => "late",
            Self::AllClear => "all_clear",
        }
    }

    /// The matter of a word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|matter| matter.code() == code)
    }
}

/// That a family was told: once for each pupil, session and matter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Told {
    /// About whom.
    pub pupil: ContactId,
    /// The school day.
    pub date: Date,
    /// Morning or afternoon.
    pub session: Session,
    /// Of what.
    pub matter: Matter,
}

impl Told {
    /// That the family of a mark's pupil was told of something.
    pub fn of(mark: &Mark, matter: Matter) -> Self {
        Self { pupil: mark.pupil.clone(), date: mark.date, session: mark.session, matter }
    }
}

/// A pupil on a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Who.
    pub pupil: ContactId,
    /// The code as the register has it.
    pub code: String,
    /// How late, where the register says.
    pub minutes_late: Option<u16>,
}

/// The absences of one session, each pupil in one of the lists at most, in the order of the ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AbsenceList {
    /// Families to be told.
    pub to_tell: Vec<Listed>,
    /// Families that were told already.
    pub told: Vec<Listed>,
    /// No mark yet: shown so that somebody asks the teacher, never told to a family.
    pub blank: Vec<Listed>,
    /// Of a year that is left out.
    pub excluded: Vec<Listed>,
    /// Codes that mean nothing to us: shown, and nobody is told.
    pub unknown: Vec<Listed>,
}

fn listed(mark: &Mark) -> Listed {
    Listed { pupil: mark.pupil.clone(), code: mark.code.clone(), minutes_late: mark.minutes_late }
}

/// The session's marks of pupils on roll, the last of each in the order of the ids.
fn of_session<'m>(
    marks: &'m [Mark],
    pupils: &BTreeMap<ContactId, Vec<FeedGroupRef>>,
    (date, session): (Date, Session),
) -> BTreeMap<&'m ContactId, &'m Mark> {
    let here =
        marks.iter().filter(|m| m.date == date && m.session == session && pupils.contains_key(&m.pupil));
    here.map(|m| (&m.pupil, m)).collect()
}

/// Who is absent in a session, and whose family is to be told. `pupils` are those on roll with their groups; a pupil
/// of whom the register says nothing at all is as one without a mark.
pub fn absence_list(
    rules: &Rules,
    pupils: &BTreeMap<ContactId, Vec<FeedGroupRef>>,
    marks: &[Mark],
    told: &BTreeSet<Told>,
    when: (Date, Session),
) -> AbsenceList {
    let mut list = AbsenceList::default();
    let marks = of_session(marks, pupils, when);
    for (pupil, groups) in pupils {
        let Some(mark) = marks.get(pupil) else {
            list.blank.push(Listed { pupil: pupil.clone(), code: String::new(), minutes_late: None });
            continue;
        };
        match meaning(rules.nation, mark.date, &mark.code) {
            Meaning::Blank => list.blank.push(listed(mark)),
            Meaning::Unknown if !rules.chases(mark.date, &mark.code) => list.unknown.push(listed(mark)),
            _ if !rules.chases(mark.date, &mark.code) => {}
            _ if rules.excludes(groups) => list.excluded.push(listed(mark)),
            _ if told.contains(&Told::of(mark, Matter::Absence)) => list.told.push(listed(mark)),
            _ => list.to_tell.push(listed(mark)),
        }
    }
    list
}

/// Who came late in a session and whose family was not told of it yet.
pub fn late_list(
    rules: &Rules,
    pupils: &BTreeMap<ContactId, Vec<FeedGroupRef>>,
    marks: &[Mark],
    told: &BTreeSet<Told>,
    when: (Date, Session),
) -> Vec<Listed> {
    let late = of_session(marks, pupils, when).into_values().filter(|mark| {
        let is_late =
            matches!(meaning(rules.nation, mark.date, &mark.code), Meaning::Late | Meaning::LateAfterClosing);
        is_late
            && mark.minutes_late.is_none_or(|minutes| minutes >= rules.late_from_minutes)
            && !pupils.get(&mark.pupil).is_some_and(|groups| rules.excludes(groups))
            && !told.contains(&Told::of(mark, Matter::Late))
    });
    late.map(listed).collect()
}

/// Pupils of whose absence the family was told and who are in school after all: to be told so, once. A mark that was
/// merely taken away tells nobody anything.
pub fn all_clear(rules: &Rules, marks: &[Mark], told: &BTreeSet<Told>, when: (Date, Session)) -> Vec<Listed> {
    let here = marks.iter().filter(|mark| {
        (mark.date, mark.session) == when
            && meaning(rules.nation, mark.date, &mark.code).is_safe()
            && told.contains(&Told::of(mark, Matter::Absence))
            && !told.contains(&Told::of(mark, Matter::AllClear))
    });
    let by_pupil: BTreeMap<&ContactId, Listed> = here.map(|mark| (&mark.pupil, listed(mark))).collect();
    by_pupil.into_values().collect()
}

/// Whether what a message says still holds when it is about to go: the mark may have changed since it was written.
/// No mark any more, and it does not go.
pub fn still_holds(rules: &Rules, matter: Matter, mark_now: Option<&Mark>) -> bool {
    let Some(mark) = mark_now else { return false };
    let now = meaning(rules.nation, mark.date, &mark.code);
    match matter {
        Matter::Absence => rules.chases(mark.date, &mark.code),
        Matter::Late => matches!(now, Meaning::Late | Meaning::LateAfterClosing),
        Matter::AllClear => now.is_safe(),
    }
}

/// Whether the marks at hand are good enough to tell families anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// They are.
    Fresh,
    /// Registers were saved after they were read.
    Changed,
    /// They were read too long ago.
    Stale,
    /// They were never read on this day.
    Never,
}

/// How fresh the marks are that were read at `read`. `saved` is when the MIS was last seen to have other marks than
/// those at hand: they are stale until they are read again. Marks older than `most_minutes` are stale in any case,
/// because nothing tells of a register that was saved meanwhile.
pub fn freshness(
    read: Option<Timestamp>,
    saved: Option<Timestamp>,
    now: Timestamp,
    most_minutes: i64,
) -> Freshness {
    let Some(read) = read else { return Freshness::Never };
    let minutes = now.as_second().saturating_sub(read.as_second()) / 60;
    if saved.is_some_and(|saved| saved >= read) {
        Freshness::Changed
    } else if minutes >= most_minutes {
        Freshness::Stale
    } else {
        Freshness::Fresh
    }
}
