//! One world for tests: a school in a table of its own, time that a test moves, a queue that remembers, and providers
//! that answer as they are told.
//!
//! It stands below the functions and knows none of them. `domain`, `store`, `channels` and `runtime` use it from their
//! `tests/` only: inside `src` there would be two of the crate.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod batch;
mod database;
mod people;
mod ports;
mod provider;
mod queue;
mod world;
mod x;

pub use batch::batch_of;
pub use database::Database;
pub use people::{Build, author, contact, mobile, parent, settings, text_to_everyone, user, user_id};
pub use provider::{Fate, Provider, Sent, report};
pub use queue::{Queued, RecordingQueue};
pub use world::{TABLE, World, school_id};
pub use x::FakeX;

/// Noon of 1 September 2026 in London, when a world begins.
pub const NOON: i64 = 1_788_260_400_000;
/// In milliseconds.
pub const SECOND: i64 = 1_000;
/// In milliseconds.
pub const MINUTE: i64 = 60 * SECOND;
/// In milliseconds.
pub const HOUR: i64 = 60 * MINUTE;
/// In milliseconds.
pub const DAY: i64 = 24 * HOUR;
