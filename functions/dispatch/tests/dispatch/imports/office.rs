//! A school office with a database of its own: uploads, decides, and runs the jobs that come of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dispatch::import::{Importer, sweep};
use domain::contact::{Contact, ContactRole};
use domain::ids::{ImportId, SchoolId};
use domain::import::{Field, Finding, Inspected, Mapping, Outcome, Report, Stage, file_key};
use domain::job::Job;
use domain::money::Pence;
use domain::phone::{CountryCode, NumberMode};
use domain::routing::{Routing, VoiceCalling};
use domain::settings::{Prices, Settings};
use dynoxide::Database;
use runtime::{BoxFuture, Clock, FileError, Files, Ids, Queue, QueueError, QueueName, database_at};
use store::{Access, Author, BookCache, FindingKind, Import, School, Store};
use tokio::sync::oneshot;
use ulid::Ulid;

pub(crate) const NOW_MS: i64 = 1_788_260_400_000;
pub(crate) const LEASE_MS: i64 = 4_000;

/// Files in memory. Each read can take its time on the test's clock.
#[derive(Debug, Clone)]
pub(crate) struct Memory {
    files: Arc<Mutex<HashMap<String, Vec<u8>>>>,
    clock: Clock,
    read_takes: Arc<Mutex<Duration>>,
}

impl Memory {
    pub(crate) fn put(&self, key: &str, bytes: &[u8]) {
        self.files.lock().unwrap().insert(key.to_owned(), bytes.to_vec());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.files.lock().unwrap().is_empty()
    }

    pub(crate) fn each_read_takes(&self, time: Duration) {
        *self.read_takes.lock().unwrap() = time;
    }
}

impl Files for Memory {
    fn upload_url(&self, key: &str, _: u64, _: Duration) -> BoxFuture<'_, Result<String, FileError>> {
        let url = format!("memory:{key}");
        Box::pin(async move { Ok(url) })
    }

    fn read(&self, key: &str) -> BoxFuture<'_, Result<Vec<u8>, FileError>> {
        let found = self.files.lock().unwrap().get(key).cloned();
        self.clock.advance(*self.read_takes.lock().unwrap());
        Box::pin(async move { found.ok_or(FileError::NotFound) })
    }

    fn remove(&self, key: &str) -> BoxFuture<'_, Result<(), FileError>> {
        self.files.lock().unwrap().remove(key);
        Box::pin(async { Ok(()) })
    }
}

/// Jobs in memory, in their order.
#[derive(Debug, Default)]
pub(crate) struct Jobs(Mutex<Vec<Job>>);

impl Jobs {
    pub(crate) fn take(&self) -> Vec<Job> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Queue for Jobs {
    fn send(&self, _: QueueName, jobs: Vec<(Job, i64)>) -> BoxFuture<'_, Result<(), QueueError>> {
        self.0.lock().unwrap().extend(jobs.into_iter().map(|(job, _)| job));
        Box::pin(async { Ok(()) })
    }
}

pub(crate) struct Office {
    pub(crate) store: Store,
    pub(crate) school: School,
    pub(crate) files: Memory,
    pub(crate) jobs: Jobs,
    pub(crate) clock: Clock,
    books: BookCache,
    ids: Ids,
    _stop: oneshot::Sender<()>,
}

impl Office {
    pub(crate) async fn open() -> Self {
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
        school.settings().create(&settings()).await.unwrap();
        let clock = Clock::set_to(NOW_MS);
        let files = Memory {
            files: Arc::default(),
            clock: clock.clone(),
            read_takes: Arc::new(Mutex::new(Duration::ZERO)),
        };
        Self {
            store,
            school,
            files,
            jobs: Jobs::default(),
            clock,
            books: BookCache::new(NumberMode::Simulated),
            ids: Ids::counted_from(1),
            _stop: stop,
        }
    }

    pub(crate) fn importer(&self) -> Importer<'_> {
        Importer {
            school: &self.school,
            files: &self.files,
            queue: &self.jobs,
            books: &self.books,
            clock: &self.clock,
            ids: &self.ids,
            lease_ms: LEASE_MS,
        }
    }

    /// Begins an upload whose file has just arrived.
    pub(crate) async fn upload(&self, bytes: &[u8]) -> ImportId {
        let id = self.upload_nothing().await;
        self.files.put(&file_key(self.school.id(), id), bytes);
        id
    }

    /// Begins an upload whose file never arrives, though the browser says so.
    pub(crate) async fn upload_nothing(&self) -> ImportId {
        let id = ImportId::new(self.ids.ulid(NOW_MS));
        let author = Author { id: "u1".to_owned(), name: "Office".to_owned() };
        let import = Import::new(id, "list.csv".to_owned(), 1_000, author, self.clock.now_ms());
        self.school.imports().create(&import).await.unwrap();
        self.set(id, |import| import.stage = Stage::Inspecting).await;
        id
    }

    pub(crate) async fn get(&self, id: ImportId) -> Import {
        self.school.imports().get(id, self.clock.now_ms()).await.unwrap().unwrap()
    }

    pub(crate) async fn stage(&self, id: ImportId) -> Stage {
        self.get(id).await.stage
    }

    /// Changes an upload as a person does, and queues its job.
    pub(crate) async fn set(&self, id: ImportId, change: impl FnOnce(&mut Import)) {
        let mut import = self.get(id).await;
        change(&mut import);
        (import.due_ms, import.worker, import.tries) = (Some(self.clock.now_ms()), None, 0);
        self.school.imports().save(&mut import).await.unwrap();
        let job = Job::Import { school: self.school.id(), import: id };
        self.jobs.send(QueueName::Routine, vec![(job, 0)]).await.unwrap();
    }

    /// Runs jobs until there are none.
    pub(crate) async fn work(&self) {
        loop {
            let jobs = self.jobs.take();
            if jobs.is_empty() {
                return;
            }
            for job in jobs {
                let Job::Import { import, .. } = job else { panic!("{job:?}") };
                self.importer().run(import).await.unwrap();
            }
        }
    }

    /// Lets the lease of a worker that died run out, and has the sweep look.
    pub(crate) async fn sweep_later(&self) {
        self.clock.advance(Duration::from_millis(u64::try_from(3 * LEASE_MS).unwrap()));
        sweep(&self.store, &self.jobs, self.clock.now_ms()).await.unwrap();
    }

    /// Uploads and looks at the headings.
    pub(crate) async fn inspected(&self, bytes: &[u8]) -> (ImportId, Inspected) {
        let id = self.upload(bytes).await;
        self.work().await;
        let import = self.get(id).await;
        assert_eq!(import.stage, Stage::Mapping);
        (id, import.inspected.unwrap())
    }

    /// Says which column is which: as guessed.
    pub(crate) async fn choose(&self, id: ImportId) {
        self.set(id, |import| {
            let inspected = import.inspected.as_ref().unwrap();
            let columns: Vec<(Field, u16)> = inspected.guess.iter().map(|(f, c)| (*f, *c)).collect();
            import.mapping =
                Some(Mapping::new(columns, ContactRole::Parent, inspected.columns.len()).unwrap());
            import.stage = Stage::checking();
        })
        .await;
    }

    /// Uploads, takes the guess for the columns, and has the rows checked.
    pub(crate) async fn checked(&self, bytes: &[u8]) -> (ImportId, Report) {
        let (id, _) = self.inspected(bytes).await;
        self.choose(id).await;
        self.work().await;
        match self.stage(id).await {
            Stage::Checked(report) => (id, report),
            stage => panic!("{stage:?}"),
        }
    }

    pub(crate) async fn confirm(&self, id: ImportId, report: Report) {
        self.set(id, |import| import.stage = Stage::importing(report)).await;
    }

    /// All the way to the address book.
    pub(crate) async fn imported(&self, bytes: &[u8]) -> Outcome {
        let (id, report) = self.checked(bytes).await;
        self.confirm(id, report).await;
        self.work().await;
        match self.stage(id).await {
            Stage::Done(outcome) => outcome,
            stage => panic!("{stage:?}"),
        }
    }

    /// Why an upload failed.
    pub(crate) async fn refused(&self, bytes: &[u8]) -> String {
        let id = self.upload(bytes).await;
        self.work().await;
        self.reason(id).await
    }

    pub(crate) async fn reason(&self, id: ImportId) -> String {
        match self.stage(id).await {
            Stage::Failed { reason } => reason,
            stage => panic!("{stage:?}"),
        }
    }

    pub(crate) async fn errors(&self, id: ImportId) -> Vec<Finding> {
        self.school.imports().findings(id, FindingKind::Error).await.unwrap()
    }

    pub(crate) async fn repairs(&self, id: ImportId) -> Vec<Finding> {
        self.school.imports().findings(id, FindingKind::Repair).await.unwrap()
    }

    /// The address book, by id.
    pub(crate) async fn book(&self) -> Vec<Contact> {
        let now_ms = self.clock.now_ms();
        let book = self.school.book().load(CountryCode::UK, NumberMode::Simulated, now_ms).await.unwrap();
        let mut contacts = book.contacts().to_vec();
        contacts.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        contacts
    }
}

fn settings() -> Settings {
    Settings {
        timezone: "Europe/London".to_owned(),
        country: CountryCode::UK,
        sms_sender: "Hillview".to_owned(),
        sms_header: "Hillview".to_owned(),
        voice_caller: "+441632960100".to_owned(),
        email_from_name: "Hillview School".to_owned(),
        email_reply_to: "office@hillview.example".to_owned(),
        routing: Routing::default(),
        voice_calling: VoiceCalling::default(),
        prices: Prices {
            sms_unit: Pence::from_hundredths(400),
            voice_minute: Pence::from_hundredths(600),
            email: Pence::from_hundredths(0),
        },
        head_teacher: "A. Head".to_owned(),
        address: "1 Hill Road".to_owned(),
        phone: "01632 960100".to_owned(),
        ..Settings::new("Hillview School")
    }
}

/// A list of so many parents, in several parts' worth of text if there are many.
pub(crate) fn parents(count: u32) -> String {
    let row = |i: u32| {
        format!(
            "P{i:06},Ms,Ann{i},Example,07700 900{:03},,Year {};Choir of the school\n",
            i % 1_000,
            i % 7 + 7
        )
    };
    let rows: Vec<String> = (0..count).map(row).collect();
    format!("ID,Title,Forename,Surname,Mobile,E-mail,Groups\n{}", rows.concat())
}
