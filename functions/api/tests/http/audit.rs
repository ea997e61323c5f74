//! The audit log's page and files.

use domain::audit::{Act, AuditEvent, Change, Entry, Who};
use domain::ids::{ImportId, RunId, UserId};
use domain::import::{Report, Stage};
use serde_json::json;
use store::{Author, Import};
use ulid::Ulid;

use crate::kit::{House, NOON};
use crate::people::Staff;

const ADMIN: &[&str] = &["user", "admin"];
const DAY: i64 = 24 * 3_600_000;

async fn record(house: &House, who: Who, act: Act, on: &str, at_ms: i64) {
    let changes = Change::of("people", "", "12").into_iter().collect();
    let event = AuditEvent { who, from: "192.0.2.7".to_owned(), act, on: on.to_owned(), changes };
    house.school.audit().record(&event, at_ms).await.unwrap();
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
    let entry = house.school.audit().month(store::AuditMonth::of_ms(NOON)).await.unwrap().pop().unwrap();
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

const OFFICE: &[&str] =
    &["user", "admin", "addContact", "editContact", "uploadData", "manageUser", "preferences"];

async fn rows_of(house: &House, act: Act) -> Vec<Entry> {
    let log = house.school.audit().month(store::AuditMonth::of_ms(NOON)).await.unwrap();
    log.into_iter().filter(|entry| entry.act == act.code()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_to_people_is_in_the_log_once_each_and_without_a_word_about_them() {
    let house = House::start().await;
    let office = Staff::with(&house, 1, OFFICE, false).await;
    let ann = [
        ("id", "ann"),
        ("forename", "Annabel"),
        ("surname", "Ashworth"),
        ("role", "parent"),
        ("mobile", "07700 900123"),
    ];
    assert_eq!(office.post("/contacts/new", &ann).await.header("location"), "/contacts?done=added");
    assert_eq!(office.post("/contacts/new", &ann).await.status, 422, "the id is taken");
    let added = rows_of(&house, Act::ContactAdded).await;
    assert_eq!(added.len(), 1, "a refused addition is none: {added:?}");
    assert_eq!((added[0].on.as_str(), added[0].from.as_str()), ("ann", "unknown"));
    assert_eq!(added[0].who, format!("user:{}", office.id));

    let other = [("rev", "1"), ("mobile", "07700 900124")];
    let changed = [&ann[1..4], &other].concat();
    assert_eq!(office.post("/contacts/ann", &changed).await.header("location"), "/contacts/ann?done=saved");
    assert_eq!(office.post("/contacts/ann", &changed).await.status, 303, "nothing is different");
    let late = [&ann[1..3], &[("role", "staff")], &other].concat();
    assert_eq!(office.post("/contacts/ann", &late).await.status, 422, "somebody else was first");
    let changed = rows_of(&house, Act::ContactChanged).await;
    assert_eq!(changed.len(), 1, "{changed:?}");
    let fields: Vec<Change> = serde_json::from_str(&changed[0].changes).unwrap();
    assert_eq!(fields.iter().map(|c| c.field.as_str()).collect::<Vec<_>>(), ["mobile"]);

    house
        .contacts(json!(
            (0..60)
                .map(
                    |n| json!({"id": format!("p{n}"), "forename": "Pat", "surname": "Many", "role": "parent"})
                )
                .collect::<Vec<_>>()
        ))
        .await;
    let ids: Vec<String> = (0..60).map(|n| format!("p{n}")).collect();
    let mut many: Vec<(&str, &str)> = ids.iter().map(|id| ("id", id.as_str())).collect();
    many.extend([("id", "ann"), ("id", "nobody")]);
    assert_eq!(office.post("/contacts/delete", &many).await.status, 200, "asked first");
    assert_eq!(rows_of(&house, Act::ContactsDeleted).await, []);
    many.push(("sure", "yes"));
    assert_eq!(office.post("/contacts/delete", &many).await.status, 303);
    assert_eq!(office.post("/contacts/delete", &many).await.status, 303, "nobody is left");
    let deleted = rows_of(&house, Act::ContactsDeleted).await;
    let named: Vec<Change> =
        deleted.iter().flat_map(|row| serde_json::from_str::<Vec<Change>>(&row.changes).unwrap()).collect();
    assert_eq!(named.len(), 61, "each who was there is named once: {deleted:?}");
    assert!(named.iter().all(|c| c.field == "contact" && c.after.is_empty() && c.before != "nobody"));
    let about = office.get("/audit?about=p59").await.text;
    assert_eq!(rows(&about), 1, "one of many is found by the id");

    house.contacts(json!([{"id": "ben", "forename": "Ben", "surname": "Boot", "role": "parent"}])).await;
    assert_eq!(
        house.post("/api/v1/contacts/batch", &json!({"deletions": [{"id": "ben"}]})).await.status,
        200
    );
    let by_key = rows_of(&house, Act::ContactsDeleted).await.pop().unwrap();
    assert!(by_key.who.starts_with("key:") && by_key.on == "ben", "{by_key:?}");

    for row in house.school.audit().month(store::AuditMonth::of_ms(NOON)).await.unwrap() {
        for word in ["Annabel", "Ashworth", "900123", "900124", "Many", "Boot"] {
            assert!(!row.changes.contains(word) && !row.on.contains(word), "{word} in {row:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_in_the_log_is_hashed_with_a_key_and_differs_from_person_to_person() {
    let house = House::start().await;
    let office = Staff::with(&house, 1, OFFICE, false).await;
    for id in ["ann", "ben"] {
        let person = [("id", id), ("surname", "Ash"), ("role", "parent"), ("mobile", "07700 900123")];
        assert_eq!(office.post("/contacts/new", &person).await.status, 303);
    }
    let value = |row: &Entry| {
        let changes: Vec<Change> = serde_json::from_str(&row.changes).unwrap();
        changes.into_iter().find(|c| c.field == "mobile").unwrap().after
    };
    let values: Vec<String> = rows_of(&house, Act::ContactAdded).await.iter().map(value).collect();
    assert!(values.iter().all(|v| v.starts_with("hash:") && v.len() == 21), "{values:?}");
    assert_ne!(values[0], values[1], "that two people share a number is not in the log");
    let other = [("rev", "1"), ("surname", "Ash"), ("role", "parent"), ("mobile", "07700 900124")];
    assert_eq!(office.post("/contacts/ann", &other).await.status, 303);
    let back = [("rev", "2"), ("surname", "Ash"), ("role", "parent"), ("mobile", "07700 900123")];
    assert_eq!(office.post("/contacts/ann", &back).await.status, 303);
    let last = rows_of(&house, Act::ContactChanged).await.pop().unwrap();
    assert_eq!(value(&last), values[0], "that a value came back is");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confirmed_upload_is_in_the_log_and_one_that_was_refused_is_not() {
    let house = House::start().await;
    let office = Staff::with(&house, 1, OFFICE, false).await;
    let id = ImportId::new(Ulid::from_parts(9, 9));
    let author = Author { id: office.id.to_string(), name: "Staff".to_owned() };
    let mut import = Import::new(id, "Year 9.csv".to_owned(), 100, author, NOON);
    house.school.imports().create(&import).await.unwrap();
    import.stage = Stage::Checked(Report {
        rows: 12,
        good: 10,
        errors: 2,
        repairs: 0,
        to_create: 10,
        to_update: 0,
        to_take_over: 0,
        parts: 1,
    });
    house.school.imports().save(&mut import).await.unwrap();
    let confirm = format!("/upload/{id}/confirm");
    let version = import.version.to_string();
    assert_eq!(office.post(&confirm, &[("version", &version)]).await.status, 422, "two rows are wrong");
    assert_eq!(office.post(&confirm, &[("version", "1"), ("good_rows_only", "on")]).await.status, 409);
    assert_eq!(rows_of(&house, Act::DataUploaded).await, []);
    assert_eq!(office.post(&confirm, &[("version", &version), ("good_rows_only", "on")]).await.status, 303);
    assert_eq!(office.post(&confirm, &[("version", &version), ("good_rows_only", "on")]).await.status, 409);
    let uploaded = rows_of(&house, Act::DataUploaded).await;
    assert_eq!(uploaded.len(), 1);
    assert_eq!(uploaded[0].on, id.to_string());
    assert!(uploaded[0].changes.contains(r#"{"f":"imported","b":"","a":"10"}"#), "{:?}", uploaded[0]);
    assert!(!uploaded[0].changes.contains("Year"), "a file may be named after a person: {:?}", uploaded[0]);
    let page = office.get("/audit?act=upload.confirmed").await.text;
    assert!(page.contains(&format!("<a href=\"/upload/{id}\">Year 9.csv</a>")), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_says_in_words_what_a_row_is_about_and_links_what_is_still_there() {
    let house = House::start().await;
    let admin = Staff::with(&house, 1, OFFICE, false).await;
    let olive = Staff::with(&house, 2, &["user"], false).await;
    house
        .contacts(json!([
            {"id": "ann", "forename": "Ann", "surname": "Ash", "role": "parent", "mobile": "07700 900123"},
            {"id": "eve", "forename": "Eve", "surname": "East", "role": "parent"},
        ]))
        .await;
    let body = json!({"purpose": "service", "channels": ["sms"], "to": {"contacts": ["ann"]},
                      "sms": {"header": "", "text": "The boiler has failed, $forename$"}});
    let message = house.post("/api/v1/messages", &body).await.json()["id"].as_str().unwrap().to_owned();
    let run = RunId::new(Ulid::from_parts(u64::try_from(NOON).unwrap(), 5)).to_string();
    let key = house.school.api_keys().list().await.unwrap().remove(0);
    let (olive_id, nobody) = (olive.id.to_string(), UserId::new(Ulid::from_parts(7, 99)).to_string());
    let (theirs, _) = house.another(2, &[]).await;
    let elsewhere = Staff::of(&house, &theirs, 8, ADMIN, false).await.id.to_string();
    for (act, on) in [
        (Act::RolesChanged, olive_id.as_str()),
        (Act::RolesChanged, &nobody),
        (Act::RolesChanged, &elsewhere),
        (Act::MessageStopped, &message),
        (Act::PinAsked, "01KRJ5W0000000000000000000"),
        (Act::ContactChanged, "ann"),
        (Act::ContactChanged, "gone"),
        (Act::KeyRotated, key.id()),
        (Act::SyncApplied, &run),
    ] {
        record(&house, Who::User(admin.id.to_string()), act, on, NOON).await;
    }
    let page = admin.get("/audit").await.text;
    for there in [
        format!("<a href=\"/users/{olive_id}\">Staff Number2</a>"),
        format!("<a href=\"/messages/{message}\">The boiler has failed, [forename]</a>"),
        "<a href=\"/contacts/ann\">Ann Ash</a>".to_owned(),
        format!("<a href=\"/settings/keys\">{}</a>", key.name()),
        "<a href=\"/sync\">The refresh of today".to_owned(),
    ] {
        assert!(page.contains(&there), "{there} in {page}");
    }
    for gone in [nobody.as_str(), "01KRJ5W0000000000000000000", "gone"] {
        assert!(page.contains(&format!(">{gone}</td>")), "{gone} in {page}");
    }
    assert!(page.contains(">Staff Number8</td>"), "a user of another school has no page here: {page}");
    let asked = admin.get(&format!("/audit?who=user%3A{}", UserId::new(Ulid::from_parts(7, 8)))).await.text;
    assert!(!asked.contains("Number8</option>"), "asking does not tell another school's names: {asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_filter_offers_everybody_who_appears_those_who_have_gone_too() {
    let house = House::start().await;
    let admin = Staff::with(&house, 1, &["user", "admin", "manageUser"], false).await;
    let olive = Staff::with(&house, 2, &["user"], false).await;
    record(&house, Who::Key("k7".to_owned()), Act::MessageResent, "m1", NOON).await;
    let gone = admin.post(&format!("/users/{}/delete", olive.id), &[("sure", "yes")]).await;
    assert_eq!(gone.status, 303, "{gone:?}");
    let page = admin.get("/audit").await.text;
    for offered in [
        format!("<option value=\"user:{}\">Staff Number2", olive.id),
        format!("<option value=\"user:{}\">Staff Number1", admin.id),
        "<option value=\"key:k7\">API key k7".to_owned(),
        "<option value=\"operator\">".to_owned(),
        "<option value=\"system\">".to_owned(),
    ] {
        assert!(page.contains(&offered), "{offered}: {page}");
    }
    assert!(!page.contains(&format!("href=\"/users/{}\"", olive.id)), "who is gone has no page");
}
