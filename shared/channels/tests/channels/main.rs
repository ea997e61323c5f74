//! The adapters from outside: against a real socket, and with anything at all.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod hostile;
mod wire;
