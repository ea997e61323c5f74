//! Many ask, one run answers.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use domain::sync::{Asked, RunState};
use store::Begun;

use super::feed::Feed;
use super::town::{TODAY, Town};

#[tokio::test]
async fn twenty_requests_and_the_schedule_at_once_are_one_run() {
    let town = Arc::new(Town::of(Feed::of(30, TODAY)).await);
    town.school.sync().set_scheduled(true).await.unwrap();
    let asks = (0..20).map(|n| {
        let town = Arc::clone(&town);
        tokio::spawn(async move { town.ask(Asked::User(format!("u{n}")), None).await })
    });
    let asks: Vec<_> = asks.collect();
    let ticks = {
        let town = Arc::clone(&town);
        tokio::spawn(async move { town.syncer.tick().await })
    };
    let (mut runs, mut begun) = (BTreeSet::new(), 0);
    for ask in asks {
        let (id, how) = ask.await.unwrap();
        runs.insert(id.to_string());
        begun += usize::from(how == Begun::New);
    }
    begun += ticks.await.unwrap().unwrap();
    assert_eq!((runs.len(), begun), (1, 1));
    let id = runs.first().unwrap().parse().unwrap();
    assert_eq!(town.work(id).await.state, RunState::Finished);
    assert_eq!(town.school.sync().runs(10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_same_job_twice_at_once_is_done_once() {
    let town = Town::of(Feed::of(30, TODAY)).await;
    let (id, _) = town.ask(Asked::Schedule, None).await;
    let (first, second) = tokio::join!(town.syncer.run(&town.school, id), town.syncer.run(&town.school, id));
    assert!(first.is_ok() || second.is_ok());
    let run = town.work(id).await;
    assert_eq!(run.state, RunState::Finished);
    assert_eq!(town.book().await.len(), 30 + 60 + 3);
}

#[tokio::test]
async fn the_schedule_begins_a_run_when_it_is_due_and_only_then() {
    let town = Town::of(Feed::of(10, TODAY)).await;
    town.school.sync().set_scheduled(true).await.unwrap();
    assert_eq!(town.syncer.tick().await.unwrap(), 1);
    let running = town.school.sync().status().await.unwrap().running.unwrap();
    town.work(running.id).await;
    assert_eq!(town.syncer.tick().await.unwrap(), 0);
    town.clock.advance(Duration::from_hours(1));
    assert_eq!(town.syncer.tick().await.unwrap(), 1);
    town.school.sync().set_scheduled(false).await.unwrap();
    town.clock.advance(Duration::from_hours(2));
    assert_eq!(town.syncer.tick().await.unwrap(), 0);
}

#[tokio::test]
async fn a_run_whose_worker_is_lost_does_not_stop_the_next() {
    let town = Town::of(Feed::of(10, TODAY)).await;
    let (lost, _) = town.ask(Asked::Schedule, None).await;
    town.clock.advance(Duration::from_secs(61));
    let (next, begun) = town.ask(Asked::User("u1".to_owned()), None).await;
    assert_eq!(begun, Begun::New);
    assert_ne!(lost, next);
    assert_eq!(town.school.sync().run(lost).await.unwrap().unwrap().state, RunState::Failed);
    assert_eq!(town.work(next).await.state, RunState::Finished);
}

#[tokio::test]
async fn a_run_whose_worker_is_lost_is_taken_up_by_the_next_look_of_the_schedule() {
    let town = Town::of(Feed::of(10, TODAY)).await;
    town.school.sync().set_scheduled(true).await.unwrap();
    let (lost, _) = town.ask(Asked::User("u1".to_owned()), None).await;
    let waits = |standing: store::SyncStanding| standing.unsynced_since_ms();
    let began = town.now();
    town.clock.advance(Duration::from_secs(61));
    // Messages wait for it as for one at work.
    assert_eq!(waits(town.school.sync().status().await.unwrap()), Some(began));
    assert_eq!(town.syncer.tick().await.unwrap(), 0, "no other is begun");
    assert_eq!(town.queued().await.state, RunState::Finished);
    assert_eq!(town.school.sync().run(lost).await.unwrap().unwrap().state, RunState::Finished);
    assert_eq!(waits(town.school.sync().status().await.unwrap()), None);
}

#[tokio::test]
async fn a_run_that_broke_off_while_it_wrote_has_messages_wait_until_another_finishes() {
    let town = Town::of(Feed::of(40, TODAY)).await;
    let (run, _) = town.ask(Asked::Schedule, None).await;
    assert!(!super::deaths::dies_after(60, Box::pin(town.syncer.run(&town.school, run))).await);
    assert!(town.school.sync().run(run).await.unwrap().unwrap().changes.people > 0, "it writes");
    town.clock.advance(Duration::from_secs(121));
    let began = run.made_at_ms();
    // The next request ends it, and reads nothing.
    *town.mis.fault.lock().unwrap() = Some(super::feed::Fault::Unreachable);
    assert_eq!(town.sync().await.state, RunState::Failed);
    let since = town.school.sync().status().await.unwrap().unsynced_since_ms();
    assert_eq!(since.map(i64::cast_unsigned), Some(began));
    *town.mis.fault.lock().unwrap() = None;
    assert_eq!(town.sync().await.state, RunState::Finished);
    assert_eq!(town.school.sync().status().await.unwrap().unsynced_since_ms(), None);
}
