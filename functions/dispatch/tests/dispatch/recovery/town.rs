//! A school with one parent, and texts that meet with trouble.

use std::time::Duration;

use domain::ids::MessageId;
use domain::job::Job;
use domain::message::Purpose;
use testkit::{Fate, Queued};

use crate::kit::{Town, run};

/// A message to the parent whose page waits for a worker; and the job that would bring one.
pub(crate) async fn planned(town: &Town, purpose: Purpose, text: &str) -> (MessageId, Job) {
    let id = town.accept_text(purpose, text).await;
    assert!(town.plan(id).await);
    let page = town.queue.take_jobs().into_iter().find(|job| matches!(job, Job::Page { .. }));
    (id, page.unwrap())
}

/// A message whose text met this fate.
pub(crate) async fn sent(town: &Town, purpose: Purpose, text: &str, fate: Fate) -> MessageId {
    let (id, page) = planned(town, purpose, text).await;
    town.provider.next(fate);
    assert!(town.run(page).await);
    town.take();
    id
}

/// Does what the queue would bring next for the message: asks. Says what was queued after that.
pub(crate) async fn ask(town: &Town, id: MessageId) -> Vec<Queued> {
    let (page, fence) = (town.page_ref(id, 0).await, town.page(id).await.fence);
    town.take();
    assert!(town.run(Job::Recover { page, fence }).await, "a question never ends in the dead letters");
    town.take()
}

/// Has these jobs done while the provider is asked the next time, each after so many milliseconds.
pub(crate) fn meanwhile(town: &Town, jobs: Vec<(u64, Job)>) {
    let (dispatch, clock) = (town.dispatch.clone(), town.clock.clone());
    town.provider.meanwhile(async move {
        for (wait_ms, job) in jobs {
            clock.advance(Duration::from_millis(wait_ms));
            assert!(run(&dispatch, &job).await);
        }
    });
}
