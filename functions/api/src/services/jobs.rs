//! Jobs for the other functions: nothing else in the API queues one.

use domain::delivery::Evidence;
use domain::ids::{ImportId, MessageId, RunId, SchoolId, SyncFileId};
use domain::job::{DeliveryRef, Job};
use domain::message::Purpose;
use domain::notice::Notice;

use crate::error::Result;
use crate::state::ApiState;

/// Plans a message. It is due for the sweep, which makes up for a lost job.
pub async fn plan(state: &ApiState, school: SchoolId, message: MessageId, purpose: Purpose, revision: u32) {
    let job = Job::Plan { school, message, revision };
    if let Err(error) = state.queue().send(job.queue_for(purpose), vec![(job, 0)]).await {
        tracing::warn!(%message, %error, "plan not queued; the sweep will");
    }
}

/// Has a message looked at soon. It is due for the sweep in any case, so a lost job only costs time.
pub async fn watch(state: &ApiState, school: SchoolId, message: MessageId, purpose: Purpose) {
    let job = Job::Watch { school, message };
    if let Err(error) = state.queue().send(job.queue_for(purpose), vec![(job, 0)]).await {
        tracing::warn!(%message, %error, "watch not queued; the sweep will");
    }
}

/// Goes on with an upload. It is due for the sweep in any case, so a lost job only costs time.
pub async fn import(state: &ApiState, school: SchoolId, import: ImportId) {
    if let Err(error) = state.queue().send_now(Job::Import { school, import }).await {
        tracing::warn!(%import, %error, "upload not queued; the sweep will");
    }
}

/// Does a sync run.
pub async fn sync(state: &ApiState, school: SchoolId, run: RunId) -> Result<()> {
    Ok(state.queue().send_now(Job::Sync { school, run }).await?)
}

/// Tries whether the school's MIS can be reached.
pub async fn try_mis(state: &ApiState, school: SchoolId, trial: RunId) -> Result<()> {
    Ok(state.queue().send_now(Job::TryMis { school, trial }).await?)
}

/// Looks at a file that the school's MIS wrote.
pub async fn look_at_file(state: &ApiState, school: SchoolId, file: SyncFileId) -> Result<()> {
    Ok(state.queue().send_now(Job::LookAtFile { school, file }).await?)
}

/// Takes in what a provider reports of a delivery.
pub async fn receipt(state: &ApiState, delivery: DeliveryRef, evidence: Evidence) -> Result<()> {
    Ok(state.queue().send_now(Job::Receipt { delivery, evidence }).await?)
}

/// Writes to staff, ahead of routine messages: somebody sits and waits for it. Whoever does the job makes the link or
/// code. [`Job::NO_SCHOOL`] where the school is not known.
pub async fn notify(state: &ApiState, school: SchoolId, notice: Notice) -> Result<()> {
    Ok(state.queue().send_now(Job::Notify { school, notice }).await?)
}
