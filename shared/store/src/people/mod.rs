//! The address book: who is in it, how they are tied to each other, and uploads of more.

pub(crate) mod book;
pub(crate) mod bulk;
pub(crate) mod contacts;
pub(crate) mod guard;
pub(crate) mod imports;
pub(crate) mod ties;
