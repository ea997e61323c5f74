//! What becomes of sends that nobody has an answer for, seen from outside (docs/ARCHITECTURE.md, step 6).

use serde_json::{Value, json};

use crate::judge::Verdict;
use crate::product::{InProcess, Partner, message, total};

async fn send_text(partner: &Partner, text: &str) -> String {
    let mut body = message(&["sms"], "service");
    body["sms"]["text"] = json!(text);
    let (status, sent) = partner.post("/api/v1/messages", &body).await;
    assert_eq!(status, 202, "{sent}");
    sent["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_never_answers_and_takes_nothing_is_given_up_like_one_that_refuses() {
    let town = InProcess::start(3).await;
    town.partner.fault(json!({"target": "sms", "on": "send", "kind": "reset", "every": 1})).await;
    let id = town.partner.send(&["sms"], "service").await;
    let failed = |m: &Value| m["state"] == "finished" && total(m, "temporary_failure") == 3;
    town.partner.until(&id, "given up", failed).await;
    // The provider is well again: nothing goes out late by itself.
    town.partner.clear_faults().await;
    tokio::time::sleep(std::time::Duration::from_secs(4)).await;
    assert_eq!(town.partner.counts().await["sms"], 0);
    assert!(failed(&town.partner.message(&id).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_that_fail_spoil_neither_the_others_nor_themselves() {
    let town = InProcess::start(40).await;
    town.partner.control("pause", &json!({})).await;
    town.partner.fault(json!({"target": "sms", "on": "send", "kind": "accept_then_reset", "every": 1})).await;
    // One question in three, for as long as it takes: no page of 25 is ever answered whole.
    town.partner.fault(json!({"target": "sms", "on": "read", "kind": "429", "every": 3})).await;
    let id = town.partner.send(&["sms"], "service").await;
    let told = |m: &Value| total(m, "accepted") + total(m, "delivered") == 40;
    town.partner.until(&id, "known to be with the provider", told).await;
    let dead = town.system.queue().dead(runtime::QueueName::Routine);
    assert_eq!(dead.len(), 0, "a provider that cannot be asked is no reason to bury a job");
    Verdict::of(&town.partner, &id).await.assert_clean(40);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_messages_text_is_not_taken_for_ours_even_if_it_was_written_otherwise() {
    let town = InProcess::start(1).await;
    town.partner.fault(json!({"target": "sms", "on": "send", "kind": "reset", "count": 1})).await;
    let first = send_text(&town.partner, "Pat is absent today").await;
    let lost = |m: &Value| total(m, "unknown") + total(m, "retrying") + total(m, "accepted") > 0;
    town.partner.until(&first, "tried", lost).await;
    let second = send_text(&town.partner, "$forename$ is absent today").await;
    for id in [&first, &second] {
        town.partner.until(id, "delivered", |m| total(m, "delivered") == 1).await;
        Verdict::of(&town.partner, id).await.assert_clean(1);
    }
    assert_eq!(town.partner.counts().await["sms"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_taken_is_cancelled_by_a_stop_and_not_sent_when_the_provider_is_well_again() {
    let town = InProcess::start(5).await;
    town.partner.fault(json!({"target": "sms", "on": "send", "kind": "reset", "every": 1})).await;
    let id = town.partner.send(&["sms"], "emergency").await;
    town.partner.until(&id, "unknown", |m| total(m, "unknown") + total(m, "retrying") == 5).await;
    let (status, body) = town.partner.post(&format!("/api/v1/messages/{id}/stop"), &json!({})).await;
    assert_eq!(status, 202, "{body}");
    town.partner.clear_faults().await;
    town.partner.until(&id, "over", |m| m["state"] == "stopped" && total(m, "cancelled") == 5).await;
    assert_eq!(town.partner.counts().await["sms"], 0);
}
