//! Settings as people type them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::money::Pence;
use crate::sms::MAX_HEADER;

/// Dearest price that is believed, in hundredths of a penny: £10.
const DEAREST: u64 = 100_000;

/// Why a text cannot be a setting. `Display` is a sentence for a page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// Nothing where something is needed.
    #[error("Fill this in.")]
    Empty,
    /// Too long, or on several lines.
    #[error("Use at most {0} characters on one line.")]
    Line(usize),
    /// The database of time zones has no such zone.
    #[error("There is no time zone “{0}”. Choose one of the list, such as Europe/London.")]
    Zone(String),
    /// Not a price.
    #[error("Give the price in pence with at most two decimals, from 0 to 1000, such as 3.75.")]
    Price,
}

/// A line of at most `longest` characters without surrounding space; may be empty.
pub fn line(text: &str, longest: usize) -> Result<String, SettingError> {
    let text = text.trim();
    if text.chars().count() > longest || text.chars().any(char::is_control) {
        return Err(SettingError::Line(longest));
    }
    Ok(text.to_owned())
}

/// What is put before each text; may be empty. A closing colon is dropped, because one is added.
pub fn header(text: &str) -> Result<String, SettingError> {
    line(text.trim().trim_end_matches(':'), MAX_HEADER)
}

/// The name of an IANA time zone as the database spells it. A fixed offset is none: it is wrong half the year.
pub fn time_zone(text: &str) -> Result<String, SettingError> {
    let text = line(text, 64)?;
    if text.is_empty() {
        return Err(SettingError::Empty);
    }
    match TimeZone::get(&text) {
        // The database has names for fixed offsets too, the wrong way round at that: `Etc/GMT+1` is an hour west.
        Ok(zone) if !text.to_ascii_lowercase().starts_with("etc/gmt") => {
            Ok(zone.iana_name().map_or(text, str::to_owned))
        }
        _ => Err(SettingError::Zone(text)),
    }
}

/// A price in pence: `3`, `3.75`, `3.75p`.
pub fn price(text: &str) -> Result<Pence, SettingError> {
    let text = text.trim().trim_end_matches(['p', 'P']).trim_end();
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |t: &str, longest| (1..=longest).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole, 6) || !digits(part, 2) {
        return Err(SettingError::Price);
    }
    let number = |t: &str| t.parse::<u64>().map_err(|_| SettingError::Price);
    let hundredths = number(whole)? * 100 + number(part)? * if part.len() == 1 { 10 } else { 1 };
    if hundredths > DEAREST { Err(SettingError::Price) } else { Ok(Pence::from_hundredths(hundredths)) }
}

/// When the school's day that holds `now_ms` ends, in milliseconds since 1970.
pub fn end_of_day_ms(zone: &TimeZone, now_ms: i64) -> i64 {
    let now = Timestamp::from_millisecond(now_ms).unwrap_or_default();
    let tomorrow = now.to_zoned(zone.clone()).date().tomorrow();
    // A day that begins with a clock change begins at its first moment.
    let begins = tomorrow.and_then(|day| day.to_zoned(zone.clone()));
    begins.map_or(now_ms, |at| at.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_must_exist_and_move_with_the_year() {
        for (typed, read) in [
            ("Europe/London", Some("Europe/London")),
            (" europe/dublin ", Some("Europe/Dublin")),
            ("UTC", Some("UTC")),
            ("Etc/GMT+1", None),
            ("GMT+1", None),
            ("+01:00", None),
            ("Europe/Hillview", None),
            ("../../etc/passwd", None),
            ("", None),
            ("a\nb", None),
        ] {
            assert_eq!(time_zone(typed).ok().as_deref(), read, "{typed:?}");
        }
    }

    #[test]
    fn a_price_is_read_to_the_hundredth_of_a_penny() {
        for (typed, hundredths) in [
            ("3", Some(300)),
            ("3.75", Some(375)),
            ("3.7p", Some(370)),
            ("0", Some(0)),
            ("1000", Some(100_000)),
            ("1000.01", None),
            ("-1", None),
            ("3,75", None),
            ("3.755", None),
            ("", None),
            (".", None),
            ("1e3", None),
            ("£3", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(price(typed).ok().map(Pence::hundredths), hundredths, "{typed:?}");
        }
    }

    #[test]
    fn a_header_is_a_short_line() {
        assert_eq!(header(" Hillview: ").as_deref(), Ok("Hillview"));
        assert_eq!(header("").as_deref(), Ok(""));
        assert_eq!(header(&"x".repeat(31)), Err(SettingError::Line(30)));
        assert!(header("a\nb").is_err());
    }

    #[test]
    fn a_day_ends_at_the_schools_midnight_also_when_clocks_change() {
        let london = TimeZone::get("Europe/London").unwrap();
        let ms = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
        for (now, end) in [
            ("2026-09-01T11:00:00Z", "2026-09-01T23:00:00Z"),
            ("2026-09-01T23:30:00Z", "2026-09-02T23:00:00Z"),
            ("2026-10-25T12:00:00Z", "2026-10-26T00:00:00Z"),
            ("2026-01-31T12:00:00Z", "2026-02-01T00:00:00Z"),
        ] {
            assert_eq!(end_of_day_ms(&london, ms(now)), ms(end), "{now}");
        }
    }
}
