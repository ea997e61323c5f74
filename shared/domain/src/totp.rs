//! Codes of an authenticator app: time-based one-time passwords (RFC 6238) as every app has them: SHA-1, six digits, 30
//! seconds.

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// Length of a step.
const STEP_MS: i64 = 30_000;
/// Digits of a code.
const DIGITS: u32 = 6;
/// Steps to either side that are taken too: clocks differ, and people type slowly.
const DRIFT: u64 = 1;
/// Alphabet of RFC 4648's base 32.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What the app and we share: 160 bits.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpSecret([u8; 20]);

/// Nothing of it, because debug output ends up in logs.
impl std::fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TotpSecret")
    }
}

impl TotpSecret {
    /// From fresh random bytes.
    pub const fn new(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// From 40 hex digits, as stored.
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 20];
        if text.len() != 40 || !text.is_ascii() {
            return None;
        }
        for (byte, at) in bytes.iter_mut().zip((0..40).step_by(2)) {
            *byte = u8::from_str_radix(&text[at..at + 2], 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// As stored.
    pub fn hex(&self) -> String {
        self.0.iter().fold(String::with_capacity(40), |mut text, byte| {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// As people type it into an app that has no camera: base 32 in groups of four.
    pub fn typed(&self) -> String {
        let text = self.base32();
        text.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ")
    }

    /// What the QR code holds, for an account at an issuer.
    pub fn uri(&self, issuer: &str, account: &str) -> String {
        let (issuer, account) = (escaped(issuer), escaped(account));
        format!("otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}", self.base32())
    }

    /// The step of a code that is right at that time and later than `last_step`, the last one used: so a code works
    /// once, and nobody who read it over a shoulder uses it again.
    pub fn check(&self, typed: &str, now_ms: i64, last_step: u64) -> Option<u64> {
        let typed: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
        let wanted: u32 = typed.parse().ok().filter(|_| typed.len() == DIGITS as usize)?;
        let now = step_at(now_ms);
        // All are reckoned, so that the time does not tell which it was.
        let right = (now.saturating_sub(DRIFT)..=now + DRIFT)
            .filter(|step| code(&self.0, *step, DIGITS) == wanted)
            .collect::<Vec<_>>();
        right.into_iter().find(|step| *step > last_step)
    }

    /// The code that an app shows at that time.
    pub fn code_at(&self, now_ms: i64) -> String {
        format!("{:06}", code(&self.0, step_at(now_ms), DIGITS))
    }

    fn base32(&self) -> String {
        let mut text = String::with_capacity(32);
        for five in self.0.chunks(5) {
            let bits = five.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
            text.extend((0..8).rev().map(|at| char::from(BASE32[(bits >> (5 * at) & 31) as usize])));
        }
        text
    }
}

fn step_at(now_ms: i64) -> u64 {
    u64::try_from(now_ms.div_euclid(STEP_MS)).unwrap_or(0)
}

/// RFC 4226's truncation of an HMAC over the counter.
fn code(secret: &[u8; 20], step: u64, digits: u32) -> u32 {
    // A key shorter than a block is padded with zeros: that is what HMAC itself does.
    let mut key = hmac::digest::Key::<Hmac<Sha1>>::default();
    key[..secret.len()].copy_from_slice(secret);
    let tag = <Hmac<Sha1> as KeyInit>::new(&key).chain_update(step.to_be_bytes()).finalize().into_bytes();
    let at = usize::from(tag[19] & 15);
    let four = tag[at..at + 4].iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
    (four & 0x7fff_ffff) % 10_u32.pow(digits)
}

/// Percent-encodes all but what needs none in the label of a URI.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RFC: [u8; 20] = *b"12345678901234567890";

    #[test]
    fn codes_are_those_of_the_rfc() {
        for (seconds, wanted) in [
            (59, 94_287_082),
            (1_111_111_109, 7_081_804),
            (1_111_111_111, 14_050_471),
            (1_234_567_890, 89_005_924),
            (2_000_000_000, 69_279_037),
            (20_000_000_000, 65_353_130),
        ] {
            assert_eq!(code(&RFC, step_at(seconds * 1_000), 8), wanted, "{seconds}");
        }
    }

    #[test]
    fn a_code_works_once_and_a_step_early_or_late() {
        let secret = TotpSecret::new(RFC);
        let now = 1_111_111_111_000;
        let shown = secret.code_at(now);
        let step = secret.check(&shown, now, 0).unwrap();
        assert_eq!(secret.check(&shown, now, step), None, "used");
        assert_eq!(secret.check(&shown, now, step + 1), None, "an earlier one after a later");
        for (late_ms, works) in [(-30_000, true), (30_000, true), (-60_000, false), (60_000, false)] {
            assert_eq!(secret.check(&shown, now + late_ms, 0).is_some(), works, "{late_ms}");
        }
        let spaced = format!(" {} {}", &shown[..3], &shown[3..]);
        assert_eq!(secret.check(&spaced, now, 0), Some(step));
        for wrong in ["", "12345", "1234567", "abcdef", "+12345", "-12345", "１２３４５６"] {
            assert_eq!(secret.check(wrong, now, 0), None, "{wrong}");
        }
    }

    #[test]
    fn a_secret_is_stored_and_shown() {
        let secret = TotpSecret::new(RFC);
        assert_eq!(TotpSecret::from_hex(&secret.hex()), Some(secret.clone()));
        assert_eq!(secret.typed(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        assert_eq!(
            secret.uri("Messenger", "5976.joe bloggs"),
            "otpauth://totp/Messenger:5976.joe%20bloggs?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Messenger"
        );
        for bad in ["", "zz", &"0".repeat(39), &"g".repeat(40), &"é".repeat(20)] {
            assert_eq!(TotpSecret::from_hex(bad), None, "{bad}");
        }
    }
}
