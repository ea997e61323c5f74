//! One run of one school: read its MIS, compare, write the difference. What is read wrong changes nothing.

mod batch;
mod compare;
mod error;
mod feed;
mod file;
mod look;
pub mod mis;
mod open;
mod outline;
mod progress;
mod run;
mod schedule;
mod trial;
mod write;

use std::sync::Arc;
use std::time::Duration;

use domain::job::Job;
use domain::phone::NumberMode;
use domain::settings::Settings;
use runtime::{BoxFuture, Clock, Files, Ids, Queue};
use store::{Access, Store};

use domain::ids::SchoolId;
use mis::{Mis, MisError};

pub use domain::sync::LEASE_MS;
pub use error::{Result, SyncError};
pub use open::{Opener, StartError, connect};

/// The way to a school's MIS, as it is opened.
pub type Opening<'a> = BoxFuture<'a, std::result::Result<Option<Arc<dyn Mis>>, MisError>>;

/// Opens the way to a school's MIS.
pub trait Connectors: Send + Sync {
    /// The MIS that the school's settings name; `None` where they name none.
    fn open<'a>(&'a self, school: SchoolId, settings: &'a Settings) -> Opening<'a>;
}

/// What the sync works with.
#[derive(Clone)]
pub struct Syncer {
    /// The table.
    pub store: Store,
    /// Ways to the schools' MIS.
    pub connectors: Arc<dyn Connectors>,
    /// Files that the schools' MIS wrote.
    pub files: Arc<dyn Files>,
    /// Where a run that goes on later is put.
    pub queue: Arc<dyn Queue>,
    /// Time.
    pub clock: Clock,
    /// Ids.
    pub ids: Ids,
    /// Whether Ofcom's drama numbers are as good as any.
    pub numbers: NumberMode,
    /// How long one invocation writes before it hands on to the next.
    pub turn: Duration,
}

impl Syncer {
    /// Does one job: a run, a trial of an MIS, or a look at its registers or at one of its files.
    async fn job(&self, job: Job) -> Result<()> {
        let school = self.store.school(Access::of_job(&job));
        match job {
            Job::Sync { run, .. } => self.run(&school, run).await,
            Job::TryMis { trial, .. } => self.try_mis(&school, trial).await,
            Job::LookAtRegisters { message, .. } => self.look_at_registers(&school, message).await,
            Job::LookAtFile { file, .. } => self.look_at_file(&school, file).await,
            _ => Err(SyncError::Fail("not a job of the sync")),
        }
    }
}
