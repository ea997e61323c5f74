//! Where a message stands, from its pages.

use std::sync::Arc;

use domain::channel::Billed;
use domain::delivery::DeliveryState;
use domain::ids::MessageId;
use domain::message::MessageState;
use domain::page::PageState;
use domain::usage::{Totals, total_page};
use store::{Meta, PAGES_READ_AT_ONCE, School};

use crate::error::{ApiError, Result};
use crate::state::ApiState;
pub use crate::status_cache::{Status, Waits};

/// Where a message stands, at most half a second ago. 404 if this school has no such message.
pub async fn status(state: &ApiState, school: &School, id: MessageId) -> Result<Arc<Status>> {
    let key = (school.id(), id);
    let now = state.clock().elapsed();
    if let Some(status) = state.statuses().find(key, now) {
        return Ok(status);
    }
    let meta = school.messages().meta(id).await?.ok_or(ApiError::NotFound)?;
    let mut tally = Tally::default();
    each_page(school, &meta, |_, page| tally.add(&page)).await?;
    let status = Arc::new(reckon(meta, tally));
    state.statuses().keep(key, now, Arc::clone(&status));
    Ok(status)
}

/// Shows the states of all pages of a message, with their numbers, to `see`: none before it is planned. All at once
/// they would take more memory than a function has, once a large message's receipts are in them.
pub(crate) async fn each_page(
    school: &School,
    meta: &Meta,
    mut see: impl FnMut(u32, PageState),
) -> Result<()> {
    let Some(epoch) = &meta.epoch else { return Ok(()) };
    let mut first = 0;
    while first < meta.pages {
        for (number, page) in
            (first..).zip(school.pages().states_from(meta.id, epoch, first, meta.pages).await?)
        {
            see(number, page);
        }
        first = first.saturating_add(PAGES_READ_AT_ONCE);
    }
    Ok(())
}

#[derive(Debug, Default)]
struct Tally {
    totals: Totals,
    sms_units: u64,
}

impl Tally {
    fn add(&mut self, page: &PageState) {
        total_page(&mut self.totals, page);
        if page.channel.facts().billed == Billed::Units {
            for (index, units) in page.units.iter().enumerate() {
                self.sms_units += page.accepted_attempts(index).len() as u64 * u64::from(units.0);
            }
        }
    }
}

fn reckon(meta: Meta, tally: Tally) -> Status {
    let Tally { totals, sms_units } = tally;
    // The pages were read after the row: a resend in between has taken the message back into work.
    let waiting = totals.keys().any(|s| s.is_pending() || *s == DeliveryState::Sending);
    let state = match meta.state {
        MessageState::Finished if waiting => MessageState::Sending,
        state => state,
    };
    let waits = Waits::of(&meta);
    Status {
        id: meta.id,
        state,
        purpose: meta.purpose,
        author: meta.author,
        created_ms: meta.created_ms,
        totals,
        sms_units,
        unreachable: meta.unreachable,
        waits,
        reason: meta.reason,
        edits: meta.edits,
    }
}
