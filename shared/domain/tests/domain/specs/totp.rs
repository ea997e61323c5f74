use domain::totp::TotpSecret;

use super::support::{cases, text};

#[test]
fn codes_of_six_digits_end_the_rfcs_of_eight() {
    let Some(cases) = cases("auth/rfc6238_vectors.json") else {
        return;
    };
    let sha1: Vec<_> = cases.as_array().unwrap().iter().filter(|v| text(v, "alg") == "SHA1").collect();
    assert!(sha1.len() >= 6);
    for vector in sha1 {
        let seed: [u8; 20] = text(vector, "secret_ascii").as_bytes().try_into().unwrap();
        let at_ms = vector["time"].as_i64().unwrap() * 1_000;
        let shown = TotpSecret::new(seed).code_at(at_ms);
        assert!(text(vector, "totp").ends_with(&shown), "{vector}: {shown}");
        assert!(TotpSecret::new(seed).check(&shown, at_ms, 0).is_some());
    }
}
