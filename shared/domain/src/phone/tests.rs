use std::sync::LazyLock;

use proptest::prelude::*;
use rlibphonenumber::{NumberLengthType, PhoneNumber as Theirs, PhoneNumberFormat, PhoneNumberType};

use super::*;

fn live(text: &str) -> Result<String, PhoneError> {
    PhoneNumber::parse(text, CountryCode::UK, NumberMode::Live).map(PhoneNumber::e164)
}

fn simulated(text: &str) -> Result<String, PhoneError> {
    PhoneNumber::parse(text, CountryCode::UK, NumberMode::Simulated).map(PhoneNumber::e164)
}

#[test]
fn reads_what_people_type() {
    for text in [
        "07700900123",
        "07700 900123",
        "07700-900-123",
        "(07700) 900 123",
        "07700.900.123",
        "7700900123",
        "447700900123",
        "+447700900123",
        "+44 7700 900123",
        "+44 (0)7700 900123",
        "+44 (0) 7700-900-123",
        "0044 7700 900123",
        "0044 (0)7700 900123",
        "0+44 7700 900123",
        "+07700 900123",
        "00 07700 900123",
        " \t07700 900123\r\n",
        "\u{200b}\u{202a}+44\u{a0}7700\u{2011}900123\u{202c}\u{feff}",
        "07700\u{2013}900\u{2014}123",
        "０７７００ ９００１２３",
        "'07700900123",
        "\u{2019}7700900123",
        "=\"07700900123\"",
        "7700900123.0",
        "447700900123.00",
        "4.47700900123E+11",
        "7.700900123e9",
        "7,700900123E+09",
    ] {
        assert_eq!(simulated(text).as_deref(), Ok("+447700900123"), "{text:?}");
    }
    for (text, expected) in [
        ("020 7946 0123", "+442079460123"),
        ("2079460123", "+442079460123"),
        ("01632 960123", "+441632960123"),
        ("+353 87 123 4567", "+353871234567"),
        ("00353 (0)87 123 4567", "+353871234567"),
        ("+0049 1511 2345678", "+4915112345678"),
        ("+49 151.12.34.56.78", "+4915112345678"),
        ("0800 1111", "+448001111"),
        ("+39 06 1234 5678", "+390612345678"),
    ] {
        assert_eq!(simulated(text).as_deref(), Ok(expected), "{text:?}");
    }
}

#[test]
fn refuses_with_the_reason() {
    for (text, expected) in [
        ("", PhoneError::Empty),
        (" \u{200b}\t", PhoneError::Empty),
        ("()", PhoneError::TooShort),
        ("0", PhoneError::TooShort),
        ("+", PhoneError::TooShort),
        ("900123", PhoneError::TooShort),
        ("0770090012", PhoneError::TooShort),
        ("+44 7700 90012", PhoneError::TooShort),
        ("077009001234", PhoneError::TooLong),
        ("+44 (0)7700 900 1234", PhoneError::TooLong),
        ("77009001234", PhoneError::TooLong),
        ("Mum 07700900123", PhoneError::Letters),
        ("07700 9OO123", PhoneError::Letters),
        ("07700900123 (mum)", PhoneError::Letters),
        ("none", PhoneError::Letters),
        ("07700900123?", PhoneError::Character('?')),
        ("07700 900123...", PhoneError::Character('.')),
        ("07700+900123", PhoneError::Character('+')),
        ("07700900123;", PhoneError::Character(';')),
        ("020 7946 0000 ext 12", PhoneError::Extension),
        ("020 7946 0000 x12", PhoneError::Extension),
        ("020 7946 0000 #12", PhoneError::Extension),
        ("02079460000;ext=12", PhoneError::Extension),
        ("07700900123/02079460000", PhoneError::Several),
        ("07700900123, 07700900124", PhoneError::Several),
        ("07700900123 or 07700900124", PhoneError::Several),
        ("07700900123 07700900124", PhoneError::Several),
        ("+447700900123+447700900124", PhoneError::Several),
        ("4.47E+11", PhoneError::DigitsLost),
        ("4.4770E+11", PhoneError::DigitsLost),
        ("7.7009E+09", PhoneError::DigitsLost),
        ("0400 123 4567", PhoneError::NotInUse),
        ("0600 123 4567", PhoneError::NotInUse),
        ("00000000000", PhoneError::TooShort),
        ("+999 1234 5678", PhoneError::UnknownCountry),
        ("+353 87 123", PhoneError::TooShort),
        // Without its first 0 it would be another number, and without both a third.
        ("+49 00 1212", PhoneError::NotInUse),
        ("+353 87 123 456 789", PhoneError::TooLong),
    ] {
        assert_eq!(live(text), Err(expected), "{text:?}");
        assert_eq!(simulated(text), Err(expected), "{text:?}, simulated");
    }
    // A fraction that is not zero is no phone number, nor is a point that would add a digit.
    assert_eq!(simulated("7700900123.5"), Err(PhoneError::Character('.')));
    assert!(live("01111 111111").is_err());
}

#[test]
fn drama_and_spare_numbers_are_only_good_in_simulated_mode() {
    for text in [
        "07700 900000",
        "07700 900999",
        "01632 960500",
        "020 7946 0999",
        "0113 496 0000",
        "0114 496 0000",
        "0115 496 0000",
        "0116 496 0000",
        "0117 496 0000",
        "0118 496 0000",
        "0121 496 0000",
        "0131 496 0000",
        "0141 496 0000",
        "0151 496 0000",
        "0161 496 0000",
        "0191 498 0000",
        "028 9649 6000",
        "029 2018 0000",
        "03069 990000",
        "08081 570000",
        "0909 879 0000",
    ] {
        assert_eq!(live(text), Err(PhoneError::NotReal), "{text}");
        assert!(simulated(text).is_ok(), "{text}");
    }
    for text in ["01111 111111", "07700 500000", "+353 20 912 3456"] {
        assert_eq!(live(text), Err(PhoneError::NotInUse), "{text}");
        assert!(simulated(text).is_ok(), "{text}");
    }
    // The neighbours of a drama range are real.
    assert!(live("020 7946 1000").is_ok());
    assert!(live("020 7945 9999").is_ok());
}

#[test]
fn the_plan_and_not_the_07_says_what_a_number_can_carry() {
    use PhoneKind::{Landline, Mobile, Pager, Personal, Premium, TollFree, Uan, Voip};
    for (text, kind, sms, call) in [
        ("07700 900123", Mobile, true, true),
        ("07624 412345", Mobile, true, true), // Isle of Man
        ("07797 712345", Mobile, true, true), // Jersey
        ("07781 123456", Mobile, true, true), // Guernsey
        ("01534 456789", Landline, false, true),
        ("01481 256789", Landline, false, true),
        ("01624 756789", Landline, false, true),
        ("020 7946 0123", Landline, false, true),
        ("070 1234 5678", Personal, false, false),
        ("07640 123456", Pager, false, false),
        ("0909 879 0123", Premium, false, false),
        ("0845 123 4567", Premium, false, false),
        ("0808 157 0123", TollFree, false, true),
        ("0306 999 0123", Uan, false, true),
        ("055 1234 5678", Uan, false, true),
        ("056 1234 5678", Voip, false, true),
        ("0800 1111", TollFree, false, true),
        ("+353 85 012 3456", Mobile, true, true),
        ("+353 22 12345", Landline, false, true),
        ("+353 1520 123 456", Premium, false, false),
        ("+1 202-555-0104", Mobile, true, true), // North America: fixed or mobile
    ] {
        let number = PhoneNumber::parse(text, CountryCode::UK, NumberMode::Simulated).unwrap();
        assert_eq!((number.kind(), number.can_sms(), number.can_call()), (kind, sms, call), "{text}");
        assert_eq!(MobileNumber::try_from(number).is_ok(), sms, "{text}");
    }
}

#[test]
fn a_number_is_shown_as_people_write_it() {
    for (text, shown) in [
        ("+447700900123", "07700 900123"),
        ("+442079460123", "020 7946 0123"),
        ("+441134960123", "0113 496 0123"),
        ("+441214960123", "0121 496 0123"),
        ("+441632960123", "01632 960123"),
        ("+441387312345", "013873 12345"),
        ("+443069990123", "0306 999 0123"),
        ("+448001111", "0800 1111"),
        ("+353871234567", "+353 87 123 4567"),
    ] {
        let number = PhoneNumber::from_e164(text).unwrap();
        assert_eq!((number.national().as_str(), number.to_string().as_str()), (shown, text));
    }
}

#[test]
fn a_spreadsheets_damage_is_undone_and_said() {
    for (text, repaired, how) in [
        ("7700900123", "07700900123", Repair::LostZero),
        ("160641234", "0160641234", Repair::LostZero),
        ("'07700900123", "07700900123", Repair::TextMark),
        ("7700900123.0", "07700900123", Repair::Decimal),
        ("447700900123.0", "447700900123", Repair::Decimal),
        ("4.47700900123E+11", "447700900123", Repair::Scientific),
        ("7.700900123E+9", "07700900123", Repair::Scientific),
    ] {
        assert_eq!(repair(text), Some(Repaired { number_text: repaired.to_owned(), how }), "{text}");
        let parsed = PhoneNumber::parse_cell(text, CountryCode::UK, NumberMode::Simulated);
        assert_eq!(parsed.map(|p| p.repair), Ok(Some(how)), "{text}");
    }
    for text in ["07700900123", "+447700900123", "4.47E+11", "4.5", "E", "1E", "", "Mum"] {
        assert_eq!(repair(text), None, "{text}");
    }
    let whole = PhoneNumber::parse_cell("07700 900123", CountryCode::UK, NumberMode::Simulated).unwrap();
    assert_eq!(whole.repair, None);
}

#[test]
fn a_school_elsewhere_types_its_own_numbers() {
    let ireland: CountryCode = "+353".parse().unwrap();
    let parse = |text| PhoneNumber::parse(text, ireland, NumberMode::Simulated).map(PhoneNumber::e164);
    assert_eq!(parse("087 123 4567").as_deref(), Ok("+353871234567"));
    assert_eq!(parse("+353 87 123 4567").as_deref(), Ok("+353871234567"));
    assert_eq!(parse("0044 7700 900123").as_deref(), Ok("+447700900123"));
    assert_eq!(parse("+44 (0)7700 900123").as_deref(), Ok("+447700900123"));
    assert_eq!(PhoneNumber::parse("0044 7700 900123", ireland, NumberMode::Live), Err(PhoneError::NotReal));
    assert_eq!("0044".parse(), Ok(CountryCode::UK));
    for text in ["", "0", "999", "1000", "UK"] {
        assert_eq!(text.parse::<CountryCode>(), Err(PhoneError::UnknownCountry), "{text}");
    }
    assert_eq!(serde_json::to_string(&ireland).unwrap(), "353");
    assert!(serde_json::from_str::<CountryCode>("0").is_err());
}

#[test]
fn the_stored_form_is_e164_and_hidden_in_debug_output() {
    let number = PhoneNumber::from_e164("+447700900123").unwrap();
    assert_eq!(serde_json::to_string(&number).unwrap(), r#""+447700900123""#);
    assert_eq!(serde_json::from_str::<PhoneNumber>(r#""+447700900123""#).unwrap(), number);
    assert_eq!(format!("{number:?}"), "PhoneNumber(…23)");
    for bad in ["447700900123", "+04477009", "+44770090012x", "+1", "+12345678901234567", "+", ""] {
        assert!(PhoneNumber::from_e164(bad).is_err(), "{bad}");
    }
    let landline = r#""+442079460123""#;
    assert!(serde_json::from_str::<MobileNumber>(landline).is_err());
}

#[test]
fn no_error_sentence_repeats_a_number_or_a_control_character() {
    let error = live("07700900123\u{7}").unwrap_err();
    assert_eq!(
        error.to_string(),
        "A phone number cannot have “\\u{7}” in it. Use only digits, spaces, brackets, dashes and a + at the start."
    );
}

fn theirs(national: u64) -> Theirs {
    static BRITISH: LazyLock<Theirs> = LazyLock::new(|| Theirs::parse("+447911123456", None).unwrap());
    let mut number = BRITISH.clone();
    number.national_number = national;
    number
}

fn as_ours(kind: PhoneNumberType) -> PhoneKind {
    match kind {
        PhoneNumberType::Mobile => PhoneKind::Mobile,
        PhoneNumberType::FixedLine => PhoneKind::Landline,
        PhoneNumberType::PersonalNumber => PhoneKind::Personal,
        PhoneNumberType::Pager => PhoneKind::Pager,
        PhoneNumberType::PremiumRate => PhoneKind::Premium,
        PhoneNumberType::TollFree => PhoneKind::TollFree,
        PhoneNumberType::VoIP => PhoneKind::Voip,
        PhoneNumberType::UAN => PhoneKind::Uan,
        _ => PhoneKind::Other,
    }
}

fn plan(national: u64) -> uk::Plan {
    let digits = national.to_string();
    uk::Plan::of(digits.as_bytes().try_into().unwrap())
}

/// Every prefix of four digits, with a spread of numbers behind it. The two must agree on each prefix being in use;
/// behind the prefix the library knows single blocks that are not handed out, and we take the whole area. Pagers are
/// taken whole too: nothing is ever sent to one.
#[test]
fn the_hand_written_plan_agrees_with_the_library_on_every_prefix() {
    for prefix in 1000..10_000_u64 {
        // Area codes have the finest blocks.
        let step = if prefix < 2000 { 1 } else { 10 };
        let numbers = (0..100).step_by(step).map(|block| prefix * 1_000_000 + block * 10_000 + 1234);
        let by_us = numbers.clone().any(|n| matches!(plan(n), uk::Plan::InUse(_)));
        let by_them = numbers.clone().any(|n| theirs(n).is_valid());
        if prefix / 100 != 76 {
            assert_eq!(by_us, by_them, "0{prefix}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    /// Nothing that is in use is refused, and its kind and its grouping are the same.
    #[test]
    fn what_the_library_knows_we_know(national in 1_000_000_000..10_000_000_000_u64) {
        let (number, plan) = (theirs(national), plan(national));
        if number.is_valid() && !matches!(plan, uk::Plan::Drama(_)) {
            prop_assert_eq!(plan, uk::Plan::InUse(as_ours(number.get_type())));
            let text = number.format_as(PhoneNumberFormat::National).into_owned();
            prop_assert_eq!(uk::grouped(national.to_string().as_bytes().try_into().unwrap()), text);
        }
    }

    /// Mobiles agree both ways, so a number that no network has is refused.
    #[test]
    fn mobiles_are_exactly_those_of_the_library(tail in 0..1_000_000_000_u64) {
        let national = 7_000_000_000 + tail;
        let is_mobile = plan(national) == uk::Plan::InUse(PhoneKind::Mobile);
        let theirs_mobile = theirs(national).get_type() == PhoneNumberType::Mobile;
        prop_assert_eq!(is_mobile, theirs_mobile && !matches!(plan(national), uk::Plan::Drama(_)));
    }

    /// Reading and writing are inverse, whatever form is read.
    #[test]
    fn every_form_of_a_number_is_the_same_number(national in 1_000_000_000..10_000_000_000_u64, spaces in "[ ()-]{0,3}") {
        let forms = [
            format!("0{national}"), format!("+44{spaces}{national}"), format!("0044{national}"),
            format!("+44 (0){national}{spaces}"), format!("44{national}"), format!("'0{national}"),
        ];
        let first = simulated(&forms[0]);
        if let Ok(text) = &first {
            let number = PhoneNumber::from_e164(text).unwrap();
            prop_assert_eq!(&simulated(&number.national()), &first);
        }
        for form in &forms[1..] {
            prop_assert_eq!(&simulated(form), &first, "{}", form);
        }
    }

    /// Whatever comes in, what is accepted is well formed, of the same kind every time, and reads back.
    #[test]
    fn any_text_is_a_number_or_an_error(text in "[+0-9 ()./E,'x-]{0,24}|\\PC{0,30}") {
        for mode in [NumberMode::Live, NumberMode::Simulated] {
            if let Ok(number) = PhoneNumber::parse(&text, CountryCode::UK, mode) {
                prop_assert_eq!(PhoneNumber::from_e164(number.as_str()), Ok(number));
                prop_assert_eq!(PhoneNumber::parse(number.as_str(), CountryCode::UK, mode), Ok(number));
            }
        }
        let _ = repair(&text);
    }

    /// Abroad the library decides, so the two agree on what is a number at all. (Canada's seven-digit 310 numbers are
    /// valid there but cannot be reached from elsewhere.)
    #[test]
    fn foreign_numbers_are_those_of_the_library(code in 1..999_u32, rest in "[0-9]{5,11}") {
        let text = format!("+{code}{rest}");
        prop_assume!(!text.starts_with("+44"));
        let theirs = Theirs::parse(&text, None).ok().filter(Theirs::is_valid);
        let theirs = theirs.filter(|n| n.is_possible_with_reason() == Ok(NumberLengthType::IsPossible));
        let theirs = theirs.map(|n| n.format_as(PhoneNumberFormat::E164).into_owned());
        prop_assert_eq!(live(&text).ok(), theirs);
    }
}
