//! OAuth 1.0a with HMAC-SHA1 (RFC 5849): what stands in the `Authorization` header.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;
use sha1::Sha1;

/// Everything but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Who signs.
#[derive(Clone, Copy)]
pub(super) struct Signer<'a> {
    pub(super) consumer_key: &'a str,
    pub(super) consumer_secret: &'a str,
    /// The token and its secret; none while one is asked for.
    pub(super) token: Option<(&'a str, &'a str)>,
}

/// What makes a request its own: never the same twice.
#[derive(Clone, Copy)]
pub(super) struct Once<'a> {
    pub(super) nonce: &'a str,
    /// Milliseconds since 1970.
    pub(super) at_ms: i64,
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// The signature of a request with these parameters, those of the URL's query added.
pub(super) fn signature(
    method: &str,
    url: &Url,
    params: &[(&str, &str)],
    consumer_secret: &str,
    token_secret: &str,
) -> String {
    let mut pairs: Vec<(String, String)> = params.iter().map(|(n, v)| (encode(n), encode(v))).collect();
    pairs.extend(url.query_pairs().map(|(n, v)| (encode(&n), encode(&v))));
    pairs.sort_unstable();
    let normal: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut bare = url.clone();
    bare.set_query(None);
    bare.set_fragment(None);
    let base =
        format!("{}&{}&{}", method.to_ascii_uppercase(), encode(bare.as_str()), encode(&normal.join("&")));
    let key = format!("{}&{}", encode(consumer_secret), encode(token_secret));
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(key.as_bytes()) else {
        return String::new(); // HMAC takes keys of every length
    };
    mac.update(base.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// The header of a request whose body is not a form. `extra` are further parameters of the protocol.
pub(super) fn header(signer: Signer<'_>, url: &Url, extra: &[(&str, &str)], once: Once<'_>) -> String {
    let seconds = once.at_ms.div_euclid(1_000).to_string();
    let mut params = vec![
        ("oauth_consumer_key", signer.consumer_key),
        ("oauth_nonce", once.nonce),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", &seconds),
        ("oauth_version", "1.0"),
    ];
    params.extend(signer.token.map(|(token, _)| ("oauth_token", token)));
    params.extend(extra);
    let secret = signer.token.map_or("", |(_, secret)| secret);
    let signed = signature("POST", url, &params, signer.consumer_secret, secret);
    params.push(("oauth_signature", &signed));
    let listed: Vec<String> =
        params.iter().map(|(name, value)| format!("{name}=\"{}\"", encode(value))).collect();
    format!("OAuth {}", listed.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_signatures_come_out() {
        let Some(vectors) = crate::specs::json("x/oauth1_vectors.json") else { return };
        let vectors = vectors.as_array().unwrap();
        assert!(vectors.len() >= 4);
        for vector in vectors {
            let of = |name: &str| vector[name].as_str().unwrap();
            let params = vector["params"].as_object().unwrap();
            let params: Vec<(&str, &str)> =
                params.iter().map(|(n, v)| (n.as_str(), v.as_str().unwrap())).collect();
            let url = Url::parse(of("url")).unwrap();
            let made = signature(of("method"), &url, &params, of("consumer_secret"), of("token_secret"));
            assert_eq!(made, of("signature"), "{}", of("name"));
        }
    }

    /// Made up; the expected values were worked out with Python's `hmac` and `urllib.parse.quote`.
    #[test]
    fn made_up_requests_are_signed_as_the_rfc_says() {
        let url = |text: &str| Url::parse(text).unwrap();
        let params = [("oauth_nonce", "n"), ("oauth_consumer_key", "k"), ("oauth_timestamp", "1")];
        let plain = signature("POST", &url("https://x.example/2/tweets"), &params, "cs", "ts");
        assert_eq!(plain, "PCj3IfuHD8U/FM9WEQwFqKTbZ3E=");
        // Neither the order, nor the case of the method, nor a default port makes a difference.
        let turned = [params[2], params[0], params[1]];
        assert_eq!(signature("post", &url("https://x.example:443/2/tweets"), &turned, "cs", "ts"), plain);
        // A query is signed like any parameter; reserved characters and spaces are encoded twice.
        let with = signature("GET", &url("http://x.example:8080/a?b=c%20d&a=%26"), &[("z", "ü~")], "c&s", "");
        assert_eq!(with, "HEy2S7NySg+7/o7lsU8X9bOwOxI=");
    }

    #[test]
    fn a_header_holds_every_parameter_once_and_no_secret() {
        let signer =
            Signer { consumer_key: "key", consumer_secret: "hidden", token: Some(("token", "hidden too")) };
        let url = Url::parse("https://x.example/oauth/access_token").unwrap();
        let once = Once { nonce: "n1", at_ms: 1_700_000_000_999 };
        let header = header(signer, &url, &[("oauth_verifier", "a b")], once);
        for part in ["oauth_timestamp=\"1700000000\"", "oauth_verifier=\"a%20b\"", "oauth_token=\"token\""] {
            assert_eq!(header.matches(part).count(), 1, "{header}");
        }
        assert!(header.starts_with("OAuth ") && !header.contains("hidden"));
    }
}
