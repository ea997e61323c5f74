//! A message about marks goes by the marks as they are when it is planned.

use domain::attendance::{About, Matter};
use domain::audience::SendTo;
use domain::contact::ContactRole;
use domain::delivery::{DeliveryState, Reason};
use domain::feed::{Mark, Session, Tie};
use domain::ids::{ContactId, MessageId};
use domain::message::{Audience, MessageState, Purpose};
use jiff::civil::date;
use store::Entrance;

use crate::town::{SECOND, Town, person};

const ABOUT: About =
    About { date: date(2026, 9, 1), session: Session::Am, matter: Matter::Absence, all_the_same: None };

fn id(text: &str) -> ContactId {
    ContactId::parse(text).unwrap()
}

/// Two pupils, each with a parent of their own.
async fn school() -> Town {
    let town = Town::open(0).await;
    let mut people = vec![person("ann", 1), person("bob", 2)];
    for pupil in ["ann-child", "bob-child"] {
        let mut child = person(pupil, 3);
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
    town.school.write_ties(&[tie("ann"), tie("bob")], &[], town.now()).await.unwrap();
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
    town.school.write_marks(&marks.iter().collect::<Vec<_>>(), &[]).await.unwrap();
}

/// A message about both, accepted as a page accepts it.
async fn accept(town: &Town) -> MessageId {
    let mut new = town.new_message(Purpose::Attendance);
    new.body.message.to = Audience {
        pupils: vec![id("ann-child"), id("bob-child")],
        send_to: Some(SendTo::Responsibility),
        about: Some(ABOUT),
        ..Audience::default()
    };
    let deed = domain::audit::Deed {
        who: domain::audit::Who::System,
        from: String::new(),
        act: domain::audit::Act::MessageSent,
        on: new.id.to_string(),
        changes: Vec::new(),
    };
    let now_ms = town.now();
    town.school.accept_from(&new, None, Entrance::Open, None, &deed, now_ms, now_ms).await.unwrap();
    new.id
}

async fn told(town: &Town) -> Vec<String> {
    let told = town.school.told(ABOUT.date, ABOUT.session, ABOUT.matter).await.unwrap();
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
    assert_eq!(town.provider.taken().len(), 1);
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
    assert_eq!(town.provider.taken().len(), 0);
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
    let deed = domain::audit::Deed {
        who: domain::audit::Who::System,
        from: String::new(),
        act: domain::audit::Act::MessageSent,
        on: again.id.to_string(),
        changes: Vec::new(),
    };
    let now_ms = town.now();
    let refused = town.school.accept_from(&again, None, Entrance::Open, None, &deed, now_ms, now_ms).await;
    assert!(matches!(refused, Err(store::StoreError::Told)), "{refused:?}");
    assert_eq!(town.school.meta(again.id).await.unwrap(), None);
}
