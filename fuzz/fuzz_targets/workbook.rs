//! A file that somebody uploads as a workbook: what comes out of it is a list like any other, or nothing does.
#![no_main]

#[allow(dead_code, reason = "each target asks one of the promises")]
#[path = "../../shared/domain/tests/domain/hostile/promises.rs"]
mod promises;
#[allow(dead_code, reason = "a part of `sheets`, which uses all of it")]
#[path = "../../shared/sheets/src/workbook.rs"]
mod workbook;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(list) = workbook::to_csv(data) {
        assert!(!list.text.is_empty());
        promises::list(list.text.as_bytes());
    }
});
