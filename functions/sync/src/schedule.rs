//! Which schools' runs are due. The same look is made every few minutes in AWS and locally.

use domain::ids::RunId;
use domain::job::Job;
use domain::sync::{Asked, Run, is_due};
use store::{Access, Begun};
use tracing::warn;

use crate::error::Result;
use crate::file::file_kind;
use crate::{LEASE_MS, Syncer};

impl Syncer {
    /// Begins the runs that are due now; how many. A school that cannot be looked at does not hold up the others.
    pub async fn tick(&self) -> Result<usize> {
        let mut begun = 0;
        for school in self.store.scheduled_schools().await? {
            match self.tick_school(school).await {
                Ok(true) => begun += 1,
                Ok(false) => {}
                Err(e) => warn!(%school, error = %e, "schedule not looked at"),
            }
        }
        Ok(begun)
    }

    async fn tick_school(&self, id: domain::ids::SchoolId) -> Result<bool> {
        let school =
            self.store.school(Access::of_job(&Job::Sync { school: id, run: RunId::new(ulid::Ulid::nil()) }));
        let settings = school.settings().get().await?;
        let (now_ms, standing) = (self.clock.now_ms(), school.sync().status().await?);
        if let Some(lost) = standing.lost(now_ms) {
            // The queue would bring it again too, in an hour and a half.
            let job = Job::Sync { school: id, run: lost.id };
            self.queue.send_now(job).await?;
            return Ok(false);
        }
        // What is handed in is read when it comes.
        if file_kind(&settings).is_some() {
            return Ok(false);
        }
        let last_ms = standing.scheduled_ms;
        let spread = id.to_string().bytes().fold(0_u8, |sum, b| sum.wrapping_mul(31).wrapping_add(b));
        let zone = settings.time_zone();
        if !settings.mis.is_on() || !is_due(settings.mis.windows, &zone, spread, last_ms, now_ms) {
            return Ok(false);
        }
        let run = Run::new(RunId::new(self.ids.ulid(now_ms)), Asked::Schedule, now_ms);
        let begun = school.sync().begin(&run, LEASE_MS, now_ms).await?;
        if begun == Begun::New {
            let job = Job::Sync { school: id, run: run.id };
            self.queue.send_now(job).await?;
        }
        Ok(begun == Begun::New)
    }
}
