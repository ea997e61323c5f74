//! Registers: what marks mean, whose family is to be told, once, and when it is to be told that all is well.

mod about;
mod codes;
mod list;
mod look;

#[cfg(test)]
mod tests;

pub use about::{About, SentAllTheSame, without_changed};
pub use codes::{Counted, Meaning, Nation, codes, meaning};
pub use list::{
    AbsenceList, Freshness, Listed, Matter, Rules, Told, absence_list, all_clear, freshness, late_list,
    still_holds,
};
pub use look::{LOOK_HOLDS_MS, LOOK_PATIENCE_MS, RegisterLook, Seen, changed, with_changed};
