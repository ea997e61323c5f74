//! Loading contacts.

use axum::body::Body;
use domain::contact::Source;
use domain::ids::ContactId;
use domain::phone::NumberMode;
use serde_json::{Value, json};

use crate::kit::{House, NOON};

const BATCH: &str = "/api/v1/contacts/batch";

fn ada(id: &str) -> Value {
    json!({"id": id, "title": "Ms", "forename": "Ada", "surname": "Marlow", "role": "parent",
        "mobile": "07700 900123", "home": "01632 960042", "email": "ada@example.org", "groups": ["Year 9"]})
}

fn with(mut row: Value, field: &str, value: Value) -> Value {
    row[field] = value;
    row
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_are_added_once_and_then_replaced() {
    let house = House::start().await;
    let first = house.post(BATCH, &json!({"contacts": [ada("P1"), ada("P2")]})).await;
    assert_eq!(
        (first.status.as_u16(), first.json()),
        (200, json!({"created": 2, "updated": 0, "errors": []}))
    );
    let bare =
        json!({"id": "P2", "forename": "Ada", "surname": "", "role": "other", "mobile": null, "email": " "});
    let second = house.post(BATCH, &json!({"contacts": [bare, ada("P3")]})).await;
    assert_eq!(second.json(), json!({"created": 1, "updated": 1, "errors": []}));

    let stored = async |id| {
        house.school.contacts().get(&ContactId::parse(id).unwrap()).await.unwrap().unwrap().contact
    };
    let one = stored("P1").await;
    assert_eq!(one.source, Source::Api);
    let numbers: Vec<&str> = one.numbers.iter().map(|n| n.number.as_str()).collect();
    assert_eq!(numbers, ["+447700900123", "+441632960042"]);
    let two = stored("P2").await;
    assert!(two.numbers.is_empty() && two.email.is_none() && two.groups.is_empty() && two.title.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_row_is_reported_and_the_good_ones_are_kept() {
    let house = House::start().await;
    let rows = json!([
        ada("P1"),
        with(ada("P2"), "mobile", json!("12345")),
        with(ada("P3"), "email", json!("ada@")),
        with(ada("P4"), "role", json!("mum")),
        with(ada("P5"), "moblie", json!("07700 900123")),
        with(ada("P6"), "groups", json!("Year 9")),
        {"id": "P7", "forename": "No", "role": "parent"},
        with(ada("P8"), "id", json!("")),
        "nonsense",
        with(with(ada("P9"), "mobile", json!("x")), "email", json!("x")),
        ada("P1"),
        with(ada("P10"), "id", json!(17)),
        ada("P11"),
    ]);
    let answer = house.post(BATCH, &json!({"contacts": rows})).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let answer = answer.json();
    assert_eq!((&answer["created"], &answer["updated"]), (&json!(2), &json!(0)));
    let errors: Vec<(u64, &str)> = answer["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (e["index"].as_u64().unwrap(), e["field"].as_str().unwrap()))
        .collect();
    let expected = [
        (1, "mobile"),
        (2, "email"),
        (3, "role"),
        (4, "moblie"),
        (5, "groups"),
        (6, "surname"),
        (7, "id"),
        (8, ""),
        (9, "mobile"),
        (9, "email"),
        (10, "id"),
        (11, "id"),
    ];
    assert_eq!(errors, expected, "{answer}");
    assert!(house.school.contacts().get(&ContactId::parse("P11").unwrap()).await.unwrap().is_some());
    assert!(house.school.contacts().get(&ContactId::parse("P2").unwrap()).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn drama_numbers_are_refused_where_real_people_are_messaged() {
    let house = House::start_as("https://messenger.example.com", NumberMode::Live).await;
    let answer = house.post(BATCH, &json!({"contacts": [ada("P1")]})).await.json();
    let fields: Vec<&str> =
        answer["errors"].as_array().unwrap().iter().filter_map(|e| e["field"].as_str()).collect();
    assert_eq!((fields, &answer["created"]), (vec!["mobile", "home"], &json!(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_go_at_once_and_no_more() {
    let house = House::start().await;
    let rows = |count: usize| -> Value { (0..count).map(|i| ada(&format!("P{i}"))).collect() };
    let too_many = house.post(BATCH, &json!({"contacts": rows(1_001)})).await;
    assert_eq!(too_many.problem(422), ["contacts"]);
    let full = house.post(BATCH, &json!({"contacts": rows(1_000)})).await;
    assert_eq!(full.json(), json!({"created": 1000, "updated": 0, "errors": []}));
    let none = house.post(BATCH, &json!({"contacts": []})).await;
    assert_eq!(none.json(), json!({"created": 0, "updated": 0, "errors": []}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_cannot_be_read_changes_nothing_and_says_why() {
    let house = House::start().await;
    for (body, status, field) in [
        ("", 400, None),
        ("{\"contacts\": [", 400, None),
        ("{\"contacts\": []} x", 400, None),
        ("[]", 422, Some("contacts")),
        ("{}", 422, Some("contacts")),
        ("{\"contacts\": {}}", 422, Some("contacts")),
        ("{\"contacts\": [], \"replace\": true}", 422, Some("replace")),
        ("{\"contacts\": [], \"contacts\": []}", 422, Some("contacts")),
    ] {
        let request = house.request("POST", BATCH).header("content-type", "application/json; charset=utf-8");
        let fields = house.send(request.body(Body::from(body)).unwrap()).await.problem(status);
        assert_eq!(fields.first().map(String::as_str), field, "{body}");
    }
    for kind in ["text/csv", "application/x-www-form-urlencoded", "application/jsonp"] {
        let request =
            house.request("POST", BATCH).header("content-type", kind).body(Body::from("{\"contacts\":[]}"));
        house.send(request.unwrap()).await.problem(415);
    }
    let latin1 = Body::from(b"{\"contacts\":[{\"forename\":\"Zo\xeb\"}]}".to_vec());
    let request = house.request("POST", BATCH).header("content-type", "application/json").body(latin1);
    house.send(request.unwrap()).await.problem(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_wait_for_an_import_that_is_under_way() {
    let house = House::start().await;
    let import = house.school.book().begin_bulk("import", 60_000, NOON).await.unwrap();
    let answer = house.post(BATCH, &json!({"contacts": [ada("P1")]})).await;
    answer.problem(503);
    assert!(!answer.header("retry-after").is_empty());
    import.end().await.unwrap();
    assert_eq!(house.post(BATCH, &json!({"contacts": [ada("P1")]})).await.json()["created"], 1);
}
