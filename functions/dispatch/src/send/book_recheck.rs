//! A page is checked against the address book when it is sent, not when it was planned: pages wait for the sender's
//! pace and for retries, and a court order, a tie or a number may have changed meanwhile.

use std::sync::Arc;

use domain::audience::{Going, Since};
use domain::channel::Address;
use domain::delivery::Reason;
use domain::ids::MessageId;
use domain::message::Purpose;
use domain::page::PageState;
use store::{Meta, PageContent, School};

use super::bodies::{Ready, SinceThen};
use crate::dispatch::Dispatch;
use crate::error::Result;

/// The page without the deliveries that may go no longer, by the address book of this version; `None` where all may. An
/// emergency goes to the number that was right when it was planned: better there than nowhere.
pub(super) async fn without_spoilt(
    dispatch: &Dispatch,
    school: &School,
    meta: &Meta,
    book: u64,
    ready: &Ready,
    page: &PageState,
    content: &PageContent,
) -> Result<Option<PageState>> {
    if book == meta.book || page.channel.facts().address == Address::Account {
        return Ok(None);
    }
    let since = audience_since(dispatch, school, meta.id, ready).await?;
    let spoilt = page.pending().into_iter().filter_map(|index| {
        let delivery = content.deliveries.get(index)?;
        let pupils = ready.texts.pupils_in(page.channel, &delivery.values);
        let (to, contacts) = (&*delivery.to, &*delivery.contacts);
        let reason = since.spoils(Going { channel: page.channel, to, contacts, pupils })?;
        let goes_all_the_same = reason == Reason::AddressChanged && meta.purpose == Purpose::Emergency;
        (!goes_all_the_same).then_some((index, reason))
    });
    let spoilt: Vec<(usize, Reason)> = spoilt.collect();
    let without = |page: PageState, (index, reason)| page.withheld(&[index], reason);
    Ok((!spoilt.is_empty()).then(|| spoilt.into_iter().fold(page.clone(), without)))
}

/// The message's audience in the book as it is now. One look-up serves all pages of the batch.
async fn audience_since(
    dispatch: &Dispatch,
    school: &School,
    message: MessageId,
    ready: &Ready,
) -> Result<Arc<Since>> {
    let mut last = dispatch.bodies.since.lock().await;
    let country = ready.body.settings.country;
    let book = school.book().at_once(&dispatch.books, country, dispatch.clock.now_ms()).await?;
    if let Some(known) = &*last
        && known.message == message
        && Arc::ptr_eq(&known.book, &book)
    {
        return Ok(Arc::clone(&known.since));
    }
    let since = Arc::new(Since::new(Arc::clone(&book), &ready.body.message.to));
    *last = Some(SinceThen { message, book, since: Arc::clone(&since) });
    Ok(since)
}
