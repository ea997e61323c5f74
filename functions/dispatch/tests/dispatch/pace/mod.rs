//! The pace of a sender with a limit: kept, fully used, and never in an emergency's way. Time is the test's own, so
//! that hours pass in seconds; the table is the embedded database behind the real client.

mod town;

use domain::delivery::DeliveryState;
use domain::message::Purpose::{Emergency, Service};
use runtime::Timing;

use testkit::{MINUTE, SECOND};
use town::Town;

/// Sends begin at most this much after their time: what counts as now, and a delay in whole seconds.
const SLACK: i64 = 3 * SECOND;

#[tokio::test(flavor = "multi_thread")]
async fn a_lone_message_takes_just_its_time_however_often_its_jobs_come() {
    let town = Town::open(200, 1).await;
    let id = town.send(Service, 1).await;
    // Two plans at once hand over the same pages; looks every few seconds find pages that have not moved.
    town.plan_again(id);
    town.run_until(|t| t.taken(id) == 200, 10 * MINUTE).await;
    town.assert_pace_kept(25);
    let last_page = 175 * SECOND;
    assert!(town.elapsed() >= last_page - SLACK && town.elapsed() <= last_page + SLACK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_behind_another_waits_for_it_and_for_nothing_else() {
    let town = Town::open(200, 1).await;
    let first = town.send(Service, 1).await;
    town.run_until(|t| t.taken(first) >= 50, 10 * MINUTE).await;
    let second = town.send(Service, 1).await;
    town.run_until(|t| t.taken(second) == 200, 20 * MINUTE).await;
    town.assert_pace_kept(25);
    assert_eq!(town.taken(first), 200);
    assert!(town.elapsed() <= 375 * SECOND + SLACK, "no time was given to pages that did not use it");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_goes_at_once_whatever_routine_messages_have_reserved() {
    let town = Town::open(200, 1).await;
    let routine = town.send(Service, 3).await;
    town.run_until(|t| t.taken(routine) > 0, MINUTE).await;
    let called = town.now();
    let emergency = town.send(Emergency, 1).await;
    town.run_until(|t| t.taken(emergency) > 0, MINUTE).await;
    assert!(town.now() - called <= SLACK, "the first page at once");
    town.run_until(|t| t.taken(emergency) == 200, 10 * MINUTE).await;
    assert!(town.now() - called <= 175 * SECOND + SLACK, "the others as fast as the sender may");
    town.run_until(|t| t.taken(routine) == 200, 30 * MINUTE).await;
    // A routine page had just begun when the emergency came, and another began as it ended.
    town.assert_pace_kept(75 + 25 + 75);
    // 600 units of the one and 200 of the other.
    assert!(town.elapsed() <= 800 * SECOND + SLACK, "what gave way has caught up");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_longer_than_the_horizon_is_sent_without_a_crowd_of_jobs() {
    // An hour and a half at one unit a second; slots are given out for one hour.
    let town = Town::open_with(1_800, 1, Timing { watch_ms: MINUTE, ..Timing::default() }).await;
    let id = town.send(Service, 3).await;
    town.run_until(|t| t.taken(id) == 1_800, 120 * MINUTE).await;
    town.assert_pace_kept(75);
    assert!(town.elapsed() <= 5_400 * SECOND + SLACK, "the sender was never idle");
    let jobs = town.page_jobs();
    assert!(jobs <= 72 * 12, "{jobs} jobs for 72 pages: an early look every quarter of an hour, no more");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_standstill_what_was_missed_does_not_go_all_at_once() {
    let town = Town::open(200, 1).await;
    let id = town.send(Service, 1).await;
    town.run_until(|t| t.taken(id) >= 50, MINUTE).await;
    town.wait(20 * MINUTE);
    town.run_until(|t| t.taken(id) == 200, 30 * MINUTE).await;
    town.assert_pace_kept(25);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_message_sends_no_more_and_those_after_it_keep_the_pace() {
    let town = Town::open(100, 1).await;
    let stopped = town.send(Service, 1).await;
    town.run_until(|t| t.taken(stopped) >= 25, MINUTE).await;
    town.stop(stopped).await;
    let sent = town.taken(stopped);
    let next = town.send(Service, 1).await;
    town.run_until(|t| t.taken(next) == 100, 20 * MINUTE).await;
    town.assert_pace_kept(25);
    assert_eq!(town.taken(stopped), sent);
    let states = town.states(stopped).await;
    assert_eq!(states.iter().filter(|s| **s == DeliveryState::Cancelled).count(), 100 - sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_the_table_has_held_up_is_left_to_the_next_function() {
    // Where the sender has a limit the table is asked before the claim, else only after it.
    for (per_second, fence) in [(1, 0), (0, 1)] {
        let town = Town::open(5, per_second).await;
        let id = town.send(Service, 1).await;
        town.plan_only().await;
        town.each_answer_of_the_table_takes(25 * SECOND);
        town.next_batch().await;
        town.each_answer_of_the_table_takes(0);
        assert_eq!(town.taken(id), 0, "a call begun now could outlive the function");
        let page = town.pages(id).await.remove(0);
        assert!(page.fence == fence && page.claim.is_none(), "nobody has to ask whether it was sent");
        assert!(page.unresolved().is_empty());
        town.run_until(|t| t.taken(id) == 5, MINUTE).await;
    }
}
