//! Decisions that come from a seed: the same seed decides the same at the same occasion of the same thing.

use std::collections::HashMap;
use std::sync::Mutex;

/// A source of decisions. Each *thing* has a sequence of its own, so that how often one is asked for does not change
/// what is decided about another.
#[derive(Debug)]
pub struct Chance {
    seed: u64,
    asked: Mutex<HashMap<String, u64>>,
}

/// SplitMix64's last step.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Chance {
    /// Decisions of this seed.
    pub fn new(seed: u64) -> Self {
        Self { seed, asked: Mutex::default() }
    }

    /// The next number of a thing's sequence.
    pub fn roll(&self, thing: &str) -> u64 {
        let mut asked = self.asked.lock().unwrap();
        let times = asked.entry(thing.to_owned()).or_insert(0);
        *times += 1;
        let name = thing
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325, |h: u64, b| (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3));
        mix(mix(self.seed ^ name).wrapping_add(times.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    /// Whether something that happens `per_mille` times in a thousand happens now.
    pub fn hits(&self, thing: &str, per_mille: u64) -> bool {
        per_mille > 0 && self.roll(thing) % 1_000 < per_mille
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&self, thing: &str, low: u64, high: u64) -> u64 {
        low + self.roll(thing) % (high - low + 1)
    }

    /// One of these.
    pub fn pick<'a, T>(&self, thing: &str, of: &'a [T]) -> &'a T {
        &of[usize::try_from(self.roll(thing) % of.len() as u64).unwrap()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_decides_alike_whatever_else_is_asked() {
        let (a, b) = (Chance::new(7), Chance::new(7));
        b.roll("other");
        let of = |c: &Chance| (0..20).map(|_| c.roll("claim")).collect::<Vec<_>>();
        assert_eq!(of(&a), of(&b));
        assert_ne!(of(&Chance::new(7)), of(&Chance::new(8)));
    }
}
