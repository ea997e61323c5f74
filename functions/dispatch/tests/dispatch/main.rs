//! The dispatcher from a job to its end: the embedded database behind the real client, time that a test moves, and
//! providers that answer as they are told.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod imports;
mod kit;
mod notices;
mod pace;
mod progress;
mod recovery;
