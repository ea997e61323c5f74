//! What phones show as the sender of a text.

use std::fmt;

use crate::phone::{CountryCode, NumberMode, PhoneError, PhoneNumber};

/// Fewest characters of a name.
const SHORTEST: usize = 3;
/// Most characters of a name: the networks' limit.
const LONGEST: usize = 11;

/// Names that say nothing of who sends, in the folded form of [`folded`]: networks block them.
const NOBODYS: [&str; 16] = [
    "alert",
    "alerts",
    "appointment",
    "bank",
    "info",
    "infosms",
    "message",
    "messenger",
    "mobile",
    "notice",
    "school",
    "sms",
    "smsinfo",
    "text",
    "verify",
    "warning",
];

/// Beginnings of names of others that fraudsters like to impersonate.
const OTHERS: [&str; 15] = [
    "999",
    "barclays",
    "dvla",
    "dwp",
    "govuk",
    "halifax",
    "hmcts",
    "hmrc",
    "hsbc",
    "lloyds",
    "natwest",
    "nhs",
    "ofsted",
    "police",
    "royalmail",
];

/// The sender of a text: a name of 3 to 11 letters and digits, or a real number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SmsSender {
    /// A name: nobody can answer it.
    Name(String),
    /// A number: it can be answered.
    Number(PhoneNumber),
}

/// Why a text cannot be the sender of texts. `Display` is a sentence for a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SenderError {
    /// Too short or too long for a name.
    #[error("Use 3 to 11 characters: phones show no more.")]
    Length,
    /// A character that networks do not carry in a name.
    #[error("Use letters A to Z without accents, digits, spaces, and - _ + & only.")]
    Character,
    /// Digits only, but no number.
    #[error("A sender of digits must be a real phone number. {0}")]
    Number(PhoneError),
    /// A number that no text can come from.
    #[error("Texts cannot come from this kind of number. Use a mobile number, or a name.")]
    Kind,
    /// A name that says nothing or is somebody else's.
    #[error(
        "Networks refuse this name, because it is not clear whose it is. Use your school's own name, shortened."
    )]
    Refused,
}

impl SmsSender {
    /// Reads what somebody typed.
    pub fn parse(text: &str, country: CountryCode, mode: NumberMode) -> Result<Self, SenderError> {
        let text = text.trim();
        if !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || " +()-".contains(c)) {
            let number = PhoneNumber::parse(text, country, mode).map_err(SenderError::Number)?;
            return if number.can_sms() { Ok(Self::Number(number)) } else { Err(SenderError::Kind) };
        }
        if !(SHORTEST..=LONGEST).contains(&text.chars().count()) {
            return Err(SenderError::Length);
        }
        if !text.chars().all(|c| c.is_ascii_alphanumeric() || " -_+&".contains(c)) {
            return Err(SenderError::Character);
        }
        let name = folded(text);
        if name.is_empty() || NOBODYS.contains(&&*name) || OTHERS.iter().any(|other| name.starts_with(other))
        {
            return Err(SenderError::Refused);
        }
        Ok(Self::Name(text.to_owned()))
    }
}

/// Letters and digits in lower case; digits that stand for letters among letters are read as those.
fn folded(text: &str) -> String {
    let plain: String =
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    if plain.bytes().all(|b| b.is_ascii_digit()) {
        return plain;
    }
    plain
        .chars()
        .map(|c| match c {
            '0' => 'o',
            '1' => 'l',
            '5' => 's',
            c => c,
        })
        .collect()
}

/// As it is stored and given to the provider: the name, or the number in E.164.
impl fmt::Display for SmsSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Number(number) => f.write_str(number.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_a_name_of_3_to_11_or_a_real_number() {
        use SenderError::{Character, Kind, Length, Number, Refused};
        for (typed, read) in [
            ("Hillview", Ok("Hillview")),
            (" Hill View 1 ", Ok("Hill View 1")),
            ("StJ", Ok("StJ")),
            ("7Oaks", Ok("7Oaks")),
            ("07700 900123", Ok("+447700900123")),
            ("+44 7700 900123", Ok("+447700900123")),
            ("", Err(Length)),
            ("GA", Err(Length)),
            ("Green Abbey S", Err(Length)),
            ("École", Err(Character)),
            ("Hill.View", Err(Character)),
            ("Hi\nBcc: x", Err(Character)),
            ("12345", Err(Number(PhoneError::TooShort))),
            ("01632 960123", Err(Kind)),
            ("NHS Hill", Err(Refused)),
            ("n-h-s", Err(Refused)),
            ("P0lice", Err(Refused)),
            ("School", Err(Refused)),
            ("T E X T", Err(Refused)),
            ("- - -", Err(Number(PhoneError::TooShort))),
            ("&&&", Err(Refused)),
            ("Texting Hill", Err(Length)),
        ] {
            let got = SmsSender::parse(typed, CountryCode::UK, NumberMode::Simulated).map(|s| s.to_string());
            assert_eq!(got.as_deref(), read.as_deref(), "{typed:?}");
        }
        let live = SmsSender::parse("07700 900123", CountryCode::UK, NumberMode::Live);
        assert_eq!(live, Err(Number(PhoneError::NotReal)), "drama numbers are real nowhere else");
    }
}
