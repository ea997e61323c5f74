//! A contact's messages, however large they were.

use domain::ids::{ContactId, MessageId};
use ulid::Ulid;

use crate::common::TestTable;

/// Longest ids that there are: 64 characters of four bytes.
fn long(n: usize) -> (ContactId, u32) {
    (ContactId::parse(&format!("{}{n:04}", "𝟘".repeat(60))).unwrap(), 0)
}

fn message(n: u64) -> MessageId {
    MessageId::new(Ulid::from_parts(1_700_000_000_000 + n, 1))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_to_many_contacts_with_long_ids_stands_in_the_history_of_each() {
    let table = TestTable::start().await;
    let school = table.school(1);
    let contacts: Vec<(ContactId, u32)> = (0..4_000).map(long).collect();
    school.messages().record_contacts(message(1), &contacts).await.unwrap();
    for n in [0, 1_999, 3_999] {
        assert_eq!(school.messages().ids_to_contact(&contacts[n].0, 1).await.unwrap(), [message(1)], "{n}");
    }
    assert!(school.messages().ids_to_contact(&long(4_000).0, 1).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_of_the_latest_messages_is_found_behind_more_than_one_answer_of_the_table() {
    let table = TestTable::start().await;
    let school = table.school(1);
    let many: Vec<(ContactId, u32)> = (0..300).map(long).collect();
    let told = (ContactId::parse("P1").unwrap(), 0);
    for n in 0..31 {
        let mut contacts = many.clone();
        if n <= 1 {
            contacts.push(told.clone());
        }
        school.messages().record_contacts(message(n), &contacts).await.unwrap();
    }
    // 31 messages of 80 kB each: the thirtieth is far beyond 1 MB, the thirty-first is not asked for.
    assert_eq!(school.messages().ids_to_contact(&told.0, 30).await.unwrap(), [message(1)]);
}
