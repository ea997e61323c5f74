//! Reading an MIS through each connector, and a run from its job to the address book.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod connectors;
mod kit;
mod runs;
