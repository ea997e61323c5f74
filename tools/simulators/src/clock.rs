//! The time of day, and how the providers write it.

use jiff::Timestamp;

/// Milliseconds since 1970 UTC.
pub(crate) type Millis = i64;

/// The time now.
#[allow(
    clippy::disallowed_methods,
    reason = "this crate stands alone: it is an independent witness and shares no clock with what it watches"
)]
pub(crate) fn now() -> Millis {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
}

fn timestamp(at: Millis) -> Timestamp {
    Timestamp::from_millisecond(at).unwrap_or_default()
}

/// `Thu, 24 Aug 2023 05:01:45 +0000`, as Twilio writes dates.
pub(crate) fn rfc2822(at: Millis) -> String {
    timestamp(at).strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

/// `2016-01-27T14:59:38.237Z`, as SES and SNS write them.
pub(crate) fn iso(at: Millis) -> String {
    timestamp(at).strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// The moment as a clock on the wall in `Europe/London` shows it (UTC if the zone is unknown).
pub(crate) fn wall(at: Millis) -> jiff::Zoned {
    timestamp(at).in_tz("Europe/London").unwrap_or_else(|_| timestamp(at).to_zoned(jiff::tz::TimeZone::UTC))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_read_as_the_providers_write_them() {
        assert_eq!(rfc2822(1_692_853_305_000), "Thu, 24 Aug 2023 05:01:45 +0000");
        assert_eq!(iso(1_453_906_778_237), "2016-01-27T14:59:38.237Z");
    }
}
