//! Reading the address book, single edits, batches.

use std::sync::Arc;

use domain::audit::{Act, AuditEvent};
use domain::book::AddressBook;
use domain::contact::{Contact, LabelledNumber, PhoneLabel};
use domain::ids::ContactId;
use domain::phone::{CountryCode, NumberMode};
use store::{AuditMonth, BookCache, Result, School, StoreError, Upserted};
use testkit::Build;

use crate::common::TestTable;

pub(crate) const NOW: i64 = 1_700_000_000_000;

pub(crate) fn audit_event() -> AuditEvent {
    AuditEvent::of_system(Act::ContactChanged, "")
}

pub(crate) fn id(number: u32) -> ContactId {
    ContactId::parse(&format!("C{number}")).unwrap()
}

pub(crate) fn contact(number: u32) -> Contact {
    let made = testkit::contact(&format!("C{number}")).named("Ann", &format!("Abbot {number:05}"));
    let made = made.with_mobile(&format!("+447700900{:03}", number % 1_000)).in_group("Year 9");
    made.with_email(&format!("ann{number}@example.org"))
}

fn renamed(number: u32, forename: &str) -> Contact {
    Contact { forename: forename.into(), ..contact(number) }
}

pub(crate) fn people(numbers: std::ops::Range<u32>) -> Vec<Contact> {
    numbers.map(contact).collect()
}

pub(crate) async fn load(school: &School, now_ms: i64) -> Result<AddressBook> {
    school.book().load(CountryCode::UK, NumberMode::Simulated, now_ms).await
}

fn forenames(book: &AddressBook) -> Vec<&str> {
    book.contacts().iter().map(|c| c.forename.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_reads_back_as_it_was_written_and_belongs_to_its_school_alone() {
    let table = TestTable::start().await;
    let school = table.school(1);
    assert_eq!(load(&school, NOW).await.unwrap().len(), 0);

    let mut full = contact(1);
    full.title = Some("Dr".into());
    full.numbers.push(LabelledNumber { label: PhoneLabel::Home, number: "not a number".into() });
    let bare = Contact { numbers: Vec::new(), email: None, groups: Vec::new(), ..contact(2) };
    school.contacts().add(&full, &audit_event(), NOW).await.unwrap();
    school.contacts().add(&bare, &audit_event(), NOW).await.unwrap();

    let book = load(&school, NOW).await.unwrap();
    assert_eq!(book.contacts(), [full.clone(), bare]);
    assert_eq!(book.version(), 4);
    assert_eq!(school.contacts().get(&id(1)).await.unwrap().map(|c| (c.contact, c.rev)), Some((full, 1)));
    assert_eq!(school.contacts().get(&id(3)).await.unwrap(), None);
    assert!(load(&table.school(2), NOW).await.unwrap().is_empty());
    assert_eq!(table.school(2).contacts().get(&id(1)).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_book_in_the_cache_costs_one_small_read_until_somebody_changes_it() {
    let table = TestTable::start().await;
    let (school, cache) = (table.school(1), BookCache::new(NumberMode::Simulated));
    school.contacts().add(&contact(1), &audit_event(), NOW).await.unwrap();
    let book = async || school.book().current(&cache, CountryCode::UK, NOW).await.unwrap();
    let first = book().await;
    table.calls.take();

    let again = book().await;
    assert_eq!(table.calls.take(), ["GetItem"]);
    assert!(Arc::ptr_eq(&first, &again));

    table.quiet_school(1).contacts().put(&renamed(1, "Ben"), 1, &audit_event(), NOW).await.unwrap();
    let edited = book().await;
    assert_eq!(forenames(&edited), ["Ben"]);

    // Numbers are read by the school's country, so another country is another book.
    let abroad = school.book().current(&cache, CountryCode::try_from(353).unwrap(), NOW).await.unwrap();
    assert!(!Arc::ptr_eq(&abroad, &again));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cache_keeps_a_few_schools_and_never_mixes_them() {
    let table = TestTable::start().await;
    let cache = BookCache::new(NumberMode::Simulated);
    for number in 1..=9 {
        let school = table.school(number);
        school.contacts().add(&renamed(1, &format!("School {number}")), &audit_event(), NOW).await.unwrap();
        school.book().current(&cache, CountryCode::UK, NOW).await.unwrap();
    }
    table.calls.take();
    for number in (1..=9).rev() {
        let book = table.school(number).book().current(&cache, CountryCode::UK, NOW).await.unwrap();
        assert_eq!(forenames(&book), [format!("School {number}")]);
    }
    let read_whole = table.calls.take().iter().filter(|call| *call == "Query").count();
    assert_eq!(read_whole, 1, "the one used longest ago was dropped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_book_that_changes_while_it_is_read_is_read_again() {
    let table = TestTable::start().await;
    let (school, other) = (table.school(1), table.quiet_school(1));
    school.contacts().upsert(people(1..4), NOW).await.unwrap();
    table.calls.take();
    // Between the rows and the second look at the version.
    table.calls.before("GetItem", 2, async move {
        other.contacts().put(&renamed(2, "Ben"), 1, &audit_event(), NOW).await.unwrap();
    });
    let book = load(&school, NOW).await.unwrap();
    assert_eq!(forenames(&book), ["Ann", "Ben", "Ann"]);
    assert_eq!(book.version(), 4);
    assert_eq!(table.calls.take().iter().filter(|call| *call == "Query").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_editors_do_not_overwrite_each_other() {
    let table = TestTable::start().await;
    let school = table.school(1);
    school.contacts().add(&contact(1), &audit_event(), NOW).await.unwrap();
    let seen_by_both = school.contacts().get(&id(1)).await.unwrap().unwrap();

    let rev = school.contacts().put(&renamed(1, "Ben"), seen_by_both.rev, &audit_event(), NOW).await.unwrap();
    let late = school.contacts().put(&renamed(1, "Cat"), seen_by_both.rev, &audit_event(), NOW).await;
    assert!(matches!(late, Err(StoreError::Conflict)), "{late:?}");
    let book = load(&school, NOW).await.unwrap();
    assert_eq!((forenames(&book), book.version()), (vec!["Ben"], 4));
    school.contacts().put(&renamed(1, "Cat"), rev, &audit_event(), NOW).await.unwrap();

    let taken = school.contacts().add(&contact(1), &audit_event(), NOW).await;
    assert!(matches!(taken, Err(StoreError::Conflict)), "{taken:?}");
    school.contacts().delete(&[id(1)], &audit_event(), NOW).await.unwrap();
    let deleted = school.contacts().put(&contact(1), rev + 1, &audit_event(), NOW).await;
    assert!(matches!(deleted, Err(StoreError::Conflict)), "{deleted:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_says_what_was_new_and_what_was_there() {
    let table = TestTable::start().await;
    let school = table.school(1);
    let made = school.contacts().upsert(people(0..1_000), NOW).await.unwrap();
    assert_eq!(made, Upserted { created: 1_000, updated: 0 });
    let before = load(&school, NOW).await.unwrap();
    assert_eq!(before.len(), 1_000);

    // The same again changes nothing, so nobody's cached book grows stale.
    let again = school.contacts().upsert(people(0..1_000), NOW).await.unwrap();
    assert_eq!(again, Upserted { created: 0, updated: 1_000 });
    assert_eq!(load(&school, NOW).await.unwrap().version(), before.version());

    let mixed = vec![renamed(999, "Ben"), contact(1_000), renamed(1_000, "Cat")];
    let mixed = school.contacts().upsert(mixed, NOW).await.unwrap();
    assert_eq!(mixed, Upserted { created: 1, updated: 2 });
    let book = load(&school, NOW).await.unwrap();
    assert_eq!(forenames(&book)[999..], ["Ben", "Cat"]);
    assert_eq!(school.contacts().upsert(Vec::new(), NOW).await.unwrap(), Upserted::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_side_by_side_lose_nobody_and_count_everybody_once() {
    let table = TestTable::start().await;
    let school = table.school(1);
    // Each contact is in two of the batches.
    let tasks: Vec<_> = (0..4)
        .map(|n| (table.school(1), (n % 2) * 300))
        .map(|(school, from)| {
            tokio::spawn(async move { school.contacts().upsert(people(from..from + 300), NOW).await })
        })
        .collect();
    let mut counts = Upserted::default();
    for task in tasks {
        counts = counts.plus(task.await.unwrap().unwrap());
    }
    assert_eq!(counts, Upserted { created: 600, updated: 600 });
    assert_eq!(load(&school, NOW).await.unwrap().len(), 600);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_between_the_reading_and_the_writing_of_a_batch_is_seen() {
    let table = TestTable::start().await;
    let (school, other) = (table.school(1), table.quiet_school(1));
    table.calls.before("TransactWriteItems", 1, async move {
        other.contacts().add(&renamed(1, "Ben"), &audit_event(), NOW).await.unwrap();
    });
    let counts = school.contacts().upsert(people(1..3), NOW).await.unwrap();
    assert_eq!(counts, Upserted { created: 1, updated: 1 });
    assert_eq!(school.contacts().get(&id(1)).await.unwrap().unwrap().rev, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_contacts_are_deleted_and_unknown_ids_passed_over() {
    let table = TestTable::start().await;
    let school = table.school(1);
    school.contacts().upsert(people(0..300), NOW).await.unwrap();
    let mut doomed: Vec<_> = (0..250).map(id).collect();
    doomed.extend([id(7), id(9_999)]);
    school.contacts().delete(&doomed, &audit_event(), NOW).await.unwrap();
    let book = load(&school, NOW).await.unwrap();
    assert_eq!(book.contacts(), people(250..300));
    assert_eq!(book.version() % 2, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_and_its_row_in_the_log_are_written_together_or_not_at_all() {
    let table = TestTable::start().await;
    let school = table.school(1);
    school.contacts().add(&contact(1), &audit_event(), NOW).await.unwrap();
    table.calls.take();
    school.contacts().put(&renamed(1, "Ben"), 1, &audit_event(), NOW).await.unwrap();
    let writes: Vec<_> = table.calls.take().into_iter().filter(|call| !call.contains("Get")).collect();
    assert_eq!(writes, ["TransactWriteItems"]);
    let late = school.contacts().put(&renamed(1, "Cat"), 1, &audit_event(), NOW).await;
    assert!(matches!(late, Err(StoreError::Conflict)), "{late:?}");
    assert_eq!(school.audit().head().await.unwrap().seq, 2, "a refused edit is no event");
    // Somebody else's event comes between the reading of the head and the writing.
    let other = table.quiet_school(1);
    table.calls.before("TransactWriteItems", 1, async move {
        other.audit().record(&audit_event(), NOW).await.unwrap();
    });
    school.contacts().put(&renamed(1, "Cat"), 2, &audit_event(), NOW).await.unwrap();
    assert_eq!(school.contacts().get(&id(1)).await.unwrap().unwrap().contact.forename, "Cat");
    let log = school.audit().month(AuditMonth::of_ms(NOW)).await.unwrap();
    assert_eq!(log.len(), 4);
    let head = school.audit().head().await.unwrap();
    assert_eq!(domain::audit::verify(&school.id().to_string(), &log, &head, &[]), []);
}
