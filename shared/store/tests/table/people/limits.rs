//! Rate limits, the senders' pace, and texts that come in.

use domain::phone::PhoneNumber;
use store::{Allowance, Inbound, Slot, StoreError};
use testkit::TABLE;

use super::book::NOW;
use crate::common::TestTable;

#[tokio::test(flavor = "multi_thread")]
async fn tries_are_counted_by_window_and_by_what_is_tried() {
    let table = TestTable::start().await;
    let store = &table.store;
    // The window began 20 s ago.
    let start = NOW - NOW % 60_000;
    let hit = async |what: &str, now| store.hit(what, 3, 60, now).await.unwrap();
    for _ in 0..3 {
        assert_eq!(hit("sign-in:joe", start + 20_000).await, Allowance::Allowed);
    }
    assert_eq!(hit("sign-in:joe", start + 20_000).await, Allowance::Blocked { retry_after_s: 40 });
    assert_eq!(hit("sign-in:joe", start + 59_999).await, Allowance::Blocked { retry_after_s: 1 });
    assert_eq!(hit("sign-in:ann", start + 20_000).await, Allowance::Allowed);
    assert_eq!(hit("sign-in:joe", start + 60_000).await, Allowance::Allowed);

    store.forget_hits("sign-in:joe", 60, start + 30_000).await.unwrap();
    assert_eq!(hit("sign-in:joe", start + 30_000).await, Allowance::Allowed);
    let rows = table.client.scan().table_name(TABLE).send().await.unwrap();
    assert!(!format!("{rows:?}").contains("joe"), "what is tried is stored as a hash");
}

#[tokio::test(flavor = "multi_thread")]
async fn tries_at_once_are_counted_one_by_one() {
    let table = TestTable::start().await;
    let tasks: Vec<_> = (0..20)
        .map(|_| table.store.clone())
        .map(|store| tokio::spawn(async move { store.hit("sign-in:joe", 7, 60, NOW).await.unwrap() }))
        .collect();
    let mut allowed = 0;
    for task in tasks {
        allowed += u32::from(task.await.unwrap() == Allowance::Allowed);
    }
    assert_eq!(allowed, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn slots_reserved_at_once_do_not_overlap() {
    let table = TestTable::start().await;
    // Clocks differ a little, costs a lot.
    let tasks: Vec<_> = (0..60_i64)
        .map(|n| (table.store.clone(), NOW + n % 7, 5 + n % 3 * 10))
        .map(|(store, now, cost)| {
            tokio::spawn(async move {
                match store.reserve_slot("+447700900000", cost, now, 600_000).await.unwrap() {
                    Slot::At(start) => (start, start + cost, now),
                    Slot::Full { .. } => panic!("within the horizon"),
                }
            })
        })
        .collect();
    let mut slots = Vec::new();
    for task in tasks {
        slots.push(task.await.unwrap());
    }
    slots.sort_unstable();
    assert!(slots.iter().all(|(start, _, now)| start >= now));
    for pair in slots.windows(2) {
        assert!(pair[1].0 >= pair[0].1, "{pair:?}");
    }
    let busy_until = slots.last().unwrap().1;
    let time_sold: i64 = slots.iter().map(|(start, end, _)| end - start).sum();
    assert!(busy_until - slots[0].0 <= time_sold + 60 * 7, "hardly any time is left unused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_is_busy_past_the_horizon_sells_no_slot() {
    let table = TestTable::start().await;
    let reserve =
        async |sender: &str, cost, now| table.store.reserve_slot(sender, cost, now, 1_000).await.unwrap();
    assert_eq!(reserve("A", 800, NOW).await, Slot::At(NOW));
    assert_eq!(reserve("A", 800, NOW).await, Slot::At(NOW + 800));
    assert_eq!(reserve("A", 800, NOW).await, Slot::Full { wait_ms: 600 });
    assert_eq!(reserve("A", 800, NOW).await, Slot::Full { wait_ms: 600 }, "asking takes nothing");
    assert_eq!(reserve("B", 800, NOW).await, Slot::At(NOW), "another sender is free");
    assert_eq!(reserve("A", 800, NOW + 600).await, Slot::At(NOW + 1_600));
    assert_eq!(reserve("A", 800, NOW + 9_000).await, Slot::At(NOW + 9_000), "time not used is gone");
    assert_eq!(reserve("A", 0, NOW + 9_000).await, Slot::At(NOW + 9_000));
}

fn inbound(sid: &str, to: &str) -> Inbound {
    Inbound {
        sid: sid.into(),
        from: "+447700900999".into(),
        to: to.into(),
        body: "Thank you".into(),
        at_ms: NOW,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_kept_once_with_the_school_of_its_number() {
    let table = TestTable::start().await;
    let (ours, unknown) = ("+447700900001", "+447700900002");
    let number = PhoneNumber::from_e164(ours).unwrap();
    table.school(1).inbox().put_number(&number).await.unwrap();
    table.school(1).inbox().put_number(&number).await.unwrap();
    let taken = table.school(2).inbox().put_number(&number).await;
    assert!(matches!(taken, Err(StoreError::Conflict)), "{taken:?}");

    let store = &table.store;
    assert!(store.keep_inbound(&inbound("SM1", ours)).await.unwrap());
    let repeated = Inbound { at_ms: NOW + 5_000, ..inbound("SM1", ours) };
    assert!(!store.keep_inbound(&repeated).await.unwrap());
    assert!(store.keep_inbound(&inbound("SM2", ours)).await.unwrap());
    assert!(store.keep_inbound(&inbound("SM3", unknown)).await.unwrap());

    let count = async |pk: String| {
        let query = table.client.query().table_name(TABLE).key_condition_expression("pk = :p");
        let pk = aws_sdk_dynamodb::types::AttributeValue::S(pk);
        query.expression_attribute_values(":p", pk).send().await.unwrap().count
    };
    assert_eq!(count(format!("S#{}#N", table.school(1).id())).await, 2);
    assert_eq!(count("N#".to_owned()).await, 1);
}
