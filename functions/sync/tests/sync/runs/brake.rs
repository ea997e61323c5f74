//! A feed that is wrong changes nothing.

use domain::feed::Part;
use domain::sync::{Changes, Counts, RunState, Would};
use store::ManifestHead;

use super::feed::{Fault, Feed, id, mark};
use super::town::{TODAY, Town};

#[tokio::test]
async fn half_a_feed_a_tenth_of_it_and_none_of_it_are_held_and_nobody_is_lost() {
    let town = Town::of(Feed::of(100, TODAY)).await;
    town.sync().await;
    let whole = town.all().await;
    for left in [50, 10, 0] {
        town.says(Feed::of(100, TODAY).first(left));
        let run = town.sync().await;
        assert_eq!(run.state, RunState::Held, "{left} left");
        assert!(run.why.is_some());
        assert_eq!(town.all().await, whole, "{left} left");
        assert_eq!(run.changes.left, 310 - u32::try_from(left * 3 + left / 10).unwrap());
    }
    town.says(Feed::of(100, TODAY));
    assert_eq!(town.sync().await.state, RunState::Finished);
    assert_eq!(town.all().await, whole);
}

#[tokio::test]
async fn a_feed_that_dies_in_any_part_or_contradicts_itself_changes_nothing() {
    let town = Town::of(Feed::of(60, TODAY)).await;
    town.sync().await;
    let whole = town.all().await;
    let marks = town.school.sync().registers().marks(TODAY).await.unwrap();
    // Whatever is read before the end must not be written.
    town.change(|feed| feed.contact("PC-1").forename = "Other".to_owned());
    for part in Part::ALL {
        for rows in [0, 1, 25] {
            *town.mis.fault.lock().unwrap() = Some(Fault::DiesIn(part, rows));
            assert_eq!(town.sync().await.state, RunState::Held, "{part:?} after {rows}");
            assert_eq!(town.all().await, whole, "{part:?} after {rows}");
        }
    }
    for (fault, state) in [
        (Fault::Partial, RunState::Held),
        (Fault::Unauthorised, RunState::Failed),
        (Fault::Unreachable, RunState::Failed),
    ] {
        *town.mis.fault.lock().unwrap() = Some(fault);
        assert_eq!(town.sync().await.state, state);
        assert_eq!(town.all().await, whole);
    }
    *town.mis.fault.lock().unwrap() = None;
    town.change(|feed| {
        let twice = feed.pupils[3].clone();
        feed.pupils.push(twice);
    });
    assert_eq!(town.sync().await.state, RunState::Held);
    assert_eq!(town.all().await, whole);
    assert_eq!(town.school.sync().registers().marks(TODAY).await.unwrap(), marks);
}

#[tokio::test]
async fn a_held_run_is_applied_as_it_was_shown_and_no_further() {
    let town = Town::of(Feed::of(100, TODAY)).await;
    town.sync().await;
    town.says(Feed::of(100, TODAY).first(60));
    let held = town.sync().await;
    assert_eq!(held.state, RunState::Held);
    assert_eq!(town.school.sync().held_people(held.id).await.unwrap().len(), 310 - 186);
    let outline = town.school.sync().outline(held.id).await.unwrap();
    assert_eq!((outline[0].would, outline[0].of, outline[0].lines.len()), (Would::Remove, 124, 50));

    // Meanwhile more are missing: that was not approved of.
    town.says(Feed::of(100, TODAY).first(50));
    let further = town.apply(held.id).await;
    assert_eq!(further.state, RunState::Held);
    assert_eq!(town.book().await.len(), 310);

    town.says(Feed::of(100, TODAY).first(60));
    let applied = town.apply(held.id).await;
    assert_eq!((applied.state, applied.changes.left), (RunState::Finished, 124));
    assert_eq!(town.book().await.len(), 186);
}

/// Every kind of feed whose rows are all there and hold less than they did.
fn hollow() -> Vec<(&'static str, Feed)> {
    let whole = || Feed::of(100, TODAY);
    let with = |change: fn(&mut Feed)| {
        let mut feed = whole();
        change(&mut feed);
        feed
    };
    vec![
        ("no numbers", with(|feed| feed.contacts.iter_mut().for_each(|c| c.numbers.clear()))),
        (
            "numbers that are none",
            with(|feed| feed.contacts.iter_mut().for_each(|c| "#N/A".clone_into(&mut c.numbers[0].number))),
        ),
        ("no years", with(|feed| feed.pupils.iter_mut().for_each(|p| p.groups.clear()))),
        ("no classes", with(|feed| feed.no_classes = true)),
        ("no priorities", with(|feed| feed.ties.iter_mut().for_each(|t| t.priority = None))),
        ("no responsibility", with(|feed| feed.ties.iter_mut().for_each(|t| t.responsibility = false))),
        ("few staff", with(|feed| feed.staff.truncate(4))),
    ]
}

#[tokio::test]
async fn a_feed_whose_rows_are_there_and_hold_less_is_held_and_can_be_applied() {
    let town = Town::of(Feed::of(100, TODAY)).await;
    town.sync().await;
    let whole = town.all().await;
    for (what, feed) in hollow() {
        town.says(feed);
        let run = town.sync().await;
        assert_eq!(run.state, RunState::Held, "{what}");
        assert!(run.may_be_applied(), "{what}");
        assert_eq!(town.all().await, whole, "{what}");
    }
    let (_, feed) = hollow().swap_remove(0);
    town.says(feed);
    let held = town.sync().await;
    // Meanwhile something else is missing: that was not approved of.
    town.change(|feed| feed.pupils.iter_mut().for_each(|p| p.groups.clear()));
    assert_eq!(town.apply(held.id).await.state, RunState::Held);
    town.says(hollow().swap_remove(0).1);
    assert_eq!(town.apply(held.id).await.state, RunState::Finished);
    assert_eq!(town.sync().await.changes, Changes::default());
}

#[tokio::test]
async fn everybody_who_moves_to_another_year_and_what_changes_every_day_is_not_held() {
    let town = Town::of(Feed::of(100, TODAY)).await;
    town.sync().await;
    town.change(|feed| {
        for pupil in &mut feed.pupils {
            pupil.groups[0].name = format!("{} up", pupil.groups[0].name);
        }
    });
    assert_eq!(town.sync().await.state, RunState::Finished, "rollover");
    town.change(|feed| {
        feed.contacts.iter_mut().take(5).for_each(|c| c.numbers.clear());
        feed.staff.truncate(8);
        feed.ties.iter_mut().take(4).for_each(|t| t.priority = None);
    });
    assert_eq!(town.sync().await.state, RunState::Finished, "a few");
}

#[tokio::test]
async fn lists_that_nobody_counted_yet_hold_nothing_and_are_counted_by_the_next_run() {
    let town = Town::of(Feed::of(100, TODAY)).await;
    town.sync().await;
    for (list, head) in town.school.sync().manifest().heads().await.unwrap() {
        let uncounted = ManifestHead { counts: Counts::new(), ..head };
        town.school.sync().manifest().put_head(&list, &uncounted).await.unwrap();
    }
    let run = town.sync().await;
    assert_eq!((run.state, run.changes), (RunState::Finished, Changes::default()));
    town.says(hollow().swap_remove(0).1);
    assert_eq!(town.sync().await.state, RunState::Held);
}

#[tokio::test]
async fn registers_are_read_while_people_are_held_and_nobody_they_miss_loses_a_mark() {
    let town = Town::of(Feed::of(100, TODAY)).await;
    town.sync().await;
    let whole = town.all().await;
    let mut feed = Feed::of(100, TODAY).without(&["PL-98", "PL-99"]);
    feed.staff.clear();
    feed.marks[0] = mark(&id("PL-0"), TODAY, "N");
    town.says(feed);
    let run = town.sync().await;
    assert_eq!((run.state, run.registers), (RunState::Held, true));
    assert_eq!(town.all().await, whole);
    let marks = town.school.sync().registers().marks(TODAY).await.unwrap();
    assert_eq!(marks.len(), 100);
    assert_eq!(marks.iter().find(|m| m.pupil == id("PL-0")).unwrap().code, "N");
    let standing = town.school.sync().status().await.unwrap();
    assert_eq!(standing.registers_read_ms, Some(run.began_ms));
    assert!(standing.fresh_ms < Some(run.began_ms));
    // What was left out is made up for once somebody has decided.
    assert_eq!(town.apply(run.id).await.state, RunState::Finished);
    assert_eq!(town.school.sync().registers().marks(TODAY).await.unwrap().len(), 98);
}

#[tokio::test]
async fn registers_that_came_empty_are_left_as_they_are_and_people_are_not() {
    let town = Town::of(Feed::of(100, TODAY)).await;
    town.sync().await;
    for blank in [false, true] {
        let forename = format!("Other{blank}");
        town.change(|feed| {
            feed.contact("PC-1").forename.clone_from(&forename);
            if blank {
                feed.marks = feed.pupils.iter().map(|p| mark(&p.id, TODAY, "-")).collect();
            } else {
                feed.marks.clear();
            }
        });
        let run = town.sync().await;
        assert_eq!((run.state, run.registers), (RunState::Held, false));
        assert_eq!(town.book().await.get(&id("PC-1")).unwrap().0.forename, forename);
        let marks = town.school.sync().registers().marks(TODAY).await.unwrap();
        assert!(marks.len() == 100 && marks.iter().all(|m| m.code == "/"), "{}", marks.len());
    }
}

#[tokio::test]
async fn registers_of_two_days_that_came_empty_are_told_of_once() {
    let mut feed = Feed::of(100, TODAY);
    let yesterday = TODAY.yesterday().unwrap();
    let before: Vec<_> = feed.pupils.iter().map(|pupil| mark(&pupil.id, yesterday, "/")).collect();
    feed.marks.extend(before);
    let town = Town::of(feed).await;
    town.sync().await;
    town.change(|feed| feed.marks.clear());
    let why = town.sync().await.why.unwrap();
    assert!(
        why.starts_with("Marks of the registers: 0 in what the MIS sent, 200 before. The registers"),
        "{why}"
    );
}
