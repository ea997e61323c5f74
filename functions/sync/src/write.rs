//! Writing what a feed changes: bucket by bucket, so that a run that is cut off goes on where it was.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::audit::{Act, Change, Deed};
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
use crate::run::{Outcome, set};
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
struct Step<'d> {
    buckets: &'d [u8],
    changed: Vec<&'d str>,
    removed: Vec<&'d str>,
    /// Whether the manifest has other rows of these buckets than the feed.
    unkept: bool,
}

impl Step<'_> {
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
    fn steps(&self) -> impl Iterator<Item = Step<'_>> {
        let buckets = self.buckets.chunks(BUCKETS_AT_ONCE).chain(self.buckets.is_empty().then_some(&[][..]));
        buckets.map(|buckets| {
            // A row that somebody else changed is written though its bucket does not differ: with the first step.
            let first = self.buckets.first() == buckets.first();
            let mine = |name: &&str| {
                let bucket = bucket_of(name);
                buckets.contains(&bucket) || (first && !self.buckets.contains(&bucket))
            };
            Step {
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
    pub(crate) async fn write(
        &self,
        school: &School,
        run: &mut Run,
        fed: &Fed,
        plan: &Plan<'_>,
        Turn { started, resumed }: Turn,
    ) -> Result<Outcome> {
        if plan.touches_book() || resumed {
            let now_ms = self.clock.now_ms();
            let bulk = school.book().begin_bulk(&run.id.to_string(), 2 * LEASE_MS, now_ms).await?;
            // Whoever reads the book meanwhile must find no adult without what bars them: ties come before the people
            // whom they tie, and are of no account until those are there.
            for (pupil, adult) in &plan.unbarred {
                bulk.bar(pupil, adult, &barred(pupil, adult, "in the MIS"), self.clock.now_ms()).await?;
            }
            for (pupil, adult) in &plan.barred_now {
                bulk.bar(pupil, adult, &barred(pupil, adult, ""), self.clock.now_ms()).await?;
            }
            if let Some(ties) = &plan.ties
                && let Some(outcome) = self.put_ties(school, run, &bulk, ties, started).await?
            {
                return Ok(outcome);
            }
            for (part, difference) in &plan.people {
                set_writing(run, *part);
                if let Some(outcome) =
                    self.write_people(school, run, &bulk, plan, difference, started).await?
                {
                    return Ok(outcome);
                }
            }
            if let Some(ties) = &plan.ties
                && let Some(outcome) = self.end_ties(school, run, &bulk, ties, started).await?
            {
                return Ok(outcome);
            }
            set_writing(run, Part::Groups);
            if let Some(hash) = &plan.kinds {
                bulk.put_kinds(&fed.kinds, self.clock.now_ms()).await?;
                let hashes = BTreeMap::from([(0, hash.clone())]);
                let head = ManifestHead { hashes, rows: fed.kinds.len(), ..ManifestHead::default() };
                school.sync().manifest().put_head(KINDS, &head).await?;
            }
            // While the book is held nobody can change these people again.
            let gone: Vec<ContactId> =
                plan.stale.iter().filter(|id| !fed.has_person(id.as_str())).cloned().collect();
            school.sync().manifest().clear_stale(&gone).await?;
            bulk.end().await?;
        }
        for (day, marks) in plan.marks.iter().filter(|(_, d)| !d.is_empty()) {
            set_writing(run, Part::Attendance);
            self.write_marks(school, *day, marks).await?;
            if !self.goes_on(school, run).await? {
                return Ok(Outcome::Gone);
            }
        }
        for (name, head) in &plan.past {
            school.sync().manifest().delete(name, head).await?;
        }
        // Lists that did not change, where nothing was counted of them yet.
        for (_, people) in plan.people.iter().filter(|(_, d)| d.is_empty()) {
            people.keep_head(school).await?;
        }
        if let Some(ties) = plan.ties.as_ref().filter(|d| d.is_empty()) {
            ties.keep_head(school).await?;
        }
        Ok(Outcome::Ended(RunState::Finished, None))
    }

    async fn write_people(
        &self,
        school: &School,
        run: &Run,
        bulk: &Bulk,
        plan: &Plan<'_>,
        people: &Difference<'_, Contact>,
        started: Duration,
    ) -> Result<Option<Outcome>> {
        if people.is_empty() {
            return Ok(None);
        }
        for step in people.steps().filter(Step::is_to_do) {
            let contacts: Vec<Contact> = people.rows(&step.changed).cloned().collect();
            let mended: Vec<ContactId> =
                contacts.iter().map(|c| c.id.clone()).filter(|id| plan.stale.contains(id)).collect();
            bulk.upsert_contacts(contacts, self.clock.now_ms()).await?;
            let left: Vec<ContactId> =
                step.removed.iter().filter_map(|id| ContactId::parse(id).ok()).collect();
            bulk.leave(&left, self.clock.now_ms()).await?;
            people.keep_buckets(school, step.buckets, Kept::Fed).await?;
            school.sync().manifest().clear_stale(&mended).await?;
            if let Some(outcome) = self.pause(school, run, started).await? {
                return Ok(Some(outcome));
            }
        }
        people.keep_head(school).await?;
        Ok(None)
    }

    /// Adds and replaces ties, those that bar before all others.
    async fn put_ties(
        &self,
        school: &School,
        run: &Run,
        bulk: &Bulk,
        ties: &Difference<'_, Tie>,
        started: Duration,
    ) -> Result<Option<Outcome>> {
        let changed: Vec<&str> = ties.changed.iter().map(String::as_str).collect();
        let barring: Vec<Tie> = ties.rows(&changed).filter(|tie| tie.court_order).cloned().collect();
        bulk.put_ties(&barring, self.clock.now_ms()).await?;
        for step in ties.steps().filter(|step| !step.changed.is_empty()) {
            let put: Vec<Tie> = ties.rows(&step.changed).filter(|tie| !tie.court_order).cloned().collect();
            bulk.put_ties(&put, self.clock.now_ms()).await?;
            ties.keep_buckets(school, step.buckets, Kept::FedAndRemoved).await?;
            if let Some(outcome) = self.pause(school, run, started).await? {
                return Ok(Some(outcome));
            }
        }
        Ok(None)
    }

    async fn end_ties(
        &self,
        school: &School,
        run: &Run,
        bulk: &Bulk,
        ties: &Difference<'_, Tie>,
        started: Duration,
    ) -> Result<Option<Outcome>> {
        if ties.is_empty() {
            return Ok(None);
        }
        for step in ties.steps().filter(|step| !step.removed.is_empty()) {
            let ended = step.removed.iter().filter_map(|name| two_of(name));
            let ended: Vec<(ContactId, ContactId)> =
                ended.filter_map(|(pupil, adult)| Some((pupil, ContactId::parse(adult).ok()?))).collect();
            bulk.end_ties(&ended, self.clock.now_ms()).await?;
            ties.keep_buckets(school, step.buckets, Kept::Fed).await?;
            if let Some(outcome) = self.pause(school, run, started).await? {
                return Ok(Some(outcome));
            }
        }
        ties.keep_head(school).await?;
        Ok(None)
    }

    async fn write_marks(&self, school: &School, day: Date, marks: &Difference<'_, Mark>) -> Result<()> {
        let changed: Vec<&str> = marks.changed.iter().map(String::as_str).collect();
        let put: Vec<&Mark> = marks.rows(&changed).collect();
        let removed = marks.removed.keys().filter_map(|name| {
            let (pupil, session) = two_of(name)?;
            let session = Session::from_code(session)?;
            Some(Mark { pupil, date: day, session, code: String::new(), minutes_late: None })
        });
        school.sync().registers().write(&put, &removed.collect::<Vec<_>>()).await?;
        marks.keep_buckets(school, &marks.buckets, Kept::Fed).await?;
        marks.keep_head(school).await
    }

    /// Whether to go on: `None`, or why this invocation stops here. The book stays held for the next one.
    async fn pause(&self, school: &School, run: &Run, started: Duration) -> Result<Option<Outcome>> {
        if self.clock.elapsed().saturating_sub(started) > self.turn {
            return Ok(Some(Outcome::Later(0)));
        }
        Ok((!self.goes_on(school, run).await?).then_some(Outcome::Gone))
    }

    async fn goes_on(&self, school: &School, run: &Run) -> Result<bool> {
        Ok(school.sync().renew(run, LEASE_MS, self.clock.now_ms()).await?)
    }
}

/// The pair's bar is the school's own from now on: only a person lifts it.
fn barred(pupil: &ContactId, adult: &ContactId, before: &str) -> Deed {
    let changes = Change::of("pupil", "", pupil.as_str()).into_iter();
    let changes = changes.chain(Change::of("no_contact", before, "here"));
    Deed { changes: changes.collect(), ..Deed::of_system(Act::PairBarred, adult.as_str()) }
}

fn set_writing(run: &mut Run, part: Part) {
    if let Some(job) = run.job(part).filter(|job| job.state == JobState::Read) {
        let (done, of) = (job.done, job.of);
        set(run, part, JobState::Writing, (done, of));
    }
}
