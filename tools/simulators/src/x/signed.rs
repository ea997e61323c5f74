//! Checking who signed a request (RFC 5849, HMAC-SHA1).

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, header};
use sha1::Sha1;

use super::state::X;
use super::{X_CONSUMER_KEY, X_CONSUMER_SECRET};
use crate::clock;

/// How far a timestamp may be from now, in seconds.
const LEEWAY_S: i64 = 300;

/// The parameters of a request whose signature is right.
pub(super) struct Signed(Vec<(String, String)>);

impl Signed {
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

/// Everything but RFC 3986's unreserved characters, in upper-case hexadecimal.
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing into a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn decode(text: &str) -> String {
    // A plus sign in the header means itself.
    let text = text.replace('+', "%2B");
    form_urlencoded::parse(format!("v={text}").as_bytes())
        .next()
        .map_or_else(String::new, |(_, v)| v.into_owned())
}

fn parameters(headers: &HeaderMap) -> Option<Vec<(String, String)>> {
    let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("OAuth ")?;
    let pair = |part: &str| {
        let (name, value) = part.trim().split_once('=')?;
        Some((decode(name), decode(value.strip_prefix('"')?.strip_suffix('"')?)))
    };
    given.split(',').map(pair).collect()
}

/// HMAC-SHA1 in base64.
pub(super) fn mac(key: &str, text: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(key.as_bytes()) else {
        return String::new(); // HMAC takes keys of every length
    };
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// The request's parameters if its signature, made with the secret of its token, is right, its time is now, and its
/// nonce is new.
pub(super) fn check(
    x: &X,
    headers: &HeaderMap,
    path: &str,
    secret_of: impl FnOnce(&str) -> Option<String>,
) -> Option<Signed> {
    let signed = Signed(parameters(headers)?);
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let mut pairs: Vec<(String, String)> = signed
        .0
        .iter()
        .filter(|(name, _)| name != "oauth_signature" && name != "realm")
        .map(|(name, value)| (encode(name), encode(value)))
        .collect();
    pairs.sort_unstable();
    let normal: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let base = format!("POST&{}&{}", encode(&format!("http://{host}{path}")), encode(&normal.join("&")));
    let token_secret = secret_of(signed.get("oauth_token"))?;
    let key = format!("{}&{}", encode(X_CONSUMER_SECRET), encode(&token_secret));
    let timely = signed
        .get("oauth_timestamp")
        .parse::<i64>()
        .is_ok_and(|at| (clock::now().div_euclid(1_000) - at).abs() <= LEEWAY_S);
    let right = timely
        && signed.get("oauth_consumer_key") == X_CONSUMER_KEY
        && signed.get("oauth_signature_method") == "HMAC-SHA1"
        && signed.get("oauth_signature") == mac(&key, &base);
    let nonce = signed.get("oauth_nonce").to_owned();
    (right && !nonce.is_empty() && x.lock().nonces.insert(nonce)).then_some(signed)
}
