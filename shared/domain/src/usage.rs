//! Usage: what the providers accepted, by the school's local day.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::channel::Billed;
use crate::delivery::DeliveryState;
use crate::page::PageState;

/// One day's counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayCounts {
    /// E-mails accepted.
    #[serde(default)]
    pub email_count: i64,
    /// SMS messages accepted.
    #[serde(default)]
    pub sms_count: i64,
    /// SMS parts billed.
    #[serde(default)]
    pub sms_units: i64,
    /// Minutes of answered calls, each call rounded up.
    #[serde(default)]
    pub voice_minutes: i64,
}

impl DayCounts {
    /// `self - other`, field by field.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self {
            email_count: self.email_count - other.email_count,
            sms_count: self.sms_count - other.sms_count,
            sms_units: self.sms_units - other.sms_units,
            voice_minutes: self.voice_minutes - other.voice_minutes,
        }
    }

    /// `self + other`, field by field.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            email_count: self.email_count + other.email_count,
            sms_count: self.sms_count + other.sms_count,
            sms_units: self.sms_units + other.sms_units,
            voice_minutes: self.voice_minutes + other.voice_minutes,
        }
    }

    /// Whether every count is zero.
    pub fn is_zero(self) -> bool {
        self == Self::default()
    }
}

/// Counts by local day.
pub type Days = BTreeMap<Date, DayCounts>;

/// Deliveries of a message by state.
pub type Totals = BTreeMap<DeliveryState, u64>;

/// Started minutes of a call of so many seconds.
pub const fn minutes(seconds: u32) -> i64 {
    seconds.div_ceil(60) as i64
}

/// The school's local day of a time.
pub fn local_day(at_ms: i64, zone: &TimeZone) -> Date {
    Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone.clone()).date()
}

/// Adds one page to its message's days.
pub fn count_page(days: &mut Days, page: &PageState, zone: &TimeZone) {
    for index in 0..page.slots.len() {
        for attempt in page.accepted_attempts(index) {
            let day = days.entry(local_day(attempt.at_ms, zone)).or_default();
            match page.channel.facts().billed {
                Billed::Emails => day.email_count += 1,
                Billed::Units => {
                    day.sms_count += 1;
                    day.sms_units += i64::from(page.units.get(index).map_or(1, |u| u.0));
                }
                Billed::Nothing => {}
                Billed::Minutes => day.voice_minutes += minutes(attempt.seconds),
            }
        }
    }
    days.retain(|_, counts| !counts.is_zero());
}

/// Adds one page to its message's totals.
pub fn total_page(totals: &mut Totals, page: &PageState) {
    for index in 0..page.slots.len() {
        *totals.entry(page.standing(index).state).or_default() += 1;
    }
}

/// What must be added to the stored days so that a message that was counted as `old` is counted as `new`.
pub fn difference(new: &Days, old: &Days) -> Days {
    let mut days = new.clone();
    for (day, counts) in old {
        let entry = days.entry(*day).or_default();
        *entry = entry.minus(*counts);
    }
    days.retain(|_, counts| !counts.is_zero());
    days
}
