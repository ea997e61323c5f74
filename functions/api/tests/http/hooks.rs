//! Twilio's webhooks.

use axum::body::Body;
use channels::reference::ReferenceKey;
use channels::twilio::signature::sign;
use domain::delivery::DeliveryState;
use domain::ids::{Epoch, MessageId};
use domain::job::{DeliveryRef, Job};
use runtime::QueueName;
use ulid::Ulid;

use crate::kit::{Answer, House, NOON, PUBLIC_URL, REFERENCE_KEY, TWILIO_SID, TWILIO_TOKEN};

const SM: &str = "SM0123456789abcdef0123456789abcdef";

fn delivery(house: &House) -> DeliveryRef {
    let page = house.school.pages().reference(MessageId::new(Ulid(5)), &Epoch::new(Ulid(6)), 3);
    DeliveryRef { page, index: 4, attempt: 1 }
}

fn form(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
}

fn delivered() -> Vec<(String, String)> {
    form(&[
        ("AccountSid", TWILIO_SID),
        ("MessageSid", SM),
        ("MessageStatus", "delivered"),
        ("To", "+447700900123"),
    ])
}

async fn post(house: &House, path: &str, form: &[(String, String)], signature: Option<&str>) -> Answer {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let mut request = http::Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    if let Some(signature) = signature {
        request = request.header("x-twilio-signature", signature);
    }
    house.send(request.body(Body::from(body)).unwrap()).await
}

async fn signed(house: &House, path: &str, form: &[(String, String)]) -> Answer {
    let signature = sign(TWILIO_TOKEN, &format!("{PUBLIC_URL}{path}"), form);
    post(house, path, form, Some(&signature)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_is_queued_before_it_is_answered() {
    let house = House::start().await;
    let delivery = delivery(&house);
    let path = format!("/hooks/twilio/status/{}", ReferenceKey::new(&REFERENCE_KEY).unwrap().sign(&delivery));
    let answer = signed(&house, &path, &delivered()).await;
    assert_eq!(answer.status, 204, "{answer:?}");
    let jobs = house.queued();
    let [(QueueName::Receipts, Job::Receipt { delivery: of, evidence })] = jobs.as_slice() else {
        panic!("{jobs:?}")
    };
    assert_eq!((of, evidence.state, evidence.at_ms), (&delivery, DeliveryState::Delivered, NOON));
    assert_eq!(evidence.id.as_deref(), Some(SM));

    // A word that says nothing about the delivery is answered and forgotten.
    let queued = form(&[("MessageSid", SM), ("MessageStatus", "teleported")]);
    assert_eq!(signed(&house, &path, &queued).await.status, 204);
    assert!(house.queued().is_empty());

    // What cannot be queued is not taken: Twilio comes again.
    house.queue.break_down();
    signed(&house, &path, &delivered()).await.problem(503);
    house.queue.repair();
    assert_eq!(signed(&house, &path, &delivered()).await.status, 204);
    assert_eq!(house.queued().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_status_is_refused_and_queues_nothing() {
    let house = House::start().await;
    let delivery = delivery(&house);
    let key = ReferenceKey::new(&REFERENCE_KEY).unwrap();
    let good = format!("/hooks/twilio/status/{}", key.sign(&delivery));
    let sent = delivered();
    let signature = sign(TWILIO_TOKEN, &format!("{PUBLIC_URL}{good}"), &sent);

    post(&house, &good, &sent, None).await.problem(403);
    post(&house, &good, &sent, Some("")).await.problem(403);
    post(&house, &good, &sent, Some("bm90IGl0")).await.problem(403);
    let mut changed = sent.clone();
    changed[2].1 = "failed".to_owned();
    post(&house, &good, &changed, Some(&signature)).await.problem(403);
    post(&house, &format!("{good}?x=1"), &sent, Some(&signature)).await.problem(403);
    let elsewhere = sign(TWILIO_TOKEN, &format!("https://elsewhere.example{good}"), &sent);
    post(&house, &good, &sent, Some(&elsewhere)).await.problem(403);
    let other_token = sign("another", &format!("{PUBLIC_URL}{good}"), &sent);
    post(&house, &good, &sent, Some(&other_token)).await.problem(403);

    // Twilio's signature, but a reference that we did not sign.
    let other_key = ReferenceKey::new(&[8; 32]).unwrap().sign(&delivery);
    for reference in [other_key.as_str(), "x", "a-b-c"] {
        signed(&house, &format!("/hooks/twilio/status/{reference}"), &sent).await.problem(403);
    }
    let other_account = form(&[("AccountSid", "AC1"), ("MessageSid", SM), ("MessageStatus", "delivered")]);
    signed(&house, &good, &other_account).await.problem(403);
    let garbled = form(&[("MessageSid", "SM1"), ("MessageStatus", "delivered")]);
    signed(&house, &good, &garbled).await.problem(400);

    let json = http::Request::post(&good).header("content-type", "application/json");
    let json = json.header("x-twilio-signature", &signature).body(Body::from("{}")).unwrap();
    house.send(json).await.problem(415);
    house.get(&good).await.problem(405);
    assert!(house.queued().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inbound_text_is_kept_and_answered_with_silence() {
    let house = House::start().await;
    let path = "/hooks/twilio/inbound";
    let text = form(&[
        ("AccountSid", TWILIO_SID),
        ("MessageSid", SM),
        ("From", "+447700900123"),
        ("To", "+441632960100"),
        ("Body", "Thank you, Zoë"),
    ]);
    for _ in 0..2 {
        let answer = signed(&house, path, &text).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.header("content-type").starts_with("text/xml"));
        assert!(answer.text.ends_with("<Response/>"), "{}", answer.text);
    }
    // It was kept: keeping it again says so.
    let kept = store::Inbound {
        sid: SM.to_owned(),
        from: "+447700900123".to_owned(),
        to: "+441632960100".to_owned(),
        body: "x".to_owned(),
        at_ms: NOON,
    };
    assert!(!house.store.keep_inbound(&kept).await.unwrap());
    post(&house, path, &text, Some("bm90IGl0")).await.problem(403);
    signed(&house, path, &form(&[("MessageSid", SM)])).await.problem(400);
}
