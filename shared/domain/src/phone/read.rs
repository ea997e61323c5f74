//! Which number the typed digits mean.

use super::error::PhoneError;
use super::repair::{Repair, repair};
use super::typed::Typed;
use super::{CountryCode, NumberMode, PhoneNumber, foreign, repair as excel, uk};

/// A number, and what was put right on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parsed {
    /// The number.
    pub number: PhoneNumber,
    /// What a spreadsheet had done to it, to be shown to the person who uploaded it.
    pub repair: Option<Repair>,
}

/// Reads a field as it stands; only when that fails is it looked at as something a spreadsheet has damaged.
pub(super) fn parse_cell(text: &str, country: CountryCode, mode: NumberMode) -> Result<Parsed, PhoneError> {
    let refused = match Typed::read(text).and_then(|typed| number(&typed, country, mode)) {
        Ok(parsed) => return Ok(parsed),
        Err(error) => error,
    };
    if excel::has_lost_digits(text) {
        return Err(PhoneError::DigitsLost);
    }
    match repair(text) {
        Some(repaired) if repaired.how != Repair::LostZero => {
            let parsed =
                Typed::read(&repaired.number_text).and_then(|typed| number(&typed, country, mode))?;
            Ok(Parsed { repair: Some(repaired.how), ..parsed })
        }
        _ => Err(refused),
    }
}

fn number(typed: &Typed, country: CountryCode, mode: NumberMode) -> Result<Parsed, PhoneError> {
    let zeros = typed.digits().iter().take_while(|d| **d == b'0').count();
    let digits = &typed.digits()[zeros..];
    if digits.is_empty() {
        return Err(PhoneError::TooShort);
    }
    if country != CountryCode::UK {
        let number =
            if typed.plus { international(digits, mode) } else { elsewhere(typed.digits(), country, mode) }?;
        return Ok(Parsed { number, repair: None });
    }
    // No country code starts with 0, so "+07700…" and "00 07700…" can only be the national form with signs too many.
    let number = match (typed.plus, zeros) {
        (true, 1) if digits.len() == 10 => national(digits, mode),
        (true, _) => international(digits, mode),
        // "00" is the way abroad, or a 0 typed twice: the second reading only where the first is no number at all.
        (false, 2) => international(digits, mode)
            .or_else(|error| if digits.len() == 10 { national(digits, mode) } else { Err(error) }),
        (false, _) => national(digits, mode),
    }?;
    let lost_zero = zeros == 0 && !typed.plus && matches!(digits.len(), 9 | 10);
    Ok(Parsed { number, repair: lost_zero.then_some(Repair::LostZero) })
}

/// A number dialled inside the United Kingdom, without its 0. No British number starts with 4, so 44 is the country.
fn national(digits: &[u8], mode: NumberMode) -> Result<PhoneNumber, PhoneError> {
    match digits {
        [b'4', b'4', rest @ ..] if rest.len() >= 10 => british(rest, mode),
        _ => british(digits, mode),
    }
}

/// A number in full, without its `+` or 00.
fn international(digits: &[u8], mode: NumberMode) -> Result<PhoneNumber, PhoneError> {
    match digits {
        [b'4', b'4', rest @ ..] => british(rest, mode),
        _ => foreign::international(digits, mode),
    }
}

/// A number dialled inside another country than the United Kingdom.
fn elsewhere(digits: &[u8], country: CountryCode, mode: NumberMode) -> Result<PhoneNumber, PhoneError> {
    let number = foreign::dialled_in(country, digits)?;
    international(&number.as_str().as_bytes()[1..], mode)
}

/// What follows +44, perhaps with the 0 that some write in brackets.
fn british(digits: &[u8], mode: NumberMode) -> Result<PhoneNumber, PhoneError> {
    let digits = match digits {
        [b'0', rest @ ..] if rest.len() >= 9 => rest,
        all => all,
    };
    let Ok(national) = uk::National::try_from(digits) else {
        return short_british(digits, mode);
    };
    match (uk::Plan::of(&national), mode) {
        (uk::Plan::InUse(_), _) | (uk::Plan::Spare(_) | uk::Plan::Drama(_), NumberMode::Simulated) => {
            Ok(PhoneNumber::from_national(&national))
        }
        (uk::Plan::Drama(_), NumberMode::Live) => Err(PhoneError::NotReal),
        (uk::Plan::Spare(_), NumberMode::Live) | (uk::Plan::None, _) => Err(PhoneError::NotInUse),
    }
}

/// A few old British numbers have nine digits, and 0800 1111 has seven. The library knows which.
fn short_british(digits: &[u8], mode: NumberMode) -> Result<PhoneNumber, PhoneError> {
    match digits.len() {
        7 | 9 => {
            let full: Vec<u8> = b"44".iter().chain(digits).copied().collect();
            foreign::international(&full, mode).map_err(|_| PhoneError::TooShort)
        }
        11.. => Err(PhoneError::TooLong),
        _ => Err(PhoneError::TooShort),
    }
}
