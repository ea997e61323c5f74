//! The brake: a feed that would take away much of the school is asked about first (FEATURES §9).

use serde::{Deserialize, Serialize};

use crate::feed::Part;
use crate::figures::thousands;

/// Most people whom a run removes unasked.
const MOST_REMOVED: usize = 50;
/// One in so many may go unasked.
const ONE_IN: usize = 10;

/// What is known of a list and what the feed leaves of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Which part of the MIS it is from.
    pub part: Part,
    /// How many rows the last run left.
    pub known: usize,
    /// How many of them the feed has no more.
    pub removed: usize,
    /// How many rows the feed has.
    pub fed: usize,
}

/// Why a run is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Held {
    /// A part that had rows has none.
    #[error("The MIS sent no {0} at all. Nothing was changed.")]
    Empty(String),
    /// Too many people would go.
    #[error("{} of {} people are missing from what the MIS sent. Nothing was changed.", said(*removed), said(*known))]
    People {
        /// How many would go.
        removed: usize,
        /// Of how many.
        known: usize,
    },
    /// Too many ties between people who stay would end.
    #[error("{} of {} relationships are missing from what the MIS sent. Nothing was changed.", said(*removed), said(*known))]
    Ties {
        /// How many would end.
        removed: usize,
        /// Of how many.
        known: usize,
    },
    /// The feed broke off or contradicts itself: there is nothing that could be applied.
    #[error("{0}")]
    Feed(String),
}

fn said(n: usize) -> String {
    thousands(n as u64)
}

/// Whether a feed is to be asked about: a part that came empty, more than 50 people or one in ten gone, or as many ties
/// between people who stay. `ties` counts those only.
pub fn brake(people: &[Counted], ties: Counted) -> Option<Held> {
    if let Some(empty) = people.iter().chain([&ties]).find(|c| c.known > 0 && c.fed == 0) {
        let what =
            if empty.part == ties.part && *empty == ties { "relationships" } else { empty.part.code() };
        return Some(Held::Empty(what.to_owned()));
    }
    let known = people.iter().map(|c| c.known).sum();
    let removed = people.iter().map(|c| c.removed).sum();
    if is_too_much(removed, known) {
        return Some(Held::People { removed, known });
    }
    is_too_much(ties.removed, ties.known).then_some(Held::Ties { removed: ties.removed, known: ties.known })
}

const fn is_too_much(removed: usize, known: usize) -> bool {
    removed > MOST_REMOVED || removed * ONE_IN > known
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn people(known: usize, removed: usize) -> Counted {
        Counted { part: Part::Pupils, known, removed, fed: known - removed }
    }

    #[test]
    fn more_than_a_tenth_or_fifty_people_are_asked_about() {
        let table = [
            (0, 0, false),
            (10, 1, false),
            (20, 2, false),
            (20, 3, true),
            (500, 50, false),
            (500, 51, true),
            (8_000, 50, false),
            (8_000, 51, true),
            (5, 1, true),
        ];
        let none = Counted { part: Part::Contacts, known: 0, removed: 0, fed: 0 };
        for (known, removed, held) in table {
            let by_people = brake(&[people(known, removed)], none);
            assert_eq!(by_people.is_some(), held, "{removed} of {known} people");
            let by_ties =
                brake(&[people(100, 0)], Counted { part: Part::Contacts, ..people(known, removed) });
            assert_eq!(by_ties.is_some(), held, "{removed} of {known} ties");
        }
        let halves = [people(30, 3), Counted { part: Part::Staff, ..people(30, 4) }];
        assert_eq!(brake(&halves, none), Some(Held::People { removed: 7, known: 60 }));
        let said = brake(&[people(2_385, 1_193)], none).map(|held| held.to_string());
        assert_eq!(
            said.as_deref(),
            Some("1,193 of 2,385 people are missing from what the MIS sent. Nothing was changed.")
        );
    }

    #[test]
    fn a_part_that_came_empty_is_asked_about_and_a_first_run_is_not() {
        let none = Counted { part: Part::Contacts, known: 0, removed: 0, fed: 0 };
        let staff = Counted { part: Part::Staff, known: 3, removed: 3, fed: 0 };
        assert_eq!(brake(&[people(1_000, 0), staff], none), Some(Held::Empty("staff".into())));
        let first = Counted { part: Part::Pupils, known: 0, removed: 0, fed: 0 };
        assert_eq!(brake(&[first], none), None);
    }
}
