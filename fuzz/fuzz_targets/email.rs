//! E-mail addresses as people type them.
#![no_main]

#[allow(dead_code, reason = "each target asks one of the promises")]
#[path = "../../shared/domain/tests/domain/hostile/promises.rs"]
mod promises;

libfuzzer_sys::fuzz_target!(|data: &str| promises::email(data));
