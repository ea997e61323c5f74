//! Wonde.

use std::sync::Arc;

use domain::contact::PhoneLabel;
use domain::feed::{FeedPerson, GroupKind, Part, Snapshot};
use serde_json::{Value, json};
use sync::mis::{Counter, Mis, MisError, Query, Secret, Wonde, WondeConfig};

use super::faults::{self, Format, Right, is_malformed, is_too_large};
use super::school::{NAME, School, all_of, read, school};
use super::server::{Fault, Reply, Seen, Server, fetcher};

/// The school as far as Wonde carries it: without marks.
fn carried() -> Snapshot {
    let mut school = school();
    school.marks.clear();
    school.snapshot()
}

fn person(person: &FeedPerson) -> Value {
    let phone =
        |label: PhoneLabel| person.numbers.iter().find(|n| n.label == label).map(|n| n.number.clone());
    let mobile = phone(PhoneLabel::Mobile);
    json!({
        "id": person.id, "mis_id": "1", "title": person.title, "forename": person.forename, "surname": person.surname,
        "contact_details": { "data": {
            "phones": { "phone": mobile, "primary": mobile, "home": phone(PhoneLabel::Home), "work": null, "mobile": mobile },
            "emails": { "email": person.emails.first(), "primary": null, "home": null, "work": null },
        } },
    })
}

fn rows(school: &School, path: &str, include: &str) -> Vec<Value> {
    let people = |list: &[FeedPerson]| list.iter().map(person).collect::<Vec<_>>();
    let group = |g: &domain::feed::FeedGroup| {
        let of = |prefix: &str| {
            let members = g.members.iter().filter(|m| m.as_str().starts_with(prefix));
            json!({ "data": members.map(|m| json!({ "id": m })).collect::<Vec<_>>() })
        };
        let kind = g.group.kind.code().to_uppercase();
        json!({ "id": g.group.name, "name": g.group.name, "type": kind, "students": of("PL-"), "employees": of("PWT-") })
    };
    match path {
        "students/" if include == "contacts" => {
            let contacts = |pupil: &FeedPerson| {
                let ties = school.ties.iter().filter(|t| t.pupil == pupil.id);
                let row = |t: &domain::feed::Tie| {
                    json!({ "id": t.contact, "relationship": { "data": {
                        "relationship": t.kind, "priority": t.priority, "parental_responsibility": t.responsibility,
                        // Not only a yes bars.
                        "court_order": if t.court_order { json!("2024-05-01") } else { json!(false) },
                        "lives_with_pupil": null,
                    } } })
                };
                ties.map(row).collect::<Vec<_>>()
            };
            school.pupils.iter().map(|p| json!({ "id": p.id, "contacts": { "data": contacts(p) } })).collect()
        }
        "students/" => people(&school.pupils),
        "contacts/" => people(&school.contacts),
        "employees/" => people(&school.staff),
        "groups/" => school.groups.iter().filter(|g| g.group.kind != GroupKind::Class).map(group).collect(),
        "classes/" => school.groups.iter().filter(|g| g.group.kind == GroupKind::Class).map(group).collect(),
        other => panic!("{other}"),
    }
}

fn render(school: &School, seen: &Seen) -> Reply {
    assert!(seen.headers.contains("authorization: Bearer s3cret"), "{}", seen.headers);
    let path = seen.path.strip_prefix("/v1.0/schools/A123").unwrap();
    if path.is_empty() {
        return Reply::ok(json!({ "data": { "id": "A123", "name": NAME } }));
    }
    let include = seen.param("include").unwrap();
    let rows = rows(school, path.trim_start_matches('/'), include);
    let page = seen.number("page").unwrap_or(1);
    let host = seen.headers.lines().find_map(|l| l.strip_prefix("host: ")).unwrap();
    let next = (page * 5 < rows.len())
        .then(|| format!("http://{host}{}?include={include}&page={}", seen.path, page + 1));
    let some: Vec<&Value> = rows.iter().skip((page - 1) * 5).take(5).collect();
    Reply::ok(json!({ "data": some, "meta": { "pagination": { "next": next, "previous": null } } }))
}

pub(crate) async fn started() -> (Server, Wonde) {
    let school = school();
    let server = Server::start(move |seen| render(&school, seen)).await;
    let base_url = format!("{}v1.0", server.url);
    let config = WondeConfig { base_url, school: "A123".to_owned(), token: Secret::new("s3cret") };
    let mis = Wonde::new(fetcher().0, &config).unwrap();
    (server, mis)
}

#[tokio::test]
async fn the_school_is_read_whole() {
    let (_server, mis) = started().await;
    assert_eq!(read(&mis).await.unwrap(), carried());
}

#[tokio::test]
async fn only_what_changed_is_asked_for_when_that_will_do() {
    let (server, mis) = started().await;
    let since = Some("2026-01-12T08:00:00Z".parse().unwrap());
    let reading = mis.read(Query { since, ..all_of(Part::Contacts) }, &Counter::default()).await.unwrap();
    assert!(!reading.whole);
    let seen = server.seen.lock().unwrap();
    assert_eq!(seen[0].param("updated_after"), Some("2026-01-12 08:00:00"));
    assert!(
        seen.iter().filter(|s| s.path.ends_with("/students/")).all(|s| s.param("updated_after").is_none())
    );
}

#[tokio::test]
async fn faults_are_told_and_never_shorten_the_feed() {
    let start = || async {
        let (server, mis) = started().await;
        (server, Arc::new(mis) as Arc<dyn Mis>)
    };
    faults::check(start, Format { first: 0, part: Part::Pupils, renews: false }).await;
}

#[tokio::test]
async fn pages_that_lead_astray_are_refused() {
    let page = |next: Value| {
        let meta = json!({ "pagination": { "next": next } });
        Fault::Answer(Reply::ok(
            json!({ "data": [{ "id": "A1", "forename": "A", "surname": "B" }], "meta": meta }),
        ))
    };
    let bare = |body: Value| vec![Fault::Answer(Reply::ok(body))];
    let table: [(&str, Vec<Fault>, Right); 5] = [
        ("to another host", vec![page(json!("https://elsewhere.example.org/v1.0/?page=2"))], is_malformed),
        ("in a circle", vec![page(json!("?page=2")), page(json!("?page=2"))], is_malformed),
        ("without an end", (2..30).map(|n| page(json!(format!("?page={n}")))).collect(), is_too_large),
        ("without a word of the next", bare(json!({ "data": [] })), is_malformed),
        ("without a list", bare(json!({ "meta": { "pagination": { "next": null } } })), is_malformed),
    ];
    for (what, faults, right) in table {
        let (server, mis) = started().await;
        server.fail(faults);
        let error = mis.read(all_of(Part::Staff), &Counter::default()).await.expect_err(what);
        assert!(right(&error), "{what}: {error:?}");
    }
    let (server, mis) = started().await;
    server.fail([page(json!("?page=2")), page(Value::Null)]);
    let error = mis.read(all_of(Part::Staff), &Counter::default()).await.unwrap_err();
    assert!(matches!(error, MisError::Inconsistent(_)), "{error:?}");
    let (server, mis) = started().await;
    let pagination = json!({ "pagination": { "next": null } });
    server.fail(bare(
        json!({ "data": [{ "id": "A1", "name": "Year 9", "type": "YEAR" }], "meta": pagination }),
    ));
    let error = mis.read(all_of(Part::Groups), &Counter::default()).await.unwrap_err();
    assert!(matches!(error, MisError::Truncated(_)), "members that did not come along: {error:?}");
}
