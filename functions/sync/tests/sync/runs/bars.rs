//! A bar that the school set itself outlives every run.

use domain::audit::{Act, AuditEvent};
use domain::ids::ContactId;
use domain::sync::{Changes, RunState, Would};

use super::feed::{Feed, id};
use super::town::{TODAY, Town};

async fn is_barred(town: &Town, pupil: &ContactId, adult: &ContactId) -> bool {
    let book = town.book().await;
    let (pupil, adult) = (book.place(pupil).unwrap(), book.place(adult).unwrap());
    book.adults_of(pupil).iter().any(|pair| pair.contact() == adult && pair.court_order)
}

#[tokio::test]
async fn no_run_undoes_it_whatever_the_mis_says_of_the_pair() {
    let town = Town::of(Feed::of(60, TODAY)).await;
    town.sync().await;
    let book = town.book().await;
    let pupil = id("PL-3");
    let adult = book.contacts()[book.adults_of(book.place(&pupil).unwrap())[0].contact()].id.clone();
    assert!(!is_barred(&town, &pupil, &adult).await);
    let event = AuditEvent::of_system(Act::PairBarred, adult.as_str());
    town.school.ties().bar(&pupil, &adult, &event, town.now()).await.unwrap();
    assert!(is_barred(&town, &pupil, &adult).await);

    // The MIS has nothing new: the run does not even see the bar.
    let run = town.sync().await;
    assert_eq!((run.state, run.changes), (RunState::Finished, Changes::default()));
    assert!(is_barred(&town, &pupil, &adult).await);
    // Both leave, and come back.
    town.says(Feed::of(60, TODAY).without(&["PL-3", adult.as_str()]));
    assert_eq!(town.sync().await.state, RunState::Finished);
    town.says(Feed::of(60, TODAY));
    assert_eq!(town.sync().await.state, RunState::Finished);
    assert!(is_barred(&town, &pupil, &adult).await);
    town.school.ties().lift_bar(&pupil, &adult, &event, town.now()).await.unwrap();
    assert!(!is_barred(&town, &pupil, &adult).await);
}

#[tokio::test]
async fn one_between_two_whom_no_source_ties_outlives_runs_too() {
    let town = Town::of(Feed::of(60, TODAY)).await;
    town.sync().await;
    let (pupil, adult) = (id("PL-3"), id("PC-40"));
    let event = AuditEvent::of_system(Act::PairBarred, adult.as_str());
    town.school.ties().bar(&pupil, &adult, &event, town.now()).await.unwrap();
    assert!(is_barred(&town, &pupil, &adult).await);
    assert_eq!(town.sync().await.changes, Changes::default());
    town.says(Feed::of(60, TODAY).without(&["PL-3", "PC-40"]));
    assert_eq!(town.sync().await.state, RunState::Finished);
    // They come back, and the MIS ties them.
    let mut feed = Feed::of(60, TODAY);
    let tie = domain::feed::Tie { pupil: pupil.clone(), contact: adult.clone(), ..feed.ties[0].clone() };
    feed.ties.push(tie);
    town.says(feed);
    assert_eq!(town.sync().await.state, RunState::Finished);
    assert!(is_barred(&town, &pupil, &adult).await);
}

#[tokio::test]
async fn another_mis_that_knows_people_by_other_numbers_is_held_and_loses_nobody() {
    let town = Town::of(Feed::of(60, TODAY)).await;
    town.sync().await;
    let before = town.all().await;
    // What another connector would bring: the same number of people, and none of the old ids.
    town.says(Feed::of(60, TODAY).renamed("W-"));
    let run = town.sync().await;
    assert_eq!(run.state, RunState::Held, "{:?}", run.why);
    assert_eq!(town.all().await, before);
    let outline = town.school.sync().outline(run.id).await.unwrap();
    let whole: Vec<_> = outline.iter().map(|list| (list.would, list.of, list.lines.len())).collect();
    assert_eq!(whole, [(Would::Remove, 186, 50), (Would::Add, 186, 50), (Would::Tie, 120, 50)]);
}

#[tokio::test]
async fn court_orders_that_are_gone_from_the_mis_bar_until_somebody_lifts_them() {
    let town = Town::of(Feed::of(200, TODAY)).await;
    town.sync().await;
    let barred: Vec<(ContactId, ContactId)> = {
        let feed = town.mis.feed.lock().unwrap();
        let ties = feed.ties.iter().filter(|tie| tie.court_order);
        ties.map(|tie| (tie.pupil.clone(), tie.contact.clone())).collect()
    };
    assert_eq!(barred.len(), 8);
    // One order is lifted, one pair is not tied at all any more, and one adult is gone.
    town.change(|feed| {
        feed.ties.iter_mut().filter(|tie| tie.contact == barred[0].1).for_each(|tie| tie.court_order = false);
        feed.ties.retain(|tie| tie.contact != barred[1].1);
        let feed_without = std::mem::take(feed).without(&[barred[2].1.as_str()]);
        *feed = feed_without;
    });
    let run = town.sync().await;
    assert_eq!((run.state, run.changes.bars_kept), (RunState::Finished, 2), "{:?}", run.why);
    for (pupil, adult) in &barred[..2] {
        assert!(is_barred(&town, pupil, adult).await);
    }
    assert_eq!(town.school.ties().bars().await.unwrap(), barred[..2].iter().cloned().collect());
    assert_eq!(town.sync().await.changes, Changes::default());
    let (pupil, adult) = &barred[0];
    let event = AuditEvent::of_system(Act::BarLifted, adult.as_str());
    town.school.ties().lift_bar(pupil, adult, &event, town.now()).await.unwrap();
    assert!(!is_barred(&town, pupil, adult).await);
}

#[tokio::test]
async fn a_feed_without_its_court_orders_is_held_and_to_apply_it_lifts_none() {
    let town = Town::of(Feed::of(200, TODAY)).await;
    town.sync().await;
    let whole = town.all().await;
    let barred: Vec<_> = whole.1.iter().filter(|tie| tie.court_order).cloned().collect();
    town.change(|feed| feed.ties.iter_mut().for_each(|tie| tie.court_order = false));
    let held = town.sync().await;
    assert_eq!((held.state, held.changes.bars_kept), (RunState::Held, 8));
    assert!(held.why.unwrap().starts_with("8 court orders are missing from what the MIS sent."));
    assert_eq!(town.all().await, whole);
    assert_eq!(town.apply(held.id).await.state, RunState::Finished);
    for tie in &barred {
        assert!(is_barred(&town, &tie.pupil, &tie.contact).await);
    }
}

#[tokio::test]
async fn a_feed_that_bars_many_who_were_told_before_is_held_and_a_few_new_orders_are_not() {
    let town = Town::of(Feed::of(60, TODAY)).await;
    town.sync().await;
    let whole = town.all().await;
    let bar = |feed: &mut Feed, most: usize| {
        let open = feed.ties.iter_mut().filter(|tie| !tie.court_order);
        open.take(most).for_each(|tie| tie.court_order = true);
    };
    // Twelve of 120 pairs are one in ten.
    town.change(|feed| bar(feed, 13));
    let held = town.sync().await;
    assert_eq!(held.state, RunState::Held);
    assert!(held.why.unwrap().starts_with("A court order would bar 13 of 120 relationships"));
    assert_eq!(town.all().await, whole);
    let outline = town.school.sync().outline(held.id).await.unwrap();
    let barred = outline.iter().find(|list| list.would == Would::Bar).unwrap();
    assert_eq!((barred.of, barred.lines[0].name.as_str()), (13, "Ann0 Example about Ann0 Example"));
    assert!(outline.iter().any(|list| list.would == Would::Tie && list.lines[0].what == "court order"));
    // Whoever knows better has it applied.
    assert_eq!(town.apply(held.id).await.state, RunState::Finished);

    town.change(|feed| bar(feed, 5));
    assert_eq!(town.sync().await.state, RunState::Finished);
}

#[tokio::test]
async fn a_new_court_order_bars_though_the_rest_of_the_feed_waits_for_somebody() {
    let town = Town::of(Feed::of(60, TODAY)).await;
    town.sync().await;
    let (people, ..) = town.all().await;
    let gone: Vec<String> = (20..60).map(|n| format!("PL-{n}")).collect();
    let gone: Vec<&str> = gone.iter().map(String::as_str).collect();
    town.change(|feed| *feed = std::mem::take(feed).without(&gone));
    let ordered = {
        let mut feed = town.mis.feed.lock().unwrap();
        let tie = feed.ties.iter_mut().find(|tie| !tie.court_order).unwrap();
        tie.court_order = true;
        (tie.pupil.clone(), tie.contact.clone())
    };
    let held = town.sync().await;
    assert_eq!(held.state, RunState::Held);
    assert!(held.why.unwrap().ends_with("One pair with a new court order is barred already."));
    assert_eq!(town.all().await.0, people, "nobody was changed");
    assert!(is_barred(&town, &ordered.0, &ordered.1).await);
    let outline = town.school.sync().outline(held.id).await.unwrap();
    let at_once = outline.iter().find(|list| list.would == Would::BarAtOnce).unwrap();
    assert_eq!((at_once.of, at_once.lines.len()), (1, 1));
    // It is barred once, and stays so whatever is decided.
    let again = town.sync().await;
    assert!(again.state == RunState::Held && !again.why.unwrap().contains("barred"));
    assert_eq!(town.school.ties().bars().await.unwrap(), [ordered.clone()].into());
    assert_eq!(town.apply(again.id).await.state, RunState::Finished);
    assert!(is_barred(&town, &ordered.0, &ordered.1).await);
}
