//! A run from its job to its end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use domain::feed::{Part, Records, Snapshot};
use domain::ids::{ContactId, RunId};
use domain::job::Job;
use domain::settings::Settings;
use domain::sync::{Changes, Held, JobState, Run, RunState};
use jiff::Timestamp;
use jiff::civil::Date;
use runtime::QueueName;
use store::{School, StoreError};
use tracing::{info, warn};

use crate::compare::Plan;
use crate::error::{Result, SyncError};
use crate::feed::{Fed, List};
use crate::file::file_kind;
use crate::mis::{Counter, Mis, MisError, Query};
use crate::write::Turn;
use crate::{LEASE_MS, Syncer};

/// Between two words about how far a run is.
const BEAT: Duration = Duration::from_secs(1);
/// Wait while somebody else changes the address book in bulk, in milliseconds.
const BUSY_BOOK_MS: i64 = 2_000;
/// Days before today whose marks are read again: yesterday's are still being put right.
const DAYS_BACK: i64 = 1;

const NO_MIS: &str = "No MIS is set up for this school. Choose one in the account settings.";
const NOT_WHOLE: &str = "The MIS sent only a part of the school. Nothing was changed.";

/// How a run went so far as it went.
pub(crate) enum Outcome {
    /// It is at its end.
    Ended(RunState, Option<String>),
    /// Another invocation goes on with it, after so many milliseconds.
    Later(i64),
    /// It is not ours any more.
    Gone,
}

/// Why the feed cannot be used.
enum Unread {
    /// Nobody is asked: the next run may well do better.
    Failed(String),
    /// The feed began and is not to be trusted.
    Held(String),
    Gone,
    Error(SyncError),
}

impl<E: Into<SyncError>> From<E> for Unread {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

/// What was read.
struct Read {
    feed: Snapshot,
    from: BTreeMap<ContactId, Part>,
    parts: BTreeSet<Part>,
}

impl Syncer {
    /// Does a run, or as much of it as there is time for. Harmless when it comes twice.
    pub async fn run(&self, school: &School, id: RunId) -> Result<()> {
        let now_ms = self.clock.now_ms();
        let standing = school.sync_standing().await?;
        let last_file = standing.file;
        let at_work = standing.at_work(now_ms).is_some();
        let Some(seen) = standing.running.filter(|run| run.id == id) else { return Ok(()) };
        if seen.state == RunState::Running && at_work {
            return Err(SyncError::Elsewhere);
        }
        let mut run = Run { state: RunState::Running, ..seen.clone() };
        if !school.claim_sync(&seen, &run, LEASE_MS, now_ms).await? {
            return Ok(());
        }
        let outcome = self.go_on(school, &mut run).await;
        let now_ms = self.clock.now_ms();
        match outcome {
            Ok(Outcome::Ended(state, why)) => {
                run.end(state, why, now_ms);
                school.end_sync(&run, now_ms).await?;
                if run.state == RunState::Finished {
                    self.forget_file(school.id(), last_file, &run).await;
                }
                info!(school = %school.id(), run = %id, state = state.code(), "sync run ended");
                Ok(())
            }
            Ok(Outcome::Later(delay_ms)) => {
                run.state = RunState::Queued;
                if school.still_syncing(&run, LEASE_MS, now_ms).await? {
                    let job = Job::Sync { school: school.id(), run: id };
                    self.queue.send(QueueName::Sync, vec![(job, delay_ms)]).await?;
                }
                Ok(())
            }
            Ok(Outcome::Gone) => Ok(()),
            Err(error) => {
                // So that the queue's next try finds it free.
                run.state = RunState::Queued;
                school.still_syncing(&run, LEASE_MS, now_ms).await?;
                Err(error)
            }
        }
    }

    async fn go_on(&self, school: &School, run: &mut Run) -> Result<Outcome> {
        let started = self.clock.elapsed();
        let settings = school.settings().await?;
        let mis = match self.open(school, &settings, run).await? {
            Ok(mis) => mis,
            Err(why) => return Ok(Outcome::Ended(RunState::Failed, Some(why))),
        };
        let days = self.days(&settings);
        let read = match self.read(school, run, &*mis, (days, settings.mis.leaves_contacts)).await {
            Ok(read) => read,
            Err(Unread::Failed(why)) => return Ok(Outcome::Ended(RunState::Failed, Some(why))),
            Err(Unread::Held(why)) => {
                return Ok(Outcome::Ended(RunState::Held, Some(Held::Feed(why).to_string())));
            }
            Err(Unread::Gone) => return Ok(Outcome::Gone),
            Err(Unread::Error(e)) => return Err(e),
        };
        let fed = Fed::of(read.feed, &read.from, days, settings.country, self.numbers);
        let nothing = List { rows: BTreeMap::new() };
        let plan = Plan::of(school, &fed, &nothing, &read.parts).await?;
        let resumed = run.changes != Changes::default();
        if !resumed {
            run.changes = plan.changes();
        }
        if let Some(held) = plan.brake(&fed)
            && !self.is_approved(school, run, &plan).await?
        {
            let left: Vec<ContactId> = plan.left().filter_map(|id| ContactId::parse(id).ok()).collect();
            school.put_held(run.id, &left, self.clock.now_ms()).await?;
            run.changes = plan.changes();
            return Ok(Outcome::Ended(RunState::Held, Some(held.to_string())));
        }
        match self.write(school, run, &fed, &plan, Turn { started, resumed }).await {
            Err(SyncError::Store(StoreError::Busy)) => Ok(Outcome::Later(BUSY_BOOK_MS)),
            outcome => outcome,
        }
    }

    /// The school's MIS, or its file; in words why not.
    async fn open(
        &self,
        school: &School,
        settings: &Settings,
        run: &Run,
    ) -> Result<std::result::Result<Arc<dyn Mis>, String>> {
        if let Some(kind) = file_kind(settings) {
            return self.open_file(school, settings, kind, run).await;
        }
        Ok(match self.connectors.open(school.id(), settings).await {
            Ok(Some(mis)) => Ok(mis),
            Ok(None) => Err(NO_MIS.to_owned()),
            Err(e) => Err(e.public().to_owned()),
        })
    }

    /// Yesterday and today, where the school is.
    fn days(&self, settings: &Settings) -> (Date, Date) {
        let now = Timestamp::from_millisecond(self.clock.now_ms()).unwrap_or_default();
        let today = now.to_zoned(settings.time_zone()).date();
        (today.saturating_sub(jiff::Span::new().days(DAYS_BACK)), today)
    }

    async fn read(
        &self,
        school: &School,
        run: &mut Run,
        mis: &dyn Mis,
        (days, leaves_contacts): ((Date, Date), bool),
    ) -> std::result::Result<Read, Unread> {
        let mut all = Vec::new();
        let mut from = BTreeMap::new();
        let mut parts = BTreeSet::new();
        for part in Part::ALL {
            if !mis.carries(part) || (leaves_contacts && part == Part::Contacts) {
                set(run, part, JobState::Skipped, (0, 0));
                continue;
            }
            let records = self.read_part(school, run, mis, Query { part, since: None, days }).await?;
            set(run, part, JobState::Read, (records.len() as u64, records.len() as u64));
            parts.insert(part);
            if let Records::Pupils(people) | Records::Staff(people) | Records::Contacts { people, .. } =
                &records
            {
                from.extend(people.iter().map(|person| (person.id.clone(), part)));
            }
            all.push(records);
        }
        let feed =
            Snapshot::assemble(all).map_err(|e| Unread::Held(MisError::from(e).public().to_owned()))?;
        Ok(Read { feed, from, parts })
    }

    /// Reads one part, and says meanwhile how far it is and that the worker lives.
    async fn read_part(
        &self,
        school: &School,
        run: &mut Run,
        mis: &dyn Mis,
        query: Query,
    ) -> std::result::Result<Records, Unread> {
        set(run, query.part, JobState::Reading, (0, 0));
        let counter = Counter::default();
        let mut reading = mis.read(query, &counter);
        let reading = loop {
            if let Ok(reading) = tokio::time::timeout(BEAT, &mut reading).await {
                break reading;
            }
            set(run, query.part, JobState::Reading, counter.now());
            if !school.still_syncing(run, LEASE_MS, self.clock.now_ms()).await? {
                return Err(Unread::Gone);
            }
        };
        let (rows, _) = counter.now();
        match reading {
            Ok(reading) if reading.whole => Ok(reading.records),
            Ok(_) => Err(Unread::Held(NOT_WHOLE.to_owned())),
            Err(error) => {
                set(run, query.part, JobState::Failed, counter.now());
                warn!(school = %school.id(), part = query.part.code(), cause = error.code(), "MIS not read");
                Err(unread(&error, rows > 0 || query.part != Part::ALL[0]))
            }
        }
    }

    /// Whether an administrator approved of at least what this plan removes.
    async fn is_approved(&self, school: &School, run: &Run, plan: &Plan<'_>) -> Result<bool> {
        let Some(approved) = run.approves else { return Ok(false) };
        let Some(held) = school.sync_run(approved).await? else { return Ok(false) };
        let ids: BTreeSet<String> = school.held(approved).await?.into_iter().map(String::from).collect();
        let no_more_ties = plan.changes().ties_ended <= held.changes.ties_ended;
        Ok(no_more_ties && plan.left().all(|id| ids.contains(id)))
    }
}

/// A feed that broke off after it began is asked about; an MIS that was never reached is only tried again.
fn unread(error: &MisError, began: bool) -> Unread {
    let why = error.public().to_owned();
    match error {
        MisError::Unauthorised { .. } | MisError::Address(_) | MisError::NotCarried => Unread::Failed(why),
        MisError::Truncated(_)
        | MisError::Malformed(_)
        | MisError::Inconsistent(_)
        | MisError::TooLarge(_) => Unread::Held(why),
        _ if began => Unread::Held(why),
        _ => Unread::Failed(why),
    }
}

pub(crate) fn set(run: &mut Run, part: Part, state: JobState, (done, of): (u64, u64)) {
    if let Some(job) = run.job(part) {
        (job.state, job.done, job.of) = (state, done, of);
    }
}
