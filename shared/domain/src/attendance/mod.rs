//! Registers: what marks mean, whose family is to be told, once, and when it is to be told that all is well.

mod about;
mod codes;
mod list;

#[cfg(test)]
mod tests;

pub use about::{About, SentAllTheSame, without_changed};
pub use codes::{Counted, Meaning, Nation, codes, meaning};
pub use list::{
    AbsenceList, Freshness, Listed, Matter, Rules, Told, absence_list, all_clear, freshness, late_list,
    still_holds,
};
