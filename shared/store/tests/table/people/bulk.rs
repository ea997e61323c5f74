//! Bulk changes of the address book: whole or not at all, resumed, lost.

use domain::contact::{Contact, Overrides, Source};
use domain::phone::{CountryCode, NumberMode};
use store::{BookCache, StoreError, Upserted};

use super::book::{NOW, audit_event, contact, id, load, people};
use crate::common::TestTable;

const HOLD: i64 = 60_000;

fn is_busy<T>(result: &Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Busy))
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_bulk_goes_on_nobody_else_writes_and_nobody_reads() {
    let table = TestTable::start().await;
    let school = table.school(1);
    school.contacts().add(&contact(1), &audit_event(), NOW).await.unwrap();
    let bulk = school.book().begin_bulk("import-1", HOLD, NOW).await.unwrap();
    bulk.upsert_contacts(people(1..150), NOW).await.unwrap();

    assert!(is_busy(&load(&school, NOW).await));
    assert!(is_busy(&school.contacts().add(&contact(500), &audit_event(), NOW).await));
    assert!(is_busy(&school.contacts().put(&contact(1), 1, &audit_event(), NOW).await));
    assert!(is_busy(&school.contacts().delete(&[id(1)], &audit_event(), NOW).await));
    assert!(is_busy(&school.contacts().upsert(people(600..602), NOW).await));
    assert!(is_busy(&school.book().begin_bulk("import-2", HOLD, NOW).await));

    bulk.end().await.unwrap();
    assert_eq!(load(&school, NOW).await.unwrap().contacts(), people(1..150));
    school.contacts().put(&contact(1), 1, &audit_event(), NOW).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_waits_for_a_bulk_that_ends_soon() {
    let table = TestTable::start().await;
    let school = table.school(1);
    let bulk = table.quiet_school(1).book().begin_bulk("import-1", HOLD, NOW).await.unwrap();
    bulk.upsert_contacts(people(0..2), NOW).await.unwrap();
    table.calls.before("GetItem", 2, async move { bulk.end().await.unwrap() });
    assert_eq!(load(&school, NOW).await.unwrap().contacts(), people(0..2));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_wait_reads_the_book_as_it_stands_at_once_and_keeps_it_for_a_second() {
    let table = TestTable::start().await;
    let (school, cache) = (table.school(1), BookCache::new(NumberMode::Simulated));
    let at_once_at = async |now_ms| school.book().at_once(&cache, CountryCode::UK, now_ms).await.unwrap();
    let at_once = async || at_once_at(NOW).await;
    school.contacts().add(&contact(1), &audit_event(), NOW).await.unwrap();
    assert_eq!(at_once().await.contacts(), [contact(1)]);
    let bulk = table.quiet_school(1).book().begin_bulk("import-1", HOLD, NOW).await.unwrap();
    bulk.upsert_contacts(people(1..3), NOW).await.unwrap();
    table.calls.take();
    assert_eq!(at_once().await.contacts(), people(1..3));
    assert_eq!(table.calls.take(), ["GetItem", "Query"], "no waiting, and no second look");
    bulk.upsert_contacts(people(3..5), NOW).await.unwrap();
    assert_eq!(at_once_at(NOW + 999).await.contacts(), people(1..3));
    assert!(
        is_busy(&school.book().current(&cache, CountryCode::UK, NOW + 999).await),
        "nobody else goes by it"
    );
    assert_eq!(at_once_at(NOW + 1_000).await.contacts(), people(1..5));
    bulk.end().await.unwrap();
    assert_eq!(at_once().await.contacts(), people(1..5));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_that_was_cut_off_is_taken_up_by_its_owner_with_the_same_counts() {
    let table = TestTable::start().await;
    let school = table.school(1);
    school.contacts().upsert(people(0..10), NOW).await.unwrap();
    {
        let bulk = school.book().begin_bulk("import-1", HOLD, NOW).await.unwrap();
        let first = bulk.upsert_contacts(people(0..120), NOW).await.unwrap();
        assert_eq!(first, Upserted { created: 110, updated: 10 });
    }
    let later = NOW + 10 * HOLD;
    let bulk = school.book().begin_bulk("import-1", HOLD, later).await.unwrap();
    let again = bulk.upsert_contacts(people(0..120), later).await.unwrap();
    assert_eq!(again, Upserted { created: 110, updated: 10 });
    let rest = bulk.upsert_contacts(people(120..130), later).await.unwrap();
    assert_eq!(rest, Upserted { created: 10, updated: 0 });
    bulk.end().await.unwrap();

    let book = load(&school, later).await.unwrap();
    assert_eq!((book.len(), book.version() % 2), (130, 0));
    // In the next bulk they are old acquaintances.
    let bulk = school.book().begin_bulk("import-1", HOLD, later).await.unwrap();
    let next = bulk.upsert_contacts(people(0..130), later).await.unwrap();
    assert_eq!(next, Upserted { created: 0, updated: 130 });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_died_does_not_shut_the_book_and_cannot_write_any_more() {
    let table = TestTable::start().await;
    for taker in ["a reader", "an editor", "another bulk"] {
        let school = table.school(taker.len() as u128);
        let dead = school.book().begin_bulk("import-1", HOLD, NOW).await.unwrap();
        dead.upsert_contacts(people(0..5), NOW).await.unwrap();
        // Each write holds the book for longer.
        dead.upsert_contacts(people(5..10), NOW + HOLD - 1).await.unwrap();
        assert!(is_busy(&load(&school, NOW + HOLD + 1).await), "{taker}");

        let later = NOW + 2 * HOLD;
        match taker {
            "a reader" => assert_eq!(load(&school, later).await.unwrap().len(), 10),
            "an editor" => school.contacts().add(&contact(700), &audit_event(), later).await.unwrap(),
            _ => school.book().begin_bulk("import-2", HOLD, later).await.unwrap().end().await.unwrap(),
        }
        let woken = dead.upsert_contacts(people(10..15), later).await;
        assert!(matches!(woken, Err(StoreError::Conflict)), "{taker}: {woken:?}");
        let unchanged = dead.upsert_contacts(people(0..5), later).await;
        assert!(matches!(unchanged, Err(StoreError::Conflict)), "{taker}: {unchanged:?}");
        dead.end().await.unwrap();
        let book = load(&school, later).await.unwrap();
        assert_eq!(book.version() % 2, 0, "{taker}");
        assert!(book.place(&id(10)).is_none(), "{taker}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_does_not_end_the_one_that_came_after_it() {
    let table = TestTable::start().await;
    let school = table.school(1);
    let dead = school.book().begin_bulk("import-1", HOLD, NOW).await.unwrap();
    let later = NOW + 2 * HOLD;
    let heir = school.book().begin_bulk("import-2", HOLD, later).await.unwrap();
    dead.end().await.unwrap();
    heir.upsert_contacts(people(0..3), later).await.unwrap();
    heir.end().await.unwrap();
    assert_eq!(load(&school, later).await.unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_staff_changed_in_an_imported_contact_survives_its_source() {
    let table = TestTable::start().await;
    let school = table.school(1);
    let pushed = |number| Contact { source: Source::Api, ..contact(number) };
    school.contacts().upsert(vec![pushed(0), pushed(1)], NOW).await.unwrap();
    let stored = school.contacts().get(&id(1)).await.unwrap().unwrap();
    let changes = Overrides::default().with("forename", "Zoë");
    let changed = Contact { overrides: changes.clone(), ..stored.contact };
    school.contacts().put(&changed, stored.rev, &audit_event(), NOW).await.unwrap();

    let renamed = Contact { surname: "Renamed".into(), ..pushed(1) };
    school.contacts().upsert(vec![pushed(0), renamed.clone()], NOW).await.unwrap();
    let bulk = school.book().begin_bulk("import-1", HOLD, NOW).await.unwrap();
    bulk.upsert_contacts(vec![renamed.clone()], NOW).await.unwrap();
    bulk.end().await.unwrap();
    assert_eq!(
        school.contacts().get(&id(1)).await.unwrap().unwrap().contact,
        Contact { overrides: changes, ..renamed }
    );
    let book = load(&school, NOW).await.unwrap();
    let (shown, _) = book.get(&id(1)).unwrap();
    assert_eq!((shown.forename.as_str(), shown.surname.as_str()), ("Zoë", "Renamed"));
}
