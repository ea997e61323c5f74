//! The audit log's page and files.

use domain::audit::{Act, Change, Deed, Who};

use crate::kit::{House, NOON};
use crate::people::Staff;

const ADMIN: &[&str] = &["user", "admin"];
const DAY: i64 = 24 * 3_600_000;

async fn record(house: &House, who: Who, act: Act, on: &str, at_ms: i64) {
    let changes = Change::of("people", "", "12").into_iter().collect();
    let deed = Deed { who, from: "192.0.2.7".to_owned(), act, on: on.to_owned(), changes };
    house.school.record(&deed, at_ms).await.unwrap();
}

/// Rows of the page's table.
fn rows(page: &str) -> usize {
    page.matches("<th scope=\"row\">").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_read_newest_first_by_filter_and_page_by_page() {
    let house = House::start().await;
    let admin = Staff::with(&house, 1, ADMIN, false).await;
    let olive = Staff::with(&house, 2, &["user"], false).await;
    let who = |staff: &Staff<'_>| Who::User(staff.id.to_string());
    for n in 0..70_i64 {
        let act = if n % 10 == 0 { Act::MessageStopped } else { Act::MessageSent };
        // The first thirty are in September, where the log begins.
        let at_ms = if n < 30 { NOON } else { NOON + 40 * DAY };
        record(&house, who(if n % 2 == 0 { &admin } else { &olive }), act, &format!("m{n}"), at_ms + n).await;
    }
    record(&house, Who::Key("k7".to_owned()), Act::MessageResent, "=SUM(A1)", NOON + 40 * DAY + 100).await;
    let first = admin.get("/audit").await.text;
    assert_eq!(rows(&first), 50);
    assert!(first.find("=SUM(A1)").unwrap() < first.find(">m69<").unwrap());
    assert!(first.contains("Staff Number2") && first.contains("API key k7"), "{first}");
    let next = first.split_once("href=\"/audit?from=").unwrap().1.split('"').next().unwrap();
    let second = admin.get(&format!("/audit?from={next}")).await.text;
    assert_eq!(rows(&second), 22, "the rest, of both months, and the key that the school began with");
    assert!(second.contains(">m0<") && second.contains("That is all."));

    let stopped = admin.get("/audit?act=message.stopped").await.text;
    assert_eq!(rows(&stopped), 7);
    let hers = admin.get(&format!("/audit?who=user%3A{}&month=2026-09", olive.id)).await.text;
    assert_eq!(rows(&hers), 15);
    let one = admin.get("/audit?about=m42").await.text;
    assert_eq!(rows(&one), 1);
    assert_eq!(rows(&admin.get("/audit?about=nothing").await.text), 0);
    for nonsense in
        ["/audit?from=x", "/audit?month=2026-13", "/audit?act=%27", "/audit?from=2026-09.99999999999999999"]
    {
        assert_eq!(admin.get(nonsense).await.status, 200, "{nonsense}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_holds_what_is_hashed_and_no_formula() {
    let house = House::start().await;
    let admin = Staff::with(&house, 1, ADMIN, false).await;
    record(&house, Who::User(admin.id.to_string()), Act::ContactAdded, "=cmd|' /C calc'!A0", NOON).await;
    let csv = admin.get("/audit.csv").await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert!(csv.header("content-disposition").contains("audit-all.csv"));
    assert!(csv.text.contains("\"'=cmd|"), "{}", csv.text);
    let entry = house.school.audit_month(store::AuditMonth::of_ms(NOON)).await.unwrap().pop().unwrap();
    for value in [&entry.hash, &entry.prev, &entry.at_ms.to_string(), &entry.who] {
        assert!(csv.text.contains(value.as_str()), "{value}");
    }
    assert_eq!(admin.get("/audit.xlsx?month=2026-09").await.status, 200);
    let teacher = Staff::with(&house, 2, &["user", "messageHistory"], false).await;
    for path in ["/audit", "/audit.csv", "/audit.xlsx"] {
        assert_eq!(teacher.get(path).await.status, 403, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reads_another_schools_log() {
    let house = House::start().await;
    let (other, _) = house.another(2, &["usage:read"]).await;
    let theirs = Staff::of(&house, &other, 9, ADMIN, false).await;
    record(&house, Who::System, Act::MessageSent, "only-ours", NOON).await;
    assert_eq!(rows(&theirs.get("/audit?about=only-ours").await.text), 0);
    for path in ["/audit", "/audit.csv"] {
        assert!(!theirs.get(path).await.text.contains("only-ours"), "{path}");
    }
}
