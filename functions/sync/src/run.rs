//! A run from its job to its end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use domain::contact::Rules;
use domain::feed::{Part, Records, Snapshot};
use domain::ids::{ContactId, RunId, SyncFileId};
use domain::job::Job;
use domain::settings::Settings;
use domain::sync::{Changes, JobState, Loss, Lost, Run, RunState};
use jiff::Timestamp;
use jiff::civil::Date;
use store::{School, StoreError};
use tracing::{info, warn};

use crate::compare::Plan;
use crate::error::{Result, SyncError};
use crate::feed::{Fed, List};
use crate::file::file_kind;
use crate::mis::{Counter, Mis, MisError, Query};
use crate::outline::outline;
use crate::progress::{Outcome, set};
use crate::write::Turn;
use crate::{LEASE_MS, Syncer};

/// Between two words about how far a run is.
const BEAT: Duration = Duration::from_secs(1);
/// Wait while somebody else changes the address book in bulk, in milliseconds.
const BUSY_BOOK_MS: i64 = 2_000;
/// Days before today whose marks are read again: yesterday's are still being put right.
const DAYS_BACK: i64 = 1;

/// How often a run may break off without coming further, before it is ended.
const MOST_BREAKS: u32 = 6;
/// Wait before a run that broke off goes on, in milliseconds: doubled each time, and never more than the second.
const AGAIN_MS: (i64, i64) = (5_000, 120_000);

const NO_MIS: &str = "No MIS is set up for this school. Choose one in the account settings.";
const NOT_WHOLE: &str = "The MIS sent only a part of the school. Nothing was changed.";
const BROKE_OFF: &str =
    "The refresh broke off again and again, through no fault of the MIS. The next one makes up for it.";

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
        let standing = school.sync().status().await?;
        let last_file = standing.file;
        let at_work = standing.at_work(now_ms).is_some();
        let Some(seen) = standing.running.filter(|run| run.id == id) else { return Ok(()) };
        if seen.state == RunState::Running && at_work {
            return Err(SyncError::Elsewhere);
        }
        let mut run = Run { state: RunState::Running, ..seen.clone() };
        if seen.state == RunState::Running {
            // Its worker was lost.
            run.broke_off += 1;
        }
        if !school.sync().claim(&seen, &run, LEASE_MS, now_ms).await? {
            return Ok(());
        }
        let outcome = if run.broke_off > MOST_BREAKS {
            Ok(Outcome::Ended(RunState::Failed, Some(BROKE_OFF.to_owned())))
        } else {
            self.go_on(school, &mut run).await
        };
        match outcome {
            Ok(Outcome::Ended(state, why)) => self.end(school, run, (state, why), last_file).await,
            Ok(Outcome::Later(delay_ms)) => {
                run.broke_off = 0;
                self.hand_on(school, &mut run, delay_ms).await
            }
            Ok(Outcome::Gone) => Ok(()),
            Err(error) => {
                warn!(school = %school.id(), run = %id, error = %error, "sync run broke off");
                run.broke_off += 1;
                if run.broke_off > MOST_BREAKS {
                    let ended = (RunState::Failed, Some(BROKE_OFF.to_owned()));
                    return self.end(school, run, ended, last_file).await;
                }
                let doubled = AGAIN_MS.0.saturating_mul(1 << (run.broke_off - 1));
                // What cannot even be written down comes again by the schedule's look, once the lease has run out.
                self.hand_on(school, &mut run, doubled.min(AGAIN_MS.1)).await
            }
        }
    }

    async fn end(
        &self,
        school: &School,
        mut run: Run,
        (state, why): (RunState, Option<String>),
        last_file: Option<SyncFileId>,
    ) -> Result<()> {
        let now_ms = self.clock.now_ms();
        run.end(state, why, now_ms);
        school.sync().end(&run, now_ms).await?;
        if run.state == RunState::Finished {
            self.forget_file(school.id(), last_file, &run).await;
        }
        info!(school = %school.id(), run = %run.id, state = state.code(), "sync run ended");
        Ok(())
    }

    /// Another invocation goes on with it. It is at work while it waits for that.
    async fn hand_on(&self, school: &School, run: &mut Run, delay_ms: i64) -> Result<()> {
        run.state = RunState::Queued;
        if school.sync().renew(run, LEASE_MS + delay_ms, self.clock.now_ms()).await? {
            let job = Job::Sync { school: school.id(), run: run.id };
            self.queue.send(job.queue(), vec![(job, delay_ms)]).await?;
        }
        Ok(())
    }

    async fn go_on(&self, school: &School, run: &mut Run) -> Result<Outcome> {
        let started = self.clock.elapsed();
        let settings = school.settings().get().await?;
        let mis = match self.open(school, &settings, run).await? {
            Ok(mis) => mis,
            Err(why) => return Ok(Outcome::Ended(RunState::Failed, Some(why))),
        };
        let days = self.days(&settings);
        let read = match self.read(school, run, &*mis, (days, settings.mis.leaves_contacts)).await {
            Ok(read) => read,
            Err(Unread::Failed(why)) => return Ok(Outcome::Ended(RunState::Failed, Some(why))),
            Err(Unread::Held(why)) => {
                return Ok(Outcome::Ended(RunState::Held, Some(why)));
            }
            Err(Unread::Gone) => return Ok(Outcome::Gone),
            Err(Unread::Error(e)) => return Err(e),
        };
        let rules = Rules { country: settings.country, mode: self.numbers };
        let fed = Fed::of(read.feed, &read.from, days, rules);
        let nothing = List::default();
        let mut plan = Plan::of(school, &fed, &nothing, &read.parts).await?;
        let resumed = run.changes != Changes::default();
        if !resumed {
            run.changes = plan.changes();
        }
        let held = self.hold(school, run, &fed, &mut plan).await?;
        match self.write(school, run, &fed, &plan, Turn { started, resumed }).await {
            Err(SyncError::Store(StoreError::Busy)) => Ok(Outcome::Later(BUSY_BOOK_MS)),
            Ok(Outcome::Ended(..)) if held.is_some() => Ok(Outcome::Ended(RunState::Held, held)),
            outcome => outcome,
        }
    }

    /// Takes out of the plan what is to be asked about first; in words, if anything is. People and registers stand
    /// apart: a family is told of an absence also while somebody has yet to decide about leavers.
    async fn hold(
        &self,
        school: &School,
        run: &mut Run,
        fed: &Fed,
        plan: &mut Plan<'_>,
    ) -> Result<Option<String>> {
        let (people, marks) = (plan.losses(fed), plan.losses_of_marks());
        let all: Vec<Loss> = people.iter().chain(&marks).cloned().collect();
        if all.is_empty() || self.is_approved(school, run, plan, &all).await? {
            return Ok(None);
        }
        if !people.is_empty() && people.iter().all(|loss| loss.lost != Lost::Barring) {
            plan.bar_at_once();
        }
        let left: Vec<ContactId> = plan.left().filter_map(|id| ContactId::parse(id).ok()).collect();
        school.sync().put_held_people(run.id, &left, self.clock.now_ms()).await?;
        school.sync().put_outline(run.id, &outline(school, fed, plan).await?, self.clock.now_ms()).await?;
        run.changes = plan.changes();
        run.registers = marks.is_empty() && !plan.marks.is_empty();
        if !people.is_empty() {
            plan.leave_people(fed);
        }
        if !marks.is_empty() {
            plan.leave_marks();
        }
        let mut words: Vec<String> = all.iter().map(Loss::words).collect();
        let what_was_done = match (people.is_empty(), run.registers) {
            (false, false) => "Nothing was changed.",
            (false, true) => "Nobody was changed. The registers were brought up to date.",
            (true, _) => "The registers were left as they are. People were brought up to date.",
        };
        words.push(what_was_done.to_owned());
        match plan.barred_now.len() {
            0 => {}
            1 => words.push("One pair with a new court order is barred already.".to_owned()),
            n => words.push(format!("{n} pairs with new court orders are barred already.")),
        }
        run.losses = all;
        Ok(Some(words.join(" ")))
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
            if !school.sync().renew(run, LEASE_MS, self.clock.now_ms()).await? {
                return Err(Unread::Gone);
            }
        };
        match reading {
            Ok(reading) if reading.whole => Ok(reading.records),
            Ok(_) => Err(Unread::Held(NOT_WHOLE.to_owned())),
            Err(error) => {
                set(run, query.part, JobState::Failed, counter.now());
                warn!(school = %school.id(), part = query.part.code(), cause = error.code(), "MIS not read");
                Err(unread(&error))
            }
        }
    }

    /// Whether an administrator approved of at least what this plan removes.
    async fn is_approved(
        &self,
        school: &School,
        run: &Run,
        plan: &Plan<'_>,
        losses: &[Loss],
    ) -> Result<bool> {
        let Some(approved) = run.approves else { return Ok(false) };
        let Some(held) = school.sync().run(approved).await? else { return Ok(false) };
        let ids: BTreeSet<String> =
            school.sync().held_people(approved).await?.into_iter().map(String::from).collect();
        let no_more_ties = plan.changes().ties_ended <= held.changes.ties_ended;
        let no_more_losses = losses.iter().all(|loss| loss.is_in(&held.losses));
        Ok(no_more_ties && no_more_losses && plan.left().all(|id| ids.contains(id)))
    }
}

/// A feed that broke off or contradicts itself is not to be trusted; an MIS that was not reached is only tried again.
fn unread(error: &MisError) -> Unread {
    let why = error.public().to_owned();
    match error {
        MisError::Truncated(_)
        | MisError::Malformed(_)
        | MisError::Inconsistent(_)
        | MisError::TooLarge(_) => Unread::Held(why),
        MisError::Unauthorised { .. }
        | MisError::Address(_)
        | MisError::NotCarried
        | MisError::Unreachable(_)
        | MisError::Refused { .. }
        | MisError::TooManyRequests { .. } => Unread::Failed(why),
    }
}
