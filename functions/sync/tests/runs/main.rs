//! A run from its job to the address book: the embedded database behind the real client, an MIS and a queue in memory.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod bars;
mod brake;
mod changes;
mod deaths;
mod feed;
mod files;
mod half_written;
mod looks;
mod requests;
mod town;
