//! The rules from outside: published cases of others, and anything at all.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "a test says that it was skipped")]

mod hostile;
mod specs;
