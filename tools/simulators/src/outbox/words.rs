//! Numbers, times and states in plain words.

use crate::app::App;
use crate::clock::{self, Millis};
use crate::kind::Kind;
use crate::outcome::{self, CallFate, TextFate};
use crate::record::Record;

/// How a state looks: a class for its colour, a shape and a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    pub(super) class: &'static str,
    pub(super) shape: &'static str,
    pub(super) word: String,
}

fn state(class: &'static str, shape: &'static str, word: impl Into<String>) -> State {
    State { class, shape, word: word.into() }
}

/// A number as people in this country write it.
pub(super) fn number(number: &str) -> String {
    let Some(national) = number.strip_prefix("+44").filter(|digits| digits.len() == 10 && digits.is_ascii())
    else {
        return number.to_owned();
    };
    match national.as_bytes()[0] {
        b'2' => format!("0{} {} {}", &national[..2], &national[2..6], &national[6..]),
        b'1' | b'7' => format!("0{} {}", &national[..4], &national[4..]),
        _ => format!("0{} {} {}", &national[..3], &national[3..6], &national[6..]),
    }
}

/// `today 08:57`, `yesterday 16:30`, `Thursday 14 May, 09:05`.
pub(super) fn moment(at: Millis, now: Millis) -> String {
    let (then, today) = (clock::wall(at), clock::wall(now));
    let time = then.strftime("%H:%M");
    if then.date() == today.date() {
        return format!("today {time}");
    }
    if then.date().tomorrow().is_ok_and(|next| next == today.date()) {
        return format!("yesterday {time}");
    }
    format!("{}, {time}", then.strftime("%A %-d %B"))
}

/// `1 text`, `2 texts`, `3,000 texts`.
pub(super) fn count(n: u64, one: &str, many: &str) -> String {
    let digits = n.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{grouped} {}", if n == 1 { one } else { many })
}

/// How it stands with a record, for its reader.
pub(super) fn of(app: &App, record: &Record<'_>) -> State {
    let steps = app.steps_since(record.at);
    match record.kind {
        Kind::Inbound => state("sent", "↑", "Sent"),
        Kind::Tweet => state("delivered", "✓", "Posted"),
        Kind::Email => of_mail(record, steps),
        Kind::Call => of_call(record, steps),
        _ => match outcome::status(record, steps) {
            "queued" | "sent" => state("waiting", "○", "On its way"),
            "delivered" => state("delivered", "✓", "Delivered"),
            _ => state("failed", "✕", reason(record)),
        },
    }
}

fn reason(record: &Record<'_>) -> &'static str {
    match outcome::of_text(&record.to) {
        TextFate::Undelivered(30003) => "Not delivered: phone off",
        TextFate::Undelivered(30005) => "Not delivered: unknown phone",
        TextFate::Undelivered(30007) => "Not delivered: filtered",
        _ => "Not delivered",
    }
}

fn of_call(record: &Record<'_>, steps: Millis) -> State {
    match (outcome::status(record, steps), outcome::of_call(&record.to)) {
        ("queued" | "ringing", _) => state("waiting", "○", "Ringing"),
        ("in-progress", _) => state("sent", "●", "Speaking"),
        (_, CallFate::Answered { seconds }) => {
            state("delivered", "✓", format!("Answered, {}:{:02}", seconds / 60, seconds % 60))
        }
        ("busy", _) => state("failed", "✕", "Missed: busy"),
        ("no-answer", _) => state("failed", "✕", "Missed: no answer"),
        _ => state("failed", "✕", "Could not connect"),
    }
}

fn of_mail(record: &Record<'_>, steps: Millis) -> State {
    let due = outcome::steps(record).into_iter().rfind(|step| Millis::from(step.after) <= steps);
    match due.map(|step| step.event) {
        Some("Delivery") => state("delivered", "✓", "Delivered"),
        Some("Bounce") => state("failed", "✕", "Bounced"),
        Some("Complaint") => state("unsure", "△", "Called spam"),
        Some("DeliveryDelay") => state("unsure", "△", "Delayed"),
        _ => state("waiting", "○", "On its way"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_at_home() {
        assert_eq!(number("+447700900123"), "07700 900123");
        assert_eq!(number("+442079460123"), "020 7946 0123");
        assert_eq!(number("+441632960001"), "01632 960001");
        assert_eq!(number("+353201234567"), "+353201234567");
        assert_eq!(number("Oakfield"), "Oakfield");
    }

    #[test]
    fn moments_are_near_or_dated() {
        let now = 1_747_220_000_000; // Wednesday 14 May 2025, 11:53 in London
        assert_eq!(moment(now, now), "today 11:53");
        assert_eq!(moment(now - 86_400_000, now), "yesterday 11:53");
        assert_eq!(moment(now - 6 * 86_400_000, now), "Thursday 8 May, 11:53");
    }

    #[test]
    fn counts_are_grouped() {
        assert_eq!(count(1, "text", "texts"), "1 text");
        assert_eq!(count(1_234_567, "text", "texts"), "1,234,567 texts");
    }
}
