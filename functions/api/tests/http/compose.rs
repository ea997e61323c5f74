//! Previewing and sending.

use axum::body::Body;
use domain::ids::MessageId;
use domain::job::Job;
use domain::message::MessageState;
use http::StatusCode;
use runtime::QueueName;
use serde_json::{Value, json};

use crate::kit::{House, NOON};

const PREVIEW: &str = "/api/v1/messages/preview";
const MESSAGES: &str = "/api/v1/messages";

/// Two parents who share a phone, one with a landline only, one with nothing, and one in another year.
async fn school() -> House {
    let house = House::start().await;
    house
        .contacts(json!([
            {"id": "A", "title": "Ms", "forename": "Ada", "surname": "Marlow", "role": "parent",
                "mobile": "07700900001", "email": "ada@example.org", "groups": ["Year 9"]},
            {"id": "B", "forename": "Ben", "surname": "Marlow", "role": "parent", "mobile": "07700900001",
                "groups": ["year 9"]},
            {"id": "C", "forename": "Cal", "surname": "Norris", "role": "parent", "home": "01632960003",
                "groups": ["Year 9"]},
            {"id": "D", "forename": "Dot", "surname": "Oakley", "role": "parent", "groups": ["Year 9"]},
            {"id": "E", "forename": "Eve", "surname": "Price", "role": "staff", "mobile": "07700900005",
                "email": "eve@example.org", "groups": ["Year 10"]},
        ]))
        .await;
    house
}

fn sms(text: &str) -> Value {
    json!({"purpose": "service", "channels": ["sms"], "to": {"everyone": true}, "sms": {"text": text}})
}

fn with(mut message: Value, field: &str, value: Value) -> Value {
    message[field] = value;
    message
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_says_who_gets_what() {
    let house = school().await;
    let message = json!({
        "purpose": "attendance", "channels": ["sms", "voice", "email"], "to": {"groups": ["Year 9"], "contacts": ["A"]},
        "sms": {"text": "School closes at 1 pm."}, "voice": {"text": "School closes."},
        "email": {"subject": "Closing", "text": "Dear $forename$, we close."},
    });
    let answer = house.post(PREVIEW, &message).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(
        answer.json(),
        json!({
            "recipients": 3, "unreachable": 1,
            "sms": {"messages": 1, "units": 1, "encoding": "GSM-7", "units_each": [1, 1]},
            "voice": {"messages": 1}, "email": {"messages": 1},
            "deliveries": [
                {"contacts": ["A", "B"], "channel": "sms", "to": "+447700900001",
                    "text": "Hillview: School closes at 1 pm.", "units": 1},
                {"contacts": ["C"], "channel": "voice", "to": "+441632960003", "text": "School closes."},
                {"contacts": ["A"], "channel": "email", "to": "ada@example.org", "text": "Dear Ada, we close."},
            ],
        })
    );
    assert!(house.queued().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn units_are_counted_with_header_and_per_recipient() {
    let house = school().await;
    let units = async |message: &Value| {
        let answer = house.post(PREVIEW, message).await.json();
        assert!(answer.get("voice").is_none() && answer.get("email").is_none());
        answer["sms"].clone()
    };
    // "Hillview: " takes ten places of 160.
    let text = "x".repeat(151);
    let two = json!({"messages": 2, "units": 4, "encoding": "GSM-7", "units_each": [2, 2]});
    assert_eq!(units(&sms(&text)).await, two);
    let one = json!({"messages": 2, "units": 2, "encoding": "GSM-7", "units_each": [1, 1]});
    assert_eq!(units(&with(sms(&text), "sms", json!({"text": text, "header": ""}))).await, one);
    let ucs2 = json!({"messages": 2, "units": 2, "encoding": "UCS-2", "units_each": [1, 1]});
    assert_eq!(units(&sms("Gŵyl ysgol")).await, ucs2);
    // The names differ, so the parents who share a phone get a text each.
    let differs = json!({"messages": 3, "units": 3, "encoding": "GSM-7", "units_each": [1, 1]});
    assert_eq!(units(&sms("Dear $forename$")).await, differs);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_message_is_refused_with_what_to_mend_and_nothing_is_kept() {
    let house = school().await;
    let good = sms("Hello");
    let cases: Vec<(Value, Vec<&str>)> = vec![
        (with(good.clone(), "purpose", json!("fun")), vec!["purpose"]),
        (with(good.clone(), "channels", json!(["fax"])), vec!["channels[0]"]),
        (with(good.clone(), "channels", json!([])), vec!["sms"]),
        (json!({"purpose": "service", "channels": [], "to": {"everyone": true}}), vec!["channels"]),
        (with(good.clone(), "channel", json!("sms")), vec!["channel"]),
        (with(good.clone(), "channels", json!(["sms", "voice"])), vec!["voice"]),
        (with(good.clone(), "channels", json!(["email"])), vec!["sms", "email"]),
        (with(good.clone(), "voice", json!({"text": "Hi"})), vec!["voice"]),
        (with(good.clone(), "sms", json!({"text": "Hi", "heading": "x"})), vec!["sms.heading"]),
        (with(good.clone(), "sms", json!({})), vec!["sms.text"]),
        (with(good.clone(), "sms", json!({"text": "  "})), vec!["sms.text"]),
        (sms(&"x".repeat(1_531)), vec!["sms.text"]),
        (with(good.clone(), "sms", json!({"text": "Hi", "header": "x".repeat(31)})), vec!["sms.header"]),
        (sms("Dear $forname$"), vec!["sms.text"]),
        (with(good.clone(), "to", json!({})), vec!["to"]),
        (with(good.clone(), "to", json!({"everyone": false, "groups": []})), vec!["to"]),
        (with(good.clone(), "to", json!({"group": ["Year 9"]})), vec!["to.group"]),
        (with(good.clone(), "to", json!({"groups": ["Year 9", "Year 11"]})), vec!["to.groups[1]"]),
        (
            with(good.clone(), "to", json!({"contacts": ["A", "Z", "Y"]})),
            vec!["to.contacts[1]", "to.contacts[2]"],
        ),
        (with(good.clone(), "to", json!({"contacts": [""]})), vec!["to.contacts[0]"]),
        (with(good.clone(), "to", json!({"contacts": ["D"]})), vec!["to"]),
        (with(good.clone(), "send_at", json!("2026-09-02T08:00:00Z")), vec!["send_at"]),
        (sms("Dear $title$ $surname$"), vec!["sms.text"]),
        (
            json!({"purpose": "service", "channels": ["email"], "to": {"everyone": true},
                "email": {"subject": "a\nb", "text": ""}}),
            vec!["email.subject", "email.text"],
        ),
    ];
    for (message, fields) in cases {
        for path in [PREVIEW, MESSAGES] {
            let answer = house.post(path, &message).await;
            assert_eq!(answer.problem(422), fields, "{path} {message}");
        }
    }
    assert!(house.queued().is_empty());
    assert!(house.school.messages().summaries(None, 10).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_without_value_names_the_recipients() {
    let house = school().await;
    let answer = house.post(PREVIEW, &sms("Dear $title$ $surname$")).await;
    let message = answer.json()["errors"][0]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("$title$") && message.contains("B, E"), "{message}");
    assert!(!message.contains("$surname$") && !message.contains("A,"), "{message}");
    let mended = house.post(PREVIEW, &sms("Dear $title|parent$ $surname$")).await;
    assert_eq!(mended.status, 200, "{mended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_shows_the_first_hundred() {
    let house = House::start().await;
    let people: Value = (0..130)
        .map(|i| json!({"id": format!("P{i}"), "forename": "P", "surname": "Q", "role": "pupil", "mobile": format!("07700900{i:03}")}))
        .collect();
    house.contacts(people).await;
    let answer = house.post(PREVIEW, &sms("Hello")).await.json();
    assert_eq!((&answer["recipients"], answer["deliveries"].as_array().unwrap().len()), (&json!(130), 100));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sent_message_is_kept_and_its_plan_is_queued() {
    let house = school().await;
    for (purpose, queue) in [("service", QueueName::Routine), ("emergency", QueueName::Emergency)] {
        let answer = house.post(MESSAGES, &with(sms("Hello"), "purpose", json!(purpose))).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
        let id: MessageId = answer.json()["id"].as_str().unwrap().parse().unwrap();
        assert_eq!(answer.json(), json!({"id": id.to_string(), "state": "queued"}));
        assert_eq!(answer.header("location"), format!("/api/v1/messages/{id}"));
        let plan = Job::Plan { school: house.school.id(), message: id, revision: 1 };
        assert_eq!(house.queued(), [(queue, plan)]);
        let meta = house.school.messages().meta(id).await.unwrap().unwrap();
        assert_eq!(
            (meta.state, meta.due_ms, meta.author.name.as_str()),
            (MessageState::Queued, Some(NOON + 5_000), "Partner")
        );
        let body = house.school.messages().body(id).await.unwrap();
        assert_eq!(
            body.message.contents.sms.map(|s| (s.header, s.text)),
            Some(("Hillview".into(), "Hello".into()))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_job_does_not_lose_the_message() {
    let house = school().await;
    house.queue.break_down();
    let answer = house.post(MESSAGES, &sms("Hello")).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let id: MessageId = answer.json()["id"].as_str().unwrap().parse().unwrap();
    let mut due = Vec::new();
    for shard in 0..store::Store::work_shards() {
        due.extend(house.store.due_messages(shard, NOON + 5_000, 10).await.unwrap());
    }
    assert_eq!(due, [(house.school.id(), id)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_gives_the_first_message_again() {
    let house = school().await;
    let key = [("idempotency-key", "order 4711")];
    let first = house.post_with(MESSAGES, &key, &sms("Hello")).await.json();
    house.queued();
    // The same request, laid out otherwise.
    let text = r#"{ "sms":{"text":"Hello"}, "to":{"everyone":true,"groups":[]}, "channels":["sms"], "purpose":"service" }"#;
    let request = house.request("POST", MESSAGES).header("content-type", "application/json");
    let request = request.header(key[0].0, key[0].1).body(Body::from(text)).unwrap();
    let again = house.send(request).await;
    assert_eq!((again.status, again.json()), (StatusCode::ACCEPTED, first.clone()));
    assert!(house.queued().is_empty());

    let other = house.post_with(MESSAGES, &key, &sms("Goodbye")).await;
    assert_eq!(other.problem(422), ["Idempotency-Key"]);
    let (_, key_of_another) = house.another(2, &["messages:write", "contacts:write"]).await;
    let request = http::Request::post(MESSAGES)
        .header("authorization", format!("Bearer {key_of_another}"))
        .header("content-type", "application/json")
        .header(key[0].0, key[0].1)
        .body(Body::from(sms("Hello").to_string()));
    // Another school's key of the same name: its own address book is empty.
    assert_eq!(house.send(request.unwrap()).await.problem(422), ["to"]);
    assert_eq!(house.school.messages().summaries(None, 10).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_at_once_makes_one_message() {
    let house = school().await;
    let key = [("idempotency-key", "twice")];
    let message = sms("Hello");
    let (a, b, c) = tokio::join!(
        house.post_with(MESSAGES, &key, &message),
        house.post_with(MESSAGES, &key, &message),
        house.post_with(MESSAGES, &key, &message),
    );
    assert_eq!(a.json()["id"], b.json()["id"]);
    assert_eq!(a.json()["id"], c.json()["id"]);
    assert_eq!(house.school.messages().summaries(None, 10).await.unwrap().len(), 1);
    assert_eq!(house.queued().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idempotency_key_is_a_short_printable_line() {
    let house = school().await;
    let long = "k".repeat(201);
    for bad in ["", "a\tb", "ключ", long.as_str()] {
        let answer = house.post_with(MESSAGES, &[("idempotency-key", bad)], &sms("Hello")).await;
        assert_eq!(answer.problem(422), ["Idempotency-Key"], "{bad:?}");
    }
    let twice = [("idempotency-key", "a"), ("idempotency-key", "b")];
    assert_eq!(house.post_with(MESSAGES, &twice, &sms("Hello")).await.problem(422), ["Idempotency-Key"]);
    assert!(house.queued().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_people_that_cannot_be_kept_is_refused() {
    let house = school().await;
    let ids: Vec<String> = (0..6_000).map(|i| format!("{i:060}")).collect();
    let answer = house.post(MESSAGES, &with(sms("Hello"), "to", json!({"contacts": ids}))).await;
    assert_eq!(answer.problem(422), ["to"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_accepted_while_contacts_are_imported() {
    let house = school().await;
    let import = house.school.book().begin_bulk("import", 60_000, NOON).await.unwrap();
    house.post(PREVIEW, &sms("Hello")).await.problem(503);
    let sent = house.post(MESSAGES, &with(sms("Hello"), "purpose", json!("emergency"))).await;
    assert_eq!(sent.status, StatusCode::ACCEPTED, "{sent:?}");
    // Its own mistakes are still found.
    assert_eq!(house.post(MESSAGES, &sms("")).await.problem(422), ["sms.text"]);
    import.end().await.unwrap();
}
