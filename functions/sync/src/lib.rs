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
mod run;
mod schedule;
mod trial;
mod write;

use std::sync::Arc;
use std::time::Duration;

use domain::phone::NumberMode;
use domain::settings::Settings;
use runtime::{BoxFuture, Clock, Files, Ids, Queue};
use store::Store;

use domain::ids::SchoolId;
use mis::{Mis, MisError};

pub use domain::sync::LEASE_MS;
pub use error::{Result, SyncError};
pub use open::{Opener, StartError, connect};

/// Opens the way to a school's MIS.
pub trait Connectors: Send + Sync {
    /// The MIS that the school's settings name; `None` where they name none.
    fn open<'a>(
        &'a self,
        school: SchoolId,
        settings: &'a Settings,
    ) -> BoxFuture<'a, std::result::Result<Option<Arc<dyn Mis>>, MisError>>;
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
