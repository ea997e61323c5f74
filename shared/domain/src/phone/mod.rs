//! Telephone numbers: parsed once from what people type, then known to be well formed.
//!
//! Nearly every number is British, so those take a path by hand (`uk`); the rest of the world goes by libphonenumber
//! (`foreign`).

mod error;
mod foreign;
mod kind;
mod read;
mod repair;
pub(crate) mod typed;
mod uk;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use error::PhoneError;
pub use kind::PhoneKind;
pub use read::Parsed;
pub use repair::{Repair, Repaired, repair};

/// Whether messages reach real people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NumberMode {
    /// Real providers: a number must be in a range that is in use, and Ofcom's drama numbers are refused.
    #[default]
    Live,
    /// Simulated providers: any well-formed number will do, drama numbers included.
    Simulated,
}

/// The calling code of a school's own country, for numbers typed without one. 44 unless set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct CountryCode(u16);

impl CountryCode {
    /// The United Kingdom, Jersey, Guernsey and the Isle of Man.
    pub const UK: Self = Self(44);

    /// The code without `+`.
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl Default for CountryCode {
    fn default() -> Self {
        Self::UK
    }
}

impl TryFrom<u16> for CountryCode {
    type Error = PhoneError;

    /// Takes any code of one to three digits, so that a stored one can always be read; text is checked by `from_str`.
    fn try_from(code: u16) -> Result<Self, PhoneError> {
        if (1..=999).contains(&code) { Ok(Self(code)) } else { Err(PhoneError::UnknownCountry) }
    }
}

impl From<CountryCode> for u16 {
    fn from(code: CountryCode) -> Self {
        code.0
    }
}

impl FromStr for CountryCode {
    type Err = PhoneError;

    /// Reads `44`, `+44` or `0044`; the code must be that of a country.
    fn from_str(text: &str) -> Result<Self, PhoneError> {
        let digits = text.trim().trim_start_matches('+').trim_start_matches('0');
        let code = digits.parse::<u16>().map_err(|_| PhoneError::UnknownCountry)?;
        let code = Self::try_from(code)?;
        if foreign::is_known(code) { Ok(code) } else { Err(PhoneError::UnknownCountry) }
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The longest number: `+` and fifteen digits.
const LONGEST: usize = 16;

/// A well-formed telephone number in E.164 form, such as `+447700900123`.
///
/// `parse` is for what people typed. The serde form is for rows that this system wrote: it checks the shape only, so a
/// request from outside takes a `String` and parses it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhoneNumber {
    /// The text, padded with zero bytes.
    text: [u8; LONGEST],
}

impl PhoneNumber {
    /// Reads what somebody typed; `country` is the one of numbers without a `+` or `00`.
    pub fn parse(text: &str, country: CountryCode, mode: NumberMode) -> Result<Self, PhoneError> {
        Self::parse_cell(text, country, mode).map(|parsed| parsed.number)
    }

    /// As [`PhoneNumber::parse`], and says what a spreadsheet had done to the number, where that could be undone.
    pub fn parse_cell(text: &str, country: CountryCode, mode: NumberMode) -> Result<Parsed, PhoneError> {
        read::parse_cell(text, country, mode)
    }

    /// Takes a number already in E.164 form, as a provider or our own table gives it. Checks the shape alone.
    pub fn from_e164(text: &str) -> Result<Self, PhoneError> {
        match text.as_bytes() {
            [b'+', digits @ ..] => Self::from_digits(digits),
            _ => Err(PhoneError::NotInUse),
        }
    }

    /// From the digits after the `+`.
    fn from_digits(digits: &[u8]) -> Result<Self, PhoneError> {
        let mut text = [0; LONGEST];
        text[0] = b'+';
        let place = text.get_mut(1..=digits.len()).ok_or(PhoneError::TooLong)?;
        if digits.len() < 7 {
            return Err(PhoneError::TooShort);
        }
        if digits[0] == b'0' || !digits.iter().all(u8::is_ascii_digit) {
            return Err(PhoneError::NotInUse);
        }
        place.copy_from_slice(digits);
        Ok(Self { text })
    }

    /// From a ten-digit British number.
    fn from_national(national: &uk::National) -> Self {
        let mut text = [0; LONGEST];
        text[..3].copy_from_slice(b"+44");
        text[3..13].copy_from_slice(national);
        Self { text }
    }

    /// The E.164 text: `+447700900123`.
    pub fn as_str(&self) -> &str {
        let end = self.text.iter().position(|b| *b == 0).unwrap_or(LONGEST);
        std::str::from_utf8(&self.text[..end]).unwrap_or_default()
    }

    /// The E.164 text, owned.
    pub fn e164(self) -> String {
        self.as_str().to_owned()
    }

    /// The number as people write it: `07700 900123`, `020 7946 0123`; from abroad `+353 87 123 4567`.
    pub fn national(self) -> String {
        self.british().map_or_else(|| foreign::grouped(self.as_str()), |n| uk::grouped(&n))
    }

    /// What kind of number it is.
    pub fn kind(self) -> PhoneKind {
        match self.british() {
            Some(n) => uk::Plan::of(&n).kind().unwrap_or(PhoneKind::Other),
            None => foreign::kind(self.as_str()),
        }
    }

    /// Whether a text can reach it: mobiles, here and abroad.
    pub fn can_sms(self) -> bool {
        self.kind().can_sms()
    }

    /// Whether a school may call it.
    pub fn can_call(self) -> bool {
        self.kind().can_call()
    }

    /// The ten digits of a British number (a handful of old ones are shorter: those go by the library).
    fn british(self) -> Option<uk::National> {
        match self.text {
            [b'+', b'4', b'4', rest @ .., 0, 0, 0] if rest[9] != 0 => Some(rest),
            _ => None,
        }
    }
}

impl AsRef<str> for PhoneNumber {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The last two digits only, because debug output ends up in logs.
impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.as_str();
        write!(f, "PhoneNumber(…{})", &text[text.len() - 2..])
    }
}

impl FromStr for PhoneNumber {
    type Err = PhoneError;

    /// As [`PhoneNumber::from_e164`].
    fn from_str(text: &str) -> Result<Self, PhoneError> {
        Self::from_e164(text)
    }
}

impl Serialize for PhoneNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for PhoneNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct E164;

        impl serde::de::Visitor<'_> for E164 {
            type Value = PhoneNumber;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a phone number in E.164 form")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<PhoneNumber, E> {
                PhoneNumber::from_e164(text).map_err(E::custom)
            }
        }

        deserializer.deserialize_str(E164)
    }
}

/// A number that a text can reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "PhoneNumber", into = "PhoneNumber")]
pub struct MobileNumber(PhoneNumber);

impl MobileNumber {
    /// The number.
    pub const fn number(self) -> PhoneNumber {
        self.0
    }
}

/// The number cannot take texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("This is not a mobile number, so a text cannot reach it.")]
pub struct NotMobile;

impl TryFrom<PhoneNumber> for MobileNumber {
    type Error = NotMobile;

    fn try_from(number: PhoneNumber) -> Result<Self, NotMobile> {
        if number.can_sms() { Ok(Self(number)) } else { Err(NotMobile) }
    }
}

impl From<MobileNumber> for PhoneNumber {
    fn from(mobile: MobileNumber) -> Self {
        mobile.0
    }
}

impl fmt::Display for MobileNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests;
