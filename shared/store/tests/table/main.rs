//! The store over the real wire: the embedded database behind the real client.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod at_work;
mod common;
mod history;
mod imports;
mod people;
mod rows;
