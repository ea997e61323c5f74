//! Uploads of contacts from the file to the address book: the embedded database behind the real client, files and jobs in
//! memory.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod faults;
mod flow;
mod office;
mod workbooks;
mod wrong;
