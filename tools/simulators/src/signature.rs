//! Twilio's request signature: base64(HMAC-SHA1(token, URL + every name and value, sorted by name)).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// Signs a form that is posted to `url`. A name with several values signs each different value, sorted.
pub fn sign<N: AsRef<str>, V: AsRef<str>>(token: &str, url: &str, form: &[(N, V)]) -> String {
    let mut pairs: Vec<(&str, &str)> = form.iter().map(|(n, v)| (n.as_ref(), v.as_ref())).collect();
    pairs.sort_unstable();
    pairs.dedup();
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(token.as_bytes()) else {
        return String::new(); // HMAC takes keys of every length
    };
    mac.update(url.as_bytes());
    for (name, value) in pairs {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    STANDARD.encode(mac.finalize().into_bytes())
}
