//! Other sends of the school to the same numbers: the provider's records could be theirs (ARCHITECTURE §4.6).
//!
//! They are read after the provider was asked, consistently. A claim comes before its record: whoever left a record
//! that the provider named either holds its page still, or is known by now.

use std::collections::BTreeSet;

use domain::channel::Channel;
use domain::ids::MessageId;
use domain::job::PageRef;
use domain::page::PageState;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use store::{PlannedDelivery, School, StoreError};

use super::questions::{Others, Question, text_of};
use crate::dispatch::Dispatch;
use crate::error::Result;
use crate::send::bodies::Ready;
use crate::send::providers::Providers;

/// Most messages that are looked at; with more, nobody can say whose a record is.
const MOST_MESSAGES: usize = 1_000;
/// How long a message may be sending after it was accepted or taken back into work, in milliseconds.
const STILL_SENDING_MS: i64 = 24 * 3_600_000;
/// Messages or pages that are read at once.
const PARALLEL_READS: usize = 16;

/// What is known of others' sends.
#[derive(Debug, Default)]
pub(super) struct SameNumber {
    /// Provider's ids that belong to them.
    pub(super) known: BTreeSet<String>,
    /// What else the records could be, by question.
    pub(super) others: Vec<Others>,
}

impl SameNumber {
    fn count(&mut self, questions: &[Question<'_>], of: &[usize], state: &PageState, index: usize) {
        self.known.extend(
            state.accepted_attempts(index).into_iter().filter_map(|a| a.id).filter(|id| !id.is_empty()),
        );
        let held = state.claim.as_ref().filter(|_| state.slots[index].state.is_pending());
        for &place in of {
            let (question, others) = (&questions[place], &mut self.others[place]);
            if held.is_some_and(|claim| question.touches(claim.at_ms, claim.at_ms)) {
                others.in_hand += 1;
            }
            let between = state.unaccounted_between(index);
            if between.is_some_and(|(first, last)| question.touches(first, last)) {
                others.unaccounted += state.unaccounted(index);
            }
        }
    }
}

/// Deliveries of one page that a question could be about: place in the page, questions.
type Alike = Vec<(usize, Vec<usize>)>;

/// Sends on `channel` by other pages and messages that records of the `questions` could be of. `page` is the one that
/// is asked about.
pub(super) async fn same_number(
    dispatch: &Dispatch,
    school: &School,
    page: &PageRef,
    channel: Channel,
    questions: &[Question<'_>],
    ready: &Ready,
) -> Result<SameNumber> {
    let mut found = SameNumber { known: BTreeSet::new(), others: vec![Others::default(); questions.len()] };
    let since = questions.iter().map(|q| q.since_ms).min().unwrap_or_default();
    let until = questions.iter().map(|q| q.until_ms).max().unwrap_or_default();
    let Some(messages) =
        school.messages().ids_at_work(since - STILL_SENDING_MS, until, MOST_MESSAGES).await?
    else {
        found.others.iter_mut().for_each(|others| others.unknown = true);
        return Ok(found);
    };
    let own = page.message;
    // Within a message, one number and one text are one delivery.
    let twice = !dispatch.providers.of(channel).keeps_text() && !ready.texts.is_plain(channel);
    let messages: Vec<MessageId> = messages.into_iter().filter(|id| *id != own || twice).collect();
    let mut reads = Vec::with_capacity(messages.len());
    for message in messages {
        reads.push(alike(dispatch, school, page, message, channel, questions));
    }
    let pages: Vec<Vec<(PageRef, Alike)>> =
        stream::iter(reads).buffer_unordered(PARALLEL_READS).try_collect().await?;
    let mut reads = Vec::new();
    for (other, alike) in pages.into_iter().flatten() {
        reads.push(async move { Ok::<_, StoreError>((school.pages().state(&other).await?, alike)) });
    }
    let states: Vec<(PageState, Alike)> =
        stream::iter(reads).buffer_unordered(PARALLEL_READS).try_collect().await?;
    for (state, alike) in states.iter().filter(|(state, _)| state.channel == channel) {
        for (index, of) in alike.iter().filter(|(index, _)| *index < state.slots.len()) {
            found.count(questions, of, state, *index);
        }
    }
    Ok(found)
}

/// Pages of a message with deliveries that one of the questions could be about.
async fn alike(
    dispatch: &Dispatch,
    school: &School,
    page: &PageRef,
    message: MessageId,
    channel: Channel,
    questions: &[Question<'_>],
) -> Result<Vec<(PageRef, Alike)>> {
    let ready = if message == page.message {
        dispatch.bodies.get(school, message).await?
    } else {
        // Not kept: there may be more of them than bodies that are kept.
        dispatch.bodies.fresh(school, message).await?
    };
    if !ready.body.message.contents.channels().any(|c| c == channel)
        || !could_say(&dispatch.providers, &ready, channel, questions)
    {
        return Ok(Vec::new());
    }
    let meta = school.messages().meta(message).await?;
    let Some((epoch, pages)) = meta.and_then(|m| Some((m.epoch?, m.pages))) else {
        return Ok(Vec::new());
    };
    let contents = school.pages().all_contents(message, &epoch, pages).await?;
    let about = |delivery: &PlannedDelivery| -> Vec<usize> {
        let text = text_of(&dispatch.providers, &ready, channel, &delivery.values);
        let ours = |q: &Question<'_>| q.is_about(&delivery.to, text.as_deref());
        (0..questions.len()).filter(|&place| ours(&questions[place])).collect()
    };
    let mut found = Vec::new();
    for (number, content) in (0_u32..).zip(&contents) {
        let other = school.pages().reference(message, &epoch, number);
        let deliveries = content.deliveries.iter().enumerate();
        // Addresses first: to render a text costs more than to compare a number.
        let same = deliveries.filter(|(_, delivery)| questions.iter().any(|q| q.to == delivery.to));
        let alike = same.map(|(index, delivery)| (index, about(delivery)));
        let alike: Alike = alike.filter(|(_, of)| !of.is_empty()).collect();
        if !alike.is_empty() && other != *page {
            found.push((other, alike));
        }
    }
    Ok(found)
}

/// Whether a message that says the same to everybody says what any of the questions is about.
fn could_say(providers: &Providers, ready: &Ready, channel: Channel, questions: &[Question<'_>]) -> bool {
    let text = text_of(providers, ready, channel, &[]);
    !ready.texts.is_plain(channel) || questions.iter().any(|q| q.is_about(q.to, text.as_deref()))
}
