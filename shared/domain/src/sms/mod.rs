//! How many units (billed parts) a text takes, and what would make it take fewer.
//!
//! A text of GSM 03.38 characters has 160 places, or 153 in each part of a longer one; those of the extension table
//! take two places. One other character makes the whole text UCS-2, with 70 and 67 places counted in UTF-16 units.
//! Neither the two places of an extension character nor a surrogate pair is ever split across parts, so a long text
//! can take more parts than a plain division says.

mod coach;
mod gsm;

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

pub use coach::{Hint, coach, mend};

/// The most parts that one text may have. Both providers take ten, and Twilio refuses bodies over 1,600 characters:
/// ten parts are at most 1,530 of them.
pub const MAX_PARTS: Units = Units(10);

/// Longest header of a text, in characters.
pub const MAX_HEADER: usize = 30;

/// A number of SMS parts as billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Units(pub u32);

impl Add for Units {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Units {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Units {
    fn sum<I: Iterator<Item = Self>>(units: I) -> Self {
        units.fold(Self(0), Add::add)
    }
}

impl fmt::Display for Units {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// How a text goes over the air.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Encoding {
    /// GSM 03.38, counted in septets.
    #[serde(rename = "GSM-7")]
    Gsm7,
    /// UCS-2, counted in UTF-16 units.
    #[serde(rename = "UCS-2")]
    Ucs2,
}

impl Encoding {
    /// Places in a text of one part.
    pub const fn single(self) -> u32 {
        match self {
            Self::Gsm7 => 160,
            Self::Ucs2 => 70,
        }
    }

    /// Places in each part of a longer text; a header takes the rest.
    pub const fn each(self) -> u32 {
        match self {
            Self::Gsm7 => 153,
            Self::Ucs2 => 67,
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Gsm7 => "GSM-7",
            Self::Ucs2 => "UCS-2",
        })
    }
}

/// The size of one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct SmsSize {
    /// How it goes over the air.
    pub encoding: Encoding,
    /// Parts as billed; none for an empty text.
    pub parts: Units,
    /// Places taken: septets, or UTF-16 units.
    pub used: u32,
    /// Places free in the last part.
    pub left_in_part: u32,
}

impl SmsSize {
    /// Whether the text has more parts than may be sent.
    pub fn is_too_long(&self) -> bool {
        self.parts > MAX_PARTS
    }

    /// By how many places the text is over its last boundary: without so many it would be one part shorter. None for
    /// a text of one part.
    pub fn over_boundary(&self) -> Option<u32> {
        match self.parts.0 {
            0 | 1 => None,
            2 => Some(self.used - self.encoding.single()),
            _ => Some(self.encoding.each() - self.left_in_part),
        }
    }
}

/// Sizes a text (with its header, see [`compose_sms`]). Allocates nothing.
pub fn count(text: &str) -> SmsSize {
    let mut septets = 0;
    let mut utf16 = 0;
    let mut encoding = Encoding::Gsm7;
    for c in text.chars() {
        utf16 += c.len_utf16() as u32;
        match gsm::septets(c) {
            Some(n) => septets += n,
            None => encoding = Encoding::Ucs2,
        }
    }
    match encoding {
        // Every GSM character is one UTF-16 unit, so none of these takes two septets.
        Encoding::Gsm7 if septets == utf16 => even(encoding, septets),
        Encoding::Gsm7 => sized(encoding, septets, text, |c| gsm::septets(c).unwrap_or(1)),
        Encoding::Ucs2 => sized(encoding, utf16, text, |c| c.len_utf16() as u32),
    }
}

/// The size of `used` places that can be cut anywhere.
fn even(encoding: Encoding, used: u32) -> SmsSize {
    let (parts, room) = match used {
        0 => (0, encoding.single()),
        n if n <= encoding.single() => (1, encoding.single()),
        n => (n.div_ceil(encoding.each()), encoding.each()),
    };
    SmsSize { encoding, parts: Units(parts), used, left_in_part: parts.max(1) * room - used }
}

/// The size of a text whose characters take one or two places; a longer one is filled part by part.
fn sized(encoding: Encoding, used: u32, text: &str, places: impl Fn(char) -> u32) -> SmsSize {
    if used <= encoding.single() {
        return even(encoding, used);
    }
    let (mut parts, mut left) = (1, encoding.each());
    for taken in text.chars().map(places) {
        if taken > left {
            parts += 1;
            left = encoding.each();
        }
        left -= taken;
    }
    SmsSize { encoding, parts: Units(parts), used, left_in_part: left }
}

/// The text that is sent: `Header: body`, or the body alone without a header. The body is never changed.
pub fn compose_sms(header: Option<&str>, body: &str) -> String {
    match header.map(|h| h.trim().trim_end_matches(':')).filter(|h| !h.is_empty()) {
        Some(header) => [header, ": ", body].concat(),
        None => body.to_owned(),
    }
}

#[cfg(test)]
mod tests;
