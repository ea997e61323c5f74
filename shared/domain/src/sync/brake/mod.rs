//! The brake: a feed that would take away much of the school is asked about first (ARCHITECTURE §5.4).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::feed::{GroupKind, Part};
use crate::figures::thousands;

/// Most people, or relationships between people who stay, that a run removes unasked.
const MOST_REMOVED: usize = 50;
/// One in so many may go unasked.
const ONE_IN: usize = 10;
/// So few of one list are an ordinary day's work, however short the list is.
const FEW: usize = 5;

/// What is counted of a list beside its rows: a column that came blank leaves every row in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    /// People with a number that gets texts.
    Texts,
    /// People with any number.
    Phones,
    /// People with an e-mail address.
    Emails,
    /// Memberships of year groups.
    Years,
    /// Memberships of houses.
    Houses,
    /// Memberships of registration groups.
    Registrations,
    /// Memberships of classes.
    Classes,
    /// Memberships of other groups.
    Others,
    /// Ties with parental responsibility.
    Responsible,
    /// Ties with a priority.
    Prioritised,
    /// Ties that a court order bars.
    Barred,
    /// Marks of a register that say something.
    Marks,
}

/// Counts of a list; one that is missing is not known, and nothing is held by it.
pub type Counts = BTreeMap<Count, usize>;

impl Count {
    /// The count of memberships of groups of a kind.
    pub const fn of_kind(kind: GroupKind) -> Self {
        match kind {
            GroupKind::Year => Self::Years,
            GroupKind::House => Self::Houses,
            GroupKind::Registration => Self::Registrations,
            GroupKind::Class => Self::Classes,
            GroupKind::Other => Self::Others,
        }
    }

    /// What has it, as a page says it of a part.
    fn words(self, part: Part) -> String {
        let people = part.words();
        match self {
            Self::Texts => format!("{people} with a mobile number"),
            Self::Phones => format!("{people} with a telephone number"),
            Self::Emails => format!("{people} with an e-mail address"),
            Self::Years => format!("{people} in year groups"),
            Self::Houses => format!("{people} in houses"),
            Self::Registrations => format!("{people} in registration groups"),
            Self::Classes => format!("{people} in classes"),
            Self::Others => format!("{people} in other groups"),
            Self::Responsible => "Relationships with parental responsibility".to_owned(),
            Self::Prioritised => "Relationships with a priority".to_owned(),
            Self::Barred => "Relationships with a court order".to_owned(),
            Self::Marks => "Marks of the registers".to_owned(),
        }
    }

    /// One in so many may go unasked. Classes and clubs are made again with every term and timetable.
    const fn one_in(self) -> usize {
        match self {
            Self::Classes | Self::Others => 2,
            _ => ONE_IN,
        }
    }
}

/// What is known of a list and what the feed leaves of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Which part of the MIS it is from.
    pub part: Part,
    /// How many rows the last run left.
    pub known: usize,
    /// How many of them the feed no longer has.
    pub removed: usize,
    /// How many rows the feed has.
    pub fed: usize,
    /// What the last run counted.
    pub before: Counts,
    /// What the feed counts.
    pub after: Counts,
}

/// Of what a feed would take too much away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lost {
    /// A list that had rows and came empty.
    All,
    /// People of one part.
    Part,
    /// People of all parts together.
    People,
    /// Ties between people who stay.
    Ties,
    /// Bars between people who stay.
    Bars,
    /// Pairs that were open and would be barred: parents who would not be told any more.
    Barring,
    /// What is counted of a list.
    Count(Count),
}

/// One reason why a run is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// What.
    pub lost: Lost,
    /// Of which part.
    pub part: Part,
    /// How many would go.
    pub gone: usize,
    /// Of how many.
    pub of: usize,
}

impl Loss {
    /// As a page says it.
    pub fn words(&self) -> String {
        let said = |n: usize| thousands(n as u64);
        let missing = |what: &str| {
            format!("{} of {} {what} are missing from what the MIS sent.", said(self.gone), said(self.of))
        };
        match self.lost {
            Lost::All if self.part == Part::Contacts && self.of == 0 => {
                "The MIS sent no relationships at all.".to_owned()
            }
            Lost::All => format!("The MIS sent no {} at all.", self.part.code()),
            Lost::Part => missing(self.part.code()),
            Lost::People => missing("people"),
            Lost::Ties => missing("relationships"),
            Lost::Bars => {
                format!("{} court orders are missing from what the MIS sent.", said(self.gone))
            }
            Lost::Barring => format!(
                "A court order would bar {} of {} relationships that it did not bar before. A column that holds \
                 something else looks the same.",
                said(self.gone),
                said(self.of)
            ),
            Lost::Count(count) => format!(
                "{}: {} in what the MIS sent, {} before.",
                count.words(self.part),
                said(self.of.saturating_sub(self.gone)),
                said(self.of)
            ),
        }
    }

    /// Whether somebody who approved of `seen` approved of this too. Who is removed, and how many ties end, is compared
    /// by itself.
    pub fn is_in(&self, seen: &[Self]) -> bool {
        match self.lost {
            Lost::All | Lost::Part | Lost::People | Lost::Ties => true,
            Lost::Bars | Lost::Barring | Lost::Count(_) => seen
                .iter()
                .any(|other| (other.lost, other.part) == (self.lost, self.part) && other.gone >= self.gone),
        }
    }
}

/// For what a feed is to be asked about: a list that came empty; people, or ties between people who stay, of whom more
/// than 50 or one in ten are gone; as much of one part, but for a few; what is counted of a list; and bars between
/// people who stay, but for a few. `ties` has those removed only whose people stay.
pub fn brake(people: &[Counted], ties: &Counted, bars: usize) -> Vec<Loss> {
    let mut found = Vec::new();
    for list in people {
        if list.known > 0 && list.fed == 0 {
            found.push(Loss { lost: Lost::All, part: list.part, gone: list.known, of: list.known });
        } else if is_much(list.removed, list.known, ONE_IN) {
            found.push(Loss { lost: Lost::Part, part: list.part, gone: list.removed, of: list.known });
        }
    }
    let known = people.iter().map(|c| c.known).sum();
    let removed = people.iter().map(|c| c.removed).sum();
    // Said of the school, and not once more of a part of it.
    if is_too_much(removed, known) && !found.iter().any(|loss| loss.lost == Lost::All) {
        found = vec![Loss { lost: Lost::People, part: Part::Pupils, gone: removed, of: known }];
    }
    if ties.known > 0 && ties.fed == 0 {
        found.push(Loss { lost: Lost::All, part: ties.part, gone: ties.known, of: 0 });
    } else if is_too_much(ties.removed, ties.known) {
        found.push(Loss { lost: Lost::Ties, part: ties.part, gone: ties.removed, of: ties.known });
    }
    if bars > FEW {
        found.push(Loss { lost: Lost::Bars, part: ties.part, gone: bars, of: bars });
    }
    found.extend(people.iter().chain([ties]).flat_map(thinned));
    found
}

/// For what a feed is to be asked about that bars many pairs at once: more than a few, and more than one in ten of
/// those whom it ties.
pub fn brake_bars(barred: usize, ties: usize) -> Option<Loss> {
    let much = barred > FEW && barred.saturating_mul(ONE_IN) > ties;
    much.then_some(Loss { lost: Lost::Barring, part: Part::Contacts, gone: barred, of: ties })
}

/// For what a day's marks are to be asked about.
pub fn brake_marks(marks: &Counted) -> Vec<Loss> {
    let all = is_much(marks.known.saturating_sub(marks.fed), marks.known, ONE_IN).then(|| Loss {
        lost: Lost::Count(Count::Marks),
        part: marks.part,
        gone: marks.known.saturating_sub(marks.fed),
        of: marks.known,
    });
    all.map_or_else(|| thinned(marks), |loss| vec![loss])
}

/// What a list's rows have lost, beyond what went with rows that are gone.
fn thinned(list: &Counted) -> Vec<Loss> {
    if list.fed == 0 {
        return Vec::new();
    }
    let stayed = list.known.saturating_sub(list.removed);
    let of_stayed = |n: usize| n.saturating_mul(stayed).checked_div(list.known).unwrap_or_default();
    let losses = list.before.iter().map(|(count, known)| {
        let of = of_stayed(*known);
        let gone = of.saturating_sub(list.after.get(count).copied().unwrap_or_default());
        (*count, gone, of)
    });
    let much = losses.filter(|(count, gone, of)| is_much(*gone, *of, count.one_in()));
    much.map(|(count, gone, of)| Loss { lost: Lost::Count(count), part: list.part, gone, of }).collect()
}

const fn is_too_much(removed: usize, known: usize) -> bool {
    removed > MOST_REMOVED || removed * ONE_IN > known
}

/// More than a few and more than one in so many, or all of what was no less than a few.
const fn is_much(gone: usize, of: usize, one_in: usize) -> bool {
    (gone > FEW && gone.saturating_mul(one_in) > of) || (gone == of && of >= FEW)
}

#[cfg(test)]
mod tests;
