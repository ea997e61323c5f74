//! The address book, settings, users, sessions, keys, limits and inbox, over the real wire.

mod book;
mod bulk;
mod doors;
mod limits;
mod managing;
mod secrets;
