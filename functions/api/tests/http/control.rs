//! Messages that wait for somebody to authorise them.

use domain::approval::Control;
use domain::audit::{Act, AuditEvent};
use domain::ids::MessageId;
use domain::job::Job;
use domain::message::MessageState;
use domain::notice::Notice;
use serde_json::json;
use store::AuditMonth;

use crate::kit::{Answer, House, NOON};
use crate::people::{Staff, hidden};

const TEACHER: &[&str] = &["user", "composeMessage"];
pub(crate) const OFFICE: &[&str] = &["user", "composeMessage", "authoriseMessage"];
pub(crate) const AUTHORISER: &[&str] = &["user", "authoriseMessage"];

pub(crate) fn person(n: u32, group: &str) -> serde_json::Value {
    json!({"id": format!("p{n}"), "forename": "Pat", "surname": format!("Number{n}"), "role": "parent",
        "mobile": format!("07700900{n:03}"), "groups": [group]})
}

/// A school with three parents in Year 9 and one in Year 8, where a message to more than `threshold` people needs a
/// PIN.
pub(crate) async fn school(threshold: u32) -> House {
    let house = House::start().await;
    let people: Vec<_> = (1..=3).map(|n| person(n, "Year 9")).chain([person(8, "Year 8")]).collect();
    house.contacts(json!(people)).await;
    set_threshold(&house, threshold).await;
    house
}

pub(crate) async fn set_threshold(house: &House, pin_threshold: u32) {
    let before = house.school.settings().get().await.unwrap();
    let control = Control { pin_threshold, pin_price: None };
    let after = domain::settings::Settings { control, ..before.clone() };
    let event = AuditEvent::of_system(Act::SettingsChanged, "");
    house.school.settings().change(&before, after, &event, NOON).await.unwrap();
}

pub(crate) const YEAR_9: [(&str, &str); 4] =
    [("to", "group:Year 9"), ("sms", "yes"), ("sms_text", "The coach is late"), ("purpose", "service")];

/// Presses *Send* as somebody who has seen the page.
pub(crate) async fn press(staff: &Staff<'_>, key: &str, more: &[(&str, &str)]) -> Answer {
    press_for(staff, "service", key, more).await
}

/// As [`press`], for another purpose.
pub(crate) async fn press_for(staff: &Staff<'_>, purpose: &str, key: &str, more: &[(&str, &str)]) -> Answer {
    let mut fields = YEAR_9[..3].to_vec();
    fields.push(("purpose", purpose));
    fields.push(("key", key));
    let page = staff.post("/send", &[&fields[..], &[("do", "check")]].concat()).await;
    assert_eq!(page.status, 200, "{page:?}");
    let expect = hidden(&page.text, "expect");
    fields.extend([("expect", expect.as_str())]);
    let mut doing = vec![("do", "send")];
    if !more.is_empty() {
        doing = more.to_vec();
    }
    staff.post("/send", &[&fields[..], &doing].concat()).await
}

/// The message that an answer leads to.
pub(crate) fn made(answer: &Answer) -> MessageId {
    assert_eq!(answer.status, 303, "{answer:?}");
    let place = answer.header("location");
    let id = place.strip_prefix("/messages/").unwrap_or_else(|| panic!("{place}"));
    id.split('?').next().unwrap().parse().unwrap()
}

pub(crate) async fn state(house: &House, id: MessageId) -> MessageState {
    house.school.messages().meta(id).await.unwrap().unwrap().state
}

pub(crate) fn plans(house: &House) -> usize {
    house.queued().iter().filter(|(_, job)| matches!(job, Job::Plan { .. })).count()
}

/// Acts in the log, oldest first, but for the settings and the key that the test began with.
pub(crate) async fn acts(house: &House) -> Vec<String> {
    let month = house.school.audit().month(AuditMonth::of_ms(NOON)).await.unwrap();
    let acts = month.into_iter().map(|entry| entry.act);
    let before = [Act::SettingsChanged, Act::KeyCreated].map(Act::code);
    acts.filter(|act| !before.contains(&act.as_str())).collect()
}

async fn hand_in(house: &House, teacher: &Staff<'_>) -> MessageId {
    let id = made(&press(teacher, "k1", &[]).await);
    assert_eq!(state(house, id).await, MessageState::AwaitingAuthorisation);
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_by_somebody_who_may_not_send_waits_and_nothing_of_it_is_planned() {
    let house = school(1_000).await;
    let teacher = Staff::with(&house, 1, TEACHER, false).await;
    let id = hand_in(&house, &teacher).await;
    assert_eq!(plans(&house), 0);
    let meta = house.school.messages().meta(id).await.unwrap().unwrap();
    assert_eq!((meta.due_ms, meta.epoch), (None, None), "not in the work index");
    assert_eq!(house.school.approvals().count().await.unwrap(), 1);
    let written = house.school.approvals().original(id).await.unwrap().unwrap();
    assert_eq!((written.figures.texts, written.recipients.len()), (3, 3));
    // The same form again is the same message.
    assert_eq!(made(&press(&teacher, "k1", &[]).await), id);
    assert_eq!(house.school.approvals().count().await.unwrap(), 1);
    assert_eq!(acts(&house).await, [Act::MessageHandedIn.code()]);
    // Its author finds it on the first page, and cannot authorise it.
    assert!(teacher.get("/").await.text.contains("To be authorised"));
    assert_eq!(teacher.get(&format!("/authorise/{id}")).await.status, 403);
    assert_eq!(teacher.post(&format!("/authorise/{id}/approve"), &[]).await.status, 403);
    let api = house.get(&format!("/api/v1/messages/{id}")).await.json();
    assert_eq!((&api["state"], &api["totals"]), (&json!("awaiting_authorisation"), &json!({})));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authoriser_sees_what_changed_since_it_was_written_and_lets_it_go_to_those_of_now() {
    let house = school(1_000).await;
    let teacher = Staff::with(&house, 1, TEACHER, false).await;
    let office = Staff::with(&house, 2, AUTHORISER, false).await;
    let id = hand_in(&house, &teacher).await;
    // p1 has another number, p2 left the group, p4 came.
    house
        .contacts(json!([
            {"id": "p1", "forename": "Pat", "surname": "Number1", "role": "parent", "mobile": "07700900901", "groups": ["Year 9"]},
            {"id": "p2", "forename": "Pat", "surname": "Number2", "role": "parent", "mobile": "07700900002", "groups": ["Year 8"]},
            person(4, "Year 9"),
        ]))
        .await;
    let queue = office.get("/authorise").await.text;
    assert!(queue.contains("The coach is late") && queue.contains("Staff Number1"), "{queue}");
    assert!(office.get("/").await.text.contains("1 to authorise"));
    let page = office.get(&format!("/authorise/{id}")).await.text;
    for said in ["Pat Number4", "New: get it now", "Pat Number2", "Gone", "Pat Number1", "Another number"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let seen = hidden(&page, "seen");
    let answer = office.post(&format!("/authorise/{id}/approve"), &[("seen", &seen)]).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/authorise?done=sent"));
    assert_eq!((state(&house, id).await, plans(&house)), (MessageState::Queued, 1));
    assert_eq!(house.school.approvals().count().await.unwrap(), 0);
    let meta = house.school.messages().meta(id).await.unwrap().unwrap();
    assert!(meta.due_ms.is_some(), "the sweep looks after it");
    let approved = house.school.approvals().approved_people(&meta).await.unwrap().unwrap();
    assert_eq!(approved.len(), 3);
    assert_eq!(acts(&house).await, [Act::MessageHandedIn.code(), Act::MessageAuthorised.code()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_authorised_is_what_was_seen() {
    let house = school(1_000).await;
    let teacher = Staff::with(&house, 1, TEACHER, false).await;
    let office = Staff::with(&house, 2, OFFICE, false).await;
    let id = hand_in(&house, &teacher).await;
    let seen = hidden(&office.get(&format!("/authorise/{id}")).await.text, "seen");
    house.contacts(json!([person(5, "Year 9")])).await;
    for seen in [seen.as_str(), "", "1-forged"] {
        let answer = office.post(&format!("/authorise/{id}/approve"), &[("seen", seen)]).await;
        assert_eq!(answer.status, 422, "{answer:?}");
        assert!(answer.text.contains("Look again before it goes"));
    }
    assert_eq!((state(&house, id).await, plans(&house)), (MessageState::AwaitingAuthorisation, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_decide_at_once_one_does_and_the_other_is_told() {
    let house = school(1_000).await;
    let teacher = Staff::with(&house, 1, TEACHER, false).await;
    let (one, other) =
        (Staff::with(&house, 2, OFFICE, false).await, Staff::with(&house, 3, AUTHORISER, false).await);
    let id = hand_in(&house, &teacher).await;
    let seen = hidden(&one.get(&format!("/authorise/{id}")).await.text, "seen");
    let (approve, reject) = (format!("/authorise/{id}/approve"), format!("/authorise/{id}/reject"));
    let (seen_now, reason) = ([("seen", seen.as_str())], [("reason", "Not today")]);
    let (approved, rejected) = tokio::join!(one.post(&approve, &seen_now), other.post(&reject, &reason));
    let mut statuses = [approved.status.as_u16(), rejected.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409], "{approved:?} {rejected:?}");
    let expected = if approved.status == 303 { MessageState::Queued } else { MessageState::Rejected };
    assert_eq!(state(&house, id).await, expected);
    // A double click is told the same.
    let again = one.post(&approve, &[("seen", &seen)]).await;
    assert_eq!(again.status, 409);
    assert_eq!(acts(&house).await.len(), 2, "handed in, and one decision");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_says_why_and_its_author_is_told() {
    let house = school(1_000).await;
    let teacher = Staff::with(&house, 1, TEACHER, false).await;
    let office = Staff::with(&house, 2, AUTHORISER, false).await;
    let id = hand_in(&house, &teacher).await;
    let reject = format!("/authorise/{id}/reject");
    for reason in ["", "   ", &"x".repeat(501)] {
        let answer = office.post(&reject, &[("reason", reason)]).await;
        assert_eq!(answer.status, 422);
        assert!(answer.text.contains("id=\"reason-error\""), "{answer:?}");
    }
    house.queued();
    let answer = office.post(&reject, &[("reason", "Wrong <year>")]).await;
    assert_eq!(answer.header("location"), "/authorise?done=rejected", "{answer:?}");
    assert_eq!(state(&house, id).await, MessageState::Rejected);
    let jobs = house.queued();
    let told = Notice::Rejected { user: teacher.id, message: id };
    assert!(jobs.iter().any(|(_, job)| matches!(job, Job::Notify { notice, .. } if *notice == told)));
    let page = teacher.get(&format!("/messages/{id}")).await.text;
    assert!(!page.contains("Edited by"), "{page}");
    assert!(page.contains("Staff Number2 did not authorise it: Wrong &#60;year&#62;"), "{page}");
    assert!(teacher.get("/").await.text.contains("Not sent"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_moves_the_revision_and_keeps_the_author() {
    let house = school(1_000).await;
    let teacher = Staff::with(&house, 1, TEACHER, false).await;
    let office = Staff::with(&house, 2, AUTHORISER, false).await;
    let id = hand_in(&house, &teacher).await;
    let edit = format!("/authorise/{id}/edit");
    let seen = hidden(&office.get(&format!("/authorise/{id}")).await.text, "seen");
    let revision = hidden(&office.get(&edit).await.text, "revision");
    let blank = office.post(&edit, &[("revision", &revision), ("sms_text", " ")]).await;
    assert_eq!(blank.status, 422, "{blank:?}");
    let fields =
        [("revision", revision.as_str()), ("sms_header", "Hillview"), ("sms_text", "The coach is on time")];
    assert_eq!(office.post(&edit, &fields).await.status, 303);
    // Somebody who edits what they saw before that is told.
    assert_eq!(office.post(&edit, &fields).await.status, 409);
    let answer = office.post(&format!("/authorise/{id}/approve"), &[("seen", &seen)]).await;
    assert_eq!(answer.status, 422, "not the text that was seen");
    let meta = house.school.messages().meta(id).await.unwrap().unwrap();
    let body = house.school.messages().body(id).await.unwrap();
    assert_eq!((meta.revision, meta.author.name.as_str()), (2, "Staff Number1"));
    assert_eq!(body.message.contents.sms.unwrap().text, "The coach is on time");
    assert_eq!(acts(&house).await, [Act::MessageHandedIn.code(), Act::MessageEdited.code()]);
    let log = house.school.audit().month(AuditMonth::of_ms(NOON)).await.unwrap();
    let edited = log.iter().find(|entry| entry.act == Act::MessageEdited.code()).unwrap();
    assert!(!edited.changes.contains("coach"), "no text in the log: {}", edited.changes);
    let seen = hidden(&office.get(&format!("/authorise/{id}")).await.text, "seen");
    assert_eq!(office.post(&format!("/authorise/{id}/approve"), &[("seen", &seen)]).await.status, 303);
    let jobs = house.queued();
    assert!(jobs.iter().any(|(_, job)| matches!(job, Job::Plan { revision: 2, .. })), "{jobs:?}");
    assert!(was_told(&jobs, &Notice::Edited { user: teacher.id, message: id }), "{jobs:?}");
}

fn was_told(jobs: &[(runtime::QueueName, Job)], told: &Notice) -> bool {
    jobs.iter().any(|(_, job)| matches!(job, Job::Notify { notice, .. } if notice == told))
}

pub(crate) async fn edit(staff: &Staff<'_>, id: MessageId, text: &str) {
    let path = format!("/authorise/{id}/edit");
    let revision = hidden(&staff.get(&path).await.text, "revision");
    let answer = staff.post(&path, &[("revision", revision.as_str()), ("sms_text", text)]).await;
    assert_eq!(answer.status, 303, "{answer:?}");
}

pub(crate) async fn approve(staff: &Staff<'_>, id: MessageId) {
    let seen = hidden(&staff.get(&format!("/authorise/{id}")).await.text, "seen");
    let answer = staff.post(&format!("/authorise/{id}/approve"), &[("seen", &seen)]).await;
    assert_eq!(answer.header("location"), "/authorise?done=sent", "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_edited_a_waiting_message_is_said_wherever_it_is_looked_at() {
    let house = school(1_000).await;
    let teacher = Staff::with(&house, 1, TEACHER, false).await;
    let office = Staff::with(&house, 2, AUTHORISER, false).await;
    let admin = Staff::with(&house, 3, &["user", "admin"], false).await;
    let id = hand_in(&house, &teacher).await;
    let nothing = "Nothing: the same people get it";
    assert!(office.get(&format!("/authorise/{id}")).await.text.contains(nothing));
    edit(&office, id, "The coach is on time").await;
    edit(&office, id, "The coach is early").await;
    assert!(office.get("/authorise").await.text.contains("Staff Number1, edited by Staff Number2"));
    let page = office.get(&format!("/authorise/{id}")).await.text;
    let said = "Staff Number2 changed the text message";
    assert_eq!((page.matches(said).count(), page.contains(nothing)), (1, false), "{page}");
    assert!(page.contains("The coach is early") && page.contains("The coach is late"), "both: {page}");
    let page = teacher.get(&format!("/messages/{id}")).await.text;
    assert!(page.contains("Edited by Staff Number2 while it waited"), "{page}");
    assert!(page.contains("As its author wrote it") && page.contains("The coach is late"), "{page}");
    let log = admin.get("/audit?act=message.edited").await.text;
    for said in ["Staff Number2", "written by: Staff Number1", "the text message: changed"] {
        assert!(log.contains(said), "{said}: {log}");
    }
    approve(&office, id).await;
    let page = teacher.get(&format!("/messages/{id}")).await.text;
    assert!(page.contains("Edited by Staff Number2 before it was sent"), "{page}");
    assert!(was_told(&house.queued(), &Notice::Edited { user: teacher.id, message: id }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_was_authorised_as_it_was_written_is_not_said_to_be_edited() {
    let house = school(1_000).await;
    let teacher = Staff::with(&house, 1, TEACHER, false).await;
    let office = Staff::with(&house, 2, AUTHORISER, false).await;
    let id = hand_in(&house, &teacher).await;
    approve(&office, id).await;
    assert!(!was_told(&house.queued(), &Notice::Edited { user: teacher.id, message: id }));
    assert!(!teacher.get(&format!("/messages/{id}")).await.text.contains("Edited by"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_of_a_message_that_came_back_must_be_authorised_and_is_told_once() {
    let house = school(1_000).await;
    let teacher = Staff::with(&house, 1, TEACHER, false).await;
    let office = Staff::with(&house, 2, AUTHORISER, false).await;
    let id = hand_in(&house, &teacher).await;
    edit(&office, id, "The coach is on time").await;
    approve(&office, id).await;
    house.queued();
    let meta = house.school.messages().meta(id).await.unwrap().unwrap();
    let grown = AuditEvent::of_system(Act::MessageHandedIn, id.to_string());
    assert!(house.school.approvals().hold_again(&meta, &grown, NOON).await.unwrap());
    let page = office.get(&format!("/authorise/{id}")).await.text;
    assert!(!page.contains("changed the text message"), "that was authorised: {page}");
    edit(&office, id, "The coach is early").await;
    assert_eq!((state(&house, id).await, plans(&house)), (MessageState::AwaitingAuthorisation, 0));
    let page = office.get(&format!("/authorise/{id}")).await.text;
    assert!(page.contains("changed the text message") && page.contains("since it was authorised"), "{page}");
    approve(&office, id).await;
    assert!(was_told(&house.queued(), &Notice::Edited { user: teacher.id, message: id }));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_wrote_it_may_take_it_back_while_it_waits() {
    let house = school(1_000).await;
    let teacher = Staff::with(&house, 1, TEACHER, false).await;
    let office = Staff::with(&house, 2, OFFICE, false).await;
    let id = hand_in(&house, &teacher).await;
    let stop = format!("/messages/{id}/stop");
    let asked = teacher.post(&stop, &[]).await;
    assert!(asked.text.contains("Withdraw this message?"), "{asked:?}");
    assert_eq!(teacher.post(&stop, &[("sure", "yes")]).await.status, 303);
    assert_eq!(state(&house, id).await, MessageState::Stopped);
    assert_eq!(house.school.approvals().count().await.unwrap(), 0);
    assert_eq!(office.get(&format!("/authorise/{id}")).await.status, 409);
    assert_eq!(acts(&house).await, [Act::MessageHandedIn.code(), Act::MessageStopped.code()]);
}
