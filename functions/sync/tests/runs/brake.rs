//! A feed that is wrong changes nothing.

use domain::feed::Part;
use domain::sync::RunState;

use crate::feed::{Fault, Feed};
use crate::town::{TODAY, Town};

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
    let marks = town.school.marks(TODAY).await.unwrap();
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
    assert_eq!(town.school.marks(TODAY).await.unwrap(), marks);
}

#[tokio::test]
async fn a_held_run_is_applied_as_it_was_shown_and_no_further() {
    let town = Town::of(Feed::of(100, TODAY)).await;
    town.sync().await;
    town.says(Feed::of(100, TODAY).first(60));
    let held = town.sync().await;
    assert_eq!(held.state, RunState::Held);
    assert_eq!(town.school.held(held.id).await.unwrap().len(), 310 - 186);

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
