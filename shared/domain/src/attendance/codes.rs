//! What the codes of a register mean: by nation, and by the day on which they were written.

use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};

/// Whose codes a school uses. They are kept apart: the same letter means different things.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nation {
    /// England.
    #[default]
    England,
    /// Wales.
    Wales,
    /// Scotland.
    Scotland,
    /// Northern Ireland.
    NorthernIreland,
}

impl Nation {
    /// Every nation, in the order in which pages list them.
    pub const ALL: [Self; 4] = [Self::England, Self::Wales, Self::Scotland, Self::NorthernIreland];

    /// The word used in forms and settings.
    pub const fn code(self) -> &'static str {
        match self {
            Self::England => "england",
            Self::Wales => "wales",
            Self::Scotland => "scotland",
            Self::NorthernIreland => "northern_ireland",
        }
    }

    /// The nation of a word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|nation| nation.code() == code)
    }

    /// Whether every code of the nation is in its table. Where not, a school says itself which others it asks after.
    pub const fn is_whole(self) -> bool {
        matches!(self, Self::England | Self::Wales)
    }
}

/// What a mark says about where the pupil was, and how it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// In school.
    Present,
    /// In school, late but before the register closed: counts as present.
    Late,
    /// In school, after the register closed: counts as absent without leave.
    LateAfterClosing,
    /// At an approved activity elsewhere: counts as attending.
    Elsewhere,
    /// Absent with leave or for a good reason.
    Authorised,
    /// Absent, and the reason is not known yet: counts as without leave until it is.
    Unexplained,
    /// Absent without leave.
    Unauthorised,
    /// Not a session that the pupil could attend: does not count.
    NotExpected,
    /// The school is closed as planned.
    Closed,
    /// The register has no mark yet.
    Blank,
    /// Not a code of this nation on this day. Nobody is told anything because of it.
    Unknown,
}

impl Meaning {
    /// Whether the pupil is known to be in school or where the school sent them, so that nobody need worry.
    pub const fn is_safe(self) -> bool {
        matches!(self, Self::Present | Self::Late | Self::LateAfterClosing | Self::Elsewhere)
    }

    /// Whether the pupil was away for the session when they could have attended.
    pub const fn is_away(self) -> bool {
        matches!(self, Self::Authorised | Self::Unexplained | Self::Unauthorised)
    }

    /// How the session counts in the statistics: present, absent, or not at all.
    pub const fn counts_as(self) -> Counted {
        match self {
            Self::Present | Self::Late | Self::Elsewhere => Counted::Present,
            Self::Authorised => Counted::Authorised,
            Self::LateAfterClosing | Self::Unexplained | Self::Unauthorised => Counted::Unauthorised,
            Self::NotExpected | Self::Closed | Self::Blank | Self::Unknown => Counted::Not,
        }
    }

    /// What a page calls it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Present => "Present",
            Self::Late => "Late",
            Self::LateAfterClosing => "Late, after registers closed",
            Self::Elsewhere => "Approved activity elsewhere",
            Self::Authorised => "Absent, authorised",
            Self::Unexplained => "Absent, no reason yet",
            Self::Unauthorised => "Absent, unauthorised",
            Self::NotExpected => "Not expected",
            Self::Closed => "School closed",
            Self::Blank => "No mark yet",
            Self::Unknown => "Unknown code",
        }
    }
}

/// How a session counts in a school's statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// As attended.
    Present,
    /// As an authorised absence.
    Authorised,
    /// As an unauthorised absence.
    Unauthorised,
    /// Neither above nor below the line.
    Not,
}

/// A table of codes, from one day on.
struct Table {
    from: Date,
    codes: &'static [(&'static str, Meaning)],
}

use Meaning::{
    Authorised, Closed, Elsewhere, Late, LateAfterClosing, NotExpected, Present, Unauthorised, Unexplained,
};

/// Since 19 August 2024, by the regulations on registers of that year.
#[rustfmt::skip]
const ENGLAND_2024: &[(&str, Meaning)] = &[
    ("/", Present), ("\\", Present), ("L", Late),
    ("K", Elsewhere), ("V", Elsewhere), ("P", Elsewhere), ("W", Elsewhere), ("B", Elsewhere), ("D", NotExpected),
    ("C", Authorised), ("C1", Authorised), ("C2", Authorised), ("M", Authorised), ("J1", Authorised),
    ("S", Authorised), ("T", Authorised), ("R", Authorised), ("I", Authorised), ("E", Authorised),
    ("X", NotExpected), ("Q", NotExpected), ("Y1", NotExpected), ("Y2", NotExpected), ("Y3", NotExpected),
    ("Y4", NotExpected), ("Y5", NotExpected), ("Y6", NotExpected), ("Y7", NotExpected),
    ("G", Unauthorised), ("N", Unexplained), ("O", Unauthorised), ("U", LateAfterClosing),
    ("Z", NotExpected), ("#", Closed),
];

/// Before that.
#[rustfmt::skip]
const ENGLAND_BEFORE: &[(&str, Meaning)] = &[
    ("/", Present), ("\\", Present), ("L", Late),
    ("B", Elsewhere), ("J", Elsewhere), ("P", Elsewhere), ("V", Elsewhere), ("W", Elsewhere), ("D", NotExpected),
    ("C", Authorised), ("E", Authorised), ("H", Authorised), ("I", Authorised), ("M", Authorised),
    ("R", Authorised), ("S", Authorised), ("T", Authorised),
    ("G", Unauthorised), ("N", Unexplained), ("O", Unauthorised), ("U", LateAfterClosing),
    ("X", NotExpected), ("Y", NotExpected), ("Z", NotExpected), ("#", Closed),
];

/// The codes that came with the Education (Pupil Registration) (Wales) Regulations 2010, in the letters that England
/// had since 2009. The Welsh Government says in its review of 2026 that they were not changed since; the draft of that
/// review is not in here. `D` counts at the other school.
#[rustfmt::skip]
const WALES_2010: &[(&str, Meaning)] = &[
    ("/", Present), ("\\", Present), ("L", Late),
    ("B", Elsewhere), ("J", Elsewhere), ("P", Elsewhere), ("V", Elsewhere), ("W", Elsewhere), ("D", NotExpected),
    ("C", Authorised), ("E", Authorised), ("F", Authorised), ("H", Authorised), ("I", Authorised),
    ("M", Authorised), ("R", Authorised), ("S", Authorised), ("T", Authorised),
    ("G", Unauthorised), ("N", Unexplained), ("O", Unauthorised), ("U", LateAfterClosing),
    ("X", NotExpected), ("Y", NotExpected), ("Z", NotExpected), ("#", Closed),
];

/// Of *Included, engaged and involved, part 1* (Scottish Government, 2019), appendix 2: the numbers of extended leave,
/// of attendance, of lateness in the first half of an opening, and of work experience. Its other numbers, and the
/// letters that a school's own system shows, are not in here: they are unknown, shown, and asked after only where the
/// school lists them.
const SCOTLAND: &[(&str, Meaning)] =
    &[("02", NotExpected), ("10", Present), ("11", Late), ("12", Elsewhere), ("/", Present), ("\\", Present)];

/// Of the Department of Education's circular 2021/16 on attendance, as its own page on recording attendance quotes it:
/// `(` is authorised, `{`, `}`, `D`, `H` and `N` are not; and `J`, extended leave, which leaves a pupil's record as it
/// is. The circular's other codes are not in here: they are unknown, shown, and asked after only where the school lists
/// them.
#[rustfmt::skip]
const NORTHERN_IRELAND: &[(&str, Meaning)] = &[
    ("/", Present), ("\\", Present), ("L", Late), ("(", Authorised),
    ("{", Unauthorised), ("}", Unauthorised), ("D", Unauthorised), ("H", Unauthorised), ("N", Unexplained),
    ("J", NotExpected), ("#", Closed),
];

const ENGLAND: &[Table] = &[
    Table { from: date(2024, 8, 19), codes: ENGLAND_2024 },
    Table { from: Date::MIN, codes: ENGLAND_BEFORE },
];

/// The newest table first.
const fn tables(nation: Nation) -> &'static [Table] {
    match nation {
        Nation::England => ENGLAND,
        Nation::Wales => const { &[Table { from: Date::MIN, codes: WALES_2010 }] },
        Nation::Scotland => const { &[Table { from: Date::MIN, codes: SCOTLAND }] },
        Nation::NorthernIreland => const { &[Table { from: Date::MIN, codes: NORTHERN_IRELAND }] },
    }
}

/// What a code meant on a day. Spaces and capitals make no difference; no code, and `-`, is a register without a mark.
pub fn meaning(nation: Nation, day: Date, code: &str) -> Meaning {
    let code = code.trim();
    if code.is_empty() || code == "-" {
        return Meaning::Blank;
    }
    let table = tables(nation).iter().find(|table| table.from <= day);
    let found =
        table.and_then(|table| table.codes.iter().find(|(known, _)| known.eq_ignore_ascii_case(code)));
    found.map_or(Meaning::Unknown, |(_, meaning)| *meaning)
}

/// Every code that a nation has on a day, for a page on which a school chooses.
pub fn codes(nation: Nation, day: Date) -> &'static [(&'static str, Meaning)] {
    tables(nation).iter().find(|table| table.from <= day).map_or(&[], |table| table.codes)
}
