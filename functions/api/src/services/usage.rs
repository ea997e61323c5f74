//! Usage figures by day.

use domain::settings::Settings;
use domain::usage::Days;
use jiff::civil::Date;
use store::School;

use crate::error::{ApiError, FieldError, Result};
use crate::state::ApiState;

/// Most days that one answer covers.
pub const MOST_DAYS: i32 = 400;

/// The days that are asked for, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first.
    pub from: Date,
    /// The last.
    pub to: Date,
}

impl Range {
    /// Reads `YYYY-MM-DD`; what is missing or blank is taken from this month up to today, in the school's time zone.
    pub fn parse(
        from: Option<&str>,
        to: Option<&str>,
        state: &ApiState,
        settings: &Settings,
    ) -> Result<Self> {
        let today = state.clock().now().to_zoned(settings.time_zone()).date();
        Self::of(from, to, today)
    }

    fn of(from: Option<&str>, to: Option<&str>, today: Date) -> Result<Self> {
        let mut errors = Vec::new();
        let mut read = |field: &str, text: Option<&str>| {
            let text = text.map(str::trim).filter(|t| !t.is_empty())?;
            let date = (text.len() == 10).then(|| text.parse::<Date>().ok()).flatten();
            if date.is_none() {
                errors.push(FieldError::new(field, "Give a date as YYYY-MM-DD, such as 2026-09-01."));
            }
            date
        };
        let (from, to) = (read("from", from), read("to", to));
        if !errors.is_empty() {
            return Err(ApiError::invalid("A date is not well formed.", errors));
        }
        let to = to.unwrap_or_else(|| from.map_or(today, |f| f.max(today)));
        let from = from.unwrap_or_else(|| to.first_of_month());
        if from > to {
            return Err(ApiError::field("to", "The last day is before the first. Swap them."));
        }
        if from.until(to).map_or(i32::MAX, |span| span.get_days()) >= MOST_DAYS {
            return Err(ApiError::field("to", format!("At most {MOST_DAYS} days can be shown at once.")));
        }
        Ok(Self { from, to })
    }
}

/// Counts of the days in the range that have any.
pub async fn usage(school: &School, range: Range) -> Result<Days> {
    Ok(school.usage().between(range.from, range.to).await?)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_range_defaults_to_this_month_and_is_checked() {
        let today = date(2026, 11, 22);
        let read = |from, to| Range::of(from, to, today).ok().map(|r| (r.from, r.to));
        assert_eq!(read(None, None), Some((date(2026, 11, 1), today)));
        assert_eq!(read(Some(""), Some(" ")), Some((date(2026, 11, 1), today)));
        assert_eq!(read(Some("2026-09-05"), None), Some((date(2026, 9, 5), today)));
        assert_eq!(read(None, Some("2026-02-10")), Some((date(2026, 2, 1), date(2026, 2, 10))));
        assert_eq!(read(Some("2026-12-05"), None), Some((date(2026, 12, 5), date(2026, 12, 5))));
        assert_eq!(read(Some("2025-01-01"), Some("2026-02-04")), Some((date(2025, 1, 1), date(2026, 2, 4))));
        for (from, to) in [
            (Some("2026-11-02"), Some("2026-11-01")),
            (Some("2025-01-01"), Some("2026-02-05")),
            (Some("01/11/2026"), None),
            (Some("2026-02-30"), None),
            (None, Some("2026-11-02T00:00:00Z")),
            (Some("-009999-01-01"), Some("9999-12-31")),
        ] {
            assert!(Range::of(from, to, today).is_err(), "{from:?} {to:?}");
        }
    }
}
