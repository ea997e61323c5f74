//! A request to a webhook: path, signature, form, a line each.
#![no_main]

#[allow(dead_code, reason = "each target asks one of the promises")]
#[path = "../../shared/channels/tests/channels/hostile/promises.rs"]
mod promises;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut lines = data.splitn(3, |b| *b == b'\n').map(String::from_utf8_lossy);
    let (path, forged) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let form = lines.next().unwrap_or_default();
    let form: Vec<(String, String)> = form_urlencoded::parse(form.as_bytes()).into_owned().collect();
    promises::signature(&path, &form, &forged);
});
