//! Secrets are stored as hashes only.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// SHA-256 in hex. Enough for random tokens, whose every bit is a guess; passwords take argon2, elsewhere.
pub(crate) fn sha256_hex(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// Compares two hashes in a time that does not tell where they differ.
pub(crate) fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}
