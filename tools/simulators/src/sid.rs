//! Ids of what was accepted: 16 bytes, written as each provider writes its own.

use std::fmt::Write as _;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::clock::Millis;
use crate::kind::Kind;

/// The identity of one accepted message, call or e-mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Sid([u8; 16]);

impl Sid {
    /// 32 hexadecimal digits.
    pub(crate) fn hex(self) -> String {
        let mut out = String::with_capacity(32);
        for byte in self.0 {
            let _ = write!(out, "{byte:02x}");
        }
        out
    }

    /// Reads 32 hexadecimal digits.
    fn from_hex(hex: &[u8]) -> Option<Self> {
        let digit = |c: u8| char::from(c).to_digit(16).and_then(|d| u8::try_from(d).ok());
        let mut bytes = [0; 16];
        if hex.len() != 32 {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(hex.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Self(bytes))
    }

    /// As the provider names it: `SM…` for texts, `CA…` for calls, the long dashed form for e-mail.
    pub(crate) fn public(self, kind: Kind, at: Millis) -> String {
        let hex = self.hex();
        match kind {
            Kind::Sms | Kind::Inbound | Kind::Done => format!("SM{hex}"),
            Kind::Call => format!("CA{hex}"),
            // X numbers its posts in decimal, with 19 digits at most.
            Kind::Tweet => (u64::from_str_radix(&hex[..16], 16).unwrap_or_default() >> 2).to_string(),
            Kind::Email => format!(
                "{at:016x}-{}-{}-{}-{}-{}-000000",
                &hex[..8],
                &hex[8..12],
                &hex[12..16],
                &hex[16..20],
                &hex[20..]
            ),
        }
    }

    /// Reads what [`Sid::public`] writes.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Some(hex) = text.strip_prefix("SM").or_else(|| text.strip_prefix("CA")) {
            return Self::from_hex(hex.as_bytes());
        }
        let middle = text.get(17..)?.strip_suffix("-000000")?;
        let hex: Vec<u8> = middle.bytes().filter(|b| *b != b'-').collect();
        Self::from_hex(&hex)
    }

    /// A number in `0..bound`, always the same one for this id.
    pub(crate) fn pick(self, bound: u8) -> u8 {
        self.0[15] % bound.max(1)
    }
}

impl Serialize for Sid {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.hex())
    }
}

impl<'de> Deserialize<'de> for Sid {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <&str>::deserialize(from)?;
        Self::from_hex(text.as_bytes()).ok_or_else(|| D::Error::custom("not 32 hexadecimal digits"))
    }
}

/// Makes new ids, different in every process.
#[derive(Debug, Default)]
pub(crate) struct Sids {
    key: RandomState,
    made: AtomicU64,
}

impl Sids {
    /// A new id: a counter under a keyed hash, the key from the operating system.
    pub(crate) fn next(&self) -> Sid {
        let n = self.made.fetch_add(1, Ordering::Relaxed);
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.key.hash_one((n, 0_u8)).to_be_bytes());
        bytes[8..].copy_from_slice(&self.key.hash_one((n, 1_u8)).to_be_bytes());
        Sid(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_public_form_reads_back() {
        let sid = Sids::default().next();
        for kind in [Kind::Sms, Kind::Call, Kind::Email] {
            let text = sid.public(kind, 1_700_000_000_123);
            assert_eq!(Sid::parse(&text), Some(sid), "{text}");
        }
        assert_eq!(Sid::parse("SM12"), None);
        assert_eq!(Sid::parse("SMé"), None);
        assert_eq!(Sid::parse(""), None);
    }
}
