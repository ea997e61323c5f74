//! Asking, stopping and sending again.

use domain::delivery::DeliveryState;
use domain::ids::MessageId;
use domain::job::Job;
use domain::message::{MessageState, Purpose};
use store::StoreError;
use testkit::{Fate, SECOND};

use crate::kit::Town;

/// A message with one text about which nobody knows; everything else is over.
async fn in_the_dark(town: &Town) -> MessageId {
    town.provider.from_now_on(Fate::Lost);
    let id = town.sent().await;
    town.provider.from_now_on(Fate::Taken);
    id
}

async fn state(town: &Town, id: MessageId) -> DeliveryState {
    town.pages(id).await[0].standing(0).state
}

#[tokio::test(flavor = "multi_thread")]
async fn the_provider_is_asked_again_a_minute_later_whoever_asks() {
    let town = Town::open(1).await;
    let id = in_the_dark(&town).await;
    town.take();
    // The watch finds that the job which asks may be lost, just as that job does ask.
    town.wait(town.timing.lease_ms + SECOND);
    let page = town.page_ref(id, 0).await;
    let fence = town.pages(id).await[0].fence;
    assert!(town.run(Job::Recover { page, fence }).await);
    assert_eq!(town.provider.searches(), 1);
    assert!(town.watch(id).await);
    let asks: Vec<i64> = town
        .take()
        .into_iter()
        .filter_map(|(_, job, delay_ms)| matches!(job, Job::Recover { .. }).then_some(delay_ms))
        .collect();
    assert!(asks.len() >= 2 && asks.iter().all(|delay_ms| *delay_ms >= 60 * SECOND), "{asks:?}");
    assert_eq!(state(&town, id).await, DeliveryState::Unknown);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_message_whose_text_is_to_go_again_is_being_sent_or_held() {
    for stopped in [false, true] {
        let town = Town::open(1).await;
        let id = in_the_dark(&town).await;
        town.look_until_quiet_but_for_questions(id).await;
        assert_eq!(town.meta(id).await.state, MessageState::Finished);
        if stopped {
            assert!(town.school.progress().stop_finished(id, town.now()).await.unwrap());
            assert!(matches!(town.school.progress().reopen(id, town.now()).await, Err(StoreError::Conflict)));
        }
        // Asked until the provider has said twice that it never came, and whatever follows from that.
        for _ in 0..6 {
            town.wait(2 * town.timing.lease_ms);
            town.watch(id).await;
            for (_, job, _) in town.take() {
                if !matches!(job, Job::Finish { .. } | Job::Watch { .. }) {
                    assert!(town.run(job).await);
                }
            }
        }
        let taken = town.provider.numbers().len();
        assert_eq!(taken, usize::from(!stopped));
        let expected = if stopped { DeliveryState::Cancelled } else { DeliveryState::Accepted };
        assert_eq!(state(&town, id).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_that_finds_work_in_a_finished_message_takes_it_up_again() {
    let town = Town::open(1).await;
    let id = in_the_dark(&town).await;
    town.look_until_quiet_but_for_questions(id).await;
    // Somebody put the page back into work and died before the message was reopened.
    let page = town.page_ref(id, 0).await;
    let before = town.school.pages().state(&page).await.unwrap();
    let (after, count) = before.clone().resent(town.now());
    assert!(count == 1 && town.school.pages().advance(&page, &before, &after).await.unwrap());
    town.wait(2 * town.timing.lease_ms);
    assert!(town.watch(id).await);
    assert_eq!(town.meta(id).await.state, MessageState::Sending);
    assert!(town.school.progress().stop(id, town.now()).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resend_is_not_forgotten_by_a_look_that_was_under_way() {
    let town = Town::open(1).await;
    let id = town.sent().await;
    town.wait(6 * SECOND);
    town.look_until_quiet(id).await;
    let seen = town.meta(id).await;
    town.school.progress().reopen(id, town.now()).await.unwrap();
    // The look of before ends only now, and thinks that an hour's rest is right.
    assert!(!town.school.progress().put_off(id, seen.news, Some(town.now() + 3_600 * SECOND)).await.unwrap());
    assert!(!town.school.progress().put_off(id, seen.news, None).await.unwrap());
    assert!(!town.school.progress().mark_finished(id, seen.news).await.unwrap());
    assert_eq!(town.meta(id).await.due_ms, Some(town.now()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unplanned_message_has_nothing_to_reopen() {
    let town = Town::open(1).await;
    let id = town.accept(Purpose::Service).await;
    assert!(matches!(town.school.progress().reopen(id, town.now()).await, Err(StoreError::Conflict)));
}
