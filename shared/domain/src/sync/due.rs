//! Which MIS a school has, and when it is read: windows in the school's own time, across clock changes.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};
use serde::{Deserialize, Serialize};

use crate::report::ReportMapping;

/// A school's MIS, as its settings name it. The credentials are elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MisSettings {
    /// The kind of connector, such as `xporter`; empty for none.
    #[serde(default)]
    pub kind: String,
    /// Where the MIS is, for the kinds that are called.
    #[serde(default)]
    pub address: String,
    /// How the MIS names the school, where it serves several.
    #[serde(default)]
    pub school: String,
    /// Where the credentials are kept: a name, never the secret.
    #[serde(default)]
    pub secret: String,
    /// When it is read.
    #[serde(default)]
    pub windows: Windows,
    /// Which system writes the reports, for the kind that reads them.
    #[serde(default)]
    pub system: String,
    /// Which of a report's columns holds what.
    #[serde(default)]
    pub columns: ReportMapping,
    /// Whether contacts and their ties to pupils are left as they are: the MIS's own are not taken.
    #[serde(default)]
    pub leaves_contacts: bool,
}

impl MisSettings {
    /// Whether there is an MIS to read.
    pub const fn is_on(&self) -> bool {
        !self.kind.is_empty()
    }
}

/// Hours of the school's day, 0 to 23, at which a run begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Windows {
    /// First of the hourly runs; `None` for no hourly runs.
    pub hourly_from: Option<u8>,
    /// Last of the hourly runs.
    pub hourly_to: u8,
    /// The run at night; `None` for none.
    pub overnight: Option<u8>,
}

impl Default for Windows {
    fn default() -> Self {
        Self { hourly_from: Some(7), hourly_to: 17, overnight: Some(2) }
    }
}

impl Windows {
    fn has(self, hour: u8) -> bool {
        let hourly = self.hourly_from.is_some_and(|from| (from..=self.hourly_to).contains(&hour));
        hourly || self.overnight == Some(hour)
    }
}

/// Whether a run is due at `now_ms` where the last one that the schedule began, began at `last_ms`. `spread` puts the
/// runs of many schools into different minutes, less than 15, of their hour.
///
/// The schedule is looked at every few minutes, so a run begins at the first look after its minute. An hour that the
/// clock skips is made up for in the next one, and one that comes twice has one run.
pub fn is_due(windows: Windows, zone: &TimeZone, spread: u8, last_ms: Option<i64>, now_ms: i64) -> bool {
    let Ok(now) = Timestamp::from_millisecond(now_ms) else { return false };
    let Some(slot) = latest_slot(windows, &now.to_zoned(zone.clone()), spread) else { return false };
    let last = last_ms.and_then(|ms| Timestamp::from_millisecond(ms).ok());
    last.is_none_or(|last| last < slot)
}

/// When the latest run at or before `now` was due, looking back a day.
fn latest_slot(windows: Windows, now: &Zoned, spread: u8) -> Option<Timestamp> {
    let this_hour = now.date().at(now.hour(), 0, 0, 0);
    (0..=24_i64).find_map(|back| {
        let hour: DateTime = this_hour.checked_sub(back.hours()).ok()?;
        if !windows.has(u8::try_from(hour.hour()).ok()?) {
            return None;
        }
        let minute = i8::try_from(spread % 15).ok()?;
        let due = hour.date().at(hour.hour(), minute, 0, 0);
        // *Compatible*: a time that the clock skips is the one as long after the gap; of two, it is the first.
        let due = due.to_zoned(now.time_zone().clone()).ok()?.timestamp();
        (due <= now.timestamp()).then_some(due)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Local times at which a run begins, looking every five minutes.
    fn runs(zone: &str, from: &str, to: &str, windows: Windows) -> Vec<String> {
        let zone = TimeZone::get(zone).unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
        let (mut now, end) = (at(from), at(to));
        let mut last = Some(now - 1);
        let mut begun = Vec::new();
        while now < end {
            if is_due(windows, &zone, 3, last, now) {
                last = Some(now);
                let local = Timestamp::from_millisecond(now).unwrap().to_zoned(zone.clone());
                begun.push(local.strftime("%H:%M%:z").to_string());
            }
            now += 300_000;
        }
        begun
    }

    #[test]
    fn hourly_through_the_day_and_once_at_night() {
        let begun = runs("Europe/London", "2026-01-14T00:00:00Z", "2026-01-15T00:00:00Z", Windows::default());
        let hours: Vec<&str> = begun.iter().map(|t| &t[..5]).collect();
        let wanted =
            ["02:05", "07:05", "08:05", "09:05", "10:05", "11:05", "12:05", "13:05", "14:05", "15:05"];
        assert_eq!(hours[..10], wanted);
        assert_eq!(hours[10..], ["16:05", "17:05"]);
    }

    #[test]
    fn in_summer_the_hours_are_the_schools() {
        let begun = runs("Europe/London", "2026-07-01T05:00:00Z", "2026-07-01T07:30:00Z", Windows::default());
        assert_eq!(begun, ["07:05+01:00", "08:05+01:00"]);
    }

    #[test]
    fn an_hour_that_the_clock_skips_is_made_up_for_and_one_that_comes_twice_has_one_run() {
        let at_one = Windows { hourly_from: None, hourly_to: 0, overnight: Some(1) };
        // 29 March 2026: 01:00 becomes 02:00. 25 October 2026: 02:00 becomes 01:00.
        let spring = runs("Europe/London", "2026-03-28T22:00:00Z", "2026-03-29T22:00:00Z", at_one);
        assert_eq!(spring, ["02:05+01:00"]);
        let autumn = runs("Europe/London", "2026-10-24T22:00:00Z", "2026-10-25T22:00:00Z", at_one);
        assert_eq!(autumn, ["01:05+01:00"]);
    }

    #[test]
    fn what_was_missed_is_made_up_for_once() {
        let zone = TimeZone::get("Europe/London").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
        let windows = Windows::default();
        let (last, late) = (at("2026-01-14T07:05:00Z"), at("2026-01-14T11:30:00Z"));
        assert!(is_due(windows, &zone, 3, Some(last), late));
        assert!(!is_due(windows, &zone, 3, Some(late), late + 1_000));
        assert!(is_due(windows, &zone, 3, None, late));
        let never = Windows { hourly_from: None, hourly_to: 0, overnight: None };
        assert!(!is_due(never, &zone, 3, None, late));
    }
}
