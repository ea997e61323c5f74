//! A school and all that a function needs to work for it.

use std::sync::Arc;
use std::time::Duration;

use domain::ids::SchoolId;
use runtime::{Clock, Ids, MemoryFiles, MemoryVault, database_at};
use store::{Access, School, Store};
use ulid::Ulid;

use crate::NOON;
use crate::database::Database;
use crate::queue::RecordingQueue;

/// The table's name in tests.
pub const TABLE: &str = "messenger";

/// The id of the `number`-th school.
pub fn school_id(number: u128) -> SchoolId {
    SchoolId::new(Ulid::from_parts(1_700_000_000_000, number))
}

/// One school in a table of its own. Dropping it fails the test where a job is left that nobody took or expects.
///
/// The test must run on more than one thread where it waits without giving way:
/// `#[tokio::test(flavor = "multi_thread")]`.
#[derive(Debug)]
pub struct World {
    /// The table.
    pub store: Store,
    /// The first school. It has no settings until [`School::create`].
    pub school: School,
    /// Stands still until it is moved.
    pub clock: Clock,
    /// Foreseeable.
    pub ids: Ids,
    /// Where jobs go.
    pub queue: Arc<RecordingQueue>,
    /// Files in memory.
    pub files: Arc<MemoryFiles>,
    /// Secrets in memory.
    pub vault: Arc<MemoryVault>,
    /// Behind the table.
    pub database: Database,
}

impl World {
    /// An empty table, at [`NOON`].
    pub async fn start() -> Self {
        Self::start_at(NOON).await
    }

    /// An empty table, at another time.
    pub async fn start_at(now_ms: i64) -> Self {
        let database = Database::start().await;
        let url = database.url().to_owned();
        Self::reached_by(&url, database, Clock::set_to(now_ms)).await
    }

    /// An empty table in this database, reached at `url`.
    pub async fn reached_by(url: &str, database: Database, clock: Clock) -> Self {
        let store = Store::new(database_at(url), TABLE);
        store.create_table().await.unwrap();
        Self {
            school: store.school(Access::of_operator(school_id(1))),
            store,
            queue: Arc::new(RecordingQueue::new(clock.clone())),
            clock,
            ids: Ids::counted_from(1),
            files: Arc::default(),
            vault: Arc::default(),
            database,
        }
    }

    /// Milliseconds since 1970.
    pub fn now(&self) -> i64 {
        self.clock.now_ms()
    }

    /// Lets time pass.
    pub fn wait(&self, ms: i64) {
        self.clock.advance(Duration::from_millis(u64::try_from(ms).unwrap()));
    }

    /// An id that nobody else has.
    pub fn ulid(&self) -> Ulid {
        self.ids.ulid(self.now())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.queue.assert_nothing_left();
        }
    }
}
