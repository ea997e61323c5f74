//! A message about marks goes by the marks as they are when it is planned.

use domain::attendance::{About, LOOK_HOLDS_MS, LOOK_PATIENCE_MS, Matter, RegisterLook, Seen};
use domain::audience::{Audience, SendTo};
use domain::audit::{Act, AuditEvent};
use domain::contact::ContactRole;
use domain::delivery::{DeliveryState, Reason};
use domain::feed::{Mark, Session, Tie};
use domain::ids::{ContactId, MessageId};
use domain::job::{DeliveryRef, Job};
use domain::message::{MessageState, Purpose};
use domain::notice::Notice;
use jiff::civil::date;
use runtime::QueueName;
use store::{Entrance, NewMessage};
use testkit::{SECOND, parent, report};

use crate::kit::Town;

const ABOUT: About =
    About { date: date(2026, 9, 1), session: Session::Am, matter: Matter::Absence, all_the_same: None };

pub(crate) fn id(text: &str) -> ContactId {
    ContactId::parse(text).unwrap()
}

/// Two pupils, each with a parent of their own.
async fn school() -> Town {
    let town = Town::open(0).await;
    let mut people = vec![parent("ann", 1), parent("bob", 2)];
    for pupil in ["ann-child", "bob-child"] {
        let mut child = parent(pupil, 3);
        child.role = ContactRole::Pupil;
        people.push(child);
    }
    town.add(people).await;
    let tie = |adult: &str| Tie {
        pupil: id(&format!("{adult}-child")),
        contact: id(adult),
        kind: "Parent".to_owned(),
        priority: Some(1),
        responsibility: true,
        court_order: false,
    };
    town.school.ties().write(&[tie("ann"), tie("bob")], &[], town.now()).await.unwrap();
    town
}

async fn marks(town: &Town, codes: &[(&str, &str)]) {
    let mark = |(pupil, code): &(&str, &str)| Mark {
        pupil: id(pupil),
        date: ABOUT.date,
        session: ABOUT.session,
        code: (*code).to_owned(),
        minutes_late: None,
    };
    let marks: Vec<Mark> = codes.iter().map(mark).collect();
    town.school.sync().registers().write(&marks.iter().collect::<Vec<_>>(), &[]).await.unwrap();
}

/// A message about both, accepted as a page accepts it.
async fn accept(town: &Town) -> MessageId {
    accept_as(town, Purpose::Attendance, |_| {}).await
}

/// As [`accept`], where the school has an MIS.
async fn accept_with_mis(town: &Town, purpose: Purpose) -> MessageId {
    accept_as(town, purpose, with_mis).await
}

fn with_mis(new: &mut NewMessage) {
    "xporter".clone_into(&mut new.body.settings.mis.kind);
}

async fn accept_as(town: &Town, purpose: Purpose, change: impl FnOnce(&mut NewMessage)) -> MessageId {
    let mut new = town.new_message(purpose);
    change(&mut new);
    new.body.message.to = Audience {
        pupils: vec![id("ann-child"), id("bob-child")],
        send_to: Some(SendTo::Responsibility),
        about: Some(ABOUT),
        ..Audience::default()
    };
    let event = AuditEvent::of_system(Act::MessageSent, new.id.to_string());
    let now_ms = town.now();
    town.school
        .messages()
        .accept_recorded(&new, None, Entrance::Open, None, &event, now_ms, now_ms)
        .await
        .unwrap();
    new.id
}

async fn told(town: &Town) -> Vec<String> {
    let told = town.school.family_notices().read(ABOUT.date, ABOUT.session, ABOUT.matter).await.unwrap();
    told.told.into_keys().map(|pupil| pupil.to_string()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_family_whose_pupil_came_meanwhile_is_not_written_to_and_the_others_are() {
    let town = school().await;
    marks(&town, &[("ann-child", "N"), ("bob-child", "N")]).await;
    let message = accept(&town).await;
    assert_eq!(told(&town).await, ["ann-child", "bob-child"]);
    marks(&town, &[("bob-child", "L")]).await;
    assert!(town.plan(message).await);
    let slots: Vec<_> = town.pages(message).await.into_iter().flat_map(|page| page.slots).collect();
    let stands: Vec<_> = slots.iter().map(|slot| (slot.state, slot.reason)).collect();
    assert_eq!(
        stands,
        [(DeliveryState::Queued, None), (DeliveryState::NotSent, Some(Reason::RegisterChanged))]
    );
    assert_eq!(told(&town).await, ["ann-child"], "who was not told may be told of something else");
    for (_, job, _) in town.take() {
        town.run(job).await;
    }
    assert_eq!(town.provider.numbers().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_every_mark_has_changed_nothing_goes_and_the_message_ends() {
    let town = school().await;
    marks(&town, &[("ann-child", "N"), ("bob-child", "N")]).await;
    let message = accept(&town).await;
    // One is in school; of the other the register says nothing any more.
    marks(&town, &[("ann-child", "/"), ("bob-child", "-")]).await;
    assert!(town.plan(message).await);
    for (_, job, _) in town.take() {
        town.run(job).await;
    }
    town.wait(6 * SECOND);
    town.look_until_quiet(message).await;
    assert_eq!(town.meta(message).await.state, MessageState::Finished);
    assert_eq!(town.provider.numbers().len(), 0);
    assert_eq!(told(&town).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_message_about_the_same_is_refused_by_the_table_itself() {
    let town = school().await;
    marks(&town, &[("ann-child", "N"), ("bob-child", "N")]).await;
    accept(&town).await;
    let mut again = town.new_message(Purpose::Attendance);
    again.body.message.to =
        Audience { pupils: vec![id("bob-child")], about: Some(ABOUT), ..Audience::default() };
    let event = AuditEvent::of_system(Act::MessageSent, again.id.to_string());
    let now_ms = town.now();
    let refused = town
        .school
        .messages()
        .accept_recorded(&again, None, Entrance::Open, None, &event, now_ms, now_ms)
        .await;
    assert!(matches!(refused, Err(store::StoreError::Told)), "{refused:?}");
    assert_eq!(town.school.messages().meta(again.id).await.unwrap(), None);
}

/// The look that a message has had made, which comes to this.
async fn sees(town: &Town, message: MessageId, seen: Seen) -> i64 {
    let look = town.school.sync().registers().look(message).await.unwrap().unwrap();
    let asked_ms = look.asked_ms;
    assert_eq!(look.pupils, [id("ann-child"), id("bob-child")]);
    assert!(town.school.sync().registers().end_look(message, &RegisterLook { seen, ..look }).await.unwrap());
    asked_ms
}

fn looks(town: &Town) -> usize {
    let jobs = town.take();
    let sync = jobs.iter().filter(|(queue, ..)| *queue == QueueName::Sync);
    sync.filter(|(_, job, _)| matches!(job, Job::LookAtRegisters { .. })).count()
}

fn mark(pupil: &str, code: &str) -> Mark {
    let (date, session) = (ABOUT.date, ABOUT.session);
    Mark { pupil: id(pupil), date, session, code: code.to_owned(), minutes_late: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn registers_saved_since_the_last_sync_are_read_before_a_message_about_them_goes() {
    let town = school().await;
    marks(&town, &[("ann-child", "N"), ("bob-child", "N")]).await;
    let message = accept_with_mis(&town, Purpose::Attendance).await;
    assert!(town.plan(message).await);
    assert_eq!((looks(&town), town.pages(message).await.len()), (1, 0), "it waits for the look");
    town.wait(SECOND);
    assert!(town.plan(message).await);
    assert_eq!((looks(&town), town.pages(message).await.len()), (0, 0), "which is made once");
    sees(&town, message, Seen::Marks(vec![mark("bob-child", "/")])).await;
    assert!(town.plan(message).await);
    town.send_pages().await;
    let (accepted, changed) = (DeliveryState::Accepted, DeliveryState::NotSent);
    let wanted = [(accepted, None), (changed, Some(Reason::RegisterChanged))];
    assert_eq!(town.stands(message).await, wanted);
    assert_eq!(told(&town).await, ["ann-child"]);
    assert_eq!(town.meta(message).await.tries, 1, "waiting is no try");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_goes_long_after_it_was_written_looks_again() {
    let town = school().await;
    marks(&town, &[("ann-child", "N"), ("bob-child", "N")]).await;
    let message = accept_with_mis(&town, Purpose::Attendance).await;
    assert!(town.plan(message).await);
    assert_eq!(looks(&town), 1);
    sees(&town, message, Seen::Marks(Vec::new())).await;
    // What was seen then is no word about now.
    town.wait(LOOK_HOLDS_MS);
    assert!(town.plan(message).await);
    assert_eq!((looks(&town), town.pages(message).await.len()), (1, 0));
    sees(&town, message, Seen::Marks(vec![mark("ann-child", "/"), mark("bob-child", "")])).await;
    assert!(town.plan(message).await);
    assert_eq!(town.provider.numbers().len(), 0);
    assert_eq!(told(&town).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_registers_cannot_be_read_its_author_is_told_and_may_send_all_the_same() {
    let town = school().await;
    marks(&town, &[("ann-child", "N"), ("bob-child", "N")]).await;
    let author = domain::ids::UserId::new(ulid::Ulid::from_parts(1, 9));
    let by_user = |new: &mut NewMessage| {
        with_mis(new);
        new.author.id = author.to_string();
    };
    for lost in [false, true] {
        let message = accept_as(&town, Purpose::Attendance, by_user).await;
        assert!(town.plan(message).await);
        town.take();
        if lost {
            town.wait(LOOK_PATIENCE_MS);
        } else {
            sees(&town, message, Seen::Failed).await;
        }
        assert!(town.plan(message).await);
        let notices = town.take();
        let is_notice = |job: &Job| match job {
            Job::Notify { notice: Notice::WaitsForSync { user, .. }, .. } => *user == author,
            _ => false,
        };
        assert_eq!(notices.iter().filter(|(_, job, _)| is_notice(job)).count(), 1, "{notices:?}");
        assert!(town.meta(message).await.unsynced.let_down && town.pages(message).await.is_empty());
        let event = AuditEvent::of_system(Act::SentUnsynced, message.to_string());
        assert!(town.school.planning().waive_sync(message, &event, town.now()).await.unwrap());
        assert!(town.plan(message).await);
        assert_eq!(town.stands(message).await, [(DeliveryState::Queued, None); 2]);
        assert!(town.school.progress().stop_recorded(message, false, &event, town.now()).await.unwrap());
        town.wait(60 * SECOND);
        town.look_until_quiet(message).await;
        assert_eq!(told(&town).await, Vec::<String>::new(), "what was stopped has told nobody");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_and_one_whose_author_gave_a_reason_wait_for_no_look() {
    for reason in [None, Some(domain::attendance::SentAllTheSame::Checked)] {
        let town = school().await;
        marks(&town, &[("ann-child", "N"), ("bob-child", "N")]).await;
        let purpose = if reason.is_some() { Purpose::Attendance } else { Purpose::Emergency };
        let mut new = town.new_message(purpose);
        with_mis(&mut new);
        let about = About { all_the_same: reason, ..ABOUT };
        new.body.message.to = Audience {
            pupils: vec![id("ann-child")],
            send_to: Some(SendTo::All),
            about: Some(about),
            ..Audience::default()
        };
        town.school.messages().accept(&new, None, town.now(), town.now()).await.unwrap();
        assert!(town.plan(new.id).await);
        town.send_pages().await;
        assert_eq!(town.provider.numbers().len(), 1, "{purpose:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pupil_who_comes_while_the_page_waits_is_spared_and_needs_no_all_clear() {
    let town = school().await;
    marks(&town, &[("ann-child", "N"), ("bob-child", "N")]).await;
    let message = accept(&town).await;
    assert!(town.plan(message).await);
    assert_eq!(told(&town).await, ["ann-child", "bob-child"]);
    marks(&town, &[("ann-child", "/")]).await;
    town.send_pages().await;
    let (accepted, changed) = (DeliveryState::Accepted, DeliveryState::NotSent);
    let wanted = [(changed, Some(Reason::RegisterChanged)), (accepted, None)];
    assert_eq!(town.stands(message).await, wanted);
    assert_eq!(told(&town).await, ["bob-child"], "nothing that would have to be taken back");
    // And when it has ended and was counted, it is the same.
    town.wait(60 * SECOND);
    town.look_until_quiet(message).await;
    assert_eq!(told(&town).await, ["bob-child"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_goes_by_a_newer_look_is_not_held_to_the_older_marks() {
    let town = school().await;
    // Ann's child was back when the marks were last read, and is missing again as the look sees it.
    marks(&town, &[("ann-child", "/"), ("bob-child", "N")]).await;
    let message = accept_with_mis(&town, Purpose::Attendance).await;
    assert!(town.plan(message).await);
    town.take();
    sees(&town, message, Seen::Marks(vec![mark("ann-child", "N")])).await;
    assert!(town.plan(message).await);
    town.send_pages().await;
    assert_eq!(town.stands(message).await, [(DeliveryState::Accepted, None); 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_goes_whatever_the_registers_say_once_it_is_planned() {
    let town = school().await;
    marks(&town, &[("ann-child", "N"), ("bob-child", "N")]).await;
    let message = accept_as(&town, Purpose::Emergency, |_| {}).await;
    assert!(town.plan(message).await);
    marks(&town, &[("ann-child", "/"), ("bob-child", "/")]).await;
    town.send_pages().await;
    assert_eq!(town.provider.numbers().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_family_of_which_nobody_was_reached_may_be_told_again_until_somebody_is() {
    let town = school().await;
    marks(&town, &[("ann-child", "N"), ("bob-child", "N")]).await;
    let message = accept(&town).await;
    assert!(town.plan(message).await);
    town.send_pages().await;
    let report = async |state: DeliveryState| {
        let page = town.page_ref(message, 0).await;
        let delivery = DeliveryRef { page, index: 0, attempt: 1 };
        let evidence = report(state, "SM1", town.now());
        assert!(town.run(Job::Receipt { delivery, evidence }).await);
    };
    report(DeliveryState::PermanentFailure).await;
    let families =
        async || town.school.family_notices().read(ABOUT.date, ABOUT.session, ABOUT.matter).await.unwrap();
    let missed = async || families().await.missed.into_keys().map(|p| p.to_string()).collect::<Vec<_>>();
    assert_eq!(
        (told(&town).await, missed().await),
        (vec!["bob-child".to_owned()], vec!["ann-child".to_owned()])
    );
    town.wait(60 * SECOND);
    town.look_until_quiet(message).await;
    assert_eq!(
        (told(&town).await, missed().await),
        (vec!["bob-child".to_owned()], vec!["ann-child".to_owned()])
    );
    // It arrived after all: nobody tells them a second time.
    report(DeliveryState::Delivered).await;
    assert_eq!(missed().await, Vec::<String>::new());
    report(DeliveryState::PermanentFailure).await;
    assert_eq!(told(&town).await, ["ann-child", "bob-child"]);
}
