//! Pupils, how adults are tied to them, and messages to a pupil's adults.

use serde_json::{Value, json};

use crate::kit::{House, NOON};

const BATCH: &str = "/api/v1/contacts/batch";
pub(crate) const PREVIEW: &str = "/api/v1/messages/preview";

fn adult(id: &str, number: &str) -> Value {
    json!({"id": id, "forename": id, "surname": "Marlow", "role": "parent", "mobile": number, "groups": ["Year 9"]})
}

/// Ben and Cat; their mother, and a father who is barred from Ben.
pub(crate) async fn family(house: &House) -> Value {
    let batch = json!({
        "contacts": [adult("mother", "07700900001"), adult("father", "07700900002")],
        "pupils": [
            {"id": "ben", "forename": "Ben", "surname": "Marlow", "groups": ["Year 9", "9A"]},
            {"id": "cat", "forename": "Cat", "surname": "Marlow", "groups": ["Year 7"], "mobile": "07700900003"},
        ],
        "relationships": [
            {"pupil": "ben", "contact": "father", "kind": "Father", "priority": 1, "responsibility": true, "court_order": true},
            {"pupil": "ben", "contact": "mother", "kind": "Mother", "priority": 2, "responsibility": true},
            {"pupil": "cat", "contact": "mother", "kind": "Mother", "priority": 1, "responsibility": true},
            {"pupil": "cat", "contact": "father", "kind": "Father", "priority": 2},
        ],
    });
    let answer = house.post(BATCH, &batch).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

pub(crate) fn text_to(to: &Value) -> Value {
    json!({"purpose": "emergency", "channels": ["sms"], "to": to, "sms": {"text": "Hi", "header": ""}})
}

pub(crate) async fn reached(house: &House, to: Value) -> Vec<String> {
    let answer = house.post(PREVIEW, &text_to(&to)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let answer = answer.json();
    let ids = answer["deliveries"].as_array().unwrap().iter().flat_map(|d| d["contacts"].as_array().unwrap());
    let mut ids: Vec<_> = ids.map(|id| id.as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

/// A partner who may write contacts must not be able to lift a court order that the MIS knows of.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_mis_says_of_a_pair_is_changed_by_no_partner() {
    let house = House::start().await;
    family(&house).await;
    let barred = domain::feed::Tie {
        pupil: domain::ids::ContactId::parse("ben").unwrap(),
        contact: domain::ids::ContactId::parse("father").unwrap(),
        kind: "Father".to_owned(),
        priority: Some(1),
        responsibility: true,
        court_order: true,
    };
    let bulk = house.school.book().begin_bulk("run", 60_000, NOON).await.unwrap();
    bulk.put_ties(&[barred], NOON).await.unwrap();
    bulk.end().await.unwrap();
    let batch = json!({
        "relationships": [
            {"pupil": "ben", "contact": "father", "priority": 1, "responsibility": true},
            {"pupil": "cat", "contact": "father", "priority": 2, "responsibility": true},
        ],
        "deletions": [{"pupil": "ben", "contact": "father"}, {"pupil": "ben", "contact": "mother"}],
    });
    let answer = house.post(BATCH, &batch).await.json();
    assert_eq!((&answer["relationships"], &answer["deleted"]), (&json!(1), &json!(1)), "{answer}");
    let wrong = answer["errors"].as_array().unwrap();
    let places: Vec<_> =
        wrong.iter().map(|e| (e["list"].as_str().unwrap(), e["index"].as_u64().unwrap())).collect();
    assert_eq!(places, [("relationships", 0), ("deletions", 0)], "{answer}");
    let nobody = house.post(PREVIEW, &text_to(&json!({"pupils": ["ben"], "send_to": "all"}))).await;
    assert_eq!(nobody.problem(422), ["to"], "the mother's tie is gone, and the father is barred still");
    assert_eq!(reached(&house, json!({"pupils": ["cat"]})).await, ["father", "mother"]);
}

/// Until the next sync puts it right, a message would go to the number that a partner has for somebody.
#[tokio::test(flavor = "multi_thread")]
async fn whom_the_mis_gave_is_changed_and_deleted_by_no_partner_while_there_is_an_mis() {
    let house = House::start().await;
    family(&house).await;
    let id = domain::ids::ContactId::parse("mother").unwrap();
    let given = house.school.contacts().get(&id).await.unwrap().unwrap().contact;
    let given = domain::contact::Contact { source: domain::contact::Source::Mis, ..given };
    house.school.contacts().upsert(vec![given.clone()], NOON).await.unwrap();
    let batch = json!({
        "contacts": [adult("aunt", "07700900008"), adult("mother", "07700900009")],
        "deletions": [{"id": "father"}, {"id": "mother"}],
    });
    let free = house.post(BATCH, &batch).await.json();
    assert_eq!(free["errors"], json!([]), "a school without an MIS may take its people over: {free}");

    family(&house).await;
    house.school.contacts().upsert(vec![given], NOON).await.unwrap();
    let before = house.school.settings().get().await.unwrap();
    let mut after = before.clone();
    "xporter".clone_into(&mut after.mis.kind);
    let event = domain::audit::AuditEvent::of_system(domain::audit::Act::SettingsChanged, "");
    house.school.settings().change(&before, after, &event, NOON).await.unwrap();
    let answer = house.post(BATCH, &batch).await.json();
    let wrong = answer["errors"].as_array().unwrap();
    let places: Vec<_> =
        wrong.iter().map(|e| (e["list"].as_str(), e["index"].as_u64(), &e["field"])).collect();
    let field = json!("id");
    assert_eq!(places, [(None, Some(1), &field), (Some("deletions"), Some(1), &field)], "{answer}");
    assert_eq!(
        (&answer["updated"], &answer["deleted"]),
        (&json!(1), &json!(1)),
        "the others are kept: {answer}"
    );
    assert_eq!(reached(&house, json!({"contacts": ["mother", "aunt"]})).await, ["aunt", "mother"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_goes_to_a_pupils_adults_and_never_to_one_who_is_barred() {
    let house = House::start().await;
    let done = family(&house).await;
    assert_eq!(done, json!({"created": 4, "updated": 0, "relationships": 4, "errors": []}));
    for (to, wanted) in [
        (json!({"pupils": ["ben"], "send_to": "priority_1"}), &["mother"][..]),
        (json!({"pupils": ["ben"], "send_to": "all"}), &["mother"]),
        (json!({"pupils": ["ben"]}), &["mother"]),
        (json!({"pupils": ["cat"], "send_to": "priorities_1_2"}), &["father", "mother"]),
        (json!({"pupils": ["cat"], "send_to": "responsibility"}), &["mother"]),
        (json!({"groups": ["9A"], "send_to": "all"}), &["mother"]),
        // Year 9 holds Ben and both adults.
        (json!({"groups": ["Year 9"]}), &["mother"]),
        (json!({"pupils": ["ben"], "send_to": "all", "contacts": ["father"]}), &["mother"]),
        (json!({"contacts": ["father"]}), &["father"]),
        // Cat's father gets it for Cat.
        (json!({"everyone": true}), &["cat", "father", "mother"]),
        (json!({"everyone": true, "send_to": "priority_1"}), &["mother"]),
    ] {
        assert_eq!(reached(&house, to.clone()).await, wanted, "{to}");
    }
    let sent = house.post("/api/v1/messages", &text_to(&json!({"pupils": ["ben"], "send_to": "all"}))).await;
    assert_eq!(sent.status, 202, "{sent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pupil_for_whom_nobody_is_left_is_named_and_an_unknown_one_is_refused() {
    let house = House::start().await;
    family(&house).await;
    let end =
        json!({"deletions": [{"pupil": "ben", "contact": "mother"}, {"pupil": "ben", "contact": "nobody"}]});
    assert_eq!(
        house.post(BATCH, &end).await.json(),
        json!({"created": 0, "updated": 0, "deleted": 2, "errors": []})
    );
    let answer =
        house.post(PREVIEW, &text_to(&json!({"pupils": ["ben", "cat"], "send_to": "priority_1"}))).await;
    assert_eq!(answer.json()["pupils_without"], json!(["ben"]), "{answer:?}");
    let alone = house.post(PREVIEW, &text_to(&json!({"pupils": ["ben"], "send_to": "all"}))).await;
    assert_eq!(alone.problem(422), ["to"]);
    let wrong = house.post(PREVIEW, &text_to(&json!({"pupils": ["cat", "mother", "nobody"]}))).await;
    assert_eq!(wrong.problem(422), ["to.pupils[1]", "to.pupils[2]"]);
    let wrong = house.post(PREVIEW, &text_to(&json!({"pupils": ["cat"], "send_to": "both"}))).await;
    assert_eq!(wrong.problem(422), ["to.send_to"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_rows_of_every_list_are_named_and_the_good_ones_kept() {
    let house = House::start().await;
    family(&house).await;
    let batch = json!({
        "contacts": [adult("aunt", "07700900009")],
        "pupils": [
            {"id": "aunt", "forename": "A", "surname": "B"},
            {"id": "dan", "forename": "Dan", "surname": "Marlow", "role": "pupil"},
            {"id": "eve", "forename": "Eve", "surname": "Marlow"},
        ],
        "relationships": [
            {"pupil": "eve", "contact": "aunt", "priority": 1},
            {"pupil": "eve", "contact": "aunt"},
            {"pupil": "eve", "contact": "nobody"},
            {"pupil": "eve", "contact": "mother", "priority": 0},
            {"pupil": "eve", "contact": "eve"},
            {"pupil": "eve"},
        ],
        "deletions": [{"id": "cat"}, {"ids": "x"}, "x"],
    });
    let answer = house.post(BATCH, &batch).await.json();
    let errors = answer["errors"].as_array().unwrap().iter();
    let errors: Vec<_> = errors
        .map(|e| format!("{}[{}].{}", e["list"].as_str().unwrap(), e["index"], e["field"].as_str().unwrap()))
        .collect();
    assert_eq!(
        errors,
        [
            "pupils[0].id",
            "pupils[1].role",
            "relationships[1].contact",
            "relationships[2].contact",
            "relationships[3].priority",
            "relationships[4].contact",
            "relationships[5].contact",
            "deletions[1].id",
            "deletions[2].id",
        ]
    );
    assert_eq!(
        (&answer["created"], &answer["relationships"], &answer["deleted"]),
        (&json!(2), &json!(1), &json!(1))
    );
    assert_eq!(reached(&house, json!({"pupils": ["eve"], "send_to": "all"})).await, ["aunt"]);
    let gone = house.post(PREVIEW, &text_to(&json!({"pupils": ["cat"]}))).await;
    assert_eq!(gone.problem(422), ["to.pupils[0]"]);
    assert_eq!(house.post(BATCH, &json!({})).await.problem(422), ["contacts"]);
    let many = json!({"contacts": [], "deletions": vec![json!({"id": "x"}); 1_001]});
    assert_eq!(house.post(BATCH, &many).await.problem(422), ["contacts"]);
}
