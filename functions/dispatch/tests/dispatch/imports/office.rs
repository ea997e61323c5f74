//! A school office with a database of its own: uploads, decides, and runs the jobs that come of it.

use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dispatch::import::{Importer, sweep};
use domain::contact::{Contact, ContactRole};
use domain::ids::ImportId;
use domain::import::{Field, Finding, Inspected, Mapping, Outcome, Report, Stage, file_key};
use domain::job::Job;
use domain::phone::{CountryCode, NumberMode};
use runtime::{BoxFuture, Clock, FileError, Files, MemoryFiles, QueueName};
use store::{BookCache, FindingKind, Import};
use testkit::{World, author, settings};

pub(crate) const LEASE_MS: i64 = 4_000;

/// Files in memory, each read of which can take its time on the test's clock.
#[derive(Debug)]
struct SlowFiles {
    files: Arc<MemoryFiles>,
    clock: Clock,
    read_takes: Mutex<Duration>,
}

impl Files for SlowFiles {
    fn upload_url(&self, key: &str, bytes: u64, valid: Duration) -> BoxFuture<'_, Result<String, FileError>> {
        self.files.upload_url(key, bytes, valid)
    }

    fn read(&self, key: &str) -> BoxFuture<'_, Result<Vec<u8>, FileError>> {
        self.clock.advance(*self.read_takes.lock().unwrap());
        self.files.read(key)
    }

    fn remove(&self, key: &str) -> BoxFuture<'_, Result<(), FileError>> {
        self.files.remove(key)
    }
}

pub(crate) struct Office {
    world: World,
    slow: SlowFiles,
    books: BookCache,
}

impl Deref for Office {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl Office {
    pub(crate) async fn open() -> Self {
        let world = World::start().await;
        world.queue.expect_left(|_| true);
        world.school.settings().create(&settings()).await.unwrap();
        let (files, clock) = (world.files.clone(), world.clock.clone());
        let slow = SlowFiles { files, clock, read_takes: Mutex::default() };
        Self { world, slow, books: BookCache::new(NumberMode::Simulated) }
    }

    pub(crate) fn each_read_takes(&self, time: Duration) {
        *self.slow.read_takes.lock().unwrap() = time;
    }

    pub(crate) fn importer(&self) -> Importer<'_> {
        Importer {
            school: &self.school,
            files: &self.slow,
            queue: &*self.queue,
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
        let id = ImportId::new(self.ulid());
        let import = Import::new(id, "list.csv".to_owned(), 1_000, author(), self.now());
        self.school.imports().create(&import).await.unwrap();
        self.set(id, |import| import.stage = Stage::Inspecting).await;
        id
    }

    pub(crate) async fn get(&self, id: ImportId) -> Import {
        self.school.imports().get(id, self.now()).await.unwrap().unwrap()
    }

    pub(crate) async fn stage(&self, id: ImportId) -> Stage {
        self.get(id).await.stage
    }

    /// Changes an upload as a person does, and queues its job.
    pub(crate) async fn set(&self, id: ImportId, change: impl FnOnce(&mut Import)) {
        let mut import = self.get(id).await;
        change(&mut import);
        (import.due_ms, import.worker, import.tries) = (Some(self.now()), None, 0);
        self.school.imports().save(&mut import).await.unwrap();
        let job = Job::Import { school: self.school.id(), import: id };
        self.queue.put(QueueName::Routine, job, 0);
    }

    /// Runs jobs until there are none.
    pub(crate) async fn work(&self) {
        loop {
            let jobs = self.queue.take_jobs();
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
        self.wait(3 * LEASE_MS);
        sweep(&self.store, &*self.queue, self.now()).await.unwrap();
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
        let now_ms = self.now();
        let book = self.school.book().load(CountryCode::UK, NumberMode::Simulated, now_ms).await.unwrap();
        let mut contacts = book.contacts().to_vec();
        contacts.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        contacts
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
