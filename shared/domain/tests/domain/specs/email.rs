use domain::email::EmailAddress;

use super::support::{cases, list};

#[test]
fn addresses_as_gov_uk_notify() {
    let Some(cases) = cases("notify-cases/email.json") else {
        return;
    };
    for address in list(&cases, "valid") {
        let address = address.as_str().unwrap();
        assert!(EmailAddress::parse(address).is_ok(), "{address}");
    }
    for padded in list(&cases, "valid_after_strip_to_email@domain.com") {
        let padded = padded.as_str().unwrap();
        assert_eq!(EmailAddress::parse(padded).unwrap().as_str(), "email@domain.com", "{padded:?}");
    }
    for address in list(&cases, "invalid") {
        let address = address.as_str().unwrap();
        assert!(EmailAddress::parse(address).is_err(), "{address}");
    }
}
