//! The arithmetic of a token bucket: when the next units of one sender may go. The store keeps one number for each
//! bucket and moves it under a condition; nothing here waits.

use std::num::NonZeroU32;

/// How fast a sender may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Units a second in the long run.
    pub per_second: NonZeroU32,
    /// Units that may go at once after a pause.
    pub burst: u32,
}

/// A reserved place in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reserved {
    /// When the units may go, in milliseconds since 1970; not before now.
    pub at_ms: i64,
    /// What the bucket holds afterwards: the `next_ms` of the next reservation.
    pub next_ms: i64,
}

impl Rate {
    /// Milliseconds that `units` take up, rounded up.
    pub fn millis(self, units: u32) -> i64 {
        // At most u32::MAX thousand: fits.
        (u64::from(units) * 1_000)
            .div_ceil(u64::from(self.per_second.get()))
            .cast_signed()
    }

    /// Reserves `units` in a bucket that stands at `next_ms` (0 for a new one). All of them may go at once, so that a
    /// page is never cut; the next ones wait the longer for it.
    pub fn slot(self, next_ms: i64, now_ms: i64, units: u32) -> Reserved {
        let begins = next_ms.max(now_ms.saturating_sub(self.millis(self.burst)));
        Reserved {
            at_ms: begins.max(now_ms),
            next_ms: begins.saturating_add(self.millis(units)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rate(per_second: u32, burst: u32) -> Rate {
        Rate {
            per_second: NonZeroU32::new(per_second).unwrap(),
            burst,
        }
    }

    #[test]
    fn a_rested_bucket_lets_its_burst_go_and_then_keeps_the_pace() {
        let rate = rate(10, 20);
        let mut next = 0;
        let waits: Vec<i64> = (0..5)
            .map(|_| {
                let reserved = rate.slot(next, 1_000_000, 10);
                next = reserved.next_ms;
                reserved.at_ms - 1_000_000
            })
            .collect();
        assert_eq!(waits, [0, 0, 0, 1_000, 2_000]);
    }

    #[test]
    fn a_long_rest_saves_up_no_more_than_the_burst() {
        let rate = rate(1, 0);
        let first = rate.slot(0, 1_000_000, 3);
        assert_eq!(
            first,
            Reserved {
                at_ms: 1_000_000,
                next_ms: 1_003_000
            }
        );
        assert_eq!(rate.slot(first.next_ms, 1_000_001, 1).at_ms, 1_003_000);
    }

    proptest! {
        #[test]
        fn no_window_of_time_holds_more_than_burst_and_pace_allow(
            per_second in 1_u32..500, burst in 0_u32..100,
            asks in proptest::collection::vec((0_i64..2_000, 1_u32..26), 1..60),
        ) {
            let rate = rate(per_second, burst);
            let (mut now, mut next) = (1_000_000_i64, 0);
            let mut sent: Vec<(i64, u32)> = Vec::new();
            for (pause, units) in asks {
                now += pause;
                let reserved = rate.slot(next, now, units);
                next = reserved.next_ms;
                prop_assert!(reserved.at_ms >= now);
                sent.push((reserved.at_ms, units));
            }
            for (i, &(from, _)) in sent.iter().enumerate() {
                for (j, &(to, last)) in sent.iter().enumerate().skip(i) {
                    // The last page goes whole; all before it must fit into the time that passed and the burst.
                    let before: u32 = sent[i..=j].iter().map(|s| s.1).sum::<u32>() - last;
                    let room = (to - from) * i64::from(per_second) / 1_000 + i64::from(burst) + 1;
                    prop_assert!(i64::from(before) <= room, "{before} in {} ms", to - from);
                }
            }
        }
    }
}
