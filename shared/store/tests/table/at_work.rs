//! Which messages may have sent something within a time, over the real wire.

use std::collections::BTreeSet;

use domain::ids::MessageId;
use store::School;
use testkit::TABLE;
use ulid::Ulid;

use crate::common::TestTable;

const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;
/// Some day.
const NOW_MS: u64 = 1_790_000_000_000;

fn message(at_ms: u64, number: u128) -> MessageId {
    MessageId::new(Ulid::from_parts(at_ms, number))
}

/// A line in the history is all that is looked at.
async fn accepted(table: &TestTable, school: &School, id: MessageId) {
    let text = |t: String| aws_sdk_dynamodb::types::AttributeValue::S(t);
    let put = table.client.put_item().table_name(TABLE).item("pk", text(format!("S#{}#", school.id())));
    put.item("sk", text(format!("MSG#{id}"))).send().await.unwrap();
}

async fn at_work(school: &School, from_ms: u64, until_ms: u64, most: usize) -> Option<BTreeSet<MessageId>> {
    let times = (i64::try_from(from_ms).unwrap(), i64::try_from(until_ms).unwrap());
    school.messages().ids_at_work(times.0, times.1, most).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_a_time_are_those_accepted_or_taken_up_again_then() {
    let table = TestTable::start().await;
    let school = table.school(1);
    let ids = [(DAY_MS * 30, 1), (DAY_MS, 2), (HOUR_MS, 3), (0, u128::from(u64::MAX))];
    for (before_ms, number) in ids {
        accepted(&table, &school, message(NOW_MS - before_ms, number)).await;
    }
    let [old, yesterday, recent, now] = ids.map(|(before, number)| message(NOW_MS - before, number));
    accepted(&table, &table.school(2), message(NOW_MS, 9)).await;

    assert_eq!(at_work(&school, NOW_MS - DAY_MS, NOW_MS, 10).await, Some([yesterday, recent, now].into()));
    assert_eq!(at_work(&school, NOW_MS - DAY_MS + 1, NOW_MS - 1, 10).await, Some([recent].into()));
    assert_eq!(at_work(&school, NOW_MS - DAY_MS, NOW_MS, 2).await, None, "too many is said, not cut");

    // Whether or not there was anything to take up: what counts is that pages may go.
    let _ = school.progress().reopen(old, i64::try_from(NOW_MS - HOUR_MS).unwrap()).await;
    let found = at_work(&school, NOW_MS - 2 * HOUR_MS, NOW_MS, 10).await;
    assert_eq!(found, Some([old, recent, now].into()));
    assert_eq!(at_work(&school, NOW_MS - HOUR_MS + 1, NOW_MS, 10).await, Some([now].into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_messages_within_minutes_hide_none() {
    let table = TestTable::start().await;
    let school = table.school(1);
    let first = message(NOW_MS, 0);
    for number in 0..300 {
        accepted(&table, &school, message(NOW_MS + u64::try_from(number).unwrap(), number)).await;
    }
    let found = at_work(&school, NOW_MS, NOW_MS + HOUR_MS, 1_000).await.unwrap();
    assert_eq!((found.len(), found.first()), (300, Some(&first)));
}
