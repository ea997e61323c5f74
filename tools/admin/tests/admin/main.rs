//! The operator's command, and what it says of a log that was tampered with.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod audit;
mod command;
