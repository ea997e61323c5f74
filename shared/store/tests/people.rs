//! The address book, settings, users, sessions, keys, limits and inbox, over the real wire.

#![allow(clippy::unwrap_used, reason = "a test that cannot begin has failed")]

mod common;

#[path = "people/book.rs"]
mod book;
#[path = "people/bulk.rs"]
mod bulk;
#[path = "people/doors.rs"]
mod doors;
#[path = "people/limits.rs"]
mod limits;
#[path = "people/managing.rs"]
mod managing;
#[path = "people/secrets.rs"]
mod secrets;
