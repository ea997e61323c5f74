//! Sync runs, what they read, and the registers.

use std::collections::BTreeMap;

use domain::attendance::{RegisterLook, Seen};
use domain::feed::{Part, Session};
use domain::ids::{RunId, SyncFileId};
use domain::sync::{
    Asked, Changes, Count, FileCounts, FileState, Loss, Lost, OutlineLine, Outlined, RunState, SyncFile,
    Trial, TrialState, Would,
};
use store::{LastRun, ManifestHead};
use testkit::school_id;

use super::{ABSENT, NOW, day, late, message, person, stored, ulid};

fn run(number: u128) -> RunId {
    RunId::new(ulid(number))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_on_and_a_held_one_says_what_it_would_do() {
    let table = stored().await;
    let (store, school) = (&table.store, table.school(1));
    let sync = school.sync();
    let status = sync.status().await.unwrap();
    assert_eq!(status.at_work(NOW + 40).map(|at_work| at_work.id), Some(run(62)));
    assert_eq!((status.fresh_ms, status.registers_read_ms), (Some(NOW), Some(NOW)));
    assert_eq!((status.scheduled_ms, status.file), (Some(NOW + 20), None));
    let last = LastRun { id: run(61), state: RunState::Finished, began_ms: NOW, ended_ms: NOW + 30 };
    assert_eq!(status.last, Some(last));

    let runs = sync.runs(10).await.unwrap();
    assert_eq!(runs.iter().map(|run| run.id).collect::<Vec<_>>(), [run(61), run(60)]);
    let held = sync.run(run(60)).await.unwrap().unwrap();
    assert_eq!((held.state, held.why.as_deref()), (RunState::Held, Some("Many would go.")));
    assert_eq!((held.asked, held.ended_ms), (Asked::User("u1".to_owned()), Some(NOW + 10)));
    let changes = Changes { people: 3, left: 1, ties: 2, ties_ended: 1, marks: 4, bars_kept: 1 };
    assert_eq!((held.changes, held.registers, held.broke_off), (changes, true, 1));
    let loss = Loss { lost: Lost::Count(Count::Phones), part: Part::Contacts, gone: 5, of: 10 };
    assert_eq!(held.losses, [loss]);
    assert_eq!(sync.held_people(run(60)).await.unwrap(), [person("P1")]);
    let line = OutlineLine { name: "Ada Example".to_owned(), what: "parent".to_owned() };
    let outline = Outlined { would: Would::Remove, of: 1, lines: vec![line] };
    assert_eq!(sync.outline(run(60)).await.unwrap(), [outline]);
    assert_eq!(store.scheduled_schools().await.unwrap(), [school_id(1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_mis_gave_is_still_known() {
    let table = stored().await;
    let school = table.school(1);
    let sync = school.sync();
    let id = SyncFileId::new(ulid(63));
    let begun = SyncFile::new(id, "report.csv".to_owned(), 99, Asked::Key("k".to_owned()), NOW);
    let good = FileState::Good(FileCounts { pupils: 1, contacts: 2, ties: 3, staff: 4 });
    assert_eq!(sync.files().get(id, NOW).await.unwrap(), Some(SyncFile { state: good, ..begun }));

    let head = ManifestHead {
        hashes: BTreeMap::from([(1, "aa".to_owned())]),
        rows: 3,
        counts: BTreeMap::from([(Count::Texts, 2)]),
    };
    assert_eq!(sync.manifest().heads().await.unwrap(), BTreeMap::from([("people".to_owned(), head)]));
    let hashes = BTreeMap::from([("P1".to_owned(), "cc".to_owned())]);
    assert_eq!(sync.manifest().buckets("people", &[1]).await.unwrap(), hashes);

    let trial =
        Trial { state: TrialState::OtherName, said: "Hilltop School".to_owned(), ..Trial::new(run(64), NOW) };
    assert_eq!(sync.trial().get(NOW).await.unwrap(), Some(trial));

    assert_eq!(sync.registers().marks(day()).await.unwrap(), [late()]);
    assert_eq!(sync.registers().mark(&person("K1"), day(), Session::Am).await.unwrap(), Some(late()));
    let look = RegisterLook {
        seen: Seen::Marks(vec![late()]),
        ..RegisterLook::new(day(), Session::Am, vec![person("K1")], NOW)
    };
    assert_eq!(sync.registers().look(message(ABSENT)).await.unwrap(), Some(look));
}
