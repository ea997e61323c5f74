//! Lines of a list of messages.

use std::collections::BTreeMap;

use domain::channel::Channel;
use domain::delivery::DeliveryState;
use domain::message::{MessageState, Purpose};
use store::Summary;

use crate::pages::kit::components::{Bar, Tag, Tone};
use crate::pages::kit::delivery_status::Show;
use crate::pages::kit::words::{self, LocalTime};

/// One message in a list.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) id: String,
    pub(crate) headline: String,
    pub(crate) when: String,
    pub(crate) author: String,
    pub(crate) channels: String,
    /// Only where it is not the ordinary one.
    pub(crate) purpose: Option<&'static str>,
    pub(crate) outcome: String,
    pub(crate) tag: Option<Tag>,
    pub(crate) bar: Bar,
}

impl Line {
    /// Of a line in the store's history.
    pub(crate) fn new(summary: &Summary, local: &LocalTime) -> Self {
        let counts = counts(&summary.totals);
        let nouns: Vec<String> = summary.channels.iter().map(|c| c.facts().nouns.to_owned()).collect();
        let mut channels = words::list(&nouns);
        if let Some(first) = channels.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        Self {
            id: summary.id.to_string(),
            headline: words::readable(&summary.headline),
            when: local.when(summary.created_ms),
            author: summary.author.name.clone(),
            channels,
            purpose: purpose(summary.purpose),
            outcome: outcome(summary.state, &summary.channels, &counts),
            tag: tag(summary.state, &summary.channels, &counts),
            bar: bar(&counts),
        }
    }
}

/// Deliveries by where they stand, in the order of the bar.
pub(crate) type Counts = BTreeMap<Show, u64>;

/// Groups the states of the API into what a person tells apart.
pub(crate) fn counts(totals: &BTreeMap<String, u64>) -> Counts {
    let mut counts = Counts::new();
    for state in DeliveryState::ALL {
        if let Some(n) = totals.get(state.code()).filter(|n| **n > 0) {
            *counts.entry(Show::of(state)).or_default() += n;
        }
    }
    counts
}

pub(crate) fn total(counts: &Counts) -> u64 {
    counts.values().sum()
}

pub(crate) fn bar(counts: &Counts) -> Bar {
    let tones: Vec<(Tone, u64)> = counts.iter().map(|(show, n)| (show.tone(), *n)).collect();
    let label: Vec<String> = counts
        .iter()
        .map(|(show, n)| format!("{} {}", words::number(*n), show.words().to_lowercase()))
        .collect();
    Bar::new(&tones, if label.is_empty() { "Nothing counted yet".to_owned() } else { label.join(", ") })
}

fn of(counts: &Counts, show: Show) -> u64 {
    counts.get(&show).copied().unwrap_or(0)
}

fn outcome(state: MessageState, channels: &[Channel], counts: &Counts) -> String {
    let total = total(counts);
    let part = |n: u64, what: &str| format!("{} of {} {what}", words::number(n), words::number(total));
    match state {
        MessageState::Rejected => "Nothing was sent".to_owned(),
        MessageState::AwaitingAuthorisation => "Waiting to be authorised".to_owned(),
        MessageState::Stopped if total == 0 => "Nothing was sent".to_owned(),
        _ if total == 0 => "Waiting to be sent".to_owned(),
        MessageState::Queued | MessageState::Sending => {
            part(total - of(counts, Show::Waiting) - of(counts, Show::Retrying), "sent")
        }
        MessageState::Finished if channels == [Channel::Tweet] => match of(counts, Show::Delivered) {
            0 => "Not known to be on X".to_owned(),
            _ => "On X".to_owned(),
        },
        MessageState::Finished | MessageState::Stopped => {
            let (delivered, sent) = (of(counts, Show::Delivered), of(counts, Show::Sent));
            // While most reports are still to come, "delivered" would sound like a failure.
            if delivered >= sent { part(delivered, "delivered") } else { part(delivered + sent, "sent") }
        }
    }
}

fn tag(state: MessageState, channels: &[Channel], counts: &Counts) -> Option<Tag> {
    let unconfirmed = of(counts, Show::Unconfirmed) + of(counts, Show::Expired);
    let failed = of(counts, Show::Failed);
    let n = |n: u64, what: &str| format!("{} {what}", words::number(n));
    match state {
        MessageState::Rejected => Some(Tag::new(Tone::Failed, "Not sent")),
        MessageState::AwaitingAuthorisation => Some(Tag::new(Tone::Waiting, "To authorise")),
        MessageState::Queued => Some(Tag::new(Tone::Waiting, "Waiting")),
        MessageState::Sending => Some(Tag::new(Tone::Sent, "Sending")),
        MessageState::Stopped => Some(Tag::new(Tone::Off, "Stopped")),
        MessageState::Finished if unconfirmed > 0 => {
            Some(Tag::new(Tone::Unsure, n(unconfirmed, "not confirmed")))
        }
        MessageState::Finished if failed > 0 => Some(Tag::new(Tone::Failed, n(failed, "failed"))),
        MessageState::Finished if of(counts, Show::Delivered) == total(counts) => {
            let words = if channels == [Channel::Tweet] { "Posted" } else { "All delivered" };
            Some(Tag::new(Tone::Delivered, words))
        }
        MessageState::Finished => None,
    }
}

/// The purpose, where it is worth a word.
fn purpose(purpose: Purpose) -> Option<&'static str> {
    match purpose {
        Purpose::Service => None,
        Purpose::Attendance => Some("Attendance"),
        Purpose::Emergency => Some("Emergency"),
        Purpose::Marketing => Some("Marketing"),
    }
}

#[cfg(test)]
pub(crate) mod samples {
    use domain::ids::MessageId;
    use jiff::Timestamp;
    use store::Author;

    use super::*;

    pub(crate) fn now_ms() -> i64 {
        "2026-05-14T08:12:00Z".parse::<Timestamp>().unwrap().as_millisecond()
    }

    pub(crate) fn local() -> LocalTime {
        LocalTime::new(now_ms(), jiff::tz::TimeZone::get("Europe/London").unwrap())
    }

    pub(crate) fn summary(
        n: u32,
        headline: &str,
        minutes_ago: i64,
        state: MessageState,
        totals: &[(DeliveryState, u64)],
    ) -> Summary {
        let created_ms = now_ms() - minutes_ago * 60_000;
        Summary {
            id: MessageId::new(ulid::Ulid::from_parts(created_ms as u64, u128::from(n))),
            headline: headline.to_owned(),
            author: Author { id: "u1".to_owned(), name: "Morgan Ellis".to_owned() },
            created_ms,
            purpose: if n == 2 { Purpose::Attendance } else { Purpose::Service },
            channels: if n.is_multiple_of(2) {
                vec![Channel::Sms, Channel::Voice]
            } else {
                vec![Channel::Sms]
            },
            state,
            totals: totals.iter().map(|(state, n)| (state.code().to_owned(), *n)).collect(),
        }
    }

    pub(crate) fn summaries() -> Vec<Summary> {
        use DeliveryState::{
            Accepted, Cancelled, Delivered, PermanentFailure, Queued, TemporaryFailure, Unknown,
        };
        use MessageState::{Finished, Sending, Stopped};
        vec![
            summary(
                1,
                "Year 9 trip: the coach is back at 16:45, please collect from the front gate",
                3,
                Sending,
                &[(Delivered, 61), (Accepted, 74), (Queued, 47)],
            ),
            summary(
                2,
                "We have not heard from you: is your child ill today?",
                21,
                Finished,
                &[(Delivered, 24), (Accepted, 3), (Unknown, 2), (PermanentFailure, 1)],
            ),
            summary(
                3,
                "Snow: the school is closed today, work is set online",
                1_500,
                Finished,
                &[(Delivered, 1_482), (Accepted, 9), (TemporaryFailure, 5), (PermanentFailure, 12)],
            ),
            summary(
                4,
                "Parents' evening on Thursday: book your times by Monday",
                1_700,
                Finished,
                &[(Delivered, 312)],
            ),
            summary(
                5,
                "Non-uniform day is tomorrow, £1 for the hospice",
                4_400,
                Stopped,
                &[(Delivered, 125), (Cancelled, 610)],
            ),
            summary(
                6,
                "Choir rehearsal moves to the hall",
                4_700,
                Finished,
                &[(Delivered, 41), (Accepted, 1)],
            ),
        ]
    }

    pub(crate) fn lines() -> Vec<Line> {
        summaries().iter().map(|s| Line::new(s, &local())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::samples::{lines, local, summary};
    use super::*;

    #[test]
    fn a_line_says_how_the_message_went() {
        let said: Vec<(String, Option<String>)> =
            lines().into_iter().map(|l| (l.outcome, l.tag.map(|t| t.words))).collect();
        let expected = [
            ("135 of 182 sent", Some("Sending")),
            ("24 of 30 delivered", Some("2 not confirmed")),
            ("1,482 of 1,508 delivered", Some("17 failed")),
            ("312 of 312 delivered", Some("All delivered")),
            ("125 of 735 delivered", Some("Stopped")),
            ("41 of 42 delivered", None),
        ];
        assert_eq!(said, expected.map(|(o, t)| (o.to_owned(), t.map(str::to_owned))));
        let mut post = summary(9, "x", 1, MessageState::Finished, &[(DeliveryState::Delivered, 1)]);
        post.channels = vec![Channel::Tweet];
        let post = Line::new(&post, &local());
        assert_eq!((post.outcome.as_str(), post.tag.unwrap().words.as_str()), ("On X", "Posted"));
        let rejected = summary(9, "x", 1, MessageState::Rejected, &[]);
        assert_eq!(Line::new(&rejected, &local()).outcome, "Nothing was sent");
    }

    #[test]
    fn a_line_names_the_channels_and_an_unusual_purpose() {
        let line = &lines()[1];
        assert_eq!((line.channels.as_str(), line.purpose), ("Texts and calls", Some("Attendance")));
    }
}
