//! Messages that wait for somebody, and those that go back to be authorised because more people would get them.

use domain::approval::{Figures, Held, Recipients};
use domain::audit::{Act, AuditEvent, Who};
use domain::channel::Channel;
use domain::content::SmsContent;
use domain::ids::{ContactId, MessageId};
use domain::job::Job;
use domain::message::{MessageState, Purpose};
use store::{AuditMonth, Body, Entrance, Hold};
use testkit::{NOON, SECOND, parent};

use crate::kit::Town;

fn deleting() -> AuditEvent {
    AuditEvent::of_system(Act::ContactsDeleted, "")
}

fn audit_event(act: Act, id: MessageId) -> AuditEvent {
    let who = Who::User("u1".to_owned());
    AuditEvent { who, from: String::new(), act, on: id.to_string(), changes: Vec::new() }
}

/// The people of a town's book as a message to everyone reaches them now.
async fn people(town: &Town, id: MessageId) -> Recipients {
    let new = town.new_message(Purpose::Service);
    let book = town.book().await;
    let plan = domain::plan::plan(&book, &new.body.message, &new.body.settings);
    Recipients::of(&plan, &id.to_string())
}

/// A message that waits.
async fn waiting(town: &Town, purpose: Purpose) -> MessageId {
    let new = town.new_message(purpose);
    let recipients = people(town, new.id).await;
    let hold = Hold { why: Held::Role, figures: Figures::default(), recipients };
    let handed = audit_event(Act::MessageHandedIn, new.id);
    let (now, due) = (town.now(), town.now() + SECOND);
    town.school
        .messages()
        .accept_recorded(&new, None, Entrance::Waits(&hold), None, &handed, now, due)
        .await
        .unwrap();
    new.id
}

/// Lets it go to those whom it reaches now.
async fn authorise(town: &Town, id: MessageId) {
    let (meta, approved) = (town.meta(id).await, people(town, id).await);
    let event = audit_event(Act::MessageAuthorised, id);
    assert!(
        town.school.approvals().authorise(&meta, &approved, &event, town.now(), town.now()).await.unwrap()
    );
}

async fn plan(town: &Town, id: MessageId, revision: u32) {
    assert!(town.run(Job::Plan { school: town.school.id(), message: id, revision }).await);
}

/// Does what is queued, and what that queues, until the message is over.
async fn send(town: &Town, id: MessageId) {
    for _ in 0..4 {
        for (_, job, delay_ms) in town.take() {
            if delay_ms == 0 {
                assert!(town.run(job).await);
            }
        }
    }
    town.wait(60 * SECOND);
    town.look_until_quiet(id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_message_is_planned_by_nobody_however_often_it_is_looked_at() {
    let town = Town::open(3).await;
    for purpose in [Purpose::Service, Purpose::Emergency] {
        let id = waiting(&town, purpose).await;
        for _ in 0..3 {
            town.wait(600 * SECOND);
            assert_eq!(town.sweep().await, 0, "it is not in the work index");
            assert!(town.watch(id).await);
            plan(&town, id, 1).await;
        }
        let meta = town.meta(id).await;
        assert_eq!((meta.state, meta.epoch, meta.tries), (MessageState::AwaitingAuthorisation, None, 0));
        assert!(town.take().is_empty() && town.provider.numbers().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authorised_message_goes_even_if_its_job_is_lost() {
    let town = Town::open(3).await;
    let id = waiting(&town, Purpose::Service).await;
    authorise(&town, id).await;
    assert_eq!(town.sweep().await, 1);
    send(&town, id).await;
    assert_eq!(town.meta(id).await.state, MessageState::Finished);
    assert_eq!(town.provider.numbers().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_would_reach_more_people_than_were_authorised_goes_back() {
    let town = Town::open(3).await;
    for purpose in [Purpose::Service, Purpose::Emergency] {
        let id = waiting(&town, purpose).await;
        authorise(&town, id).await;
        town.add(vec![parent(&format!("new-{}", purpose.code()), 40 + purpose as usize)]).await;
        plan(&town, id, 1).await;
        let meta = town.meta(id).await;
        let expected = (MessageState::AwaitingAuthorisation, Some(Held::Grown), None, None);
        assert_eq!((meta.state, meta.held, meta.due_ms, meta.epoch), expected);
        assert_eq!(town.summary(id).await.state, MessageState::AwaitingAuthorisation);
        assert!(town.school.approvals().list(10).await.unwrap().iter().any(|line| line.message == id));
        // The same job again, and a look, leave it there.
        plan(&town, id, 1).await;
        assert!(town.watch(id).await);
        assert_eq!(town.meta(id).await.state, MessageState::AwaitingAuthorisation);
        assert!(town.provider.numbers().is_empty());
        let log = town.school.audit().month(AuditMonth::of_ms(NOON)).await.unwrap();
        assert_eq!(log.last().map(|entry| entry.who.as_str()), Some("system"));
        authorise(&town, id).await;
        town.take();
        plan(&town, id, 1).await;
        assert_eq!(town.meta(id).await.state, MessageState::Sending, "authorised anew");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fewer_people_and_another_number_are_no_reason_to_ask_again() {
    let town = Town::open(3).await;
    let id = waiting(&town, Purpose::Service).await;
    authorise(&town, id).await;
    town.add(vec![parent("p1", 77)]).await;
    let gone = ContactId::parse("p2").unwrap();
    town.school.contacts().delete(&[gone], &deleting(), town.now()).await.unwrap();
    plan(&town, id, 1).await;
    let meta = town.meta(id).await;
    assert_eq!((meta.state, meta.pages), (MessageState::Sending, 1));
    assert_eq!(town.pages(id).await[0].slots.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_was_edited_after_a_plan_saw_the_old_one_goes_as_edited() {
    let town = Town::open(2).await;
    let id = waiting(&town, Purpose::Service).await;
    authorise(&town, id).await;
    town.add(vec![parent("late", 50)]).await;
    // This dispatcher has read the text, and sent the message back.
    plan(&town, id, 1).await;
    let meta = town.meta(id).await;
    let mut body: Body = town.school.messages().body(id).await.unwrap();
    let text = "We close at one".to_owned();
    body.message.contents.sms = Some(SmsContent { header: "Hillview".to_owned(), text });
    let edited = audit_event(Act::MessageEdited, id);
    let by = store::Author { id: "u2".to_owned(), name: "Olive Field".to_owned() };
    let before = town.school.messages().body(id).await.unwrap();
    assert!(town.school.approvals().edit(&meta, &by, &before, &body, &edited, town.now()).await.unwrap());
    assert!(
        !town.school.approvals().edit(&meta, &by, &before, &body, &edited, town.now()).await.unwrap(),
        "seen before"
    );
    authorise(&town, id).await;
    // A job from before the edit does nothing.
    plan(&town, id, 1).await;
    assert_eq!(town.meta(id).await.state, MessageState::Queued);
    town.take();
    plan(&town, id, 2).await;
    send(&town, id).await;
    let texts = town.provider.sent(Channel::Sms);
    assert_eq!(texts.len(), 3);
    assert!(texts.iter().all(|sent| sent.text == "Hillview: We close at one"), "{texts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_or_rejected_message_comes_to_rest() {
    let town = Town::open(2).await;
    let (withdrawn, rejected) =
        (waiting(&town, Purpose::Service).await, waiting(&town, Purpose::Service).await);
    let event = audit_event(Act::MessageRejected, rejected);
    let meta = town.meta(withdrawn).await;
    assert!(town.school.approvals().withdraw(&meta, &event, town.now()).await.unwrap());
    let meta = town.meta(rejected).await;
    assert!(town.school.approvals().reject(&meta, "Not today", &event, town.now()).await.unwrap());
    assert!(
        !town.school.approvals().withdraw(&meta, &event, town.now()).await.unwrap(),
        "somebody was first"
    );
    assert_eq!(town.sweep().await, 2);
    town.run_queued().await;
    for (id, state) in [(withdrawn, MessageState::Stopped), (rejected, MessageState::Rejected)] {
        let meta = town.meta(id).await;
        assert_eq!((meta.state, meta.due_ms), (state, None));
        assert_eq!(town.summary(id).await.state, state);
    }
    assert_eq!(town.school.approvals().count().await.unwrap(), 0);
    assert!(town.provider.numbers().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_many_thousands_is_kept_and_compared_whole() {
    let town = Town::open(0).await;
    // Long ids fill several rows.
    let id_of = |n: usize| format!("{}-{n:05}", "x".repeat(50));
    let all: Vec<_> = (0..6_000).map(|n| parent(&id_of(n), n)).collect();
    town.add(all).await;
    let id = waiting(&town, Purpose::Service).await;
    let written = town.school.approvals().original(id).await.unwrap().unwrap();
    assert_eq!(written.recipients, people(&town, id).await);
    assert_eq!(written.recipients.len(), 6_000);
    authorise(&town, id).await;
    // Authorised anew for fewer, no rows of before are left.
    town.add(vec![parent("new", 7)]).await;
    plan(&town, id, 1).await;
    let gone: Vec<_> = (100..6_000).map(|n| ContactId::parse(&id_of(n)).unwrap()).collect();
    town.school.contacts().delete(&gone, &deleting(), town.now()).await.unwrap();
    authorise(&town, id).await;
    let approved = town.school.approvals().approved_people(&town.meta(id).await).await.unwrap().unwrap();
    assert_eq!(approved.len(), 101);
}
