//! Texts and the parts that they are billed by; the last line is what is added.
#![no_main]

#[allow(dead_code, reason = "each target asks one of the promises")]
#[path = "../../shared/domain/tests/domain/hostile/promises.rs"]
mod promises;

libfuzzer_sys::fuzz_target!(|data: &str| {
    let (text, more) = data.rsplit_once('\n').unwrap_or((data, ""));
    promises::segments(text, more);
});
