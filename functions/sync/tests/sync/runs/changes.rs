//! What changes in the MIS changes here, and nothing else does.

use domain::audit::{Act, AuditEvent};
use domain::contact::{ContactRole, Overrides, Source};
use domain::feed::GroupKind;
use domain::sync::{Changes, JobState, RunState};

use super::feed::{Feed, id, mark};
use super::town::{TODAY, Town};

fn audit_event() -> AuditEvent {
    AuditEvent::of_system(Act::ContactChanged, "")
}

#[tokio::test]
async fn the_first_run_fills_the_book_and_the_next_changes_nothing() {
    let town = Town::of(Feed::of(60, TODAY)).await;
    let run = town.sync().await;
    assert_eq!(run.state, RunState::Finished, "{:?}", run.why);
    assert!(run.jobs.iter().all(|job| job.state == JobState::Finished), "{:?}", run.jobs);
    let book = town.book().await;
    assert_eq!((book.len(), book.pairs()), (60 + 120 + 6, 120));
    let year = book.groups().iter().find(|g| g.name == "Year 7").unwrap();
    assert_eq!((year.kind, year.members.len()), (Some(GroupKind::Year), 12));
    assert_eq!(town.school.sync().registers().marks(TODAY).await.unwrap().len(), 60);

    let again = town.sync().await;
    assert_eq!((again.state, again.changes), (RunState::Finished, Changes::default()));
    assert_eq!(town.book().await.version(), book.version());
}

#[tokio::test]
async fn a_number_that_changed_is_the_only_thing_written_and_an_override_outlives_it() {
    let town = Town::of(Feed::of(60, TODAY)).await;
    town.sync().await;
    let known = town.school.contacts().get(&id("PC-3")).await.unwrap().unwrap();
    let wanted = domain::contact::Contact { forename: "Anneliese".to_owned(), ..known.contact.clone() };
    let changed =
        domain::contact::Contact { overrides: Overrides::between(&known.contact, &wanted), ..known.contact };
    town.school.contacts().put(&changed, known.rev, &audit_event(), town.now()).await.unwrap();

    town.change(|feed| feed.contact("PC-3").numbers[0].number = "07700 900999".to_owned());
    let run = town.sync().await;
    assert_eq!(run.changes, Changes { people: 1, ..Changes::default() });
    let book = town.book().await;
    let (contact, reach) = book.get(&id("PC-3")).unwrap();
    assert_eq!(contact.forename, "Anneliese");
    assert_eq!(reach.numbers[0].1.as_str(), "+447700900999");
}

#[tokio::test]
async fn who_left_is_gone_but_for_the_name_and_comes_back_with_the_mis() {
    let town = Town::of(Feed::of(60, TODAY)).await;
    town.sync().await;
    let whole = town.all().await;
    town.says(Feed::of(60, TODAY).without(&["PL-5", "PC-10"]));
    let run = town.sync().await;
    assert_eq!((run.state, run.changes.left), (RunState::Finished, 2));
    let book = town.book().await;
    assert!(book.get(&id("PL-5")).is_none() && book.get(&id("PC-10")).is_none());
    assert_eq!(book.name_of(&id("PL-5")).as_deref(), Some("Ann5 Example"));
    assert_eq!(book.pairs(), 118);

    town.says(Feed::of(60, TODAY));
    town.sync().await;
    assert_eq!(town.all().await, whole);
}

#[tokio::test]
async fn a_tie_that_was_removed_and_a_court_order_hold_at_once() {
    let town = Town::of(Feed::of(60, TODAY)).await;
    town.sync().await;
    town.change(|feed| {
        feed.ties.retain(|t| !(t.pupil == id("PL-7") && t.contact == id("PC-14")));
        let tie = feed.ties.iter_mut().find(|t| t.contact == id("PC-17")).unwrap();
        tie.court_order = true;
    });
    let run = town.sync().await;
    assert_eq!((run.changes.ties, run.changes.ties_ended), (1, 1));
    let book = town.book().await;
    assert_eq!(book.adults_of(book.place(&id("PL-7")).unwrap()).len(), 1);
    let barred = book.pupils_of(book.place(&id("PC-17")).unwrap()).next().unwrap();
    assert!(barred.court_order);
}

#[tokio::test]
async fn somebody_who_turns_from_staff_into_a_contact_stays() {
    let town = Town::of(Feed::of(60, TODAY)).await;
    town.sync().await;
    // And once more: what the first two left in the manifest must not hide the third.
    for back in [false, true, false] {
        town.change(|feed| {
            let (from, to) = if back {
                (&mut feed.contacts, &mut feed.staff)
            } else {
                (&mut feed.staff, &mut feed.contacts)
            };
            let place = from.iter().position(|p| p.id == id("PWT-10")).unwrap();
            let mut person = from.remove(place);
            person.role = if back { ContactRole::Staff } else { ContactRole::Parent };
            to.push(person);
        });
        let run = town.sync().await;
        assert_eq!((run.state, run.changes.left), (RunState::Finished, 0));
        let book = town.book().await;
        let (person, _) = book.get(&id("PWT-10")).unwrap();
        let role = if back { ContactRole::Staff } else { ContactRole::Parent };
        assert_eq!(person.role, role, "back: {back}");
    }
}

#[tokio::test]
async fn a_contact_of_the_mis_that_was_deleted_or_written_over_is_brought_back() {
    let town = Town::of(Feed::of(60, TODAY)).await;
    town.sync().await;
    let whole = town.all().await;
    let now_ms = town.now();
    town.school.contacts().delete(&[id("PC-4")], &audit_event(), now_ms).await.unwrap();
    assert!(town.book().await.get(&id("PC-4")).is_none());
    let known = town.school.contacts().get(&id("PC-6")).await.unwrap().unwrap().contact;
    let over = domain::contact::Contact { source: Source::Upload, surname: "Other".to_owned(), ..known };
    town.school.contacts().upsert(vec![over], now_ms).await.unwrap();
    let run = town.sync().await;
    assert_eq!(run.changes.people, 2);
    assert_eq!(town.all().await, whole);
    assert_eq!(town.sync().await.changes, Changes::default());
}

#[tokio::test]
async fn marks_follow_the_register() {
    let town = Town::of(Feed::of(60, TODAY)).await;
    town.sync().await;
    town.change(|feed| {
        feed.marks.retain(|m| m.pupil != id("PL-1"));
        feed.marks[0] = mark(&id("PL-0"), TODAY, "N");
    });
    let run = town.sync().await;
    assert_eq!(run.changes, Changes { marks: 2, ..Changes::default() });
    let marks = town.school.sync().registers().marks(TODAY).await.unwrap();
    assert_eq!(marks.len(), 59);
    assert_eq!(marks.iter().find(|m| m.pupil == id("PL-0")).unwrap().code, "N");
}

#[tokio::test]
async fn lists_of_days_gone_by_are_forgotten() {
    let town = Town::of(Feed::of(20, TODAY)).await;
    town.sync().await;
    let lists = town.school.sync().manifest().heads().await.unwrap().len();
    for _ in 0..5 {
        town.clock.advance(std::time::Duration::from_hours(24));
        assert_eq!(town.sync().await.state, RunState::Finished);
    }
    assert!(town.school.sync().manifest().heads().await.unwrap().len() <= lists);
}
