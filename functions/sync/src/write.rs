//! Writing what a feed changes: bucket by bucket, so that a run that is cut off goes on where it was.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::audit::{Act, AuditEvent, Change};
use domain::contact::Contact;
use domain::feed::{Mark, Part, Session, Tie};
use domain::ids::ContactId;
use domain::sync::{JobState, Run, RunState};
use jiff::civil::Date;
use serde::Serialize;
use store::{Bulk, ManifestHead, School};

use crate::compare::{Difference, KINDS, Plan};
use crate::error::Result;
use crate::feed::{Fed, bucket_of, two_of};
use crate::progress::{Outcome, Stop, set};
use crate::{LEASE_MS, Syncer};

/// Buckets written in one go.
const BUCKETS_AT_ONCE: usize = 16;

/// What an invocation knows of itself.
#[derive(Clone, Copy)]
pub(crate) struct Turn {
    /// When it began, on the clock that only goes forward.
    pub(crate) started: Duration,
    /// Whether another began to write before it, and may have died with the book in its hands.
    pub(crate) resumed: bool,
}

/// One step's share of a list.
struct ListStep<'d> {
    buckets: &'d [u8],
    changed: Vec<&'d str>,
    removed: Vec<&'d str>,
    /// Whether the manifest has other rows of these buckets than the feed.
    unkept: bool,
}

impl ListStep<'_> {
    /// Whether an invocation before this one has not done it already: the head of the list is kept last.
    fn is_to_do(&self) -> bool {
        self.unkept || !self.changed.is_empty() || !self.removed.is_empty()
    }
}

/// Which rows of a bucket the manifest is to have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    /// The feed's.
    Fed,
    /// The feed's, and those that are still to be removed.
    FedAndRemoved,
}

impl<T: Serialize> Difference<'_, T> {
    fn steps(&self) -> impl Iterator<Item = ListStep<'_>> {
        let buckets = self.buckets.chunks(BUCKETS_AT_ONCE).chain(self.buckets.is_empty().then_some(&[][..]));
        buckets.map(|buckets| {
            // A row that somebody else changed is written though its bucket does not differ: with the first step.
            let first = self.buckets.first() == buckets.first();
            let mine = |name: &&str| {
                let bucket = bucket_of(name);
                buckets.contains(&bucket) || (first && !self.buckets.contains(&bucket))
            };
            ListStep {
                buckets,
                changed: self.changed.iter().map(String::as_str).filter(mine).collect(),
                removed: self.removed.keys().map(String::as_str).filter(mine).collect(),
                unkept: buckets.iter().any(|bucket| self.unkept.contains(bucket)),
            }
        })
    }

    fn rows<'s>(&'s self, names: &'s [&str]) -> impl Iterator<Item = &'s T> {
        names.iter().filter_map(|name| self.list.rows.get(*name).map(|(_, row)| row))
    }

    /// Says in the manifest what these buckets hold now.
    async fn keep_buckets(&self, school: &School, buckets: &[u8], kept: Kept) -> Result<()> {
        let mut all: BTreeMap<u8, BTreeMap<&str, &str>> =
            buckets.iter().map(|b| (*b, BTreeMap::new())).collect();
        let fed = self.list.rows.iter().map(|(name, (hash, _))| (name, hash));
        let removed = self.removed.iter().filter(|_| kept == Kept::FedAndRemoved);
        for (name, hash) in fed.chain(removed).chain(&self.spared) {
            if let Some(rows) = all.get_mut(&bucket_of(name)) {
                rows.insert(name, hash);
            }
        }
        Ok(school.sync().manifest().put_buckets(&self.name, &all).await?)
    }

    async fn keep_head(&self, school: &School) -> Result<()> {
        // What was spared is compared again by the next run.
        if self.before == self.after || !self.spared.is_empty() {
            return Ok(());
        }
        Ok(school.sync().manifest().put_head(&self.name, &self.after).await?)
    }
}

impl Syncer {
    /// Writes what a plan changes, as far as this invocation has time.
    pub(crate) async fn write(
        &self,
        school: &School,
        run: &mut Run,
        fed: &Fed,
        plan: &Plan<'_>,
        turn: Turn,
    ) -> Result<Outcome> {
        match (Writing { sync: self, school, run, fed, plan, started: turn.started }).all(turn.resumed).await
        {
            Ok(()) => Ok(Outcome::Ended(RunState::Finished, None)),
            Err(Stop::Outcome(outcome)) => Ok(outcome),
            Err(Stop::Error(error)) => Err(error),
        }
    }
}

/// An invocation that writes.
struct Writing<'a> {
    sync: &'a Syncer,
    school: &'a School,
    run: &'a mut Run,
    fed: &'a Fed,
    plan: &'a Plan<'a>,
    started: Duration,
}

type Step<T = ()> = std::result::Result<T, Stop>;

impl Writing<'_> {
    async fn all(&mut self, resumed: bool) -> Step {
        let plan = self.plan;
        if plan.touches_book() || resumed {
            // Held until the last of it is written: an invocation that stops before leaves it held for the next one.
            let bulk =
                self.school.book().begin_bulk(&self.run.id.to_string(), 2 * LEASE_MS, self.now_ms()).await?;
            self.book(&bulk).await?;
            bulk.end().await?;
        }
        for (day, marks) in plan.marks.iter().filter(|(_, d)| !d.is_empty()) {
            set_writing(self.run, Part::Attendance);
            self.marks(*day, marks).await?;
            self.go_on().await?;
        }
        for (name, head) in &plan.past {
            self.school.sync().manifest().delete(name, head).await?;
        }
        // Lists that did not change, where nothing was counted of them yet.
        for (_, people) in plan.people.iter().filter(|(_, d)| d.is_empty()) {
            people.keep_head(self.school).await?;
        }
        if let Some(ties) = plan.ties.as_ref().filter(|d| d.is_empty()) {
            ties.keep_head(self.school).await?;
        }
        Ok(())
    }

    /// Writes bars, ties, people and what groups are for, while the book is held.
    async fn book(&mut self, bulk: &Bulk) -> Step {
        let plan = self.plan;
        // Whoever reads the book meanwhile must find no adult without what bars them: ties come before the people
        // whom they tie, and are of no account until those are there.
        for (pupil, adult) in &plan.unbarred {
            bulk.bar(pupil, adult, &barred(pupil, adult, "in the MIS"), self.now_ms()).await?;
        }
        for (pupil, adult) in &plan.barred_now {
            bulk.bar(pupil, adult, &barred(pupil, adult, ""), self.now_ms()).await?;
        }
        if let Some(ties) = &plan.ties {
            self.put_ties(bulk, ties).await?;
        }
        for (part, people) in &plan.people {
            set_writing(self.run, *part);
            self.people(bulk, people).await?;
        }
        if let Some(ties) = &plan.ties {
            self.end_ties(bulk, ties).await?;
        }
        set_writing(self.run, Part::Groups);
        if let Some(hash) = &plan.kinds {
            bulk.put_kinds(&self.fed.kinds, self.now_ms()).await?;
            let hashes = BTreeMap::from([(0, hash.clone())]);
            let head = ManifestHead { hashes, rows: self.fed.kinds.len(), ..ManifestHead::default() };
            self.school.sync().manifest().put_head(KINDS, &head).await?;
        }
        // While the book is held nobody can change these people again.
        let gone = plan.stale.iter().filter(|id| !self.fed.has_person(id.as_str()));
        let gone: Vec<ContactId> = gone.cloned().collect();
        Ok(self.school.sync().manifest().clear_stale(&gone).await?)
    }

    async fn people(&self, bulk: &Bulk, people: &Difference<'_, Contact>) -> Step {
        if people.is_empty() {
            return Ok(());
        }
        for step in people.steps().filter(ListStep::is_to_do) {
            let contacts: Vec<Contact> = people.rows(&step.changed).cloned().collect();
            let mended = contacts.iter().map(|c| c.id.clone()).filter(|id| self.plan.stale.contains(id));
            let mended: Vec<ContactId> = mended.collect();
            bulk.upsert_contacts(contacts, self.now_ms()).await?;
            let left = step.removed.iter().filter_map(|id| ContactId::parse(id).ok());
            bulk.leave(&left.collect::<Vec<_>>(), self.now_ms()).await?;
            people.keep_buckets(self.school, step.buckets, Kept::Fed).await?;
            self.school.sync().manifest().clear_stale(&mended).await?;
            self.pause().await?;
        }
        Ok(people.keep_head(self.school).await?)
    }

    /// Adds and replaces ties, those that bar before all others.
    async fn put_ties(&self, bulk: &Bulk, ties: &Difference<'_, Tie>) -> Step {
        let changed: Vec<&str> = ties.changed.iter().map(String::as_str).collect();
        let barring: Vec<Tie> = ties.rows(&changed).filter(|tie| tie.court_order).cloned().collect();
        bulk.put_ties(&barring, self.now_ms()).await?;
        for step in ties.steps().filter(|step| !step.changed.is_empty()) {
            let put: Vec<Tie> = ties.rows(&step.changed).filter(|tie| !tie.court_order).cloned().collect();
            bulk.put_ties(&put, self.now_ms()).await?;
            ties.keep_buckets(self.school, step.buckets, Kept::FedAndRemoved).await?;
            self.pause().await?;
        }
        Ok(())
    }

    async fn end_ties(&self, bulk: &Bulk, ties: &Difference<'_, Tie>) -> Step {
        if ties.is_empty() {
            return Ok(());
        }
        for step in ties.steps().filter(|step| !step.removed.is_empty()) {
            let ended = step.removed.iter().filter_map(|name| two_of(name));
            let ended: Vec<(ContactId, ContactId)> =
                ended.filter_map(|(pupil, adult)| Some((pupil, ContactId::parse(adult).ok()?))).collect();
            bulk.end_ties(&ended, self.now_ms()).await?;
            ties.keep_buckets(self.school, step.buckets, Kept::Fed).await?;
            self.pause().await?;
        }
        Ok(ties.keep_head(self.school).await?)
    }

    async fn marks(&self, day: Date, marks: &Difference<'_, Mark>) -> Result<()> {
        let changed: Vec<&str> = marks.changed.iter().map(String::as_str).collect();
        let put: Vec<&Mark> = marks.rows(&changed).collect();
        let removed = marks.removed.keys().filter_map(|name| {
            let (pupil, session) = two_of(name)?;
            let session = Session::from_code(session)?;
            Some(Mark { pupil, date: day, session, code: String::new(), minutes_late: None })
        });
        self.school.sync().registers().write(&put, &removed.collect::<Vec<_>>()).await?;
        marks.keep_buckets(self.school, &marks.buckets, Kept::Fed).await?;
        marks.keep_head(self.school).await
    }

    /// Stops here where this invocation's time is over. The book stays held for the next one.
    async fn pause(&self) -> Step {
        if self.sync.clock.elapsed().saturating_sub(self.started) > self.sync.turn {
            return Err(Stop::Outcome(Outcome::Later(0)));
        }
        self.go_on().await
    }

    /// Stops here where the run belongs to somebody else by now.
    async fn go_on(&self) -> Step {
        let ours = self.school.sync().renew(self.run, LEASE_MS, self.now_ms()).await?;
        if ours { Ok(()) } else { Err(Stop::Outcome(Outcome::Gone)) }
    }

    fn now_ms(&self) -> i64 {
        self.sync.clock.now_ms()
    }
}

/// The pair's bar is the school's own from now on: only a person lifts it.
fn barred(pupil: &ContactId, adult: &ContactId, before: &str) -> AuditEvent {
    let changes = Change::of("pupil", "", pupil.as_str()).into_iter();
    let changes = changes.chain(Change::of("no_contact", before, "here"));
    AuditEvent { changes: changes.collect(), ..AuditEvent::of_system(Act::PairBarred, adult.as_str()) }
}

fn set_writing(run: &mut Run, part: Part) {
    if let Some(job) = run.job(part).filter(|job| job.state == JobState::Read) {
        let (done, of) = (job.done, job.of);
        set(run, part, JobState::Writing, (done, of));
    }
}
