//! What a provider is asked about unresolved deliveries, and what its records prove (ARCHITECTURE §4.6).

use channels::port::Record;
use domain::channel::Channel;
use domain::page::{Found, PageState};
use store::PageContent;

use crate::send::bodies::Ready;
use crate::send::providers::Providers;

/// How far the provider's clock and a worker's may be apart, in milliseconds: five minutes, and one for the way.
pub(super) const CLOCK_SLACK_MS: i64 = 360_000;

/// One question: the sends to `to` (with this text, where the provider keeps it) that are unresolved in a page.
#[derive(Debug)]
pub(super) struct Question<'a> {
    pub(super) to: &'a str,
    /// The text; `None` where the provider keeps none.
    pub(super) body: Option<String>,
    /// Places in the page.
    pub(super) places: Vec<usize>,
    /// Window of the provider's records, in milliseconds since 1970.
    pub(super) since_ms: i64,
    pub(super) until_ms: i64,
    /// Attempts of this page that the provider's unclaimed records can be of, not only those that are asked about.
    pub(super) attempts: usize,
}

/// Sends of others that the provider's records could be mistaken for.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Others {
    /// Attempts whose records nobody can name.
    pub(super) unaccounted: usize,
    /// Attempts that a worker has in hand just now.
    pub(super) in_hand: usize,
    /// There may be more than were looked at.
    pub(super) unknown: bool,
}

impl Question<'_> {
    /// Whether a text, as somebody has it, is the one in question.
    pub(super) fn is_about(&self, to: &str, text: Option<&str>) -> bool {
        self.to == to
            && match (&self.body, text) {
                (Some(ours), Some(theirs)) => same_text(ours, theirs),
                _ => true,
            }
    }

    /// Whether an attempt that began or was accepted between the two times can have left a record in the window.
    pub(super) const fn touches(&self, first_ms: i64, last_ms: i64) -> bool {
        first_ms - CLOCK_SLACK_MS <= self.until_ms && last_ms + CLOCK_SLACK_MS >= self.since_ms
    }

    /// What it proves that `records` are left that no delivery accounts for.
    pub(super) fn judge(&self, records: &[Record], others: Others) -> Found {
        let attempts = self.attempts + others.unaccounted + others.in_hand;
        match records {
            [] => Found::Nothing,
            _ if others.unknown => Found::Unclear,
            [one] if attempts == 1 => Found::Accepted { id: Some(one.id.clone()) },
            some if some.len() == attempts => Found::Accepted { id: None },
            _ if others.in_hand > 0 => Found::NotNow,
            _ => Found::Unclear,
        }
    }
}

/// Unresolved deliveries of a page by address and text. A provider of calls keeps no text: there the address alone
/// makes the question.
pub(super) fn questions<'a>(
    providers: &Providers,
    state: &PageState,
    content: &'a PageContent,
    ready: &Ready,
) -> Vec<Question<'a>> {
    let text = |values: &[String]| text_of(providers, ready, state.channel, values);
    let mut questions: Vec<Question<'a>> = Vec::new();
    for index in state.unresolved() {
        let Some(delivery) = content.deliveries.get(index) else { continue };
        let body = text(&delivery.values);
        let (first, last) = state.unaccounted_between(index).unwrap_or_default();
        let (since_ms, until_ms) = (first - CLOCK_SLACK_MS, last + CLOCK_SLACK_MS);
        if let Some(same) = questions.iter_mut().find(|q| q.is_about(&delivery.to, body.as_deref())) {
            same.places.push(index);
            same.since_ms = same.since_ms.min(since_ms);
            same.until_ms = same.until_ms.max(until_ms);
        } else {
            let to = &delivery.to;
            questions.push(Question { to, body, places: vec![index], since_ms, until_ms, attempts: 0 });
        }
    }
    for question in &mut questions {
        let same = |index: &usize| {
            let delivery = content.deliveries.get(*index);
            delivery.is_some_and(|d| question.is_about(&d.to, text(&d.values).as_deref()))
        };
        question.attempts = (0..state.slots.len()).filter(same).map(|index| state.unaccounted(index)).sum();
    }
    questions
}

/// The text of a delivery where the provider keeps it.
pub(super) fn text_of(
    providers: &Providers,
    ready: &Ready,
    channel: Channel,
    values: &[String],
) -> Option<String> {
    let rendered = || ready.texts.render(channel, values).unwrap_or_default();
    providers.of(channel).keeps_text().then(|| rendered().text.to_string())
}

/// Whether two texts are one, whatever a provider does to the ends of lines and of the whole.
fn same_text(ours: &str, theirs: &str) -> bool {
    let lines = |text: &str| text.trim().replace("\r\n", "\n").replace('\r', "\n");
    ours == theirs || lines(ours) == lines(theirs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(attempts: usize) -> Question<'static> {
        let body = Some("School closes at 2 pm.".to_owned());
        Question { to: "+447700900123", body, places: vec![0], since_ms: 0, until_ms: 1_000, attempts }
    }

    fn records(count: usize) -> Vec<Record> {
        (0..count).map(|n| Record { id: format!("SM{n}"), body: None, created_ms: 0, state: None }).collect()
    }

    #[test]
    fn a_record_is_ours_only_if_it_can_be_nobody_elses() {
        let nobody = Others::default();
        let unaccounted = Others { unaccounted: 1, ..nobody };
        let in_hand = Others { in_hand: 1, ..nobody };
        let unknown = Others { unknown: true, ..nobody };
        let ours = || Found::Accepted { id: Some("SM0".to_owned()) };
        let all = || Found::Accepted { id: None };
        let cases = [
            (0, 1, nobody, Found::Nothing),
            (0, 1, unknown, Found::Nothing),
            (1, 1, nobody, ours()),
            (1, 2, nobody, Found::Unclear),
            (2, 2, nobody, all()),
            (2, 1, nobody, Found::Unclear),
            (1, 1, unaccounted, Found::Unclear),
            (2, 1, unaccounted, all()),
            (1, 1, in_hand, Found::NotNow),
            (2, 1, in_hand, all()),
            (1, 1, unknown, Found::Unclear),
            (2, 2, unknown, Found::Unclear),
        ];
        for (found, attempts, others, proves) in cases {
            let judged = question(attempts).judge(&records(found), others);
            assert_eq!(judged, proves, "{found} records, {attempts} attempts, {others:?}");
        }
    }

    #[test]
    fn a_text_is_known_again_however_its_lines_and_edges_come_back() {
        for (ours, theirs, same) in [
            ("a\nb", "a\r\nb", true),
            ("a\r\nb", "a\nb", true),
            (" a\n", "a", true),
            ("a  b", "a b", false),
            ("Ben is absent", "Ann is absent", false),
        ] {
            assert_eq!(same_text(ours, theirs), same, "{ours:?} {theirs:?}");
        }
    }

    #[test]
    fn clocks_may_be_five_minutes_apart_on_either_side() {
        let question = question(1);
        assert!(question.touches(1_300_000 - 940_000, 1_300_000));
        assert!(question.touches(-300_000, -300_000) && question.touches(301_000, 301_000));
        assert!(!question.touches(-400_000, -400_000) && !question.touches(400_000, 400_000));
    }
}
