//! The rules from outside: published cases of others, and anything at all.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod hostile;
mod specs;
