//! A page goes by the address book as it is then: pages wait for the sender's pace and for retries, and a court order, a
//! tie or a number may have changed since the message was planned (FEATURES §4.3).

use std::sync::Arc;

use domain::audience::{Going, Since};
use domain::channel::Channel;
use domain::delivery::Reason;
use domain::ids::MessageId;
use domain::message::Purpose;
use domain::page::PageState;

use store::{Meta, PageContent, School};

use crate::Dispatch;
use crate::bodies::{Ready, SinceThen};
use crate::error::Result;

impl Dispatch {
    /// The page without the deliveries that may go no longer, by an address book of this version; `None` where all may. An
    /// emergency goes to the number that was right when it was planned: better there than nowhere.
    pub(crate) async fn without_spoiled(
        &self,
        school: &School,
        (meta, version): (&Meta, u64),
        ready: &Ready,
        page: &PageState,
        content: &PageContent,
    ) -> Result<Option<PageState>> {
        if version == meta.book || page.channel == Channel::Tweet {
            return Ok(None);
        }
        let since = self.since(school, meta.id, ready).await?;
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
    async fn since(&self, school: &School, message: MessageId, ready: &Ready) -> Result<Arc<Since>> {
        let mut last = self.bodies.since.lock().await;
        let country = ready.body.settings.country;
        let book = school.book().at_once(&self.books, country, self.clock.now_ms()).await?;
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
}
