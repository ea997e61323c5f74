//! Writing to staff: a job is queued, and whoever does it makes the link or code.

use domain::ids::SchoolId;
use domain::job::Job;
use domain::notice::Notice;
use runtime::QueueName;

use crate::error::Result;
use crate::state::ApiState;

/// Queues a notice, ahead of routine messages: somebody sits and waits for it. [`Job::NO_SCHOOL`] where the school is
/// not known.
pub async fn notify(state: &ApiState, school: SchoolId, notice: Notice) -> Result<()> {
    Ok(state.queue().send(QueueName::Emergency, vec![(Job::Notify { school, notice }, 0)]).await?)
}
