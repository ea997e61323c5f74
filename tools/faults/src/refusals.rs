//! What the providers refused, and what they left open.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// How often each delivery was refused, and how many sends had an answer that said nothing.
#[derive(Debug, Default)]
pub struct Refusals {
    of: Mutex<BTreeMap<String, u32>>,
    unclear: AtomicU64,
}

impl Refusals {
    /// The most that any one delivery was refused.
    pub fn most(&self) -> u32 {
        self.of.lock().unwrap().values().copied().max().unwrap_or(0)
    }

    /// Sends whose answer said nothing.
    pub fn unclear(&self) -> u64 {
        self.unclear.load(Ordering::Relaxed)
    }

    /// Counts a refusal of the delivery that a reference names.
    pub fn note(&self, reference: &str) {
        // All attempts of a delivery share what comes before the attempt's number and the signature.
        let delivery = reference.rsplitn(3, '-').last().unwrap_or_default();
        *self.of.lock().unwrap().entry(delivery.to_owned()).or_insert(0) += 1;
    }

    /// Counts an answer that said nothing.
    pub fn note_unclear(&self) {
        self.unclear.fetch_add(1, Ordering::Relaxed);
    }
}
