//! A worker that dies at any point loses nothing: another takes the run up.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use domain::sync::{Asked, RunState};
use sync::SyncError;

use super::feed::Feed;
use super::town::{TODAY, Town};

/// Runs a future until it has waited so many times, and drops it there. Whether it came to its end.
pub(crate) async fn dies_after<F: Future>(waits: u32, future: F) -> bool {
    let mut future = pin!(future);
    let mut waited = 0;
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(_) => Poll::Ready(true),
        Poll::Pending if waited == waits => Poll::Ready(false),
        Poll::Pending => {
            waited += 1;
            Poll::Pending
        }
    })
    .await
}

#[tokio::test]
async fn killed_at_any_point_a_run_ends_as_if_it_had_not_been() {
    let after = || Feed::of(40, TODAY).without(&["PL-3", "PC-6", "PC-7"]);
    let undisturbed = Town::of(Feed::of(40, TODAY)).await;
    undisturbed.sync().await;
    undisturbed.says(after());
    undisturbed.sync().await;
    let wanted = undisturbed.all().await;

    let mut killed = 0;
    for waits in (0..200).step_by(4) {
        let town = Town::of(Feed::of(40, TODAY)).await;
        town.sync().await;
        town.says(after());
        let (id, _) = town.ask(Asked::Schedule, None).await;
        if !dies_after(waits, Box::pin(town.syncer.run(&town.school, id))).await {
            killed += 1;
            // The queue brings the job again: too early, and once the lease has run out.
            match town.syncer.run(&town.school, id).await {
                Ok(()) | Err(SyncError::Elsewhere) => {}
                Err(e) => panic!("{e}"),
            }
            town.clock.advance(Duration::from_secs(61));
        }
        let run = town.work(id).await;
        assert_eq!(run.state, RunState::Finished, "after {waits}: {:?}", run.why);
        assert_eq!(town.all().await, wanted, "after {waits}");
        assert_eq!(town.sync().await.changes, domain::sync::Changes::default(), "after {waits}");
    }
    assert!(killed > 5, "{killed}");
}

#[tokio::test]
async fn a_run_that_has_no_time_hands_on_until_it_is_done() {
    let mut town = Town::of(Feed::of(60, TODAY)).await;
    let whole = {
        let other = Town::of(Feed::of(60, TODAY)).await;
        other.sync().await;
        other.all().await
    };
    // Reading alone takes longer than the turn: each invocation has time for one step.
    town.syncer.turn = Duration::ZERO;
    *town.mis.each_part_takes.lock().unwrap() = Some((town.clock.clone(), Duration::from_millis(1)));
    let (id, _) = town.ask(Asked::Schedule, None).await;
    let run = town.work(id).await;
    assert_eq!(run.state, RunState::Finished);
    assert_eq!(town.all().await, whole);
}
