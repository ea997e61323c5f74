//! Receipts: what providers report, merged page by page in whatever order it comes (ARCHITECTURE §4.7).

use std::collections::BTreeMap;

use domain::delivery::Evidence;
use domain::job::PageRef;
use domain::message::MessageState;
use store::{Access, StoreError};
use tracing::warn;

use crate::dispatch::Dispatch;
use crate::error::Result;

/// Place in the page, attempt, what was said.
pub(crate) type Receipt = (u8, u32, Evidence);

/// Merges the receipts of one page and has its message looked at.
pub(crate) async fn merge(dispatch: &Dispatch, page: &PageRef, receipts: &[Receipt]) -> Result<()> {
    merge_page(dispatch, page, receipts).await?;
    look_again(dispatch, page).await
}

/// Merges the receipts of one page.
pub(crate) async fn merge_page(dispatch: &Dispatch, page: &PageRef, receipts: &[Receipt]) -> Result<()> {
    let school = dispatch.store.school(Access::of_page(page));
    match school.pages().merge_receipts(page, receipts).await {
        Ok(_) => Ok(()),
        Err(StoreError::NotFound(_)) => {
            warn!(message = %page.message, page = page.page, "receipt for a page that is not there");
            Ok(())
        }
        Err(e) => Err(e.into()),
    }
}

/// A message that was over may have news: its counts must be made again. Also after receipts that changed nothing,
/// because they may have been merged by a try that died before it came to this. `page` is any of the message's.
pub(crate) async fn look_again(dispatch: &Dispatch, page: &PageRef) -> Result<()> {
    let (school, message) = (dispatch.store.school(Access::of_page(page)), page.message);
    let Some(meta) = school.messages().meta(message).await? else { return Ok(()) };
    if matches!(meta.state, MessageState::Finished | MessageState::Stopped) {
        let soon = dispatch.clock.now_ms() + dispatch.timing.watch_ms;
        school.progress().record_news(message, soon, soon + dispatch.grace_ms()).await?;
    }
    Ok(())
}

/// Receipts of a batch by page, so that a page is written once for all of them.
pub(crate) fn by_page<K>(receipts: Vec<(PageRef, Receipt, K)>) -> BTreeMap<PageRef, (Vec<Receipt>, Vec<K>)> {
    let mut pages: BTreeMap<PageRef, (Vec<Receipt>, Vec<K>)> = BTreeMap::new();
    for (page, receipt, key) in receipts {
        let entry = pages.entry(page).or_default();
        entry.0.push(receipt);
        entry.1.push(key);
    }
    pages
}
