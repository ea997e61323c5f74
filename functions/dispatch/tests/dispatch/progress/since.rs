//! The address book changes after a message was planned and before its pages go: they go by what is true then.

use domain::audience::Audience;
use domain::contact::{Contact, ContactRole};
use domain::delivery::{DeliveryState, Reason};
use domain::feed::Tie;
use domain::ids::MessageId;
use domain::job::Job;
use domain::message::Purpose;
use testkit::{Fate, NOON, SECOND, parent};

use super::attendance::id;
use crate::kit::Town;

const ACCEPTED: (DeliveryState, Option<Reason>) = (DeliveryState::Accepted, None);

const fn withheld(why: Reason) -> (DeliveryState, Option<Reason>) {
    (DeliveryState::NotSent, Some(why))
}

fn tie(contact: &str, court_order: bool) -> Tie {
    let kind = "Parent".to_owned();
    Tie {
        pupil: id("child"),
        contact: id(contact),
        kind,
        priority: Some(1),
        responsibility: true,
        court_order,
    }
}

/// A child with a mother and a father.
async fn family() -> Town {
    let town = Town::open(0).await;
    let child = Contact { role: ContactRole::Pupil, numbers: Vec::new(), ..parent("child", 9) };
    town.add(vec![child, parent("father", 1), parent("mother", 2)]).await;
    town.school.ties().write(&[tie("father", false), tie("mother", false)], &[], town.now()).await.unwrap();
    town
}

/// A message to the child's parents, planned.
async fn planned(town: &Town, purpose: Purpose) -> MessageId {
    let mut new = town.new_message(purpose);
    new.body.message.to = Audience { pupils: vec![id("child")], ..Audience::default() };
    town.school.messages().accept(&new, None, town.now(), town.now()).await.unwrap();
    assert!(town.plan(new.id).await);
    assert_eq!(town.stands(new.id).await, [(DeliveryState::Queued, None); 2]);
    new.id
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_written_to_who_was_barred_while_the_page_waited() {
    for purpose in [Purpose::Service, Purpose::Emergency] {
        let town = family().await;
        let message = planned(&town, purpose).await;
        town.school.ties().write(&[tie("father", true)], &[], town.now()).await.unwrap();
        town.send_pages().await;
        assert_eq!(town.stands(message).await, [withheld(Reason::Barred), ACCEPTED], "{purpose:?}");
        assert_eq!(town.provider.numbers(), ["+447700900002"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bar_that_a_bulk_brings_holds_while_the_bulk_goes_on() {
    let town = family().await;
    let message = planned(&town, Purpose::Service).await;
    let upload = town.school.book().begin_bulk("upload", 180 * SECOND, NOON).await.unwrap();
    upload.put_ties(&[tie("father", true)], town.now()).await.unwrap();
    town.send_pages().await;
    assert_eq!(town.stands(message).await, [withheld(Reason::Barred), ACCEPTED]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tie_that_was_removed_is_gone_at_once() {
    let town = family().await;
    let message = planned(&town, Purpose::Service).await;
    town.school.ties().write(&[], &[(id("child"), id("mother"))], town.now()).await.unwrap();
    town.send_pages().await;
    assert_eq!(town.stands(message).await, [ACCEPTED, withheld(Reason::NoLongerMeant)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_was_changed_gets_nothing_but_an_emergency() {
    for (purpose, wanted) in
        [(Purpose::Service, withheld(Reason::AddressChanged)), (Purpose::Emergency, ACCEPTED)]
    {
        let town = family().await;
        let message = planned(&town, purpose).await;
        town.add(vec![parent("mother", 3)]).await;
        town.send_pages().await;
        assert_eq!(town.stands(message).await, [ACCEPTED, wanted], "{purpose:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_does_not_touch_it_leaves_a_page_alone() {
    let town = family().await;
    let message = planned(&town, Purpose::Service).await;
    town.add(vec![parent("somebody", 3)]).await;
    town.send_pages().await;
    assert_eq!(town.stands(message).await, [ACCEPTED; 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_again_goes_by_the_book_of_that_day() {
    let town = family().await;
    let message = planned(&town, Purpose::Service).await;
    town.provider.from_now_on(Fate::Lost);
    town.send_pages().await;
    town.school.ties().write(&[tie("father", true)], &[], town.now()).await.unwrap();
    town.provider.from_now_on(Fate::Taken);
    let page = town.page_ref(message, 0).await;
    let state = town.pages(message).await.remove(0);
    let (again, number) = state.clone().resent(town.now());
    assert_eq!(number, 2);
    assert!(town.school.pages().advance(&page, &state, &again).await.unwrap());
    assert!(town.run(Job::Page { page, fence: again.fence, slot: None }).await);
    assert_eq!(town.provider.numbers(), ["+447700900002"]);
}
