//! Where a message stands, its deliveries, stop and resend.

use std::time::Duration;

use domain::channel::Channel;
use domain::delivery::{Answer, Reason};
use domain::ids::{ContactId, Epoch, MessageId};
use domain::job::Job;
use domain::message::MessageState;
use domain::page::{PageState, RetryPolicy};
use domain::sms::Units;
use http::StatusCode;
use runtime::QueueName;
use serde_json::json;
use store::{Claiming, PageContent, PlannedDelivery, WrittenPlan};
use ulid::Ulid;

use crate::kit::{House, NOON};

const POLICY: RetryPolicy = RetryPolicy { base_ms: 1_000, most: 5 };

pub(crate) async fn sent(house: &House) -> MessageId {
    house
        .contacts(json!([{"id": "A", "forename": "Ada", "surname": "M", "role": "parent", "mobile": "07700900001"}]))
        .await;
    let message =
        json!({"purpose": "service", "channels": ["sms"], "to": {"everyone": true}, "sms": {"text": "Hi"}});
    let answer = house.post("/api/v1/messages", &message).await.json();
    house.queued();
    answer["id"].as_str().unwrap().parse().unwrap()
}

/// Gives the message pages of texts of two units, as a plan would.
pub(crate) async fn plan(house: &House, id: MessageId, sizes: &[usize]) -> Epoch {
    let epoch = Epoch::new(Ulid(id.made_at_ms().into()));
    let pages: Vec<(PageContent, PageState)> = sizes
        .iter()
        .enumerate()
        .map(|(page, size)| {
            let to = |i| PlannedDelivery {
                to: format!("+4477009{page:02}{i:03}"),
                contacts: vec![ContactId::parse(&format!("P{page}-{i}")).unwrap()],
                values: Vec::new(),
            };
            let content = PageContent { text_hash: String::new(), deliveries: (0..*size).map(to).collect() };
            (content, PageState::new(Channel::Sms, vec![Units(2); *size], NOON))
        })
        .collect();
    house.school.pages().write(id, &epoch, 0, &pages).await.unwrap();
    let count = u32::try_from(pages.len()).unwrap();
    let written = WrittenPlan {
        revision: 1,
        epoch: &epoch,
        pages: count,
        unreachable: 0,
        book: 0,
        now_ms: NOON,
        due_ms: NOON,
    };
    assert!(house.school.planning().commit(id, &written).await.unwrap());
    epoch
}

/// Sends a page, each delivery with its answer.
pub(crate) async fn work(house: &House, id: MessageId, epoch: &Epoch, page: u32, answers: Vec<Answer>) {
    let page = house.school.pages().reference(id, epoch, page);
    let fence = house.school.pages().state(&page).await.unwrap().fence;
    let Claiming::Mine(claimed) = house.school.pages().claim(&page, fence, "worker", NOON).await.unwrap()
    else {
        panic!("lost the claim");
    };
    let after = claimed.clone().settled(answers.into_iter().enumerate().collect(), POLICY, NOON);
    assert!(house.school.pages().advance(&page, &claimed, &after).await.unwrap());
}

async fn news(house: &House, id: MessageId) -> u32 {
    house.school.messages().meta(id).await.unwrap().unwrap().news
}

pub(crate) async fn finish(house: &House, id: MessageId) {
    assert!(house.school.progress().mark_finished(id, news(house, id).await).await.unwrap());
}

fn accepted(id: &str) -> Answer {
    Answer::Accepted { id: id.to_owned() }
}

pub(crate) fn no_such_number() -> Answer {
    Answer::Refused { reason: Reason::NoSuchAddress, code: Some(21_211), again: false }
}

#[tokio::test(flavor = "multi_thread")]
async fn totals_and_units_come_from_the_pages() {
    let house = House::start().await;
    let id = sent(&house).await;
    let path = format!("/api/v1/messages/{id}");
    let queued = house.get(&path).await.json();
    assert_eq!(queued, json!({"id": id.to_string(), "state": "queued", "totals": {}, "sms_units": 0}));

    let epoch = plan(&house, id, &[3, 2]).await;
    work(&house, id, &epoch, 0, vec![accepted("SM1"), no_such_number(), Answer::Unknown]).await;
    house.clock.advance(Duration::from_millis(501));
    let sending = house.get(&path).await.json();
    let totals = json!({"queued": 2, "accepted": 1, "permanent_failure": 1, "unknown": 1});
    let expected = json!({"id": id.to_string(), "state": "sending", "totals": totals, "sms_units": 2});
    assert_eq!(sending, expected);

    // For half a second the same is said again; then what became of it.
    work(&house, id, &epoch, 1, vec![accepted("SM2"), accepted("SM3")]).await;
    finish(&house, id).await;
    assert_eq!(house.get(&path).await.json(), expected);
    house.clock.advance(Duration::from_millis(500));
    let finished = house.get(&path).await.json();
    let totals = json!({"accepted": 3, "permanent_failure": 1, "unknown": 1});
    let expected = json!({"id": id.to_string(), "state": "finished", "totals": totals, "sms_units": 6});
    assert_eq!(finished, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_come_in_parts_and_each_comes_once() {
    let house = House::start().await;
    let id = sent(&house).await;
    let path = format!("/api/v1/messages/{id}/deliveries");
    assert_eq!(house.get(&path).await.json(), json!({"deliveries": []}));
    let mut sizes = vec![25; 41];
    sizes.push(3);
    let epoch = plan(&house, id, &sizes).await;
    work(
        &house,
        id,
        &epoch,
        0,
        [vec![accepted("SM1"), no_such_number()], vec![Answer::Unknown; 23]].concat(),
    )
    .await;

    let (mut found, mut next, mut parts) = (Vec::new(), None::<String>, 0);
    loop {
        let part = match &next {
            Some(cursor) => house.get(&format!("{path}?cursor={cursor}")).await.json(),
            None => house.get(&path).await.json(),
        };
        found.extend(part["deliveries"].as_array().unwrap().clone());
        parts += 1;
        match part.get("next") {
            Some(cursor) => next = Some(cursor.as_str().unwrap().to_owned()),
            None => break,
        }
    }
    assert_eq!((found.len(), parts), (41 * 25 + 3, 3));
    let mut to: Vec<&str> = found.iter().map(|d| d["to"].as_str().unwrap()).collect();
    assert!(to.is_sorted());
    to.dedup();
    assert_eq!(to.len(), found.len());
    assert_eq!(
        found[..3],
        [
            json!({"contacts": ["P0-0"], "channel": "sms", "to": "+447700900000", "state": "accepted", "units": 2}),
            json!({"contacts": ["P0-1"], "channel": "sms", "to": "+447700900001", "state": "permanent_failure",
                "units": 2, "reason": "Number does not exist"}),
            json!({"contacts": ["P0-2"], "channel": "sms", "to": "+447700900002", "state": "unknown", "units": 2,
                "reason": "Not confirmed"}),
        ]
    );
    for bad in ["x", "", "%25", "AAAA"] {
        assert_eq!(house.get(&format!("{path}?cursor={bad}")).await.problem(422), ["cursor"], "{bad}");
    }
    assert_eq!(house.get(&format!("{path}?page=2")).await.problem(422), ["page"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_message_stays_stopped() {
    let house = House::start().await;
    let id = sent(&house).await;
    plan(&house, id, &[2]).await;
    let path = format!("/api/v1/messages/{id}");
    assert_eq!(house.get(&path).await.json()["state"], "sending");
    for jobs in [1, 0] {
        let answer = house.post(&format!("{path}/stop"), &json!(null)).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
        assert_eq!(answer.json(), json!({"id": id.to_string(), "state": "stopped"}));
        assert_eq!(house.queued().len(), jobs);
        assert_eq!(house.get(&path).await.json()["state"], "stopped");
    }
    house.post(&format!("{path}/resend"), &json!(null)).await.problem(409);
    assert_eq!(house.school.messages().meta(id).await.unwrap().unwrap().state, MessageState::Stopped);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_message_cannot_be_stopped_any_more() {
    let house = House::start().await;
    let id = sent(&house).await;
    let epoch = plan(&house, id, &[1]).await;
    work(&house, id, &epoch, 0, vec![accepted("SM1")]).await;
    finish(&house, id).await;
    let answer = house.post(&format!("/api/v1/messages/{id}/stop"), &json!(null)).await;
    assert_eq!(answer.json(), json!({"id": id.to_string(), "state": "finished"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_message_is_stopped_while_any_of_its_texts_may_still_go() {
    let house = House::start().await;
    let id = sent(&house).await;
    let epoch = plan(&house, id, &[1, 1]).await;
    work(&house, id, &epoch, 0, vec![accepted("SM1")]).await;
    // It goes again should the provider say that it never came.
    work(&house, id, &epoch, 1, vec![Answer::Unknown]).await;
    finish(&house, id).await;
    let answer = house.post(&format!("/api/v1/messages/{id}/stop"), &json!(null)).await;
    assert_eq!(answer.json(), json!({"id": id.to_string(), "state": "stopped"}));
    let watch = Job::Watch { school: house.school.id(), message: id };
    assert_eq!(house.queued(), [(QueueName::Routine, watch)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resend_takes_the_failed_and_the_not_confirmed_once() {
    let house = House::start().await;
    let id = sent(&house).await;
    let epoch = plan(&house, id, &[3, 2, 1]).await;
    work(&house, id, &epoch, 0, vec![accepted("SM1"), no_such_number(), Answer::Unknown]).await;
    work(&house, id, &epoch, 1, vec![accepted("SM2"), accepted("SM3")]).await;
    work(&house, id, &epoch, 2, vec![Answer::Unknown]).await;
    finish(&house, id).await;
    assert!(house.school.progress().put_off(id, news(&house, id).await, None).await.unwrap());
    house.clock.advance(Duration::from_mins(1));

    let path = format!("/api/v1/messages/{id}");
    let answer = house.post(&format!("{path}/resend"), &json!(null)).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
    assert_eq!(answer.json(), json!({"id": id.to_string(), "state": "sending", "count": 3}));
    let watch = Job::Watch { school: house.school.id(), message: id };
    assert_eq!(house.queued(), [(QueueName::Routine, watch)]);
    assert_eq!(house.get(&path).await.json()["totals"], json!({"accepted": 3, "retrying": 3}));
    let meta = house.school.messages().meta(id).await.unwrap().unwrap();
    assert_eq!((meta.state, meta.due_ms), (MessageState::Sending, Some(NOON + 60_000)));

    // A second click finds nothing left to do.
    let again = house.post(&format!("{path}/resend"), &json!(null)).await.json();
    assert_eq!(again["count"], 0);
    assert!(house.queued().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resend_by_a_key_is_within_its_cap_or_nothing_goes() {
    let house = House::start().await;
    let id = sent(&house).await;
    let epoch = plan(&house, id, &[3]).await;
    work(&house, id, &epoch, 0, vec![no_such_number(), no_such_number(), Answer::Unknown]).await;
    finish(&house, id).await;
    house.clock.advance(Duration::from_mins(1));
    let office = crate::settings::office(&house, &house.school).await;
    let resend = async |cap: u32| {
        let fields = format!("name=Website{cap}&kind=own&scope=messages:write&cap={cap}");
        let key = crate::keys::made(&office, &fields).await;
        let post = http::Request::post(format!("/api/v1/messages/{id}/resend"))
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/json");
        house.send(post.body("null".to_owned().into()).unwrap()).await
    };
    house.queued();
    let refused = resend(2).await;
    assert_eq!(refused.problem(422), [] as [String; 0]);
    assert!(refused.text.contains("may send 2 messages at once, and this would be 3"), "{refused:?}");
    let totals = house.get(&format!("/api/v1/messages/{id}")).await.json()["totals"].clone();
    assert_eq!(totals.get("retrying"), None, "{totals}");
    assert!(house.queued().is_empty());
    assert_eq!(resend(3).await.json()["count"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_with_nothing_failed_has_nothing_to_resend() {
    let house = House::start().await;
    let id = sent(&house).await;
    let answer = house.post(&format!("/api/v1/messages/{id}/resend"), &json!(null)).await.json();
    assert_eq!(answer, json!({"id": id.to_string(), "state": "queued", "count": 0}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_message_says_why() {
    let house = House::start().await;
    let id = sent(&house).await;
    house.school.planning().reject(id, "Nobody could be reached.", NOON).await.unwrap();
    let answer = house.get(&format!("/api/v1/messages/{id}")).await.json();
    assert_eq!(
        (&answer["state"], &answer["reason"]),
        (&json!("rejected"), &json!("Nobody could be reached."))
    );
    house.post(&format!("/api/v1/messages/{id}/resend"), &json!(null)).await.problem(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_schools_message_is_as_unknown_as_none() {
    let house = House::start().await;
    let (_, key) = house.another(2, &["messages:read", "messages:write"]).await;
    let id = sent(&house).await;
    let none = MessageId::new(Ulid::from_parts(1_700_000_000_000, 99));
    for (method, tail) in [("GET", ""), ("GET", "/deliveries"), ("POST", "/stop"), ("POST", "/resend")] {
        let mut answers = Vec::new();
        for id in [id.to_string(), none.to_string(), "nonsense".to_owned(), id.to_string().to_lowercase()] {
            let request = http::Request::builder().method(method).uri(format!("/api/v1/messages/{id}{tail}"));
            let request = request.header("authorization", format!("Bearer {key}"));
            let answer = house.send(request.body(axum::body::Body::empty()).unwrap()).await;
            answer.problem(404);
            answers.push(answer.text);
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{tail}");
    }
    assert_eq!(house.school.messages().meta(id).await.unwrap().unwrap().state, MessageState::Queued);
}
