//! Asking for a sync run, and deciding about one that is held.

use domain::audit::Deed;
use domain::ids::RunId;
use domain::job::Job;
use domain::sync::{Asked, LEASE_MS, Run, RunState};
use runtime::QueueName;
use store::{Begun, School, StoreError};
use tracing::warn;

use crate::error::{ApiError, Result};
use crate::state::ApiState;

const NO_MIS: &str = "No MIS is set up for this school. Choose one in the account settings.";
const AT_WORK: &str = "A refresh is running. Wait until it has ended, then decide about what it says.";
const NOT_STARTED: &str = "The refresh could not be started. Try again.";
const NOT_HELD: &str = "This refresh is not held any more.";
const NOTHING_TO_APPLY: &str =
    "What the MIS sent is not whole, so there is nothing to apply. Refresh again once the MIS is right.";

/// Begins a run, or joins the one at work: its id. 409 where the school has no MIS. `deed` is kept for a new one.
pub async fn request(state: &ApiState, school: &School, asked: Asked, deed: &Deed) -> Result<RunId> {
    let run = new_run(state, asked);
    let deed = Deed { on: run.id.to_string(), ..deed.clone() };
    match begin(state, school, &run, &deed).await? {
        Begun::Joined(id) => Ok(id),
        Begun::New => Ok(run.id),
    }
}

/// Has a held run applied: a new one, which removes those whom the held one showed and nobody else. 409 if it cannot be.
pub async fn apply(state: &ApiState, school: &School, id: RunId, asked: Asked, deed: &Deed) -> Result<RunId> {
    let held = held(school, id).await?;
    if !held.may_be_applied() {
        return Err(ApiError::Conflict(NOTHING_TO_APPLY.to_owned()));
    }
    let run = Run { approves: Some(id), ..new_run(state, asked) };
    match begin(state, school, &run, deed).await? {
        Begun::Joined(_) => Err(ApiError::Conflict(AT_WORK.to_owned())),
        Begun::New => Ok(run.id),
    }
}

fn new_run(state: &ApiState, asked: Asked) -> Run {
    let now_ms = state.now_ms();
    Run::new(RunId::new(state.ids().ulid(now_ms)), asked, now_ms)
}

/// Lets a held run be. 409 if it is held no more.
pub async fn discard(state: &ApiState, school: &School, id: RunId, deed: &Deed) -> Result<()> {
    let held = held(school, id).await?;
    match school.discard_sync(&held, deed, state.now_ms()).await {
        Err(StoreError::Conflict) => Err(ApiError::Conflict(NOT_HELD.to_owned())),
        done => Ok(done?),
    }
}

async fn held(school: &School, id: RunId) -> Result<Run> {
    let run = school.sync_run(id).await?.ok_or(ApiError::NotFound)?;
    match run.state {
        RunState::Held => Ok(run),
        _ => Err(ApiError::Conflict(NOT_HELD.to_owned())),
    }
}

/// Nothing is done before the log has the deed.
async fn begin(state: &ApiState, school: &School, run: &Run, deed: &Deed) -> Result<Begun> {
    if !school.settings().await?.mis.is_on() {
        return Err(ApiError::Conflict(NO_MIS.to_owned()));
    }
    let begun = school.begin_sync(run, LEASE_MS, run.began_ms).await?;
    if begun == Begun::New
        && let Err(e) = hand_over(state, school, run, deed).await
    {
        // Nobody would do it: end it, so that the next request is not told to wait for it.
        warn!(school = %school.id(), error = %e, "sync run not handed over");
        let mut lost = run.clone();
        lost.end(RunState::Failed, Some(NOT_STARTED.to_owned()), run.began_ms);
        school.end_sync(&lost, run.began_ms).await?;
        return Err(e);
    }
    Ok(begun)
}

async fn hand_over(state: &ApiState, school: &School, run: &Run, deed: &Deed) -> Result<()> {
    school.record(deed, run.began_ms).await?;
    let job = Job::Sync { school: school.id(), run: run.id };
    Ok(state.queue().send(QueueName::Sync, vec![(job, 0)]).await?)
}
