//! `X-Twilio-Signature`: proof that a request to a webhook came from Twilio.

use std::collections::BTreeSet;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Url;
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// A request was not signed with our token, or not as sent to our address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not match")]
pub struct BadSignature;

/// What Twilio signed along with the address.
#[derive(Clone, Copy)]
pub enum Payload<'a> {
    /// The fields of a form, in any order, repeated ones included.
    Form(&'a [(String, String)]),
    /// Any other body; its hash stands in the address as `bodySHA256`.
    Body(&'a [u8]),
}

/// Checks signatures against the public address of the product, never against what a `Host` header claims.
#[derive(Clone)]
pub struct Signatures {
    token: String,
    public_url: String,
}

impl fmt::Debug for Signatures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signatures").field("public_url", &self.public_url).finish_non_exhaustive()
    }
}

impl Signatures {
    /// For an account's auth token and the scheme and host under which Twilio reaches us.
    pub fn new(auth_token: &str, public_url: &str) -> Self {
        Self { token: auth_token.to_owned(), public_url: public_url.trim_end_matches('/').to_owned() }
    }

    /// Checks a request to `path_and_query`, both exactly as received.
    pub fn verify(
        &self,
        path_and_query: &str,
        payload: Payload<'_>,
        signature: &str,
    ) -> Result<(), BadSignature> {
        let claimed = STANDARD.decode(signature).map_err(|_| BadSignature)?;
        let url = format!("{}{path_and_query}", self.public_url);
        let fields = match payload {
            Payload::Form(fields) => fields,
            Payload::Body(body) if body_hash_matches(&url, body) => &[],
            Payload::Body(_) => return Err(BadSignature),
        };
        let mut matches = false;
        for url in spellings(&url) {
            // Every spelling is tried whether or not one has matched, each compared in constant time.
            matches |= mac(&self.token, &url, fields).is_some_and(|m| m.verify_slice(&claimed).is_ok());
        }
        if matches { Ok(()) } else { Err(BadSignature) }
    }
}

/// Signs a request as Twilio does: for simulators and tests.
pub fn sign(auth_token: &str, url: &str, form: &[(String, String)]) -> String {
    mac(auth_token, url, form).map(|m| STANDARD.encode(m.finalize().into_bytes())).unwrap_or_default()
}

fn mac(token: &str, url: &str, form: &[(String, String)]) -> Option<Hmac<Sha1>> {
    let mut mac = Hmac::<Sha1>::new_from_slice(token.as_bytes()).ok()?;
    mac.update(url.as_bytes());
    // Sorted by name, then value; a field that is there twice with the same value counts once.
    for (name, value) in form.iter().collect::<BTreeSet<_>>() {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    Some(mac)
}

/// Twilio does not say whether it signs the port, nor an apostrophe as it is or percent-encoded.
fn spellings(url: &str) -> Vec<String> {
    let mut all = vec![url.to_owned()];
    if let Some((before, port, after)) = split_at_port(url) {
        let standard = if before.starts_with("https:") { ":443" } else { ":80" };
        all.push(format!("{before}{after}"));
        if port.is_empty() {
            all.push(format!("{before}{standard}{after}"));
        }
    }
    // A request carries no fragment, and Twilio signs what it requests; but nowhere does it promise that.
    all.extend(all.clone().into_iter().map(|u| u + super::RETRIES));
    if url.contains('\'') {
        all.extend(all.clone().into_iter().map(|u| u.replace('\'', "%27")));
    }
    all
}

/// Cuts an address into what stands before the port, the port with its colon (or nothing), and the rest. Works on the
/// text: parsing and printing would normalise what must stay as it was signed.
fn split_at_port(url: &str) -> Option<(&str, &str, &str)> {
    let host_begins = url.find("://")? + 3;
    let rest_begins = url[host_begins..].find(['/', '?']).map_or(url.len(), |i| host_begins + i);
    let authority = &url[host_begins..rest_begins];
    let host = authority.rfind('@').map_or(0, |i| i + 1);
    let port_begins = match authority[host..].rfind(':') {
        Some(colon) if !authority[host + colon..].contains(']') => host_begins + host + colon,
        _ => rest_begins,
    };
    Some((&url[..port_begins], &url[port_begins..rest_begins], &url[rest_begins..]))
}

fn body_hash_matches(url: &str, body: &[u8]) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let hash = hex::encode(Sha256::digest(body));
    url.query_pairs().any(|(name, value)| name == "bodySHA256" && *value == *hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(fields: &[(&str, &str)]) -> Vec<(String, String)> {
        fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn a_signed_form_passes_in_any_order_and_no_other_does() {
        let ours = Signatures::new("0123456789abcdef", "https://messenger.example.com/");
        let path = "/hooks/twilio/status/abc";
        let sent = form(&[("MessageStatus", "delivered"), ("To", "+447700900123"), ("To", "+447700900123")]);
        let signature =
            sign("0123456789abcdef", "https://messenger.example.com/hooks/twilio/status/abc", &sent);
        let reordered = form(&[("To", "+447700900123"), ("MessageStatus", "delivered")]);
        let changed = form(&[("To", "+447700900123"), ("MessageStatus", "failed")]);
        assert_eq!(ours.verify(path, Payload::Form(&sent), &signature), Ok(()));
        assert_eq!(ours.verify(path, Payload::Form(&reordered), &signature), Ok(()));
        assert_eq!(ours.verify(path, Payload::Form(&changed), &signature), Err(BadSignature));
        assert_eq!(
            ours.verify("/hooks/twilio/status/abd", Payload::Form(&sent), &signature),
            Err(BadSignature)
        );
        for bad in ["", "=", "not base64", &signature[..8]] {
            assert_eq!(ours.verify(path, Payload::Form(&sent), bad), Err(BadSignature), "{bad}");
        }
        let other = Signatures::new("another token", "https://messenger.example.com");
        assert_eq!(other.verify(path, Payload::Form(&sent), &signature), Err(BadSignature));
        assert!(!format!("{ours:?}").contains("0123456789abcdef"));
    }

    #[test]
    fn the_fragment_that_asks_for_retries_may_be_signed_or_not_and_no_other() {
        let ours = Signatures::new("0123456789abcdef", "https://messenger.example.com");
        let sent = form(&[("MessageStatus", "delivered")]);
        for (fragment, fine) in [("", true), (super::super::RETRIES, true), ("#rc=0", false)] {
            let url = format!("https://messenger.example.com/hooks/twilio/status/abc{fragment}");
            let signature = sign("0123456789abcdef", &url, &sent);
            let verdict = ours.verify("/hooks/twilio/status/abc", Payload::Form(&sent), &signature);
            assert_eq!(verdict.is_ok(), fine, "{fragment}");
        }
    }

    #[test]
    fn the_port_is_found_wherever_it_stands() {
        let cases = [
            ("https://a.example:8443/x?y=1:2", ("https://a.example", ":8443", "/x?y=1:2")),
            ("http://u:p@a.example/x", ("http://u:p@a.example", "", "/x")),
            ("http://[::1]:8080", ("http://[::1]", ":8080", "")),
            ("http://[::1]/x", ("http://[::1]", "", "/x")),
        ];
        for (url, parts) in cases {
            assert_eq!(split_at_port(url), Some(parts));
        }
    }

    #[test]
    fn published_vectors_hold() {
        let Some(spec) = crate::specs::json("twilio/signature_vectors.json") else {
            return;
        };
        let token = spec["auth_token"].as_str().unwrap();
        let vectors = spec["vectors"].as_array().unwrap();
        for vector in vectors {
            let url = vector["url"].as_str().unwrap();
            let path = url.match_indices('/').nth(2).unwrap().0;
            let mut fields = Vec::new();
            for (name, value) in vector["params"].as_object().into_iter().flatten() {
                match value.as_array() {
                    Some(values) => {
                        fields.extend(values.iter().map(|v| (name.clone(), v.as_str().unwrap().to_owned())));
                    }
                    None => fields.push((name.clone(), value.as_str().unwrap().to_owned())),
                }
            }
            let payload =
                vector["body"].as_str().map_or(Payload::Form(&fields), |body| Payload::Body(body.as_bytes()));
            let signature = vector["signature"].as_str().unwrap();
            let verdict = Signatures::new(token, &url[..path]).verify(&url[path..], payload, signature);
            assert_eq!(verdict.is_ok(), vector["valid"].as_bool().unwrap(), "{}", vector["name"]);
        }
        assert!(vectors.len() >= 10);
    }
}
