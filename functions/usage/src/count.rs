//! Counting. Each count starts from the pages, so that counting again can only come to the same figures.

use std::collections::BTreeMap;

use domain::ids::{ContactId, Epoch, MessageId, SchoolId};
use domain::job::Job;
use domain::usage::{Days, Totals, count_page, total_page};
use jiff::tz::TimeZone;
use runtime::JobError;
use store::{Access, Meta, PAGES_READ_AT_ONCE, School, Store, StoreError};

/// Tries when somebody else counts the same message at the same time.
const TRIES: usize = 5;

/// A message was not counted.
#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    /// The table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The job is none of ours.
    #[error("a {0} job does not belong in this queue")]
    StrayJob(&'static str),
}

impl JobError for UsageError {
    fn is_passing(&self) -> bool {
        matches!(self, Self::Store(error) if !matches!(error, StoreError::Corrupt { .. }))
    }
}

/// What a recount found and mended for one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The message.
    pub message: MessageId,
    /// What the school's days had too little (or, negative, too much) of.
    pub days: Days,
}

/// Counts messages.
#[derive(Debug, Clone)]
pub struct Usage {
    store: Store,
}

struct Counted {
    days: Days,
    totals: Totals,
}

impl Usage {
    /// Counts into this table.
    pub const fn new(store: Store) -> Self {
        Self { store }
    }

    /// Counts the message of a job.
    pub async fn run(&self, job: Job) -> Result<(), UsageError> {
        let school = self.store.school(Access::of_job(&job));
        match job {
            Job::Finish { message, .. } => self.finish(&school, message).await.map(|_| ()),
            other => Err(UsageError::StrayJob(other.kind())),
        }
    }

    /// Counts every message of a school again and says where the stored counts were wrong; they are right afterwards.
    pub async fn recount(&self, school: SchoolId) -> Result<Vec<Difference>, UsageError> {
        let school = self.store.school(Access::of_operator(school));
        let mut differences = Vec::new();
        for message in school.messages().all_ids().await? {
            let days = self.finish(&school, message).await?;
            if !days.is_empty() {
                differences.push(Difference { message, days });
            }
        }
        Ok(differences)
    }

    /// Counts a message from its pages and stores the difference to what was counted before. Says that difference.
    async fn finish(&self, school: &School, message: MessageId) -> Result<Days, UsageError> {
        for _ in 0..TRIES {
            let Some(meta) = school.messages().meta(message).await? else { return Ok(Days::new()) };
            let Some(epoch) = meta.epoch.clone() else { return Ok(Days::new()) };
            if meta.counted_version == 0 {
                write_history(school, &meta, &epoch).await?;
            }
            let zone = school.messages().body(message).await?.settings.time_zone();
            let counted = count(school, &meta, &epoch, &zone).await?;
            match school.usage().record(&meta, &counted.days, &counted.totals).await {
                Ok(()) => {
                    // The state may have moved on since META was read; the history's line follows the newest.
                    let state = school.messages().meta(message).await?.map_or(meta.state, |m| m.state);
                    school.messages().update_summary(message, state, &counted.totals).await?;
                    return Ok(domain::usage::difference(&counted.days, &meta.counted));
                }
                Err(StoreError::Conflict) => {}
                Err(e) => return Err(e.into()),
            }
        }
        Err(StoreError::Conflict.into())
    }
}

async fn count(school: &School, meta: &Meta, epoch: &Epoch, zone: &TimeZone) -> Result<Counted, UsageError> {
    let mut counted = Counted { days: Days::new(), totals: Totals::new() };
    // Some at a time: all the receipts of a large message do not fit into a small function.
    let mut first = 0;
    while first < meta.pages {
        for page in school.pages().states_from(meta.id, epoch, first, meta.pages).await? {
            count_page(&mut counted.days, &page, zone);
            total_page(&mut counted.totals, &page);
        }
        first = first.saturating_add(PAGES_READ_AT_ONCE);
    }
    Ok(counted)
}

/// Which contacts the message went to, and in which page.
async fn write_history(school: &School, meta: &Meta, epoch: &Epoch) -> Result<(), UsageError> {
    let mut contacts: BTreeMap<ContactId, u32> = BTreeMap::new();
    let mut first = 0;
    while first < meta.pages {
        for (number, page) in
            (first..).zip(school.pages().contents_from(meta.id, epoch, first, meta.pages).await?)
        {
            for contact in page.deliveries.into_iter().flat_map(|d| d.contacts) {
                contacts.entry(contact).or_insert(number);
            }
        }
        first = first.saturating_add(PAGES_READ_AT_ONCE);
    }
    let contacts: Vec<(ContactId, u32)> = contacts.into_iter().collect();
    Ok(school.messages().record_contacts(meta.id, &contacts).await?)
}
