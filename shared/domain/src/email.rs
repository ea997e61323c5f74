//! E-mail addresses: practical rules, narrower than the RFCs where no real address of a parent needs more.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::phone::typed::is_invisible;

/// The longest address that mail servers carry.
const LONGEST: usize = 254;
/// The longest part before the `@`.
const LONGEST_LOCAL: usize = 64;
/// The longest label of a domain.
const LONGEST_LABEL: usize = 63;

/// An e-mail address that can be put in a header: no spaces, no controls, no brackets, no quotes. The domain is in
/// lower case and in ASCII (`xn--…` for an internationalised one).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress {
    text: String,
    at: usize,
}

/// Why a text is not a usable address. `Display` is a sentence for a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// Nothing but spaces.
    #[error("Enter an e-mail address.")]
    Empty,
    /// Not exactly one `@` with something on both sides.
    #[error(
        "An e-mail address needs one @ with a name before it and a domain after it, like name@example.org."
    )]
    At,
    /// A space in the middle, or two addresses in one field.
    #[error(
        "An e-mail address cannot have spaces, commas or semicolons in it. Put each address in a field of its own."
    )]
    Several,
    /// A character that cannot stand before the `@`.
    #[error(
        "The part before the @ has a character that e-mail addresses cannot have. Check for quotes, brackets and accents."
    )]
    Name,
    /// A full stop at the start or end of the name, or two together.
    #[error("The part before the @ has a full stop too many. Take it out.")]
    Stop,
    /// Not the name of a domain.
    #[error("The part after the @ is not a domain, like example.org. Check it for mistypes.")]
    Domain,
    /// Longer than mail servers carry.
    #[error("This e-mail address is too long. Check that there is nothing else in the field.")]
    TooLong,
}

impl EmailAddress {
    /// Reads an address. Spaces and invisible characters around it are dropped.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim_matches(|c: char| c.is_whitespace() || is_invisible(c));
        if text.is_empty() {
            return Err(EmailError::Empty);
        }
        if text.len() > 4 * LONGEST {
            return Err(EmailError::TooLong);
        }
        if text.contains(|c: char| c.is_whitespace() || matches!(c, ',' | ';')) {
            return Err(EmailError::Several);
        }
        let (local, domain) = text.split_once('@').ok_or(EmailError::At)?;
        if local.is_empty() || domain.is_empty() || domain.contains('@') {
            return Err(EmailError::At);
        }
        if domain.is_ascii() {
            return Self::from_parts(local, domain);
        }
        let ascii = idna::domain_to_ascii_strict(domain).map_err(|_| EmailError::Domain)?;
        Self::from_parts(local, &ascii)
    }

    /// From a local part and an ASCII domain.
    fn from_parts(local: &str, domain: &str) -> Result<Self, EmailError> {
        if local.len() > LONGEST_LOCAL || local.len() + 1 + domain.len() > LONGEST {
            return Err(EmailError::TooLong);
        }
        if !local.bytes().all(is_name_byte) {
            return Err(EmailError::Name);
        }
        if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
            return Err(EmailError::Stop);
        }
        if !is_domain(domain) {
            return Err(EmailError::Domain);
        }
        let mut text = [local, "@", domain].concat();
        text[local.len() + 1..].make_ascii_lowercase();
        Ok(Self { text, at: local.len() })
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What follows the `@`.
    pub fn domain(&self) -> &str {
        &self.text[self.at + 1..]
    }

    /// The same for two spellings of one mailbox. Servers may tell capitals apart before the `@`; none in use does.
    pub fn dedupe_key(&self) -> String {
        self.text.to_ascii_lowercase()
    }
}

/// Letters, digits and the signs that Unicode-free mail servers take without quotes.
fn is_name_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&b)
}

/// Two labels or more of letters, digits and inner hyphens; the last is no number, so no IP address is a domain.
fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        (1..=LONGEST_LABEL).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let Some((_, last)) = domain.rsplit_once('.') else {
        return false;
    };
    let is_top = last.len() >= 2
        && (last.bytes().all(|b| b.is_ascii_alphabetic())
            || last.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("xn--")));
    is_top && domain.split('.').all(is_label)
}

impl AsRef<str> for EmailAddress {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// The domain only, because debug output ends up in logs.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailAddress(…@{})", self.domain())
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = EmailError;

    /// The stored form, whose domain is ASCII already.
    fn try_from(text: String) -> Result<Self, EmailError> {
        let (local, domain) = text.split_once('@').ok_or(EmailError::At)?;
        Self::from_parts(local, domain)
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_people_type() {
        for (typed, expected) in [
            ("parent@example.org", "parent@example.org"),
            (" Parent@EXAMPLE.Org\t", "Parent@example.org"),
            ("\u{200b}parent@example.org\u{feff}", "parent@example.org"),
            ("o'neil+school@mail.example.co.uk", "o'neil+school@mail.example.co.uk"),
            ("a@bücher.example", "a@xn--bcher-kva.example"),
        ] {
            assert_eq!(EmailAddress::parse(typed).unwrap().as_str(), expected, "{typed:?}");
        }
    }

    #[test]
    fn refuses_with_the_reason() {
        for (typed, expected) in [
            ("", EmailError::Empty),
            (" \u{200b} ", EmailError::Empty),
            ("parent", EmailError::At),
            ("@example.org", EmailError::At),
            ("parent@", EmailError::At),
            ("a@b@example.org", EmailError::At),
            ("a@example.org, b@example.org", EmailError::Several),
            ("a@example.org;b@example.org", EmailError::Several),
            ("A Parent <a@example.org>", EmailError::Several),
            ("a@example.org\r\nBcc: b@example.org", EmailError::Several),
            ("a\u{0}@example.org", EmailError::Name),
            ("<a@example.org>", EmailError::Name),
            ("\"a\"@example.org", EmailError::Name),
            ("zoë@example.org", EmailError::Name),
            (".a@example.org", EmailError::Stop),
            ("a.@example.org", EmailError::Stop),
            ("a..b@example.org", EmailError::Stop),
            ("a@example", EmailError::Domain),
            ("a@example..org", EmailError::Domain),
            ("a@example.org.", EmailError::Domain),
            ("a@-example.org", EmailError::Domain),
            ("a@192.0.2.1", EmailError::Domain),
            ("a@[192.0.2.1]", EmailError::Domain),
            ("a@exa_mple.org", EmailError::Domain),
            ("a@exa\u{0}mple.org", EmailError::Domain),
        ] {
            assert_eq!(EmailAddress::parse(typed), Err(expected), "{typed:?}");
        }
        let long = format!("{}@example.org", "a".repeat(65));
        assert_eq!(EmailAddress::parse(&long), Err(EmailError::TooLong));
        assert_eq!(EmailAddress::parse(&"a".repeat(100_000)), Err(EmailError::TooLong));
    }

    #[test]
    fn one_mailbox_has_one_key_and_debug_output_hides_it() {
        let address = EmailAddress::parse("Parent@Example.org").unwrap();
        assert_eq!(address.dedupe_key(), EmailAddress::parse("pARENT@example.ORG").unwrap().dedupe_key());
        assert_eq!(format!("{address:?}"), "EmailAddress(…@example.org)");
    }

    #[test]
    fn the_stored_form_reads_back() {
        let address = EmailAddress::parse("Parent@bücher.example").unwrap();
        let json = serde_json::to_string(&address).unwrap();
        assert_eq!(json, r#""Parent@xn--bcher-kva.example""#);
        assert_eq!(serde_json::from_str::<EmailAddress>(&json).unwrap(), address);
        assert!(serde_json::from_str::<EmailAddress>(r#""a@b.c\nBcc: x""#).is_err());
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_safe_in_a_header_and_reads_back(text in "\\PC{0,12}@\\PC{0,8}\\.[a-zé]{1,4}") {
            if let Ok(address) = EmailAddress::parse(&text) {
                prop_assert!(address.as_str().bytes().all(|b| b.is_ascii_graphic() && !b"\"<>(),:;@[\\]".contains(&b) || b == b'@'));
                prop_assert_eq!(address.as_str().matches('@').count(), 1);
                prop_assert_eq!(EmailAddress::parse(address.as_str()), Ok(address));
            }
        }
    }
}
