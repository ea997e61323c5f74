//! Ids and secrets. A test foresees them; everything else gets them from the system's randomness.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ulid::Ulid;

/// A source of ids and secrets.
#[derive(Debug, Clone)]
pub struct Ids(Source);

#[derive(Debug, Clone)]
enum Source {
    System,
    Counted { next: Arc<AtomicU64> },
}

impl Ids {
    /// The system's randomness.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// Foreseeable ids: 1, 2, 3… For tests and for the demo school, never for a secret that guards anything.
    pub fn counted_from(first: u64) -> Self {
        Self(Source::Counted { next: Arc::new(AtomicU64::new(first)) })
    }

    /// A new ULID, sortable by the time given in milliseconds since 1970.
    pub fn ulid(&self, now_ms: i64) -> Ulid {
        let mut bytes = [0_u8; 16];
        self.fill(&mut bytes);
        Ulid::from_parts(u64::try_from(now_ms).unwrap_or_default(), u128::from_be_bytes(bytes))
    }

    /// A secret of 256 bits, as 43 characters that are safe in a URL and a cookie.
    pub fn secret(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes::<32>())
    }

    /// Random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0_u8; N];
        self.fill(&mut bytes);
        bytes
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that may ask the system")]
    #[expect(clippy::expect_used, reason = "a system without randomness must not hand out guessable secrets")]
    fn fill(&self, bytes: &mut [u8]) {
        match &self.0 {
            Source::System => getrandom::fill(bytes).expect("the system gives randomness"),
            Source::Counted { next } => {
                let number = next.fetch_add(1, Ordering::SeqCst).to_be_bytes();
                let tail = bytes.len().saturating_sub(number.len());
                bytes.fill(0);
                for (byte, value) in bytes[tail..].iter_mut().zip(number) {
                    *byte = value;
                }
            }
        }
    }
}
