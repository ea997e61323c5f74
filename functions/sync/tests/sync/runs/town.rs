//! A school with a database and an MIS of its own.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use domain::book::AddressBook;
use domain::contact::Contact;
use domain::feed::Tie;
use domain::ids::{RunId, SyncFileId};
use domain::job::Job;
use domain::phone::{CountryCode, NumberMode};
use domain::settings::Settings;
use domain::sync::{Asked, MisSettings, Run};
use jiff::civil::{Date, date};
use store::Begun;
use sync::mis::Mis;
use sync::{LEASE_MS, Syncer};
use testkit::{MINUTE, World};

use super::feed::{Feed, Told};
use crate::kit::{Only, groups, syncer, ties};

/// A Monday in January, 08:40 in London.
pub(crate) const NOW_MS: i64 = 1_768_207_200_000;
pub(crate) const TODAY: Date = date(2026, 1, 12);

pub(crate) struct Town {
    world: World,
    pub(crate) mis: Arc<Told>,
    pub(crate) syncer: Syncer,
}

impl Deref for Town {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl Town {
    pub(crate) async fn of(feed: Feed) -> Self {
        let world = World::start_at(NOW_MS).await;
        world.queue.expect_left(|_| true);
        let mis = MisSettings { kind: "told".to_owned(), ..MisSettings::default() };
        world.school.settings().create(&Settings { mis, ..Settings::new("Hillview School") }).await.unwrap();
        let mis = Arc::new(Told::new(feed));
        let syncer = syncer(&world, Arc::new(Only(Some(Arc::clone(&mis) as Arc<dyn Mis>))));
        Self { world, mis, syncer }
    }

    /// The MIS says something else from now on.
    pub(crate) fn says(&self, feed: Feed) {
        *self.mis.feed.lock().unwrap() = feed;
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Feed)) {
        change(&mut self.mis.feed.lock().unwrap());
    }

    /// Asks for a run: its id, or that of the one at work.
    pub(crate) async fn ask(&self, asked: Asked, approves: Option<RunId>) -> (RunId, Begun) {
        self.ask_for(asked, approves, None).await
    }

    /// Asks for a run that reads a file.
    pub(crate) async fn ask_for(
        &self,
        asked: Asked,
        approves: Option<RunId>,
        file: Option<SyncFileId>,
    ) -> (RunId, Begun) {
        let now_ms = self.now();
        let run = Run { approves, file, ..Run::new(RunId::new(self.ulid()), asked, now_ms) };
        let begun = self.school.sync().begin(&run, LEASE_MS, now_ms).await.unwrap();
        match begun {
            Begun::Joined(id) => (id, begun),
            Begun::New => (run.id, begun),
        }
    }

    /// Does the run that the queue has, and whatever it hands on.
    pub(crate) async fn queued(&self) -> Run {
        let jobs = self.queue.take_jobs();
        let [Job::Sync { run, .. }] = jobs[..] else { panic!("{jobs:?}") };
        self.work(run).await
    }

    /// Does a run and whatever it hands on, to its end.
    pub(crate) async fn work(&self, id: RunId) -> Run {
        self.syncer.run(&self.school, id).await.unwrap();
        loop {
            let jobs = self.queue.take_jobs();
            if jobs.is_empty() {
                break;
            }
            for job in jobs {
                let Job::Sync { run, .. } = job else { panic!("{job:?}") };
                self.syncer.run(&self.school, run).await.unwrap();
            }
        }
        self.school.sync().run(id).await.unwrap().unwrap()
    }

    /// A whole run, a minute later than the last.
    pub(crate) async fn sync(&self) -> Run {
        self.wait(MINUTE);
        let (id, begun) = self.ask(Asked::User("u1".to_owned()), None).await;
        assert_eq!(begun, Begun::New);
        self.work(id).await
    }

    /// An administrator approves of a held run.
    pub(crate) async fn apply(&self, held: RunId) -> Run {
        self.wait(MINUTE);
        let (id, _) = self.ask(Asked::User("u1".to_owned()), Some(held)).await;
        self.work(id).await
    }

    pub(crate) async fn book(&self) -> AddressBook {
        let now_ms = self.now();
        self.school.book().load(CountryCode::UK, NumberMode::Simulated, now_ms).await.unwrap()
    }

    /// Everything in the book that a message depends on, in order.
    pub(crate) async fn all(&self) -> (Vec<Contact>, Vec<Tie>, BTreeMap<String, usize>) {
        let book = self.book().await;
        (book.contacts().to_vec(), ties(&book), groups(&book))
    }
}
