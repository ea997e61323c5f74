//! What the headings of a list mean, guessed from the words that schools' systems use.

use std::collections::BTreeMap;

use super::sheet::folded;
use crate::contact::Field;

/// A guess at which column holds which field; nothing is certain until somebody has confirmed it.
pub type Guess = BTreeMap<Field, u16>;

/// A heading as it is looked up: folded, without a number 1 at the end ("E-mail 1" is "email").
pub(super) fn key(heading: &str) -> String {
    let mut key = folded(heading);
    if key.len() > 1 && key.ends_with('1') {
        key.pop();
    }
    key
}

/// Whether a heading names a field, clearly or vaguely.
pub(super) fn is_known(key: &str) -> bool {
    Field::ALL.iter().any(|f| f.headings().contains(&key) || f.vague_headings().contains(&key))
}

/// Guesses what headings mean: clear words first, each field and each column once.
pub(super) fn guess(keys: &[String]) -> Guess {
    let mut guess = Guess::new();
    let mut taken = vec![false; keys.len()];
    for names in [Field::headings, Field::vague_headings] {
        for field in Field::ALL {
            take(&mut guess, &mut taken, keys, field, names(field));
        }
    }
    guess
}

fn take(guess: &mut Guess, taken: &mut [bool], keys: &[String], field: Field, names: &[&str]) {
    if guess.contains_key(&field) {
        return;
    }
    let free = |at: &usize| !taken[*at];
    let found = names.iter().find_map(|name| keys.iter().position(|key| key == name).filter(free));
    if let Some((at, column)) = found.and_then(|at| Some((at, u16::try_from(at).ok()?))) {
        taken[at] = true;
        guess.insert(field, column);
    }
}
