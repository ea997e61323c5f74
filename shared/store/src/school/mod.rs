//! What belongs to a school as a whole: its settings, its audit log, what it has used, its numbers and its account at
//! X.

pub(crate) mod audit;
pub(crate) mod inbox;
pub(crate) mod settings;
pub(crate) mod usage;
pub(crate) mod x;
