//! Two schools: every route of the source is asked with the other school's ids, in the path, the query and the body.
//! Nothing of that school is shown, and nothing of it changes.

use std::collections::BTreeMap;

use domain::people::Roles;
use domain::phone::{CountryCode, NumberMode};
use serde_json::{Value, json};
use store::School;

use crate::kit::{Answer, House, NOON};
use crate::mis_files::with_reports;
use crate::rights::{Browser, filled, things};
use crate::routes::{OTHERS, STAFF};

/// What only the other school has, and no request says.
const SECRETS: [&str; 4] = ["Quillfeather", "900999", "900 999", "Hello from theirs"];
const KEYS_MAY: [&str; 4] = ["contacts:write", "messages:write", "messages:read", "sync:run"];

/// The other school and the ids of what it has.
async fn other_school(house: &House) -> (School, BTreeMap<&'static str, String>) {
    let (other, key) = house.another(2, &KEYS_MAY).await;
    let mut theirs = things(house, &key, &other).await;
    let batch = json!({
        "contacts": [{"id": "only-theirs", "forename": "Una", "surname": "Quillfeather", "role": "parent",
            "mobile": "07700 900999", "groups": ["Theirs"]}],
        "pupils": [{"id": "their-pupil", "forename": "Uri", "surname": "Quillfeather", "groups": ["Theirs"]}],
        "relationships": [{"pupil": "their-pupil", "contact": "only-theirs", "responsibility": true}],
    });
    assert_eq!(
        with_key(house, &key, "POST", "/api/v1/contacts/batch", &batch).await.json()["errors"],
        json!([])
    );
    let message = json!({"purpose": "service", "channels": ["sms"], "to": {"contacts": ["only-theirs"]},
        "sms": {"text": "Hello from theirs"}});
    let sent = with_key(house, &key, "POST", "/api/v1/messages", &message).await.json();
    theirs.insert("messages", sent["id"].as_str().unwrap().to_owned());
    theirs.insert("contacts", "only-theirs".to_owned());
    (other, theirs)
}

async fn with_key(house: &House, key: &str, method: &str, path: &str, body: &Value) -> Answer {
    let request = http::Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", "application/json");
    let body = if method == "GET" { String::new() } else { body.to_string() };
    house.send(request.body(axum::body::Body::from(body)).unwrap()).await
}

/// All of a school that a request could change, as one text.
async fn all_of(school: &School) -> String {
    let book = school.book().load(CountryCode::UK, NumberMode::Simulated, NOON).await.unwrap();
    let ties: Vec<_> = (0..book.len()).map(|place| book.adults_of(place).to_vec()).collect();
    let mut messages = Vec::new();
    for summary in school.messages().summaries(None, 50).await.unwrap() {
        messages.push(format!("{:?} {:?}", school.messages().meta(summary.id).await.unwrap(), summary));
    }
    let everything = (
        (
            school.settings().get().await.unwrap(),
            school.members().list().await.unwrap(),
            school.profiles().list().await.unwrap(),
        ),
        (book.version(), book.contacts().to_vec(), ties, school.ties().bars().await.unwrap()),
        (
            messages,
            school.sync().runs(50).await.unwrap(),
            school.sync().files().list(50, NOON).await.unwrap(),
        ),
        (school.api_keys().list().await.unwrap(), school.audit().head().await.unwrap()),
    );
    format!("{everything:#?}")
}

fn shows_nothing(answer: &Answer, asked: &str) {
    for secret in SECRETS {
        assert!(!answer.text.contains(secret), "{asked} shows {secret}: {answer:?}");
    }
    assert!(answer.status.as_u16() < 500, "{asked}: {answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_at_another_schools_things_by_an_id_in_the_path() {
    let house = House::start().await;
    let (other, theirs) = other_school(&house).await;
    let before = all_of(&other).await;
    let browser = Browser::of(&house, &house.school, 1, Roles::all()).await;
    for (method, path, _) in STAFF.iter().filter(|(_, path, _)| path.contains("{id}")) {
        let answer = browser.ask(method, &filled(path, &theirs)).await;
        assert_eq!(answer.status.as_u16(), 404, "{method} {path}: {answer:?}");
        shows_nothing(&answer, path);
    }
    assert_eq!(all_of(&other).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_at_another_schools_things_by_an_id_in_a_form_or_a_query() {
    let house = House::start().await;
    let (other, theirs) = other_school(&house).await;
    let own = things(&house, &house.key, &house.school).await;
    let before = all_of(&other).await;
    let ids: Vec<String> = theirs.values().map(|id| format!("id={id}")).collect();
    let rest = format!(
        "{}&pupil=their-pupil&contacts=only-theirs&group=Theirs&sms=yes&sms_text=Hello&purpose=service\
         &sure=yes&do=send&session={}&school={}&file={}&q=Quill&who={}",
        ids.join("&"),
        theirs["users"],
        other.id(),
        theirs["settings/mis/files"],
        theirs["users"],
    );
    let mut number = 0;
    for to in ["contact:only-theirs", "pupil:their-pupil", "group:Theirs"] {
        for (method, path, _) in STAFF {
            let path = filled(path, &own);
            // Somebody new for each: one of the forms ends sessions.
            number += 1;
            let browser = Browser::of(&house, &house.school, number, Roles::all()).await;
            let answer = match *method {
                "GET" => {
                    // A field that stands twice is refused, so each is asked for by itself.
                    let fields =
                        ["q=Quill".to_owned(), format!("to={to}"), format!("who={}", theirs["users"])];
                    for field in fields {
                        shows_nothing(&browser.ask(method, &format!("{path}?{field}")).await, &path);
                    }
                    continue;
                }
                _ => browser.post(&path, &format!("to={to}&{rest}")).await,
            };
            shows_nothing(&answer, &path);
        }
    }
    assert_eq!(all_of(&other).await, before);
}

/// Every route of the JSON API, with another school's ids, and the answers that it may give.
fn asked_by_key(theirs: &BTreeMap<&'static str, String>) -> Vec<(&'static str, Value, u16)> {
    let message = json!({"purpose": "emergency", "channels": ["sms"], "sms": {"text": "Hi"},
        "to": {"contacts": ["only-theirs"], "pupils": ["their-pupil"], "groups": ["Theirs"]}});
    let batch = json!({
        "relationships": [{"pupil": "their-pupil", "contact": "only-theirs", "court_order": true}],
        "deletions": [{"id": "only-theirs"}, {"pupil": "their-pupil", "contact": "only-theirs"}],
    });
    vec![
        ("POST /api/v1/contacts/batch", batch, 200),
        ("POST /api/v1/messages", message.clone(), 422),
        ("POST /api/v1/messages/preview", message, 422),
        ("GET /api/v1/messages/{id}", Value::Null, 404),
        ("GET /api/v1/messages/{id}/deliveries", Value::Null, 404),
        ("POST /api/v1/messages/{id}/stop", json!({}), 404),
        ("POST /api/v1/messages/{id}/resend", json!({}), 404),
        ("POST /api/v1/sync-files", json!({"name": "a.csv", "bytes": 10}), 409),
        ("POST /api/v1/sync-runs", json!({"file": theirs["settings/mis/files"]}), 409),
        ("GET /api/v1/sync-runs/{id}", Value::Null, 404),
        ("GET /api/v1/usage", Value::Null, 200),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_gets_at_another_schools_things() {
    let house = House::start().await;
    let (other, theirs) = other_school(&house).await;
    let before = all_of(&other).await;
    let asked = asked_by_key(&theirs);
    for route in OTHERS.iter().filter(|route| route.contains("/api/v1/")) {
        assert!(
            asked.iter().any(|(listed, ..)| listed == route),
            "{route} is not asked with another school's ids"
        );
    }
    for (route, body, status) in asked {
        let (method, path) = route.split_once(' ').unwrap();
        let kind = if path.contains("sync-runs") { "sync" } else { "messages" };
        let path = path.replace("{id}", &theirs[kind]);
        let answer = with_key(&house, &house.key, method, &path, &body).await;
        assert_eq!(answer.status.as_u16(), status, "{route}: {answer:?}");
        shows_nothing(&answer, route);
    }
    assert_eq!(all_of(&other).await, before);
    let nobodys = house.get("/api/v1/usage?from=2026-01-01&to=2026-12-31").await.json();
    assert_eq!(nobodys["days"], json!([]), "{nobodys}");
}

/// With an MIS of files the file itself is looked for.
#[tokio::test(flavor = "multi_thread")]
async fn no_key_has_another_schools_file_read() {
    let house = House::start().await;
    let (other, theirs) = other_school(&house).await;
    with_reports(&Browser::of(&house, &house.school, 1, Roles::all()).await).await;
    let before = all_of(&other).await;
    let asked = json!({"file": theirs["settings/mis/files"]});
    let answer = with_key(&house, &house.key, "POST", "/api/v1/sync-runs", &asked).await;
    assert_eq!(answer.status.as_u16(), 404, "{answer:?}");
    assert_eq!(all_of(&other).await, before);
}
