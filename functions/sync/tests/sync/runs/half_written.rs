//! While a run writes, whoever cannot wait reads the book as it stands then.

use std::time::Duration;

use domain::contact::ContactRole;
use domain::ids::ContactId;
use domain::phone::{CountryCode, NumberMode};
use domain::sync::{Asked, Changes, RunState};
use store::BookCache;

use super::deaths::dies_after;
use super::feed::{Feed, id};
use super::town::{TODAY, Town};

/// Pairs of somebody barred and their pupil, both in the book, that a message at this moment would not find barred.
async fn reached(town: &Town, barred: &[(ContactId, ContactId)]) -> Vec<(ContactId, ContactId)> {
    let cache = BookCache::new(NumberMode::Simulated);
    let book = town.school.book().at_once(&cache, CountryCode::UK, town.now()).await.unwrap();
    let open = |(pupil, adult): &&(ContactId, ContactId)| {
        let Some((pupil, adult)) = book.place(pupil).zip(book.place(adult)) else { return false };
        !book.adults_of(pupil).iter().any(|pair| pair.contact() == adult && pair.court_order)
    };
    barred.iter().filter(open).cloned().collect()
}

#[tokio::test]
async fn at_no_moment_of_a_run_is_somebody_there_without_what_bars_them() {
    let after = || {
        let mut feed = Feed::of(30, TODAY);
        // Of those who are known as few as no run is held for.
        let spared = ["PL-5", "PL-6", "PL-7", "PL-8", "PL-9"];
        let second = feed.ties.iter_mut().filter(|tie| tie.priority == Some(2));
        second.filter(|tie| !spared.contains(&tie.pupil.as_str())).for_each(|tie| tie.court_order = true);
        feed
    };
    let feed = after();
    let barring = feed.ties.iter().filter(|tie| tie.court_order);
    let barred: Vec<_> = barring.map(|tie| (tie.pupil.clone(), tie.contact.clone())).collect();
    let mut between = 0;
    for waits in (0..160).step_by(5) {
        // Ten pupils are known, the fathers of five of whom are barred from now on. The others are new.
        let town = Town::of(Feed::of(10, TODAY)).await;
        town.sync().await;
        town.says(after());
        let (run, _) = town.ask(Asked::Schedule, None).await;
        let ended = dies_after(waits, Box::pin(town.syncer.run(&town.school, run))).await;
        let cache = BookCache::new(NumberMode::Simulated);
        let book = town.school.book().at_once(&cache, CountryCode::UK, town.now()).await.unwrap();
        let begun = book.len() > 31;
        if begun || ended {
            between += usize::from(!ended);
            assert_eq!(reached(&town, &barred).await, Vec::new(), "after {waits}");
        }
        // The hold lapses, and what stands there is read as a book like any other.
        town.clock.advance(Duration::from_secs(121));
        if begun {
            town.book().await;
            assert_eq!(reached(&town, &barred).await, Vec::new(), "after {waits}, open");
        }
        if ended {
            break;
        }
    }
    assert!(between > 3, "{between}");
}

#[tokio::test]
async fn a_person_whom_somebody_else_changes_as_a_run_ends_is_mended_by_the_next() {
    let town = Town::of(Feed::of(20, TODAY)).await;
    town.sync().await;
    let whole = town.all().await;
    let event = domain::audit::AuditEvent::of_system(domain::audit::Act::ContactChanged, "");
    let mut deleted = 0;
    for waits in 0..120 {
        // Each time the run has this person to write.
        let name = format!("Ann-{waits}");
        town.change(|feed| feed.contact("PC-4").forename.clone_from(&name));
        town.clock.advance(Duration::from_mins(3));
        let (run, _) = town.ask(Asked::Schedule, None).await;
        {
            let mut running = Box::pin(town.syncer.run(&town.school, run));
            if dies_after(waits, running.as_mut()).await {
                break;
            }
            // The run stands still at this place, and somebody deletes the person if the book lets them.
            let gone = town.school.contacts().delete(&[id("PC-4")], &event, town.now()).await;
            deleted += usize::from(gone.is_ok());
            running.await.unwrap();
        }
        assert_eq!(town.sync().await.state, RunState::Finished);
        let book = town.book().await;
        let person = book.get(&id("PC-4")).map(|(person, _)| person.forename.clone());
        assert_eq!(person, Some(name), "after {waits}");
    }
    assert!(deleted > 5, "{deleted}");
    town.change(|feed| feed.contact("PC-4").forename = "Ann2".to_owned());
    town.sync().await;
    assert_eq!(town.all().await, whole);
    assert_eq!(town.sync().await.changes, Changes::default());
    assert_eq!(town.book().await.get(&id("PC-4")).unwrap().0.role, ContactRole::Parent);
}
