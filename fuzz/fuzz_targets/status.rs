//! A form that claims to be a callback of Twilio.
#![no_main]

#[allow(dead_code, reason = "each target asks one of the promises")]
#[path = "../../shared/channels/tests/channels/hostile/promises.rs"]
mod promises;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let form: Vec<(String, String)> = form_urlencoded::parse(data).into_owned().collect();
    promises::status(&form);
    promises::inbound(&form);
});
