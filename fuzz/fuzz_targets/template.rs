//! Texts with tokens; the last line is the value.
#![no_main]

#[allow(dead_code, reason = "each target asks one of the promises")]
#[path = "../../shared/domain/tests/domain/hostile/promises.rs"]
mod promises;

libfuzzer_sys::fuzz_target!(|data: &str| {
    let (text, value) = data.rsplit_once('\n').unwrap_or((data, "Ann"));
    promises::template(text, value);
});
