//! Numbers as people and spreadsheets write them.
#![no_main]

#[allow(dead_code, reason = "each target asks one of the promises")]
#[path = "../../shared/domain/tests/domain/hostile/promises.rs"]
mod promises;

libfuzzer_sys::fuzz_target!(|data: &str| promises::phone(data));
