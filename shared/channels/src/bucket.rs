//! How much of a sender's time a page takes up. The store gives out the time: no two reservations overlap, so a sender
//! keeps its pace whichever worker sends for it (`Store::reserve_slot`).

use std::num::NonZeroU32;

/// How fast a sender may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Units a second.
    pub per_second: NonZeroU32,
}

impl Rate {
    /// Milliseconds that `units` take up, rounded up.
    pub fn millis(self, units: u32) -> i64 {
        // At most u32::MAX thousand: fits.
        (u64::from(units) * 1_000).div_ceil(u64::from(self.per_second.get())).cast_signed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_rounded_up_so_that_the_pace_is_never_exceeded() {
        for (per_second, units, millis) in
            [(1, 25, 25_000), (10, 25, 2_500), (3, 1, 334), (1_000, 1, 1), (7, 0, 0)]
        {
            let rate = Rate { per_second: NonZeroU32::new(per_second).unwrap() };
            assert_eq!(rate.millis(units), millis, "{units} at {per_second} a second");
        }
    }
}
