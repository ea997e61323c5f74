//! Other sends of the school to the same numbers: the provider's records could be theirs (DESIGN §4.6).

use domain::channel::Channel;
use domain::job::PageRef;
use store::{School, Summary};

use crate::Dispatch;
use crate::bodies::Ready;
use crate::error::Result;
use crate::recover::Rivals;

/// Latest messages that are looked at.
const LATEST: i32 = 50;
/// How long after it was accepted a message may still be retrying, in milliseconds.
const STILL_SENDING_MS: i64 = 3_600_000;

impl Dispatch {
    /// Sends on `channel` to any of `wanted` (address, since, until) by other messages with the same text. A provider
    /// of calls keeps no text, so there every message with a call counts, and the other pages of this one.
    pub(crate) async fn rivals(
        &self,
        school: &School,
        page: &PageRef,
        channel: Channel,
        wanted: &[(&str, i64, i64)],
        ready: &Ready,
    ) -> Result<Rivals> {
        let mut rivals = Rivals::default();
        let earliest = wanted.iter().map(|(_, since, _)| *since).min().unwrap_or_default() - STILL_SENDING_MS;
        let latest = wanted.iter().map(|(_, _, until)| *until).max().unwrap_or_default();
        let near = |s: &Summary| s.channels.contains(&channel) && (earliest..=latest).contains(&s.created_ms);
        for other in school.latest_summaries(LATEST).await?.into_iter().filter(near) {
            let own = other.id == page.message;
            if own && channel == Channel::Sms {
                // Within a message, one number and one text are one delivery.
                continue;
            }
            if !own && channel == Channel::Sms {
                let theirs = self.bodies.get(school, other.id).await?;
                if theirs.body.message.sms != ready.body.message.sms {
                    continue;
                }
            }
            let Some(meta) = school.meta(other.id).await? else { continue };
            let Some(epoch) = meta.epoch else { continue };
            let contents = school.page_contents(other.id, &epoch, meta.pages).await?;
            let states = school.page_states(other.id, &epoch, meta.pages).await?;
            for (number, (content, state)) in (0_u32..).zip(contents.iter().zip(&states)) {
                if state.channel != channel || (own && number == page.page) {
                    continue;
                }
                for (index, delivery) in content.deliveries.iter().enumerate() {
                    if !wanted.iter().any(|(to, _, _)| *to == delivery.to) {
                        continue;
                    }
                    let attempts = state.accepted_attempts(index);
                    rivals
                        .known
                        .extend(attempts.into_iter().filter_map(|a| a.id).filter(|id| !id.is_empty()));
                    let open = state.claim.is_some() && state.slots[index].state.is_pending();
                    if open {
                        rivals.open.insert(delivery.to.clone());
                    }
                    if open || state.unresolved().contains(&index) {
                        *rivals.unresolved.entry(delivery.to.clone()).or_default() += 1;
                    }
                }
            }
        }
        Ok(rivals)
    }
}
