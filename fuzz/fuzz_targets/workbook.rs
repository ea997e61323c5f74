//! A file that somebody uploads as a workbook: what comes out of it is a list like any other, or nothing does.
#![no_main]

#[allow(dead_code, unreachable_pub, reason = "each target asks one of the promises")]
#[path = "../../shared/domain/tests/hostile/promises.rs"]
mod promises;
#[allow(dead_code, unused_imports, reason = "the file is a part of the dispatch function, with its own tests")]
mod import {
    #[path = "../../../functions/dispatch/src/import/workbook.rs"]
    pub mod workbook;

    pub fn read(bytes: &[u8]) -> Option<String> {
        workbook::to_csv(bytes).ok().map(|converted| converted.text)
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Some(text) = import::read(data) {
        assert!(!text.is_empty());
        promises::list(text.as_bytes());
    }
});
