//! Messages that wait for somebody, and PINs for large ones (FEATURES §1.3, §6.5, §6.7).

use domain::approval::Control;
use domain::audit::{Act, Deed, Who};
use domain::ids::MessageId;
use domain::job::Job;
use domain::message::MessageState;
use domain::notice::Notice;
use domain::totp::TotpSecret;
use futures_util::future::join_all;
use serde_json::json;
use sha2::{Digest, Sha256};
use store::{AuditMonth, SecondFactor};

use crate::kit::{Answer, House, NOON, REFERENCE_KEY};
use crate::people::{Staff, hidden};

const TEACHER: &[&str] = &["user", "composeMessage"];
const OFFICE: &[&str] = &["user", "composeMessage", "authoriseMessage"];
const AUTHORISER: &[&str] = &["user", "authoriseMessage"];

fn person(n: u32, group: &str) -> serde_json::Value {
    json!({"id": format!("p{n}"), "forename": "Pat", "surname": format!("Number{n}"), "role": "parent",
        "mobile": format!("07700900{n:03}"), "groups": [group]})
}

/// A school with three parents in Year 9 and one in Year 8, where more than two messages need a PIN if `small` is set.
async fn school(threshold: u32) -> House {
    let house = House::start().await;
    let people: Vec<_> = (1..=3).map(|n| person(n, "Year 9")).chain([person(8, "Year 8")]).collect();
    house.contacts(json!(people)).await;
    set_threshold(&house, threshold).await;
    house
}

async fn set_threshold(house: &House, pin_threshold: u32) {
    let before = house.school.settings().get().await.unwrap();
    let control = Control { pin_threshold, pin_price: None };
    let after = domain::settings::Settings { control, ..before.clone() };
    let deed = Deed {
        who: Who::System,
        from: String::new(),
        act: Act::SettingsChanged,
        on: String::new(),
        changes: Vec::new(),
    };
    house.school.settings().change(&before, after, &deed, NOON).await.unwrap();
}

const YEAR_9: [(&str, &str); 4] =
    [("to", "group:Year 9"), ("sms", "yes"), ("sms_text", "The coach is late"), ("purpose", "service")];

/// Presses *Send* as somebody who has seen the page.
async fn press(staff: &Staff<'_>, key: &str, more: &[(&str, &str)]) -> Answer {
    press_for(staff, "service", key, more).await
}

/// As [`press`], for another purpose.
async fn press_for(staff: &Staff<'_>, purpose: &str, key: &str, more: &[(&str, &str)]) -> Answer {
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
fn made(answer: &Answer) -> MessageId {
    assert_eq!(answer.status, 303, "{answer:?}");
    let place = answer.header("location");
    let id = place.strip_prefix("/messages/").unwrap_or_else(|| panic!("{place}"));
    id.split('?').next().unwrap().parse().unwrap()
}

async fn state(house: &House, id: MessageId) -> MessageState {
    house.school.messages().meta(id).await.unwrap().unwrap().state
}

fn plans(house: &House) -> usize {
    house.queue.take().iter().filter(|(_, job)| matches!(job, Job::Plan { .. })).count()
}

/// Acts in the log, oldest first, but for the settings and the key that the test began with.
async fn acts(house: &House) -> Vec<String> {
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
    house.queue.take();
    let answer = office.post(&reject, &[("reason", "Wrong <year>")]).await;
    assert_eq!(answer.header("location"), "/authorise?done=rejected", "{answer:?}");
    assert_eq!(state(&house, id).await, MessageState::Rejected);
    let jobs = house.queue.take();
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
    let jobs = house.queue.take();
    assert!(jobs.iter().any(|(_, job)| matches!(job, Job::Plan { revision: 2, .. })), "{jobs:?}");
    assert!(was_told(&jobs, &Notice::Edited { user: teacher.id, message: id }), "{jobs:?}");
}

fn was_told(jobs: &[(runtime::QueueName, Job)], told: &Notice) -> bool {
    jobs.iter().any(|(_, job)| matches!(job, Job::Notify { notice, .. } if notice == told))
}

async fn edit(staff: &Staff<'_>, id: MessageId, text: &str) {
    let path = format!("/authorise/{id}/edit");
    let revision = hidden(&staff.get(&path).await.text, "revision");
    let answer = staff.post(&path, &[("revision", revision.as_str()), ("sms_text", text)]).await;
    assert_eq!(answer.status, 303, "{answer:?}");
}

async fn approve(staff: &Staff<'_>, id: MessageId) {
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
    assert!(was_told(&house.queue.take(), &Notice::Edited { user: teacher.id, message: id }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_was_authorised_as_it_was_written_is_not_said_to_be_edited() {
    let house = school(1_000).await;
    let teacher = Staff::with(&house, 1, TEACHER, false).await;
    let office = Staff::with(&house, 2, AUTHORISER, false).await;
    let id = hand_in(&house, &teacher).await;
    approve(&office, id).await;
    assert!(!was_told(&house.queue.take(), &Notice::Edited { user: teacher.id, message: id }));
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
    house.queue.take();
    let meta = house.school.messages().meta(id).await.unwrap().unwrap();
    let grown = Deed::of_system(Act::MessageHandedIn, id.to_string());
    assert!(house.school.approvals().hold_again(&meta, &grown, NOON).await.unwrap());
    let page = office.get(&format!("/authorise/{id}")).await.text;
    assert!(!page.contains("changed the text message"), "that was authorised: {page}");
    edit(&office, id, "The coach is early").await;
    assert_eq!((state(&house, id).await, plans(&house)), (MessageState::AwaitingAuthorisation, 0));
    let page = office.get(&format!("/authorise/{id}")).await.text;
    assert!(page.contains("changed the text message") && page.contains("since it was authorised"), "{page}");
    approve(&office, id).await;
    assert!(was_told(&house.queue.take(), &Notice::Edited { user: teacher.id, message: id }));
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

/// The PIN that was sent for a message, as its e-mail has it.
async fn pin_of(house: &House, id: MessageId) -> String {
    let asked = house.school.pins().get(id, house.clock.now_ms()).await.unwrap().unwrap();
    let key = channels::reference::ReferenceKey::new(&REFERENCE_KEY).unwrap();
    key.code("pin", &asked.text(house.school.id(), id))
}

/// Asks for a PIN and gives the id that the message takes.
async fn ask(house: &House, staff: &Staff<'_>, key: &str) -> MessageId {
    let page = press(staff, key, &[]).await;
    assert_eq!(page.status, 200, "{page:?}");
    let id = hidden(&page.text, "pin_for").parse().unwrap();
    let notice = Notice::Pin { user: staff.id, message: id };
    let jobs = house.queue.take();
    assert!(jobs.iter().any(|(_, job)| matches!(job, Job::Notify { notice: n, .. } if *n == notice)));
    assert!(house.school.messages().meta(id).await.unwrap().is_none(), "nothing is accepted yet");
    id
}

async fn give(staff: &Staff<'_>, key: &str, id: MessageId, pin: &str) -> Answer {
    press(staff, key, &[("do", "pin"), ("pin_for", &id.to_string()), ("pin", pin)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_message_goes_with_its_pin_and_only_once() {
    let house = school(2).await;
    let office = Staff::with(&house, 1, OFFICE, true).await;
    let id = ask(&house, &office, "k").await;
    let pin = pin_of(&house, id).await;
    let wrong = if pin == "000000" { "000001" } else { "000000" };
    let answer = give(&office, "k", id, wrong).await;
    assert_eq!(answer.status, 422);
    assert!(answer.text.contains("4 more times"), "{answer:?}");
    assert_eq!(made(&give(&office, "k", id, &format!(" {} {} ", &pin[..3], &pin[3..])).await), id);
    assert_eq!((state(&house, id).await, plans(&house)), (MessageState::Queued, 1));
    // A double click finds the message that there is; the PIN serves no other.
    assert_eq!(made(&give(&office, "k", id, &pin).await), id);
    assert_eq!(give(&office, "another", id, &pin).await.status, 422);
    assert_eq!(plans(&house), 0);
    let codes = [Act::PinAsked, Act::PinWrong, Act::PinRight, Act::MessageSent].map(Act::code);
    assert_eq!(acts(&house).await, codes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_is_for_one_text_and_one_set_of_people_of_one_person_for_ten_minutes() {
    let house = school(2).await;
    let office = Staff::with(&house, 1, OFFICE, true).await;
    let thief = Staff::with(&house, 2, OFFICE, true).await;
    let id = ask(&house, &office, "k").await;
    let pin = pin_of(&house, id).await;
    // Somebody else's.
    assert_eq!(give(&thief, "t", id, &pin).await.status, 422);
    // Another text.
    let other = [("do", "pin"), ("pin_for", &id.to_string()), ("pin", &pin), ("sms_text", "x")];
    let fields = [
        ("to", "group:Year 9"),
        ("sms", "yes"),
        ("sms_text", "Quite another text"),
        ("purpose", "service"),
        ("key", "k"),
    ];
    let page = office.post("/send", &[&fields[..], &[("do", "check")]].concat()).await;
    let expect = hidden(&page.text, "expect");
    let answer =
        office.post("/send", &[&fields[..], &[("expect", expect.as_str())], &other[..3]].concat()).await;
    assert_eq!(answer.status, 422, "{answer:?}");
    assert!(answer.text.contains("is not what this PIN was sent for"), "{answer:?}");
    // Other people: as many, at as much cost, but not the same.
    house
        .contacts(json!([
            {"id": "p3", "forename": "Pat", "surname": "Number3", "role": "parent", "mobile": "07700900003", "groups": ["Year 8"]},
            person(7, "Year 9"),
        ]))
        .await;
    let answer = give(&office, "k", id, &pin).await;
    assert_eq!(answer.status, 422);
    assert!(answer.text.contains("is not what this PIN was sent for"), "{answer:?}");
    // A new one serves, until ten minutes are over.
    let id = ask(&house, &office, "k").await;
    let pin = pin_of(&house, id).await;
    house.clock.advance(std::time::Duration::from_mins(10));
    let answer = give(&office, "k", id, &pin).await;
    assert!(answer.status == 422 && answer.text.contains("too old"), "{answer:?}");
    assert_eq!(plans(&house), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_an_emergency_the_code_of_an_app_serves_as_the_pin_once_and_for_nothing_else() {
    let house = school(2).await;
    let secret = TotpSecret::new([7; 20]);
    // Without a confirmed address nobody gets a PIN by e-mail: the app alone has to serve.
    let office = Staff::with(&house, 1, OFFICE, false).await;
    let before = house.store.user(office.id).await.unwrap().unwrap();
    let mut with_app = before.clone();
    let recovery = vec![hex::encode(Sha256::digest("aaaabbbbccccdddd"))];
    with_app.account.second_factor = Some(SecondFactor { secret: secret.hex(), last_step: 0, recovery });
    house.store.change_user(&before, &with_app).await.unwrap();
    let code = || secret.code_at(house.clock.now_ms());
    let ask = async |purpose: &str, key: &str| press_for(&office, purpose, key, &[]).await;
    let give = async |purpose: &str, key: &str, id: &str, pin: &str| {
        press_for(&office, purpose, key, &[("do", "pin"), ("pin_for", id), ("pin", pin)]).await
    };

    // A routine message waits: the app is for emergencies.
    let routine = made(&ask("service", "k1").await);
    assert_eq!(state(&house, routine).await, MessageState::AwaitingAuthorisation);
    assert_eq!(plans(&house), 0);

    let page = ask("emergency", "k2").await;
    assert_eq!(page.status, 200, "{page:?}");
    let id = hidden(&page.text, "pin_for");
    for wrong in ["000000", "aaaa-bbbb-cccc-dddd"] {
        assert_eq!(give("emergency", "k2", &id, wrong).await.status, 422, "{wrong}");
    }
    let left = house.store.user(office.id).await.unwrap().unwrap().account.second_factor.unwrap().recovery;
    assert_eq!(left.len(), 1, "a recovery code is for signing in, and is not used up here");
    let used = code();
    assert_eq!(made(&give("emergency", "k2", &id, &used).await).to_string(), id);
    assert_eq!(plans(&house), 1);

    // The same code lets no second message go; the next one does.
    let page = ask("emergency", "k3").await;
    let id = hidden(&page.text, "pin_for");
    assert_eq!(give("emergency", "k3", &id, &used).await.status, 422, "used");
    house.clock.advance(std::time::Duration::from_secs(30));
    made(&give("emergency", "k3", &id, &code()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_guesses_at_once_five_are_looked_at() {
    let house = school(2).await;
    let office = Staff::with(&house, 1, OFFICE, true).await;
    let id = ask(&house, &office, "k").await;
    let pin: u32 = pin_of(&house, id).await.parse().unwrap();
    // The right one is not among them.
    let guesses: Vec<String> = (1..=100).map(|n| format!("{:06}", (pin + n) % 1_000_000)).collect();
    let answers = join_all(guesses.iter().map(|guess| give(&office, "k", id, guess))).await;
    assert!(answers.iter().all(|answer| answer.status == 422));
    let looked_at = answers.iter().filter(|a| a.text.contains("This is not the PIN that was sent")).count();
    // The fifth says that there were too many, like those after it.
    assert_eq!(looked_at, 4);
    let wrong = acts(&house).await.into_iter().filter(|act| act == Act::PinWrong.code()).count();
    assert_eq!(wrong, 5, "compared and logged");
    // The right one comes too late.
    let answer = give(&office, "k", id, &format!("{pin:06}")).await;
    assert!(answer.text.contains("Too many PINs"), "{answer:?}");
    assert_eq!(plans(&house), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_right_pins_at_once_one_sends() {
    let house = school(2).await;
    let office = Staff::with(&house, 1, OFFICE, true).await;
    let id = ask(&house, &office, "k").await;
    let pin = pin_of(&house, id).await;
    let keys: Vec<String> = (0..4).map(|n| format!("k{n}")).collect();
    let answers = join_all(keys.iter().map(|key| give(&office, key, id, &pin))).await;
    let sent = answers.iter().filter(|answer| answer.status == 303).count();
    assert_eq!((sent, plans(&house)), (1, 1), "{answers:?}");
    assert_eq!(house.school.messages().summaries(None, 10).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_confirmed_address_a_large_message_waits_and_its_author_cannot_let_it_go() {
    let house = school(2).await;
    let office = Staff::with(&house, 1, OFFICE, false).await;
    let other = Staff::with(&house, 2, AUTHORISER, false).await;
    let page = office.post("/send", &[&YEAR_9[..], &[("do", "check")]].concat()).await.text;
    assert!(
        page.contains("a PIN needs a confirmed e-mail address") && page.contains("Submit 3 texts"),
        "{page}"
    );
    let id = made(&press(&office, "k", &[]).await);
    assert_eq!(state(&house, id).await, MessageState::AwaitingAuthorisation);
    let page = office.get(&format!("/authorise/{id}")).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("larger than may go without a PIN") && !page.text.contains("/approve"));
    let seen = hidden(&other.get(&format!("/authorise/{id}")).await.text, "seen");
    let approve = format!("/authorise/{id}/approve");
    assert_eq!(office.post(&approve, &[("seen", &seen)]).await.status, 403);
    assert_eq!(office.get(&format!("/authorise/{id}/edit")).await.status, 403);
    assert_eq!(other.post(&approve, &[("seen", &seen)]).await.status, 303);
    assert_eq!(state(&house, id).await, MessageState::Queued);
}

#[tokio::test(flavor = "multi_thread")]
async fn pins_cannot_be_asked_for_without_end() {
    let house = school(2).await;
    let office = Staff::with(&house, 1, OFFICE, true).await;
    for n in 0..10 {
        assert_eq!(press(&office, &format!("k{n}"), &[]).await.status, 200);
    }
    assert_eq!(press(&office, "k10", &[]).await.status, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_under_the_threshold_goes_at_once_and_an_api_key_needs_no_pin() {
    let house = school(3).await;
    let office = Staff::with(&house, 1, OFFICE, false).await;
    let id = made(&press(&office, "k", &[]).await);
    assert_eq!((state(&house, id).await, plans(&house)), (MessageState::Queued, 1));
    assert_eq!(acts(&house).await, [Act::MessageSent.code()]);
    set_threshold(&house, 0).await;
    let message =
        json!({"purpose": "service", "channels": ["sms"], "to": {"everyone": true}, "sms": {"text": "Hi"}});
    let answer = house.post("/api/v1/messages", &message).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["state"]), (202, &json!("queued")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_a_pin_is_set_on_the_page_by_number_or_by_cost() {
    let house = school(1_000).await;
    let (office, settings) =
        (Staff::with(&house, 1, OFFICE, true).await, crate::settings::office(&house, &house.school).await);
    made(&press(&office, "k1", &[]).await);
    crate::settings::change(&settings, "large", "pin_threshold=2&pin_price=").await;
    assert!(office.get("/preferences").await.text.contains("more than 2 texts"));
    ask(&house, &office, "k2").await;
    crate::settings::change(&settings, "large", "pin_threshold=1000&pin_price=0").await;
    ask(&house, &office, "k3").await;
}
