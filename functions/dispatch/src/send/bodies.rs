//! Messages' texts, read once while the function is warm: a body never changes once its message can be planned and
//! cannot go back to be authorised.

use std::sync::{Arc, Mutex, PoisonError};

use domain::audience::Since;
use domain::book::AddressBook;
use domain::ids::MessageId;
use domain::texts::Texts;
use store::{Body, School};
use tokio::sync::OnceCell;

use crate::error::Result;

/// Bodies kept at once: a large e-mail is 100 kB.
const MOST_KEPT: usize = 32;

/// A message's body, ready to render.
#[derive(Debug)]
pub struct Ready {
    /// What it says and in whose name.
    pub body: Body,
    /// Its texts.
    pub texts: Texts,
    /// The school's picture, read when the first e-mail that shows it goes.
    pub logo: OnceCell<Vec<u8>>,
}

/// The bodies read last.
#[derive(Debug, Default)]
pub struct Bodies {
    kept: Mutex<Vec<(MessageId, Arc<Ready>)>>,
    /// The audience that was last looked up again; waited for, so that a large book is read once.
    pub(crate) since: tokio::sync::Mutex<Option<SinceThen>>,
}

/// A message's audience in an address book that has changed since it was planned.
#[derive(Debug)]
pub(crate) struct SinceThen {
    pub(crate) message: MessageId,
    pub(crate) book: Arc<AddressBook>,
    pub(crate) since: Arc<Since>,
}

impl Bodies {
    /// The message's body; one read of the table while cold.
    pub async fn get(&self, school: &School, message: MessageId) -> Result<Arc<Ready>> {
        // Message ids are unique across schools, but a school may only see its own: the key of the read says so, and
        // an entry gets here only through such a read by the same school's job.
        let found = self.lock().iter().find(|(id, _)| *id == message).map(|(_, ready)| Arc::clone(ready));
        if let Some(ready) = found {
            return Ok(ready);
        }
        let ready = self.fresh(school, message).await?;
        let mut kept = self.lock();
        if kept.len() >= MOST_KEPT {
            kept.remove(0);
        }
        kept.push((message, Arc::clone(&ready)));
        Ok(ready)
    }

    /// The message's body as it stands now, not kept.
    pub async fn fresh(&self, school: &School, message: MessageId) -> Result<Arc<Ready>> {
        let body = school.messages().body(message).await?;
        let texts = Texts::of(&body.message.contents);
        Ok(Arc::new(Ready { body, texts, logo: OnceCell::new() }))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(MessageId, Arc<Ready>)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
