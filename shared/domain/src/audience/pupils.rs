//! Names of the pupils whom a text is about, for one adult.

use std::collections::BTreeSet;

use crate::book::AddressBook;

/// Names of the pupils that an adult is written to about: *Ada Abbot and Ben Abbot*. A pupil from whom a court
/// order bars them is never named.
pub fn pupils_for(book: &AddressBook, adult: usize, families: &BTreeSet<usize>) -> String {
    let theirs = book.pupils_of(adult).filter(|pair| !pair.court_order && families.contains(&pair.pupil()));
    let names: Vec<String> =
        theirs.filter_map(|pair| book.at(pair.pupil())).map(|(pupil, _)| pupil.full_name()).collect();
    match names.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
