//! What a school's MIS says, in one form whichever product it is: what a connector reads and a sync run compares.

mod parts;
mod snapshot;

pub use parts::{
    FeedGroup, FeedGroupRef, FeedPerson, FeedSchool, GroupKind, Mark, Part, Session, Tie, single_spaced,
};
pub use snapshot::{Inconsistent, Reading, Records, Snapshot};

#[cfg(test)]
mod tests;
