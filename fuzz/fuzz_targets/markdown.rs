//! What staff write as an e-mail.
#![no_main]

#[allow(dead_code, reason = "each target asks one of the promises")]
#[path = "../../shared/channels/tests/channels/hostile/promises.rs"]
mod promises;

libfuzzer_sys::fuzz_target!(|data: &str| promises::markdown(data));
