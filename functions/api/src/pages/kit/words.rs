//! Numbers, money and times as staff say them.

use domain::channel::Channel;
use domain::contact::ContactRole;
pub(crate) use domain::figures::thousands as number;
use domain::money::Pence;
use domain::token::{Piece, Template};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// `1 text`, `312 texts`.
pub(crate) fn count(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(n), if n == 1 { one } else { many })
}

/// `1 text`, `312 texts`, in the channel's own word.
pub(crate) fn messages(n: u64, channel: Channel) -> String {
    count(n, channel.facts().noun, channel.facts().nouns)
}

/// `£1,248.50`.
pub(crate) fn money(amount: Pence) -> String {
    let text = amount.to_string();
    match text.trim_start_matches('£').split_once('.') {
        Some((pounds, pence)) => {
            format!("£{}.{pence}", pounds.parse().map_or_else(|_| pounds.to_owned(), number))
        }
        None => text,
    }
}

/// A price, which may be a fraction of a penny: `3.75p`, `9p`, `£1.20`, `free`.
pub(crate) fn price(amount: Pence) -> String {
    match amount.hundredths() {
        0 => "free".to_owned(),
        n if n >= 10_000 => money(amount),
        n if n.is_multiple_of(100) => format!("{}p", n / 100),
        n => format!("{}.{:02}p", n / 100, n % 100).replace("0p", "p"),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [head @ .., last] => format!("{} and {last}", head.join(", ")),
    }
}

/// `1 to 50 of 1,498 people`; all of them is `12 people`.
pub(crate) fn range(from: usize, shown: usize, found: usize, one: &str, many: &str) -> String {
    let words = |n: usize| number(n as u64);
    if found <= shown {
        return count(found as u64, one, many);
    }
    format!("{} to {} of {} {many}", words(from + 1), words(from + shown), words(found))
}

/// A text with its tokens as words in brackets: `Dear [title] [surname]`.
pub(crate) fn readable(text: &str) -> String {
    let pieces = Template::parse(text);
    let pieces = pieces.pieces().iter().map(|piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Token { name, .. } => format!("[{name}]"),
    });
    pieces.collect()
}

/// What staff call a role.
pub(crate) const fn role_words(role: ContactRole) -> &'static str {
    match role {
        ContactRole::Parent => "Parent or carer",
        ContactRole::Staff => "Staff",
        ContactRole::Pupil => "Pupil",
        ContactRole::Other => "Other",
    }
}

/// The school's clock: turns times into words.
#[derive(Debug, Clone)]
pub(crate) struct LocalTime {
    zone: TimeZone,
    now: Zoned,
}

impl LocalTime {
    /// As seen at `now_ms` from the school.
    pub(crate) fn new(now_ms: i64, zone: TimeZone) -> Self {
        let now = at(now_ms, &zone);
        Self { zone, now }
    }

    /// The school's today.
    pub(crate) fn today(&self) -> Date {
        self.now.date()
    }

    /// The school's hour of the day.
    pub(crate) fn hour(&self) -> i8 {
        self.now.hour()
    }

    /// `today 08:57`, `yesterday 15:10`, `Thursday 14 May, 08:57`, `14 May 2025, 08:57`.
    pub(crate) fn when(&self, at_ms: i64) -> String {
        let then = at(at_ms, &self.zone);
        let time = then.strftime("%H:%M");
        match self.days_ago(then.date()) {
            0 => format!("today {time}"),
            1 => format!("yesterday {time}"),
            _ => format!("{}, {time}", self.day(then.date())),
        }
    }

    /// `Today`, `Yesterday`, `Thursday 14 May`.
    pub(crate) fn heading(&self, at_ms: i64) -> String {
        let date = at(at_ms, &self.zone).date();
        match self.days_ago(date) {
            0 => "Today".to_owned(),
            1 => "Yesterday".to_owned(),
            _ => self.day(date),
        }
    }

    /// `Thursday 14 May`; with the year instead of the weekday where the year is another.
    pub(crate) fn day(&self, date: Date) -> String {
        let format = if date.year() == self.now.year() { "%A %-d %B" } else { "%-d %B %Y" };
        date.strftime(format).to_string()
    }

    fn days_ago(&self, date: Date) -> i64 {
        if date > self.today() { i64::MAX } else { date.duration_until(self.today()).as_hours() / 24 }
    }
}

fn at(at_ms: i64, zone: &TimeZone) -> Zoned {
    Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_money_are_grouped() {
        for (n, words) in [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345_678, "12,345,678")] {
            assert_eq!(number(n), words);
        }
        assert_eq!(
            (count(1, "person", "people"), count(2, "person", "people")),
            ("1 person".into(), "2 people".into())
        );
        assert_eq!(messages(312, Channel::Email), "312 e-mails");
        assert_eq!(money(Pence::from_hundredths(12_485_000)), "£1,248.50");
        for (hundredths, words) in
            [(0, "free"), (375, "3.75p"), (370, "3.7p"), (400, "4p"), (5, "0.05p"), (12_000, "£1.20")]
        {
            assert_eq!(price(Pence::from_hundredths(hundredths)), words);
        }
    }

    #[test]
    fn tokens_are_shown_as_words() {
        assert_eq!(readable("Dear $title|parent$ $surname$: £5 or $5"), "Dear [title] [surname]: £5 or $5");
    }

    #[test]
    fn a_list_reads_as_a_sentence() {
        let words = |w: &[&str]| list(&w.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(words(&[]), "");
        assert_eq!(words(&["a"]), "a");
        assert_eq!(words(&["a", "b", "c"]), "a, b and c");
    }

    #[test]
    fn times_are_said_as_the_school_says_them() {
        let zone = TimeZone::get("Europe/London").unwrap();
        let ms = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
        // 09:30 in summer time.
        let local = LocalTime::new(ms("2026-05-15T08:30:00Z"), zone);
        for (time, words, heading) in [
            ("2026-05-15T07:57:00Z", "today 08:57", "Today"),
            // Past midnight in London, still the day before in UTC.
            ("2026-05-14T23:05:00Z", "today 00:05", "Today"),
            ("2026-05-14T14:10:00Z", "yesterday 15:10", "Yesterday"),
            ("2026-05-13T22:59:00Z", "Wednesday 13 May, 23:59", "Wednesday 13 May"),
            ("2025-12-01T09:00:00Z", "1 December 2025, 09:00", "1 December 2025"),
            // A clock that is a little ahead.
            ("2026-05-16T08:00:00Z", "Saturday 16 May, 09:00", "Saturday 16 May"),
        ] {
            assert_eq!(
                (local.when(ms(time)), local.heading(ms(time))),
                (words.into(), heading.into()),
                "{time}"
            );
        }
        assert_eq!(local.hour(), 9);
    }
}
