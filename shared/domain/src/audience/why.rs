//! Why somebody is a recipient, or is not: the same look-up, asked about one person.

use super::choice::{Audience, SendTo};
use super::find::{Found, Selection, selected};
use crate::book::{AddressBook, Pair};

/// One thing that speaks for or against somebody. Pupils are places in the book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Because {
    /// Chosen one by one.
    Picked,
    /// In a group that was chosen.
    InGroup(String),
    /// Everyone was chosen.
    Everyone,
    /// An adult of this pupil, selected by the choice.
    AdultOf(usize),
    /// An adult of this pupil, not selected by the choice.
    LeftOut(usize, SendTo),
    /// A pupil whose adults are written to instead.
    AdultsInstead,
    /// Barred from this pupil, which the message is about.
    Barred(usize),
    /// Nothing that was chosen leads to them.
    NotChosen,
}

/// Whether a message is for somebody, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// Whether it is, should they be reachable.
    pub meant: bool,
    /// What makes it so: the reasons for where it is, those against where it is not.
    pub because: Vec<Because>,
}

/// Why the audience has the person at a place of the book, or has not. It agrees with [`super::find`].
pub fn why(book: &AddressBook, to: &Audience, place: usize) -> Why {
    let chosen = Selection::of(book, to, &mut Found::default());
    let reasons = for_them(book, to, &chosen, place);
    if !reasons.is_empty() && chosen.may(book, place) {
        return Why { meant: true, because: reasons };
    }
    let pairs = || book.pupils_of(place).filter(|pair| chosen.about.contains(&pair.pupil()));
    let barred = pairs().filter(|pair| pair.court_order).map(Pair::pupil);
    let mut because: Vec<Because> = barred.map(Because::Barred).collect();
    let send_to = chosen.send_to.unwrap_or_default();
    let others = pairs().filter(|pair| !pair.court_order && chosen.families.contains(&pair.pupil()));
    because.extend(others.map(|pair| Because::LeftOut(pair.pupil(), send_to)));
    if chosen.families.contains(&place) {
        because.push(Because::AdultsInstead);
    }
    if because.is_empty() {
        because.push(Because::NotChosen);
    }
    Why { meant: false, because }
}

/// What leads to somebody, whether or not a bar keeps it from them.
fn for_them(book: &AddressBook, to: &Audience, chosen: &Selection, place: usize) -> Vec<Because> {
    let mut reasons = Vec::new();
    if chosen.picked.contains(&place) {
        reasons.push(Because::Picked);
    }
    if chosen.themselves.contains(&place) {
        let has_them = |name: &&String| book.members(name).is_some_and(|members| members.contains(&place));
        reasons.extend(to.groups.iter().filter(has_them).cloned().map(Because::InGroup));
        if to.everyone {
            reasons.push(Because::Everyone);
        }
    }
    if let Some(send_to) = chosen.send_to {
        let families = chosen
            .families
            .iter()
            .filter(|pupil| selected(book.adults_of(**pupil), send_to).any(|pair| pair.contact() == place));
        reasons.extend(families.map(|pupil| Because::AdultOf(*pupil)));
    }
    reasons
}
