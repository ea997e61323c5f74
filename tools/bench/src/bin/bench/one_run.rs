//! One sync run in a process of its own, as one invocation of the sync function does it.

use std::sync::Arc;
use std::time::Duration;

use domain::ids::{RunId, SchoolId};
use domain::job::Job;
use domain::phone::NumberMode;
use domain::settings::Settings;
use domain::sync::{Asked, Changes, LEASE_MS, MisSettings, Run, RunState};
use runtime::{
    BoxFuture, Clock, Ids, MemoryFiles, MemoryVault, Outside, Queue, QueueError, QueueName, SecretText,
    Vault, database_at,
};
use serde::{Deserialize, Serialize};
use simulators::MIS_PASSWORD;
use store::{Access, Store};
use sync::{Opener, Syncer};
use ulid::Ulid;

use crate::error::{BenchError, Result, in_part};
use crate::school::ESTAB;
use crate::server::peak_memory;

const PART: &str = "sync run";
const TABLE: &str = "messenger";
const SECRET: &str = "bench";

/// What a run came to.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ran {
    /// From the job to its end.
    pub(crate) ms: f64,
    /// Most memory that the process had, in bytes.
    pub(crate) memory: u64,
    /// What it changed.
    pub(crate) changes: Changes,
}

/// A run that does not end within its turn is no run that is measured here.
#[derive(Debug)]
struct NoMore;

impl Queue for NoMore {
    fn send(&self, _: QueueName, _: Vec<(Job, i64)>) -> BoxFuture<'_, std::result::Result<(), QueueError>> {
        Box::pin(async { Ok(()) })
    }
}

/// Makes the table and the school, if this database has none.
pub(crate) async fn prepare(database: &str, mis: &str) -> Result<()> {
    let store = Store::new(database_at(database), TABLE);
    store.create_table().await.map_err(in_part(PART))?;
    let mis = MisSettings {
        kind: "xporter".to_owned(),
        address: mis.to_owned(),
        school: ESTAB.to_owned(),
        secret: SECRET.to_owned(),
        ..MisSettings::default()
    };
    let school = store.school(Access::of_operator(school()));
    school
        .settings()
        .create(&Settings { mis, ..Settings::new("Hillview School") })
        .await
        .map_err(in_part(PART))
}

/// Does a run and prints [`Ran`] as JSON.
#[expect(clippy::print_stdout, reason = "who starts it reads the outcome there")]
pub(crate) async fn run(database: &str, mis: &str) -> Result<()> {
    let clock = Clock::system();
    let ids = Ids::system();
    let vault = Arc::new(MemoryVault::default());
    let credentials = serde_json::json!({
        "token_url": format!("{mis}/idaas/sts/STS/GetToken"),
        "relying_party": "messenger.example",
        "password": MIS_PASSWORD,
    });
    let text = SecretText::new(credentials.to_string());
    vault.put(school(), SECRET, &text).await.map_err(in_part(PART))?;
    let opener = Opener::new(Outside::InternetAndLoopback, clock.clone(), vault).map_err(in_part(PART))?;
    let syncer = Syncer {
        store: Store::new(database_at(database), TABLE),
        files: Arc::new(MemoryFiles::default()),
        connectors: Arc::new(opener),
        queue: Arc::new(NoMore),
        clock: clock.clone(),
        ids: ids.clone(),
        numbers: NumberMode::Simulated,
        turn: Duration::from_mins(10),
    };
    let school = syncer.store.school(Access::of_operator(school()));
    let now_ms = clock.now_ms();
    let run = Run::new(RunId::new(ids.ulid(now_ms)), Asked::Schedule, now_ms);
    school.sync().begin(&run, LEASE_MS, now_ms).await.map_err(in_part(PART))?;
    let began = clock.elapsed();
    syncer.run(&school, run.id).await.map_err(in_part(PART))?;
    let took = clock.elapsed().saturating_sub(began);
    let ended = school.sync().run(run.id).await.map_err(in_part(PART))?;
    let ended = ended.ok_or_else(|| BenchError::new(PART, "gone"))?;
    if ended.state != RunState::Finished {
        return Err(BenchError::new(PART, format!("{:?}: {:?}", ended.state, ended.why)));
    }
    let memory = peak_memory(std::process::id())?;
    let ran = Ran { ms: took.as_secs_f64() * 1e3, memory, changes: ended.changes };
    println!("{}", serde_json::to_string(&ran).map_err(in_part(PART))?);
    Ok(())
}

fn school() -> SchoolId {
    SchoolId::new(Ulid::from_parts(1_700_000_000_000, 1))
}
