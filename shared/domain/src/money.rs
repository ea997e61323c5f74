//! Money: whole pence and finer prices.

use std::fmt;
use std::iter::Sum;
use std::ops::Add;

use serde::{Deserialize, Serialize};

/// An amount in hundredths of a penny, because an SMS may cost 3.75p. Shown in pounds and pence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pence {
    hundredths: u64,
}

impl Pence {
    /// An amount of hundredths of a penny.
    pub const fn from_hundredths(hundredths: u64) -> Self {
        Self { hundredths }
    }

    /// The amount `count` times.
    pub const fn times(self, count: u64) -> Self {
        Self { hundredths: self.hundredths.saturating_mul(count) }
    }

    /// The amount in hundredths of a penny.
    pub const fn hundredths(self) -> u64 {
        self.hundredths
    }
}

impl Add for Pence {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { hundredths: self.hundredths.saturating_add(other.hundredths) }
    }
}

impl Sum for Pence {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::default(), Add::add)
    }
}

impl fmt::Display for Pence {
    /// Pounds and pence, rounded half up to the penny: `£12.48`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pence = self.hundredths.saturating_add(50) / 100;
        write!(f, "£{}.{:02}", pence / 100, pence % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_shown_in_pounds_and_pence() {
        for (hundredths, shown) in
            [(0, "£0.00"), (375, "£0.04"), (375 * 312, "£11.70"), (1_000_000, "£100.00")]
        {
            assert_eq!(Pence::from_hundredths(hundredths).to_string(), shown);
        }
    }
}
