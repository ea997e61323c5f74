//! Sends that nobody has an answer for, where a race or a clock decides what the provider's records prove.

mod town;

use domain::delivery::DeliveryState::{self, Accepted, PermanentFailure, Retrying, Unknown};
use domain::delivery::Evidence;
use domain::job::{DeliveryRef, Job};
use domain::message::{MessageState, Purpose};
use testkit::{DAY, Fate, MINUTE, batch_of};

use crate::kit::Town;
use town::{ask, meanwhile, planned, sent};

const TEXT: &str = "Pat is absent";

/// Asks twice, a minute apart; what the text then stands at.
async fn asked_twice(town: &Town, id: domain::ids::MessageId) -> DeliveryState {
    ask(town, id).await;
    town.wait(MINUTE);
    ask(town, id).await;
    town.page(id).await.standing(0).state
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_goes_while_the_provider_is_asked_is_not_taken_for_ours() {
    let town = Town::open(1).await;
    let (_, other) = planned(&town, Purpose::Service, TEXT).await;
    let id = sent(&town, Purpose::Service, TEXT, Fate::Lost).await;
    meanwhile(&town, vec![(0, other)]);
    assert_eq!(asked_twice(&town, id).await, Retrying);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_may_be_a_workers_who_has_not_said_so_yet_is_asked_about_again() {
    let town = Town::open(1).await;
    let (other, _) = planned(&town, Purpose::Service, TEXT).await;
    let id = sent(&town, Purpose::Service, TEXT, Fate::TakenInSilence).await;
    let page = town.page_ref(other, 0).await;
    town.school.pages().claim(&page, 0, "worker", town.now()).await.unwrap();
    let queued = ask(&town, id).await;
    assert!(matches!(queued[..], [(_, Job::Recover { .. }, wait)] if wait == 2 * MINUTE), "{queued:?}");
    assert_eq!(town.page(id).await.standing(0).state, Unknown);
    // The other worker comes back without having sent anything: the record can only be ours.
    let claimed = town.school.pages().state(&page).await.unwrap();
    let released = claimed.clone().released(0);
    assert!(town.school.pages().advance(&page, &claimed, &released).await.unwrap());
    ask(&town, id).await;
    assert_eq!(town.page(id).await.standing(0).state, Accepted);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_messages_since_do_not_hide_the_one_whose_record_it_is() {
    let town = Town::open(1).await;
    let id = sent(&town, Purpose::Service, TEXT, Fate::Lost).await;
    sent(&town, Purpose::Service, "$forename$ is absent", Fate::Taken).await;
    for n in 0..60 {
        planned(&town, Purpose::Service, &format!("Another is absent {n}")).await;
    }
    assert_eq!(asked_twice(&town, id).await, Retrying);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_message_that_staff_sent_again_accounts_for_its_record() {
    let town = Town::open(1).await;
    let old = sent(&town, Purpose::Service, TEXT, Fate::Lost).await;
    town.wait(3 * DAY);
    town.school.progress().reopen(old, town.now()).await.unwrap();
    let before = town.page(old).await;
    let (resent, _) = before.clone().resent(town.now());
    let page = town.page_ref(old, 0).await;
    assert!(town.school.pages().advance(&page, &before, &resent).await.unwrap());
    assert!(town.run(Job::Page { page, fence: resent.fence, slot: None }).await);
    assert_eq!(town.page(old).await.standing(0).state, Accepted);

    let id = sent(&town, Purpose::Service, TEXT, Fate::Lost).await;
    assert_eq!(asked_twice(&town, id).await, Retrying);
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_that_are_five_minutes_apart_hide_no_record() {
    for skew_ms in [-5 * MINUTE, 5 * MINUTE] {
        let town = Town::open(1).await;
        town.provider.clock_differs_by(skew_ms);
        let id = sent(&town, Purpose::Service, TEXT, Fate::TakenInSilence).await;
        assert_eq!(asked_twice(&town, id).await, Accepted, "{skew_ms}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_panics_takes_no_other_job_of_its_batch_along() {
    let town = Town::open(1).await;
    let id = sent(&town, Purpose::Service, TEXT, Fate::TakenInSilence).await;
    let question = Job::Recover { page: town.page_ref(id, 0).await, fence: town.page(id).await.fence };
    let (other, page) = planned(&town, Purpose::Service, "The gates are open").await;
    town.provider.meanwhile(async { panic!("as a fault of ours would") });
    let answer = town.dispatch.handle(batch_of([&question, &page])).await;
    let failed: Vec<&str> = answer.batch_item_failures.iter().map(|f| &*f.item_identifier).collect();
    assert_eq!(failed, ["0"]);
    assert_eq!(town.page(other).await.standing(0).state, Accepted);
    // The queue brings it again.
    assert!(town.run(&question).await);
    assert_eq!(town.page(id).await.standing(0).state, Accepted);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_jobs_that_ask_at_once_count_as_one_question() {
    let town = Town::open(1).await;
    let id = sent(&town, Purpose::Service, TEXT, Fate::Lost).await;
    let question = Job::Recover { page: town.page_ref(id, 0).await, fence: town.page(id).await.fence };
    let (one, two) = tokio::join!(town.run(&question), town.run(&question));
    assert!(one && two && town.run(&question).await);
    let page = town.page(id).await;
    assert_eq!((page.standing(0).state, page.slots[0].asked), (Unknown, 1));
    // A question that fails is no answer, and makes other jobs of its fence stale all the same.
    town.provider.refuse_searches();
    let queued = ask(&town, id).await;
    assert!(matches!(queued[..], [(_, Job::Recover { .. }, wait)] if wait == 2 * MINUTE), "{queued:?}");
    let after = town.page(id).await;
    assert_eq!((after.fence, after.slots[0].asked), (page.fence + 1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_again_by_itself_can_be_stopped_and_never_goes_after_a_stop() {
    for stopped in [false, true] {
        let town = Town::open(1).await;
        // Two with one record: nobody can say whose it is.
        let id = sent(&town, Purpose::Emergency, TEXT, Fate::TakenInSilence).await;
        sent(&town, Purpose::Emergency, TEXT, Fate::Lost).await;
        let news = town.school.messages().meta(id).await.unwrap().unwrap().news;
        if stopped {
            assert!(town.school.progress().stop(id, town.now()).await.unwrap());
        } else {
            assert!(town.school.progress().mark_finished(id, news).await.unwrap());
        }
        let queued = ask(&town, id).await;
        let meta = town.school.messages().meta(id).await.unwrap().unwrap();
        let state = town.page(id).await.standing(0).state;
        if stopped {
            assert_eq!((queued.len(), meta.state, state), (0, MessageState::Stopped, Unknown));
        } else {
            assert!(matches!(queued[..], [(_, Job::Page { .. }, 0)]), "{queued:?}");
            assert_eq!((meta.state, state), (MessageState::Sending, Retrying));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_answered_too_late_takes_no_record_of_a_later_attempt_for_its_own() {
    let town = Town::open(1).await;
    let id = sent(&town, Purpose::Service, TEXT, Fate::Lost).await;
    ask(&town, id).await;
    town.wait(MINUTE);
    let (page, fence) = (town.page_ref(id, 0).await, town.page(id).await.fence);
    // While the provider is asked, another worker asks too, finds nothing for the second time, and the text goes again.
    let again = Job::Page { page: page.clone(), fence: fence + 1, slot: None };
    let ask = Job::Recover { page, fence };
    meanwhile(&town, vec![(0, ask.clone()), (3 * MINUTE.unsigned_abs(), again)]);
    town.provider.next(Fate::Taken);
    assert!(town.run(&ask).await);

    let state = town.page(id).await;
    assert_eq!(state.standing(0).state, Accepted);
    let attempt = state.slots[0].attempt;
    let evidence = town.provider.records()[0].state.clone().unwrap();
    let failed = Evidence { state: PermanentFailure, ..evidence };
    let delivery = DeliveryRef { page: town.page_ref(id, 0).await, index: 0, attempt };
    assert!(town.run(Job::Receipt { delivery, evidence: failed }).await);
    assert_eq!(town.page(id).await.standing(0).state, PermanentFailure, "what failed is not shown as sent");
}
