use domain::phone::{CountryCode, NumberMode, PhoneError, PhoneKind, PhoneNumber};

use super::support::{cases, list, text};

fn live(number: &str) -> Result<PhoneNumber, PhoneError> {
    PhoneNumber::parse(number, CountryCode::UK, NumberMode::Live)
}

fn simulated(number: &str) -> Result<PhoneNumber, PhoneError> {
    PhoneNumber::parse(number, CountryCode::UK, NumberMode::Simulated)
}

/// Notify takes an international number without its + or 00 ("1-202-555-0104"). We do not: read so, a British mobile
/// with one digit too many is somebody's phone in Russia or Kazakhstan. The error asks for the +.
fn lacks_its_plus(number: &str) -> bool {
    !number.starts_with(['+', '0'])
}

#[test]
fn british_numbers_as_gov_uk_notify() {
    let Some(cases) = cases("notify-cases/phone.json") else {
        return;
    };
    for number in list(&cases, "valid_uk_mobile") {
        let number = number.as_str().unwrap();
        assert_eq!(live(number).unwrap().as_str(), "+447723456789", "{number}");
        assert!(live(number).unwrap().can_sms());
    }
    for number in list(&cases, "channel_islands_valid") {
        assert!(live(number.as_str().unwrap()).unwrap().can_sms());
    }
    for number in list(&cases, "valid_uk_landline") {
        let number = number.as_str().unwrap();
        assert!(!simulated(number).unwrap().can_sms(), "{number}");
        // 0117 496 0860 is one of Ofcom's drama numbers: Notify takes it, we refuse it where real messages go out.
        let expected = if number.contains("117 496") { Err(PhoneError::NotReal) } else { Ok(()) };
        assert_eq!(live(number).map(drop), expected, "{number}");
    }
    for group in ["invalid_uk_mobile", "invalid_when_uk_only"] {
        for case in list(&cases, group) {
            let number = text(case, "phone_number");
            let expected = text(case, "error_message");
            let error = simulated(number).unwrap_err();
            let agrees = match error {
                PhoneError::TooLong => expected.contains("too long"),
                PhoneError::TooShort | PhoneError::NotInUse => expected.contains("not valid"),
                PhoneError::Letters
                | PhoneError::Character(_)
                | PhoneError::Extension
                | PhoneError::Several => expected.contains("can only include"),
                _ => false,
            };
            assert!(agrees, "{number}: {error} (Notify: {expected})");
        }
    }
    for number in list(&cases, "invalid_uk_landline") {
        let number = number.as_str().unwrap();
        // Notify refuses 09 as too dear to text. It is a number all the same; we take it and never send to it.
        if number == "0900 123 4567" {
            assert!(!live(number).unwrap().can_call() && !live(number).unwrap().can_sms());
        } else {
            assert!(live(number).is_err(), "{number}");
        }
    }
}

#[test]
fn foreign_numbers_as_gov_uk_notify() {
    let Some(cases) = cases("notify-cases/phone.json") else {
        return;
    };
    for number in list(&cases, "valid_international") {
        let number = number.as_str().unwrap();
        if lacks_its_plus(number) {
            assert_eq!(live(number), Err(PhoneError::TooLong), "{number}");
        } else {
            assert!(live(number).is_ok(), "{number}: {:?}", live(number));
        }
    }
    for group in ["invalid_international", "validate_and_normalise_fails"] {
        for case in list(&cases, group) {
            let number = text(case, "phone_number");
            assert!(live(number).is_err(), "{number}");
        }
    }
    for case in list(&cases, "international_must_not_normalise_to_uk") {
        let number = text(case, "phone_number");
        assert!(!live(number).unwrap().as_str().starts_with("+44"), "{number}");
    }
    for group in ["normalise", "human_readable"] {
        for case in list(&cases, group) {
            let number = text(case, "phone_number");
            if lacks_its_plus(number) {
                assert!(live(number).is_err(), "{number}");
            } else {
                assert_eq!(
                    simulated(number).unwrap().national(),
                    text(case, "expected_formatted"),
                    "{number}"
                );
            }
        }
    }
}

#[test]
fn odd_prefixes_as_gov_uk_notify() {
    let Some(cases) = cases("notify-cases/phone.json") else {
        return;
    };
    for case in list(&cases, "validate_and_normalise_ok") {
        let number = text(case, "phone_number");
        let expected = format!("+{}", text(case, "expected_normalised_number"));
        assert_eq!(simulated(number).map(PhoneNumber::e164), Ok(expected), "{number}");
    }
    // Notify holds Ofcom's drama numbers for valid. They reach nobody: we take them in simulated mode only.
    for case in list(&cases, "ofcom_tv_drama_numbers_valid") {
        let number = text(case, "phone_number");
        let expected = format!("+{}", text(case, "expected_valid_number"));
        assert_eq!(simulated(number).map(PhoneNumber::e164), Ok(expected), "{number}");
        assert_eq!(live(number), Err(PhoneError::NotReal), "{number}");
    }
}

#[test]
fn example_numbers_of_libphonenumber() {
    let Some(cases) = cases("libphonenumber/gb_ie_examples.json") else {
        return;
    };
    for (region, territory) in cases.as_object().unwrap() {
        let code = text(territory, "countryCode");
        for (kind, example) in territory["examples"].as_object().unwrap() {
            let number = format!("+{code} {}", text(example, "national_number"));
            let parsed = live(&number);
            // Only a voicemail box of Ireland, of ten digits.
            let expected = match kind.as_str() {
                "fixedLine" => PhoneKind::Landline,
                "mobile" => PhoneKind::Mobile,
                "pager" => PhoneKind::Pager,
                "tollFree" => PhoneKind::TollFree,
                "premiumRate" => PhoneKind::Premium,
                "sharedCost" => PhoneKind::SharedCost,
                "personalNumber" => PhoneKind::Personal,
                "voip" => PhoneKind::Voip,
                "uan" => PhoneKind::Uan,
                "voicemail" => PhoneKind::Other,
                other => panic!("unknown kind {other}"),
            };
            assert_eq!(parsed.map(PhoneNumber::kind), Ok(expected), "{region} {kind} {number}");
        }
    }
}
