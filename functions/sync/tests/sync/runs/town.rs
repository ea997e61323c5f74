//! A school with a database and an MIS of its own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::book::AddressBook;
use domain::contact::Contact;
use domain::feed::Tie;
use domain::ids::{RunId, SchoolId, SyncFileId};
use domain::job::Job;
use domain::phone::{CountryCode, NumberMode};
use domain::settings::Settings;
use domain::sync::{Asked, MisSettings, Run};
use dynoxide::Database;
use jiff::civil::{Date, date};
use runtime::{BoxFuture, Clock, Ids, MemoryFiles, Queue, QueueError, QueueName, database_at};
use store::{Access, Begun, School, Store};
use sync::mis::{Mis, MisError};
use sync::{Connectors, LEASE_MS, Syncer};
use tokio::sync::oneshot;
use ulid::Ulid;

use super::feed::{Feed, Told};

/// A Monday in January, 08:40 in London.
pub(crate) const NOW_MS: i64 = 1_768_207_200_000;
pub(crate) const TODAY: Date = date(2026, 1, 12);

/// The school's only MIS.
struct Only(Arc<Told>);

impl Connectors for Only {
    fn open<'a>(
        &'a self,
        _: SchoolId,
        _: &'a Settings,
    ) -> BoxFuture<'a, Result<Option<Arc<dyn Mis>>, MisError>> {
        let mis: Arc<dyn Mis> = Arc::clone(&self.0) as _;
        Box::pin(async { Ok(Some(mis)) })
    }
}

/// Jobs in their order.
#[derive(Debug, Default)]
struct Jobs(Mutex<Vec<Job>>);

impl Queue for Jobs {
    fn send(&self, _: QueueName, jobs: Vec<(Job, i64)>) -> BoxFuture<'_, Result<(), QueueError>> {
        self.0.lock().unwrap().extend(jobs.into_iter().map(|(job, _)| job));
        Box::pin(async { Ok(()) })
    }
}

pub(crate) struct Town {
    pub(crate) school: School,
    pub(crate) mis: Arc<Told>,
    pub(crate) clock: Clock,
    pub(crate) syncer: Syncer,
    pub(crate) files: Arc<MemoryFiles>,
    jobs: Arc<Jobs>,
    ids: Ids,
    _stop: oneshot::Sender<()>,
}

impl Town {
    pub(crate) async fn of(feed: Feed) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let database = Database::memory().unwrap();
        tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, async {
            let _ = stopped.await;
        }));
        let store = Store::new(database_at(&url), "messenger");
        store.create_table().await.unwrap();
        let school = store.school(Access::of_operator(SchoolId::new(Ulid::from_parts(1_700_000_000_000, 1))));
        let mis = MisSettings { kind: "told".to_owned(), ..MisSettings::default() };
        school.settings().create(&Settings { mis, ..Settings::new("Hillview School") }).await.unwrap();
        let (clock, ids) = (Clock::set_to(NOW_MS), Ids::counted_from(1));
        let files = Arc::new(MemoryFiles::default());
        let (mis, jobs) = (Arc::new(Told::new(feed)), Arc::new(Jobs::default()));
        let syncer = Syncer {
            store,
            files: Arc::clone(&files) as _,
            connectors: Arc::new(Only(Arc::clone(&mis))),
            queue: Arc::clone(&jobs) as _,
            clock: clock.clone(),
            ids: ids.clone(),
            numbers: NumberMode::Simulated,
            turn: Duration::from_mins(10),
        };
        Self { school, mis, clock, syncer, files, jobs, ids, _stop: stop }
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
        let now_ms = self.clock.now_ms();
        let run = Run { approves, file, ..Run::new(RunId::new(self.ids.ulid(now_ms)), asked, now_ms) };
        let begun = self.school.sync().begin(&run, LEASE_MS, now_ms).await.unwrap();
        match begun {
            Begun::Joined(id) => (id, begun),
            Begun::New => (run.id, begun),
        }
    }

    /// Does the run that the queue has, and whatever it hands on.
    pub(crate) async fn queued(&self) -> Run {
        let next = self.jobs.0.lock().unwrap().first().cloned();
        let Some(Job::Sync { run, .. }) = next else { panic!("{next:?}") };
        self.work(run).await
    }

    /// Does a run and whatever it hands on, to its end.
    pub(crate) async fn work(&self, id: RunId) -> Run {
        self.syncer.run(&self.school, id).await.unwrap();
        loop {
            let jobs = std::mem::take(&mut *self.jobs.0.lock().unwrap());
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
        self.clock.advance(Duration::from_mins(1));
        let (id, begun) = self.ask(Asked::User("u1".to_owned()), None).await;
        assert_eq!(begun, Begun::New);
        self.work(id).await
    }

    /// An administrator approves of a held run.
    pub(crate) async fn apply(&self, held: RunId) -> Run {
        self.clock.advance(Duration::from_mins(1));
        let (id, _) = self.ask(Asked::User("u1".to_owned()), Some(held)).await;
        self.work(id).await
    }

    pub(crate) async fn book(&self) -> AddressBook {
        let now_ms = self.clock.now_ms();
        self.school.book().load(CountryCode::UK, NumberMode::Simulated, now_ms).await.unwrap()
    }

    /// Everything in the book that a message depends on, in order.
    pub(crate) async fn all(&self) -> (Vec<Contact>, Vec<Tie>, BTreeMap<String, usize>) {
        let book = self.book().await;
        let tie = |pair: &domain::book::Pair| Tie {
            pupil: book.contacts()[pair.pupil()].id.clone(),
            contact: book.contacts()[pair.contact()].id.clone(),
            kind: book.kind_of(pair).to_owned(),
            priority: pair.priority(),
            responsibility: pair.responsibility,
            court_order: pair.court_order,
        };
        let ties = (0..book.len()).flat_map(|place| book.adults_of(place).iter().map(tie));
        let groups = book.groups().iter().map(|g| (g.name.clone(), g.members.len()));
        (book.contacts().to_vec(), ties.collect(), groups.collect())
    }
}
