//! API keys: made and shown once, replaced, revoked, capped, and partners' keys behind their switches.

use std::time::Duration;

use domain::audit::Act;
use http::Request;
use serde_json::json;
use store::AuditMonth;

use crate::kit::{Answer, House, NOON};
use crate::rights::Browser;
use crate::settings::{change, office};

const HOUR: u64 = 3_600_000;

/// Makes a key from a form's fields and reads it off the page.
pub(crate) async fn made(by: &Browser<'_>, fields: &str) -> String {
    let answer = by.post("/settings/keys", fields).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    token(&answer)
}

fn token(answer: &Answer) -> String {
    let at = answer.text.find("msk_").unwrap_or_else(|| panic!("no key: {answer:?}"));
    answer.text[at..].split('"').next().unwrap().to_owned()
}

fn id(token: &str) -> &str {
    token.split('_').nth(1).unwrap()
}

async fn usage(house: &House, token: &str) -> Answer {
    let request = Request::get("/api/v1/usage").header("authorization", format!("Bearer {token}"));
    house.send(request.body(String::new().into()).unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_shown_once_and_opens_what_it_was_made_for() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    let key = made(&by, "name=Website&kind=own&scope=usage:read&cap=").await;
    assert_eq!(usage(&house, &key).await.status, 200);
    let post = Request::post("/api/v1/contacts/batch")
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", "application/json");
    let refused = house.send(post.body(json!({"contacts": []}).to_string().into()).unwrap()).await;
    assert!(refused.status == 403 && refused.text.contains("contacts:write"), "{refused:?}");
    let list = by.ask("GET", "/settings/keys").await.text;
    assert!(list.contains("Website") && list.contains("today 12:00") && list.contains(id(&key)), "last used");
    let secret = key.rsplit('_').next().unwrap();
    assert!(!list.contains(secret), "never shown again");
    let log = house.school.audit().month(AuditMonth::of_ms(NOON)).await.unwrap();
    let entry = log.iter().rev().find(|e| e.act == Act::KeyCreated.code() && e.on == id(&key)).unwrap();
    assert!(entry.changes.contains("Website") && !entry.changes.contains(secret));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_without_a_name_a_purpose_or_a_sensible_cap_is_not_made() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    for (fields, words) in [
        ("name=&kind=own&scope=usage:read", "Name the system"),
        ("name=X&kind=own", "Tick what the key may be used for"),
        ("name=X&kind=own&scope=everything", "Tick what the key may be used for"),
        ("name=X&kind=nobody&scope=usage:read", "whose system"),
        ("name=X&kind=own&scope=usage:read&cap=0", "whole number"),
        ("name=X&kind=own&scope=usage:read&cap=many", "whole number"),
    ] {
        let answer = by.post("/settings/keys", fields).await;
        assert!(answer.status == 422 && answer.text.contains(words), "{fields}: {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_secret_works_for_a_day_and_an_earlier_one_no_more() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    let first = made(&by, "name=Website&kind=own&scope=usage:read").await;
    let path = format!("/settings/keys/{}/rotate", id(&first));
    let asked = by.post(&path, "").await;
    assert!(asked.text.contains("Replace the secret of") && !asked.text.contains("msk_"), "asks first");
    let second = token(&by.post(&path, "sure=yes").await);
    assert!(first != second && id(&first) == id(&second));
    for key in [&first, &second] {
        assert_eq!(usage(&house, key).await.status, 200);
    }
    let third = token(&by.post(&path, "sure=yes").await);
    assert_eq!(usage(&house, &first).await.status, 401, "of three secrets the oldest is gone at once");
    house.clock.advance(Duration::from_millis(24 * HOUR - 1));
    assert!(usage(&house, &second).await.status == 200 && usage(&house, &third).await.status == 200);
    house.clock.advance(Duration::from_millis(1));
    assert_eq!(usage(&house, &second).await.status, 401);
    assert_eq!(usage(&house, &third).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_opens_nothing_from_that_moment_and_twice_is_no_harm() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    let key = made(&by, "name=Website&kind=own&scope=usage:read").await;
    let path = format!("/settings/keys/{}/revoke", id(&key));
    assert!(by.post(&path, "").await.text.contains("This cannot be undone"));
    assert_eq!(usage(&house, &key).await.status, 200, "asking is not doing");
    let done = by.post(&path, "sure=yes").await;
    assert_eq!(done.header("location"), "/settings/keys?done=revoked");
    assert_eq!(usage(&house, &key).await.status, 401);
    assert_eq!(by.post(&path, "sure=yes").await.status, 404);
    assert!(!by.ask("GET", "/settings/keys").await.text.contains(id(&key)));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_schools_key_is_not_there() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    let (_, theirs) = house.another(2, &["usage:read"]).await;
    for what in ["rotate", "revoke"] {
        let answer = by.post(&format!("/settings/keys/{}/{what}", id(&theirs)), "sure=yes").await;
        assert_eq!(answer.status, 404, "{what}");
    }
    assert_eq!(usage(&house, &theirs).await.status, 200);
    assert!(!by.ask("GET", "/settings/keys").await.text.contains(id(&theirs)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cap_is_the_most_that_one_message_of_a_key_may_be() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    let people: Vec<_> = (0..3)
        .map(|n| {
            json!({"id": format!("p{n}"), "forename": "Pat", "surname": "A", "role": "parent",
                        "mobile": format!("0770090012{n}")})
        })
        .collect();
    house.contacts(json!(people)).await;
    let key = made(&by, "name=Website&kind=own&scope=messages:write&cap=2").await;
    let send = async |to: serde_json::Value| {
        let body = json!({"purpose": "emergency", "channels": ["sms"], "to": to, "sms": {"text": "Hi"}});
        let post = Request::post("/api/v1/messages")
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/json");
        house.send(post.body(body.to_string().into()).unwrap()).await
    };
    let refused = send(json!({"everyone": true})).await;
    assert_eq!(refused.problem(422), ["to"]);
    assert!(refused.text.contains("may send 2 messages at once") && refused.text.contains("would be 3"));
    assert_eq!(send(json!({"contacts": ["p0", "p1"]})).await.status, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partners_key_works_only_while_the_partner_is_switched_on() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    for (partner, words) in [("caci", "CACI"), ("wisepay", "WisePay")] {
        let key = made(&by, &format!("name={partner}&kind={partner}&scope=usage:read")).await;
        let refused = usage(&house, &key).await;
        assert_eq!(refused.problem(403), [] as [String; 0]);
        assert!(refused.text.contains(&format!("not switched {words} on")), "{refused:?}");
        change(&by, "partners", &format!("{partner}=on")).await;
        assert_eq!(usage(&house, &key).await.status, 200);
        change(&by, "partners", &format!("{partner}=off")).await;
        assert_eq!(usage(&house, &key).await.status, 403);
    }
}
