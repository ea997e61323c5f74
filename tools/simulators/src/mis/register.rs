//! The registers: marks that were set by hand, and made-up ones for everybody else.

use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;

use super::state::{Changes, SetMark};
use crate::clock;

/// Morning and afternoon.
pub(crate) const SESSIONS: [&str; 2] = ["AM", "PM"];

/// The day in the school's own zone.
pub(crate) fn today() -> Date {
    let zone = TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC);
    Timestamp::from_millisecond(clock::now()).unwrap_or_default().to_zoned(zone).date()
}

/// The mark of a pupil: as set by hand, else nearly always present. Weekends have none.
pub(crate) fn mark(changes: &Changes, date: Date, pupil: &str, session: &str) -> Option<SetMark> {
    if let Some(set) = changes.marks.get(&Changes::mark_key(date, pupil, session)) {
        return Some(set.clone());
    }
    if matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) || date > today() {
        return None;
    }
    let mut hasher = DefaultHasher::new();
    (date.to_string(), pupil).hash(&mut hasher);
    let (code, minutes_late) = match hasher.finish() % 60 {
        0 => ("I", None),
        1 => ("M", None),
        2 if session == "AM" => ("L", Some(10)),
        _ if session == "AM" => ("/", None),
        _ => ("\\", None),
    };
    Some(SetMark { code: code.to_owned(), minutes_late })
}
