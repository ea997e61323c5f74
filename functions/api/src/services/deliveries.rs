//! Every delivery of a message, some pages at a time.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::channel::Channel;
use domain::delivery::DeliveryState;
use domain::ids::{ContactId, Epoch, MessageId};
use domain::page::{PageState, Standing};
use store::{PageContent, School};

use crate::error::{ApiError, Result};
use crate::services::status::each_page;

/// Pages in one answer: 500 deliveries.
const PAGES: u32 = 20;

/// One delivery as a reader sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryLine {
    /// The contacts it serves.
    pub contacts: Vec<ContactId>,
    /// How.
    pub channel: Channel,
    /// E.164 number or e-mail address.
    pub to: String,
    /// Where it stands and why.
    pub standing: Standing,
    /// SMS parts; 1 for a call or an e-mail.
    pub units: u32,
}

/// Some deliveries of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deliveries {
    /// In the order of the plan.
    pub lines: Vec<DeliveryLine>,
    /// Gives the next ones; `None` at the end.
    pub next: Option<String>,
}

/// The deliveries of a message from `cursor` on. A message that is not planned yet has none.
pub async fn deliveries(school: &School, id: MessageId, cursor: Option<&str>) -> Result<Deliveries> {
    let meta = school.messages().meta(id).await?.ok_or(ApiError::NotFound)?;
    let from = cursor.map(|c| read_cursor(c, meta.epoch.as_ref())).transpose()?.unwrap_or(0);
    let Some(epoch) = &meta.epoch else {
        return Ok(Deliveries::default());
    };
    let count = PAGES.min(meta.pages.saturating_sub(from));
    let pages = school.pages().range(id, epoch, from, count).await?;
    let lines = pages.iter().flat_map(|(content, state)| lines(content, state, |_| true)).collect();
    let next = from + count;
    Ok(Deliveries { lines, next: (next < meta.pages).then(|| cursor_at(epoch, next)) })
}

/// Like [`deliveries`], but only those in a wanted state: the failed ones of a large message, say. An answer may hold
/// fewer than others do; only `next` says whether there are more.
pub async fn deliveries_in(
    school: &School,
    id: MessageId,
    cursor: Option<&str>,
    wanted: impl Fn(DeliveryState) -> bool + Copy,
) -> Result<Deliveries> {
    let meta = school.messages().meta(id).await?.ok_or(ApiError::NotFound)?;
    let from = cursor.map(|c| read_cursor(c, meta.epoch.as_ref())).transpose()?.unwrap_or(0);
    let Some(epoch) = &meta.epoch else {
        return Ok(Deliveries::default());
    };
    // One more than is shown, to know whether there is one.
    let mut hits: Vec<(u32, PageState)> = Vec::new();
    let keep_hits = |number, page: PageState| {
        let holds = || (0..page.slots.len()).any(|i| wanted(page.standing(i).state));
        if number >= from && hits.len() <= PAGES as usize && holds() {
            hits.push((number, page));
        }
    };
    each_page(school, &meta, keep_hits).await?;
    let next = hits.get(PAGES as usize).map(|(number, _)| cursor_at(epoch, *number));
    hits.truncate(PAGES as usize);
    let mut lines_found = Vec::new();
    for (number, state) in &hits {
        let content = school.pages().content(&school.pages().reference(id, epoch, *number)).await?;
        lines_found.extend(lines(&content, state, wanted));
    }
    Ok(Deliveries { lines: lines_found, next })
}

fn lines(
    content: &PageContent,
    state: &PageState,
    wanted: impl Fn(DeliveryState) -> bool,
) -> Vec<DeliveryLine> {
    let deliveries = content.deliveries.iter().take(state.slots.len()).enumerate();
    deliveries
        .map(|(index, planned)| DeliveryLine {
            contacts: planned.contacts.clone(),
            channel: state.channel,
            to: planned.to.clone(),
            standing: state.standing(index),
            units: state.units.get(index).map_or(1, |u| u.0),
        })
        .filter(|line| wanted(line.standing.state))
        .collect()
}

/// Opaque to callers: the number of the next page, tied to the plan that made it.
fn cursor_at(epoch: &Epoch, page: u32) -> String {
    URL_SAFE_NO_PAD.encode(format!("{epoch}.{page}"))
}

fn read_cursor(cursor: &str, epoch: Option<&Epoch>) -> Result<u32> {
    let read = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        let (of, page) = text.split_once('.')?;
        epoch.filter(|e| e.as_str() == of)?;
        page.parse().ok()
    };
    read().ok_or_else(|| {
        ApiError::field("cursor", "This is not a cursor of this message. Leave it out to start again.")
    })
}

#[cfg(test)]
mod tests {
    use ulid::Ulid;

    use super::*;

    #[test]
    fn a_cursor_is_of_one_plan_only() {
        let (epoch, other) = (Epoch::new(Ulid(7)), Epoch::new(Ulid(8)));
        assert_eq!(read_cursor(&cursor_at(&epoch, 40), Some(&epoch)).ok(), Some(40));
        for (cursor, epoch) in [
            (cursor_at(&epoch, 40), Some(&other)),
            (cursor_at(&epoch, 40), None),
            ("%%%".to_owned(), Some(&epoch)),
            (String::new(), Some(&epoch)),
            (URL_SAFE_NO_PAD.encode(format!("{epoch}.-1")), Some(&epoch)),
        ] {
            assert!(read_cursor(&cursor, epoch).is_err(), "{cursor}");
        }
    }
}
