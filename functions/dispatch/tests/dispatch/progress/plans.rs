//! From accepted to planned, or to an end that says why.

use domain::channel::Channel;
use domain::delivery::DeliveryState;
use domain::ids::Epoch;
use domain::job::Job;
use domain::message::{MessageState, Purpose};
use runtime::QueueName;
use store::{NewMessage, WrittenPlan};
use testkit::{NOON, SECOND, parent};
use ulid::Ulid;

use crate::kit::Town;

/// How long an upload that died keeps the book shut, in milliseconds.
const HOLD_MS: i64 = 180 * SECOND;

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_goes_out_while_an_upload_holds_the_address_book() {
    let town = Town::open(2).await;
    let _upload = town.school.book().begin_bulk("upload", HOLD_MS, NOON).await.unwrap();
    let (emergency, routine) = (town.accept(Purpose::Emergency).await, town.accept(Purpose::Service).await);
    assert!(town.plan(emergency).await && town.plan(routine).await);
    assert_eq!(town.meta(emergency).await.state, MessageState::Sending);
    assert_eq!(town.meta(routine).await.state, MessageState::Queued);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_job_waits_for_an_upload_however_long_it_takes() {
    let town = Town::open(2).await;
    let upload = town.school.book().begin_bulk("upload", HOLD_MS, NOON).await.unwrap();
    let id = town.accept(Purpose::Service).await;
    town.plan(id).await;
    for _ in 0..6 {
        let jobs = town.take();
        let [(QueueName::Routine, job @ Job::Plan { .. }, delay_ms)] = &*jobs else { panic!("{jobs:?}") };
        // The job comes late: even so it is the only one.
        town.wait(*delay_ms + 20 * SECOND);
        assert_eq!(town.sweep().await, 0, "nothing is overdue");
        assert!(town.run(job.clone()).await);
    }
    assert_eq!(town.meta(id).await.tries, 0, "waiting is not failing");
    upload.end().await.unwrap();
    town.take();
    town.plan(id).await;
    assert_eq!(town.meta(id).await.state, MessageState::Sending);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keys_cap_holds_for_the_people_of_the_moment_when_the_message_goes() {
    let town = Town::open(2).await;
    let capped = async || {
        let new = NewMessage { cap: Some(2), ..town.new_message(Purpose::Service) };
        town.school.messages().accept(&new, None, town.now(), town.now() + SECOND).await.unwrap();
        new.id
    };
    let within = capped().await;
    town.plan(within).await;
    assert_eq!(town.meta(within).await.state, MessageState::Sending);
    let over = capped().await;
    town.add(vec![parent("late", 7)]).await;
    town.plan(over).await;
    let meta = town.meta(over).await;
    assert_eq!((meta.state, meta.pages), (MessageState::Rejected, 0));
    assert!(meta.reason.unwrap().contains("than the API key may send to at once"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_lost_leaves_the_pages_to_the_winner() {
    let town = Town::open(60).await;
    let id = town.accept(Purpose::Service).await;
    let plan = Job::Plan { school: town.school.id(), message: id, revision: 1 };
    assert_eq!(tokio::join!(town.run(plan.clone()), town.run(plan.clone())), (true, true));
    let queued = town.take();
    let pages = queued.iter().filter(|(_, job, _)| matches!(job, Job::Page { .. })).count();
    assert_eq!(pages, 3, "each page once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_cannot_be_planned_is_given_up_and_says_so() {
    let town = Town::open(1).await;
    let id = town.accept(Purpose::Service).await;
    // A function that dies of it counts its try and does nothing else.
    for _ in 0..10 {
        assert_eq!(town.meta(id).await.state, MessageState::Queued);
        assert!(town.school.planning().begin_try(id).await.unwrap());
    }
    assert!(town.plan(id).await);
    let meta = town.meta(id).await;
    assert_eq!((meta.state, meta.due_ms), (MessageState::Rejected, None));
    assert!(meta.reason.unwrap().contains("Nothing was sent"));
    assert_eq!(town.summary(id).await.state, MessageState::Rejected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_number_fills_a_page_by_its_size_and_not_only_by_number() {
    let town = Town::open(0).await;
    // 10 numbers, each of 400 people with long ids: 300 kB in 25-delivery pages would be over what a row takes.
    let long = |n: usize, of: usize| format!("{}-{n}-{of}", "x".repeat(50));
    let people = (0..20).flat_map(|n| (0..400).map(move |of| parent(&long(n, of), n))).collect();
    town.add(people).await;
    let id = town.accept(Purpose::Service).await;
    assert!(town.plan(id).await);
    let pages = town.pages(id).await;
    assert!(pages.len() > 1, "{}", pages.len());
    assert_eq!(pages.iter().map(|p| p.slots.len()).sum::<usize>(), 20);
    assert!(pages.iter().all(|p| p.channel == Channel::Sms && p.slots[0].state == DeliveryState::Queued));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_more_share_than_a_row_takes_is_refused_in_plain_words() {
    let town = Town::open(0).await;
    let people = (0..3_000).map(|of| parent(&format!("{}-{of}", "x".repeat(58)), 0)).collect();
    town.add(people).await;
    let id = town.accept(Purpose::Service).await;
    assert!(town.plan(id).await);
    let meta = town.meta(id).await;
    assert_eq!(meta.state, MessageState::Rejected);
    assert!(meta.reason.unwrap().contains("share one number"));
    assert_eq!((town.summary(id).await.state, meta.due_ms), (MessageState::Rejected, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_whose_function_died_reaches_the_history() {
    let town = Town::open(1).await;
    let id = town.accept(Purpose::Service).await;
    town.school.planning().reject(id, "Nobody can be reached.", town.now()).await.unwrap();
    assert_eq!(town.sweep().await, 1);
    town.run_queued().await;
    assert_eq!(town.summary(id).await.state, MessageState::Rejected);
    assert_eq!(town.sweep().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_stopped_while_it_is_planned_comes_to_rest() {
    let town = Town::open(30).await;
    let id = town.accept(Purpose::Service).await;
    let epoch = Epoch::new(Ulid::from_parts(1, 1));
    assert!(town.school.planning().begin(id, &epoch, 2).await.unwrap());
    assert!(town.school.progress().stop(id, town.now()).await.unwrap());
    let (now_ms, due_ms) = (town.now(), town.now());
    let written =
        WrittenPlan { revision: 1, epoch: &epoch, pages: 2, unreachable: 0, book: 0, now_ms, due_ms };
    assert!(!town.school.planning().commit(id, &written).await.unwrap());
    assert!(town.watch(id).await, "nothing fails");
    assert_eq!(town.meta(id).await.due_ms, None);
    assert_eq!(town.summary(id).await.state, MessageState::Stopped);
    assert!(town.school.planning().orphans(id).await.unwrap().is_empty());
    // A plan that comes later writes nothing that would have to be found again.
    assert!(!town.school.planning().begin(id, &epoch, 2).await.unwrap());
}
