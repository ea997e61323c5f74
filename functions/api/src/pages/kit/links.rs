//! Parts of addresses.

use domain::ids::ContactId;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Kept as they are in an address.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A value as a part of an address.
pub(crate) fn encoded(value: &str) -> String {
    utf8_percent_encode(value, PLAIN).to_string()
}

/// A contact's id as a part of an address.
pub(crate) fn contact_path(id: &ContactId) -> String {
    encoded(id.as_str())
}
