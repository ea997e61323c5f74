//! A file that somebody uploads as a list.
#![no_main]

#[allow(dead_code, reason = "each target asks one of the promises")]
#[path = "../../shared/domain/tests/domain/hostile/promises.rs"]
mod promises;

libfuzzer_sys::fuzz_target!(|data: &[u8]| promises::list(data));
