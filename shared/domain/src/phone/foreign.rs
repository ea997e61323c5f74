//! Numbers of other countries, and the odd British ones that are not ten digits long, by libphonenumber's metadata.
//! Some fifteen microseconds each; the first use in a process takes five milliseconds more to unpack the metadata.

use rlibphonenumber::{
    NumberLengthType, PHONE_NUMBER_UTIL, ParseError, PhoneNumber as Parsed, PhoneNumberFormat,
    PhoneNumberType, Region, ValidationError,
};

use super::error::PhoneError;
use super::kind::PhoneKind;
use super::{CountryCode, NumberMode, PhoneNumber};

/// A number in full: the digits after the `+`.
pub(super) fn international(digits: &[u8], mode: NumberMode) -> Result<PhoneNumber, PhoneError> {
    let mut text = String::with_capacity(digits.len() + 1);
    text.push('+');
    text.extend(digits.iter().copied().map(char::from));
    let number = checked(&PHONE_NUMBER_UTIL.parse(&text, None).map_err(|e| reason(&e))?, mode)?;
    // A prefix of the other country was dropped. Whatever starts with another one is no number.
    if number.as_str() != text {
        let again = PHONE_NUMBER_UTIL.parse(number.as_str(), None).map_err(|e| reason(&e))?;
        if checked(&again, mode)? != number {
            return Err(PhoneError::NotInUse);
        }
    }
    Ok(number)
}

/// What a number dialled inside `country`, with or without its own prefixes, is in full. Not checked further.
pub(super) fn dialled_in(country: CountryCode, digits: &[u8]) -> Result<PhoneNumber, PhoneError> {
    let region = region(country).ok_or(PhoneError::UnknownCountry)?;
    let text: String = digits.iter().copied().map(char::from).collect();
    let number = PHONE_NUMBER_UTIL.parse(&text, Some(region)).map_err(|e| reason(&e))?;
    PhoneNumber::from_e164(&number.format_as(PhoneNumberFormat::E164))
}

/// Whether some country has this calling code.
pub(super) fn is_known(country: CountryCode) -> bool {
    region(country).is_some()
}

/// The kind of a number in full. A well-formed number that no country has assigned exists in simulated mode only,
/// where it stands for a mobile.
pub(super) fn kind(e164: &str) -> PhoneKind {
    let Ok(number) = PHONE_NUMBER_UTIL.parse(e164, None) else {
        return PhoneKind::Other;
    };
    match number.get_type() {
        PhoneNumberType::Mobile | PhoneNumberType::FixedLineOrMobile | PhoneNumberType::Unknown => {
            PhoneKind::Mobile
        }
        PhoneNumberType::FixedLine => PhoneKind::Landline,
        PhoneNumberType::TollFree => PhoneKind::TollFree,
        PhoneNumberType::PremiumRate => PhoneKind::Premium,
        PhoneNumberType::SharedCost => PhoneKind::SharedCost,
        PhoneNumberType::VoIP => PhoneKind::Voip,
        PhoneNumberType::PersonalNumber => PhoneKind::Personal,
        PhoneNumberType::Pager => PhoneKind::Pager,
        PhoneNumberType::UAN => PhoneKind::Uan,
        PhoneNumberType::VoiceMail => PhoneKind::Other,
    }
}

/// The number with the spaces that its country uses, from +44 in its national form.
pub(super) fn grouped(e164: &str) -> String {
    let Ok(number) = PHONE_NUMBER_UTIL.parse(e164, None) else {
        return e164.to_owned();
    };
    let british = number.country_code == i32::from(CountryCode::UK.get());
    let format = if british { PhoneNumberFormat::National } else { PhoneNumberFormat::International };
    number.format_as(format).into_owned()
}

fn region(country: CountryCode) -> Option<Region> {
    PHONE_NUMBER_UTIL.get_region_for_country_code(i32::from(country.get())).filter(|r| *r != Region::World)
}

/// Live: the number must be in a range that is in use. Simulated: its length must be right.
fn checked(number: &Parsed, mode: NumberMode) -> Result<PhoneNumber, PhoneError> {
    match number.is_possible_with_reason() {
        Ok(NumberLengthType::IsPossible) => {}
        Ok(NumberLengthType::IsPossibleLocalOnly) | Err(ValidationError::TooShort) => {
            return Err(PhoneError::TooShort);
        }
        Err(ValidationError::TooLong) => return Err(PhoneError::TooLong),
        Err(ValidationError::InvalidCountryCode) => return Err(PhoneError::UnknownCountry),
        Err(_) => return Err(PhoneError::NotInUse),
    }
    let british = number.country_code == i32::from(CountryCode::UK.get());
    if (mode == NumberMode::Live || british) && !number.is_valid() {
        return Err(PhoneError::NotInUse);
    }
    PhoneNumber::from_e164(&number.format_as(PhoneNumberFormat::E164)).map_err(|_| PhoneError::NotInUse)
}

fn reason(error: &ParseError) -> PhoneError {
    match error {
        ParseError::InvalidCountryCode => PhoneError::UnknownCountry,
        ParseError::TooShortAfterIdd | ParseError::TooShortNsn => PhoneError::TooShort,
        ParseError::TooLongNsn => PhoneError::TooLong,
        ParseError::NotANumber(_) => PhoneError::NotInUse,
    }
}
