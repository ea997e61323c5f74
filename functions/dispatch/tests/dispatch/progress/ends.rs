//! Finishing, counting, and what is heard afterwards.

use domain::delivery::DeliveryState;
use domain::job::{DeliveryRef, Job};
use domain::message::MessageState;
use testkit::{SECOND, report};

use crate::kit::Town;

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_during_the_last_look_is_counted_by_another() {
    let town = Town::open(1).await;
    let id = town.sent().await;
    town.wait(6 * SECOND);
    assert!(town.watch(id).await);
    town.count(id).await;
    // The last look has read the pages.
    let seen = town.meta(id).await;
    assert_eq!(seen.state, MessageState::Finished);
    let page = town.page_ref(id, 0).await;
    let evidence = report(DeliveryState::Delivered, "SM1", town.now());
    assert!(town.run(Job::Receipt { delivery: DeliveryRef { page, index: 0, attempt: 1 }, evidence }).await);
    assert!(!town.school.progress().put_off(id, seen.news, None).await.unwrap(), "it may not be the last");
    town.wait(60 * SECOND);
    town.look_until_quiet(id).await;
    let meta = town.meta(id).await;
    assert_eq!((meta.totals.get(&DeliveryState::Delivered), meta.due_ms), (Some(&1), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_long_after_the_end_has_the_message_looked_at() {
    let town = Town::open(1).await;
    let id = town.sent().await;
    let page = town.page_ref(id, 0).await;
    let receipt = |state, at_ms| Job::Receipt {
        delivery: DeliveryRef { page: page.clone(), index: 0, attempt: 1 },
        evidence: report(state, "SM1", at_ms),
    };
    assert!(town.run(receipt(DeliveryState::TemporaryFailure, town.now())).await);
    town.wait(6 * SECOND);
    town.look_until_quiet(id).await;
    assert_eq!(town.meta(id).await.due_ms, None);
    assert!(town.run(receipt(DeliveryState::Delivered, town.now())).await);
    town.wait(60 * SECOND);
    assert_eq!(town.sweep().await, 1);
    town.look_until_quiet(id).await;
    assert_eq!(town.summary(id).await.totals.get("delivered"), Some(&1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_nobody_counts_is_handed_over_less_and_less_often() {
    let town = Town::open(1).await;
    let id = town.sent().await;
    town.wait(6 * SECOND);
    let (mut handed_over, mut looks) = (0, 0);
    let end = town.now() + 3_600 * SECOND;
    while town.now() < end {
        // The function for usage is down for an hour.
        if town.meta(id).await.due_ms.is_some_and(|due_ms| due_ms - 30 * SECOND <= town.now()) {
            assert!(town.watch(id).await);
            looks += 1;
        }
        let jobs = town.take();
        handed_over += jobs.iter().filter(|(_, job, _)| matches!(job, Job::Finish { .. })).count();
        town.wait(5 * SECOND);
    }
    assert!((3..=8).contains(&handed_over), "{handed_over} jobs");
    assert!(looks <= 40, "{looks} looks");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_that_began_before_the_end_does_not_leave_the_history_at_sending() {
    let town = Town::open(1).await;
    let id = town.sent().await;
    town.count(id).await;
    let totals = town.meta(id).await.totals;
    town.wait(6 * SECOND);
    assert!(town.watch(id).await);
    assert_eq!(town.summary(id).await.state, MessageState::Finished);
    // The count's last write comes only now.
    town.school.messages().update_summary(id, MessageState::Sending, &totals).await.unwrap();
    town.take();
    town.wait(6 * SECOND);
    town.look_until_quiet(id).await;
    assert_eq!(town.summary(id).await.state, MessageState::Finished);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_thousands_is_counted_whole() {
    let town = Town::open(8_100).await;
    let id = town.sent().await;
    assert_eq!(town.pages(id).await.len(), 324);
    town.wait(6 * SECOND);
    assert!(town.watch(id).await);
    assert_eq!(town.summary(id).await.totals.get("accepted"), Some(&8_100));
}
