//! A look at the registers before a message about them goes changes nothing, and says what is other than it was.

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use domain::attendance::{RegisterLook, Seen};
use domain::feed::{Part, Session};
use domain::ids::MessageId;
use domain::job::Job;
use domain::sync::RunState;
use ulid::Ulid;

use super::feed::{Fault, Feed, id, mark};
use super::town::{TODAY, Town};

/// A look at the marks of the first four pupils, as the queue brings it.
async fn look(town: &Town) -> Seen {
    let message = MessageId::new(Ulid::from_parts(1, 1));
    let pupils = (0..4).map(|n| id(&format!("PL-{n}"))).collect();
    let look = RegisterLook::new(TODAY, Session::Am, pupils, town.now());
    town.school.sync().registers().begin_look(message, &look).await.unwrap();
    let mut record = SqsMessage::default();
    record.message_id = Some("1".to_owned());
    let job = Job::LookAtRegisters { school: town.school.id(), message };
    record.body = Some(serde_json::to_string(&job).unwrap());
    let mut event = SqsEvent::default();
    event.records = vec![record];
    assert!(town.syncer.handle(event).await.batch_item_failures.is_empty());
    town.school.sync().registers().look(message).await.unwrap().unwrap().seen
}

async fn saved(town: &Town) -> Option<i64> {
    town.school.sync().status().await.unwrap().registers_ms
}

#[tokio::test]
async fn registers_that_are_as_they_were_are_said_to_be() {
    let town = Town::of(Feed::of(30, TODAY)).await;
    assert_eq!(town.sync().await.state, RunState::Finished);
    assert_eq!(look(&town).await, Seen::Marks(Vec::new()));
    assert_eq!(saved(&town).await, None);
}

#[tokio::test]
async fn marks_saved_since_the_last_run_are_seen_and_the_book_of_marks_is_left_to_the_next_run() {
    let town = Town::of(Feed::of(30, TODAY)).await;
    town.sync().await;
    town.change(|feed| {
        feed.marks[1].code = "N".to_owned();
        feed.marks.remove(2);
        feed.marks[20].code = "N".to_owned();
    });
    let mut gone = mark(&id("PL-2"), TODAY, "");
    gone.minutes_late = None;
    assert_eq!(look(&town).await, Seen::Marks(vec![mark(&id("PL-1"), TODAY, "N"), gone]));
    assert!(saved(&town).await.is_some());
    let known = town.school.sync().registers().mark(&id("PL-1"), TODAY, Session::Am).await.unwrap().unwrap();
    assert_eq!(known.code, "/", "a look writes no marks");
    assert_eq!(town.sync().await.changes.marks, 3);
    // Another pupil's mark is no matter of this message, and makes the list old all the same.
    let read = saved(&town).await;
    town.change(|feed| feed.marks[25].code = "N".to_owned());
    assert_eq!(look(&town).await, Seen::Marks(Vec::new()));
    assert!(saved(&town).await > read);
}

#[tokio::test]
async fn registers_that_cannot_be_read_whole_are_not_taken_for_read() {
    let town = Town::of(Feed::of(30, TODAY)).await;
    town.sync().await;
    for fault in
        [Fault::DiesIn(Part::Attendance, 10), Fault::Unauthorised, Fault::Unreachable, Fault::Partial]
    {
        *town.mis.fault.lock().unwrap() = Some(fault);
        assert_eq!(look(&town).await, Seen::Failed);
    }
    assert_eq!(saved(&town).await, None);
}
