//! A log that was tampered with, by somebody who may write to the table.

use std::collections::HashMap;
use std::ops::Deref;

use admin::verify::{Report, verify_audit};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::audit::{Act, AuditEvent, Change, Head, Who};
use domain::ids::SchoolId;
use store::AuditMonth;
use testkit::{TABLE, World, school_id};

/// 20 October 2026.
const OCTOBER: i64 = 1_792_454_400_000;
const DAY: i64 = 24 * 3_600_000;

type Row = HashMap<String, AttributeValue>;

/// A school with six events in October and six in November, and the head after each.
struct Log {
    world: World,
    client: Client,
    heads: Vec<Head>,
}

impl Deref for Log {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

fn id() -> SchoolId {
    school_id(1)
}

fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

impl Log {
    async fn start() -> Self {
        let world = World::start().await;
        let client = runtime::database_at(world.database.url());
        let mut heads = Vec::new();
        for n in 0..12 {
            let event = AuditEvent {
                who: Who::User(format!("u{}", n % 3)),
                from: "192.0.2.7".to_owned(),
                act: Act::MessageSent,
                on: format!("m{n}"),
                changes: Change::of("people", "", &n.to_string()).into_iter().collect(),
            };
            let at_ms = OCTOBER + n * DAY * 3;
            world.school.audit().record(&event, at_ms).await.unwrap();
            heads.push(world.school.audit().head().await.unwrap());
        }
        Self { world, client, heads }
    }

    async fn verify(&self, anchors: &[usize]) -> Report {
        let anchor = |n: &usize| {
            let head = &self.heads[*n];
            let at = format!("2026-10-{:02}T02:00:00Z", n + 1);
            format!(r#"{{"school":"{}","seq":{},"hash":"{}","at":"{at}"}}"#, id(), head.seq, head.hash)
                .into_bytes()
        };
        let anchors: Vec<Vec<u8>> = anchors.iter().map(anchor).collect();
        verify_audit(&self.store, id(), &anchors, OCTOBER + 60 * DAY).await.unwrap()
    }

    fn month(n: usize) -> String {
        let n = i64::try_from(n).unwrap();
        AuditMonth::of_ms(OCTOBER + n * DAY * 3).code()
    }

    fn key(n: usize) -> Row {
        let pk = format!("S#{}#A#{}", id(), Self::month(n));
        HashMap::from([("pk".to_owned(), s(&pk)), ("sk".to_owned(), s(&format!("{:012}", n + 1)))])
    }

    fn head_key() -> Row {
        HashMap::from([("pk".to_owned(), s(&format!("S#{}#A", id()))), ("sk".to_owned(), s("HEAD"))])
    }

    async fn row(&self, n: usize) -> Row {
        let got = self.client.get_item().table_name(TABLE).set_key(Some(Self::key(n))).send().await.unwrap();
        got.item.unwrap()
    }

    async fn put(&self, row: Row) {
        self.client.put_item().table_name(TABLE).set_item(Some(row)).send().await.unwrap();
    }

    async fn drop_row(&self, n: usize) {
        self.client.delete_item().table_name(TABLE).set_key(Some(Self::key(n))).send().await.unwrap();
    }

    /// Writes the head as if the `n`-th row were the last.
    async fn head_at(&self, n: usize) {
        let mut row = Self::head_key();
        row.insert("seq".to_owned(), AttributeValue::N(self.heads[n].seq.to_string()));
        row.insert("seal".to_owned(), s(&self.heads[n].hash));
        row.insert("first_month".to_owned(), s(&Self::month(0)));
        row.insert("last_month".to_owned(), s(&Self::month(n)));
        self.put(row).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_nobody_touched_is_whole_and_says_up_to_when_it_is_anchored() {
    let log = Log::start().await;
    let report = log.verify(&[3, 8]).await;
    assert_eq!((report.rows, report.head, report.anchors), (12, 12, 2));
    assert_eq!(report.anchored.as_deref(), Some("2026-10-09T02:00:00Z"));
    assert_eq!(report.broken, Vec::<String>::new());
    assert!(Log::month(0) != Log::month(11), "two months");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_value_shows() {
    let log = Log::start().await;
    for (field, value) in [("who", "user:u9"), ("on", "m99"), ("changes", "[]"), ("act", "message.stopped")] {
        let before = log.row(4).await;
        let mut row = before.clone();
        row.insert(field.to_owned(), s(value));
        log.put(row).await;
        assert_eq!(log.verify(&[]).await.broken, ["row 5 was changed"], "{field}");
        log.put(before).await;
    }
    let mut row = log.row(4).await;
    row.remove("from");
    log.put(row).await;
    assert_eq!(log.verify(&[]).await.broken, ["row 5 was changed"], "a field that is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_sealed_anew_shows_by_the_row_after_it() {
    let log = Log::start().await;
    let mut entry = log.school.audit().month(AuditMonth::of_ms(OCTOBER)).await.unwrap().remove(1);
    entry.who = "user:u9".to_owned();
    let mut row = log.row(1).await;
    row.insert("who".to_owned(), s(&entry.who));
    row.insert("hash".to_owned(), s(&entry.seal_of(&id().to_string())));
    log.put(row).await;
    assert_eq!(log.verify(&[]).await.broken, ["row 3 does not continue the row before it"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_and_months_that_are_gone_show() {
    for (gone, expected) in [
        (5..6, "rows 6 to 6 are missing"),
        (10..12, "rows 11 to 12 are missing"),
        (0..4, "rows 1 to 4 are missing"),
        (4..12, "rows 5 to 12 are missing"),
        (0..12, "rows 1 to 12 are missing"),
    ] {
        let log = Log::start().await;
        assert!(Log::month(3) < Log::month(4), "the month ends after the fourth");
        for n in gone.clone() {
            log.drop_row(n).await;
        }
        assert_eq!(log.verify(&[]).await.broken, [expected], "{gone:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_rows_in_each_others_places_show() {
    let log = Log::start().await;
    let (mut one, mut other) = (log.row(5).await, log.row(6).await);
    for part in ["pk", "sk"] {
        let (a, b) = (one[part].clone(), other[part].clone());
        one.insert(part.to_owned(), b);
        other.insert(part.to_owned(), a);
    }
    log.put(one).await;
    log.put(other).await;
    assert!(log.verify(&[]).await.broken.len() > 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tail_that_was_cut_with_the_head_moved_back_shows_by_the_anchor_alone() {
    let log = Log::start().await;
    for n in 8..12 {
        log.drop_row(n).await;
    }
    log.head_at(7).await;
    assert_eq!(log.verify(&[]).await.broken, Vec::<String>::new(), "the head cannot tell");
    assert_eq!(log.verify(&[6]).await.broken, Vec::<String>::new(), "nor can an anchor from before");
    assert_eq!(log.verify(&[6, 10]).await.broken, ["rows 9 to 11 are missing"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_written_anew_from_the_first_row_shows_by_an_anchor() {
    let log = Log::start().await;
    let mut head = Head::default();
    for n in 0..12 {
        let event = AuditEvent {
            who: Who::User("u1".to_owned()),
            from: String::new(),
            act: Act::SignedIn,
            on: "u1".to_owned(),
            changes: Vec::new(),
        };
        let entry = head.seal(&id().to_string(), &event, OCTOBER + n * DAY * 3);
        head = entry.head();
        let mut row = Log::key(usize::try_from(n).unwrap());
        for (field, value) in [
            ("who", &entry.who),
            ("from", &entry.from),
            ("act", &entry.act),
            ("on", &entry.on),
            ("changes", &entry.changes),
            ("prev", &entry.prev),
            ("hash", &entry.hash),
        ] {
            row.insert(field.to_owned(), s(value));
        }
        row.insert("seq".to_owned(), AttributeValue::N(entry.seq.to_string()));
        row.insert("at_ms".to_owned(), AttributeValue::N(entry.at_ms.to_string()));
        log.put(row).await;
    }
    let mut row = Log::head_key();
    row.insert("seq".to_owned(), AttributeValue::N("12".to_owned()));
    row.insert("seal".to_owned(), s(&head.hash));
    row.insert("first_month".to_owned(), s(&Log::month(0)));
    row.insert("last_month".to_owned(), s(&Log::month(11)));
    log.put(row).await;
    assert_eq!(log.verify(&[]).await.broken, Vec::<String>::new(), "consistent in itself");
    assert_eq!(log.verify(&[4]).await.broken, ["row 5 is not the one that was sealed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_without_its_head_shows() {
    let log = Log::start().await;
    log.client.delete_item().table_name(TABLE).set_key(Some(Log::head_key())).send().await.unwrap();
    assert_eq!(log.verify(&[]).await.broken, ["rows 1 to 12 are after the head"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_waits_for_its_anchor_from_the_next_night_on_and_only_once() {
    let log = Log::start().await;
    let due = async |at_ms: i64| log.store.due_anchors(at_ms, 10).await.unwrap().len();
    assert_eq!((due(OCTOBER + 20 * 3_600_000).await, due(OCTOBER + 27 * 3_600_000).await), (0, 1));
    let seen = log.school.audit().head().await.unwrap();
    log.school.audit().record_anchor(&seen, OCTOBER + 60 * DAY).await.unwrap();
    assert_eq!(due(OCTOBER + 90 * DAY).await, 0);
    // One that has moved meanwhile stays due.
    let event = AuditEvent::of_system(Act::SignedIn, "");
    let at_ms = OCTOBER + 60 * DAY;
    log.school.audit().record(&event, at_ms).await.unwrap();
    log.school.audit().record_anchor(&seen, at_ms + 3 * DAY).await.unwrap();
    assert_eq!((due(at_ms + 3 * DAY).await, due(at_ms + 5 * DAY).await), (0, 1));
}
