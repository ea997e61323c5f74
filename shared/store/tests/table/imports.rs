//! Uploads of contacts in the table.

use domain::ids::ImportId;
use domain::import::{Finding, Outcome, Stage};
use store::{FindingKind, Import, StoreError};
use testkit::{author, contact, school_id};
use ulid::Ulid;

use crate::common::TestTable;

const NOW_MS: i64 = 1_700_000_000_000;
const DAY_MS: i64 = 24 * 3_600_000;

fn upload(number: u128) -> Import {
    let id = ImportId::new(Ulid::from_parts(1_700_000_000_000, number));
    Import::new(id, "contacts.csv".to_owned(), 1_000, author(), NOW_MS)
}

fn finding(row: u32) -> Finding {
    Finding { row, column: Some(2), value: "x".to_owned(), message: "Mend it.".to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_kept_for_thirty_days_and_only_by_its_own_school() {
    let table = TestTable::start().await;
    let school = table.school(1);
    let import = upload(1);
    school.imports().create(&import).await.unwrap();
    assert_eq!(school.imports().get(import.id, NOW_MS + 29 * DAY_MS).await.unwrap(), Some(import.clone()));
    assert_eq!(school.imports().get(import.id, NOW_MS + 31 * DAY_MS).await.unwrap(), None);
    assert!(matches!(table.school(2).imports().get(import.id, NOW_MS).await, Ok(None)));
    assert!(matches!(school.imports().create(&upload(1)).await, Err(StoreError::Conflict) | Ok(())));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latest_uploads_come_first() {
    let table = TestTable::start().await;
    let school = table.school(1);
    for number in 1..=4 {
        school.imports().create(&upload(number)).await.unwrap();
    }
    table.school(2).imports().create(&upload(9)).await.unwrap();
    let listed: Vec<ImportId> =
        school.imports().list(3, NOW_MS).await.unwrap().iter().map(|i| i.id).collect();
    assert_eq!(listed, [upload(4).id, upload(3).id, upload(2).id]);
    assert_eq!(school.imports().list(3, NOW_MS + 31 * DAY_MS).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_only_made_to_what_was_read() {
    let table = TestTable::start().await;
    let school = table.school(1);
    let mut mine = upload(1);
    school.imports().create(&mine).await.unwrap();
    let mut theirs = mine.clone();
    theirs.stage = Stage::Discarded;
    school.imports().save(&mut theirs).await.unwrap();
    assert_eq!(theirs.version, 2);
    mine.stage = Stage::Inspecting;
    assert!(matches!(school.imports().save(&mut mine).await, Err(StoreError::Conflict)));
    assert_eq!(mine.version, 1);
    assert_eq!(school.imports().get(mine.id, NOW_MS).await.unwrap().unwrap().stage, Stage::Discarded);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_whose_answer_was_lost_and_sent_again_is_made_once() {
    let table = TestTable::start().await;
    let school = table.school(1);
    let mut import = upload(1);
    school.imports().create(&import).await.unwrap();
    import.stage = Stage::Inspecting;
    let (quiet, mut same) = (table.quiet_school(1), import.clone());
    table.calls.before("PutItem", 1, async move { quiet.imports().save(&mut same).await.unwrap() });
    school.imports().save(&mut import).await.unwrap();
    assert_eq!(import.version, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_is_due_is_found_until_there_is_none() {
    let table = TestTable::start().await;
    let school = table.school(1);
    let mut import = upload(1);
    school.imports().create(&import).await.unwrap();
    assert_eq!(table.store.due_imports(NOW_MS, 10).await.unwrap(), []);
    (import.stage, import.due_ms) = (Stage::Inspecting, Some(NOW_MS + 500));
    school.imports().save(&mut import).await.unwrap();
    assert_eq!(table.store.due_imports(NOW_MS + 499, 10).await.unwrap(), []);
    assert_eq!(table.store.due_imports(NOW_MS + 500, 10).await.unwrap(), [(school_id(1), import.id)]);
    // The messages' sweep does not take it for one of its own.
    for shard in 0..store::Store::work_shards() {
        assert_eq!(table.store.due_messages(shard, NOW_MS + 500, 10).await.unwrap(), []);
    }
    (import.stage, import.due_ms) = (Stage::Done(Outcome::default()), None);
    school.imports().save(&mut import).await.unwrap();
    assert_eq!(table.store.due_imports(NOW_MS + DAY_MS, 10).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_and_findings_come_back_in_order_and_go_apart() {
    let table = TestTable::start().await;
    let school = table.school(1);
    let import = upload(1);
    school.imports().create(&import).await.unwrap();
    for part in 0..30 {
        let contacts = serde_json::to_string(&[contact(&format!("p{part}"))]).unwrap();
        school.imports().put_part(&import, part, contacts).await.unwrap();
    }
    let errors: Vec<Finding> = (0..1_000).map(finding).collect();
    school.imports().put_findings(&import, &errors, &[finding(7)]).await.unwrap();
    assert_eq!(school.imports().part(import.id, 29).await.unwrap(), [contact("p29")]);
    assert_eq!(school.imports().findings(import.id, FindingKind::Error).await.unwrap(), errors);
    assert_eq!(school.imports().findings(import.id, FindingKind::Repair).await.unwrap(), [finding(7)]);

    school.imports().put_findings(&import, &errors[..1], &[]).await.unwrap();
    assert_eq!(school.imports().findings(import.id, FindingKind::Error).await.unwrap(), errors[..1]);
    assert_eq!(school.imports().findings(import.id, FindingKind::Repair).await.unwrap(), []);

    school.imports().delete_parts(import.id).await.unwrap();
    assert!(matches!(school.imports().part(import.id, 0).await, Err(StoreError::NotFound(_))));
    assert_eq!(school.imports().findings(import.id, FindingKind::Error).await.unwrap(), errors[..1]);
    school.imports().delete_findings(import.id).await.unwrap();
    assert_eq!(school.imports().findings(import.id, FindingKind::Error).await.unwrap(), []);
    assert!(school.imports().get(import.id, NOW_MS).await.unwrap().is_some());
}
