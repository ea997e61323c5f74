//! Bars by day: one strip for each thing that is counted, over one axis.

use domain::usage::{DayCounts, Days};
use jiff::civil::Date;

use crate::pages::kit::words::{self, LocalTime};
use crate::services::usage::Range;

/// Width of a day in the picture's own units.
const DAY: u32 = 24;
/// Most days that are named under the strips.
const NAMED: usize = 6;

/// One strip of bars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chart {
    /// Its colour.
    pub(crate) class: &'static str,
    pub(crate) words: &'static str,
    pub(crate) most: String,
    /// The same in a sentence.
    pub(crate) label: String,
    pub(crate) width: u32,
    pub(crate) bars: Vec<DayBar>,
}

/// The bar of one day, in hundredths of the strip's height.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DayBar {
    pub(crate) words: String,
    pub(crate) x: u32,
    pub(crate) y: u32,
    pub(crate) height: u32,
}

type Kind = (&'static str, &'static str, &'static str, fn(DayCounts) -> i64);

const KINDS: [Kind; 3] = [
    ("units", "Text units", "unit", |c| c.sms_units),
    ("emails", "E-mails", "e-mail", |c| c.email_count),
    ("minutes", "Call minutes", "minute", |c| c.voice_minutes),
];

/// A strip for everything that was used at all.
pub(crate) fn charts(local: &LocalTime, range: Range, days: &Days) -> Vec<Chart> {
    KINDS.into_iter().filter_map(|kind| chart(local, range, days, kind)).collect()
}

fn chart(local: &LocalTime, range: Range, days: &Days, (class, words, noun, of): Kind) -> Option<Chart> {
    let count = |day: &DayCounts| of(*day).unsigned_abs();
    let (most_day, most) =
        days.iter().map(|(day, c)| (*day, count(c))).max_by_key(|(_, n)| *n).filter(|(_, n)| *n > 0)?;
    let said = |n: u64| words::count(n, noun, &format!("{noun}s"));
    let bars = all(range).zip(0_u32..).map(|(day, place)| {
        let n = days.get(&day).map_or(0, count);
        // The least use can still be seen.
        let height = if n == 0 { 0 } else { (n * 100 / most).max(3) as u32 };
        DayBar { words: format!("{}: {}", local.day(day), said(n)), x: place * DAY, y: 100 - height, height }
    });
    let most_words = format!("most: {} on {}", said(most), local.day(most_day));
    Some(Chart {
        class,
        words,
        label: format!("{words} by day, {most_words}. The table below has every day."),
        most: most_words,
        width: (all(range).count() as u32).max(1) * DAY,
        bars: bars.collect(),
    })
}

fn all(range: Range) -> impl Iterator<Item = Date> {
    range.from.series(jiff::Span::new().days(1)).take_while(move |day| *day <= range.to)
}

/// What stands under each day: its date, for a few of them.
pub(crate) fn axis(range: Range) -> Vec<String> {
    let days: Vec<Date> = all(range).collect();
    let step = days.len().div_ceil(NAMED).max(1);
    let named = |(place, day): (usize, &Date)| {
        if place.is_multiple_of(step) { day.strftime("%-d %b").to_string() } else { String::new() }
    };
    days.iter().enumerate().map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::kit::lines::samples::local;
    use crate::pages::school::usage::samples::{days, range};

    #[test]
    fn every_day_has_a_place_and_the_greatest_fills_the_height() {
        let charts = charts(&local(), range(), &days());
        assert_eq!(
            charts.iter().map(|c| c.words).collect::<Vec<_>>(),
            ["Text units", "E-mails", "Call minutes"]
        );
        let units = &charts[0];
        assert_eq!((units.bars.len(), units.width), (14, 14 * DAY));
        assert_eq!((units.bars[10].y, units.bars[10].height), (0, 100));
        assert_eq!((units.bars[1].height, units.bars[3].height), (0, 3));
        assert_eq!(units.bars[3].words, "Monday 4 May: 82 units");
        let named: Vec<String> = axis(range()).into_iter().filter(|words| !words.is_empty()).collect();
        assert_eq!(named, ["1 May", "4 May", "7 May", "10 May", "13 May"]);
    }

    #[test]
    fn what_was_not_used_has_no_strip() {
        assert!(charts(&local(), range(), &Days::new()).is_empty());
    }
}
