//! The send protocol's promises (docs/ARCHITECTURE.md, *A message is sent*): nothing lost, nothing twice, and what
//! cannot be known is said.

use std::time::Duration;

use domain::ids::MessageId;
use domain::job::Job;
use runtime::QueueName;
use serde_json::json;
use store::Access;

use crate::judge::Verdict;
use crate::product::{InProcess, total};

/// The jobs of a message's pages as the plan queued them.
async fn page_jobs(town: &InProcess, id: &str) -> Vec<Job> {
    let school = town.system.store().school(Access::of_operator(town.partner.school.parse().unwrap()));
    let message: MessageId = id.parse().unwrap();
    let meta = loop {
        let meta = school.messages().meta(message).await.unwrap().unwrap();
        if meta.epoch.is_some() {
            break meta;
        }
        tokio::task::yield_now().await;
    };
    let epoch = meta.epoch.unwrap();
    let page = |n| Job::Page { page: school.pages().reference(message, &epoch, n), fence: 0, slot: None };
    (0..meta.pages).map(page).collect()
}

fn queue_again(town: &InProcess, jobs: &[Job], delay_ms: i64) {
    for job in jobs {
        town.system.queue().put(QueueName::Routine, serde_json::to_string(job).unwrap(), delay_ms);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_delivered_five_times_at_once_and_late_sends_once() {
    let town = InProcess::start(100).await;
    town.partner.fault(json!({"target": "any", "kind": "slow", "every": 1, "delay_ms": 300})).await;
    let id = town.partner.send(&["sms", "email"], "service").await;
    let jobs = page_jobs(&town, &id).await;
    for delay_ms in [0, 0, 50, 400, 1_500] {
        queue_again(&town, &jobs, delay_ms);
    }
    let plan =
        Job::Plan { school: town.partner.school.parse().unwrap(), message: id.parse().unwrap(), revision: 1 };
    queue_again(&town, &[plan.clone(), plan], 0);
    town.partner.until_settled(&id).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let verdict = Verdict::of(&town.partner, &id).await;
    verdict.assert_clean(200);
    assert_eq!(verdict.unknown(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_takes_a_text_and_gives_no_good_answer_is_asked_and_never_sent_to_twice() {
    for kind in ["accept_then_timeout", "accept_then_reset", "accept_then_500", "accept_then_garbage"] {
        let town = InProcess::start(30).await;
        town.partner.control("pause", &json!({})).await;
        town.partner.fault(json!({"target": "sms", "on": "send", "kind": kind, "every": 3})).await;
        let id = town.partner.send(&["sms"], "service").await;
        let told = |m: &serde_json::Value| total(m, "accepted") + total(m, "delivered") == 30;
        town.partner.until(&id, "known to be with the provider", told).await;
        town.partner.control("resume", &json!({})).await;
        town.partner.until_settled(&id).await;
        let verdict = Verdict::of(&town.partner, &id).await;
        verdict.assert_clean(30);
        assert_eq!(verdict.unknown(), 0, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_may_have_been_placed_is_asked_for_too() {
    let town = InProcess::start(20).await;
    town.partner
        .fault(json!({"target": "call", "on": "send", "kind": "accept_then_reset", "every": 2}))
        .await;
    let id = town.partner.send(&["voice"], "service").await;
    town.partner.until_settled(&id).await;
    let verdict = Verdict::of(&town.partner, &id).await;
    verdict.assert_clean(20);
    assert_eq!(verdict.unknown(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_tried_again_and_each_goes_once() {
    for kind in ["429", "503", "500", "reset", "timeout", "garbage"] {
        let town = InProcess::start(30).await;
        town.partner.fault(json!({"target": "sms", "on": "send", "kind": kind, "count": 12})).await;
        let id = town.partner.send(&["sms"], "service").await;
        town.partner.until(&id, "delivered", |m| total(m, "delivered") == 30).await;
        Verdict::of(&town.partner, &id).await.assert_clean(30);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_goes_on_refusing_ends_in_a_state_with_a_reason() {
    let town = InProcess::start(5).await;
    town.partner.fault(json!({"target": "sms", "on": "send", "kind": "429", "every": 1})).await;
    let id = town.partner.send(&["sms"], "service").await;
    let done = town.partner.until(&id, "finished", |m| m["state"] == "finished").await;
    assert_eq!(total(&done, "temporary_failure"), 5, "{done}");
    // Once the provider is well again, one click sends what failed.
    town.partner.clear_faults().await;
    let (status, _) = town.partner.post(&format!("/api/v1/messages/{id}/resend"), &json!({})).await;
    assert_eq!(status, 202);
    let done = town.partner.until(&id, "delivered", |m| total(m, "delivered") == 5).await;
    assert_eq!(town.partner.counts().await["sms"], 5, "{done}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_email_that_nobody_can_vouch_for_is_shown_as_not_confirmed_and_sent_again_on_request() {
    let town = InProcess::start(4).await;
    town.partner.fault(json!({"target": "email", "kind": "500", "every": 1})).await;
    let id = town.partner.send(&["email"], "service").await;
    let done = town.partner.until(&id, "finished", |m| m["state"] == "finished").await;
    assert_eq!(total(&done, "unknown"), 4, "{done}");
    assert!(town.partner.deliveries(&id).await.iter().all(|d| d["reason"] == "Not confirmed"));
    assert_eq!(town.partner.counts().await["email"], 0);
    town.partner.clear_faults().await;
    town.partner.post(&format!("/api/v1/messages/{id}/resend"), &json!({})).await;
    let done = town.partner.until(&id, "delivered", |m| total(m, "delivered") == 4).await;
    assert_eq!(town.partner.counts().await["email"], 4, "{done}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_that_is_not_confirmed_goes_once_more_by_itself() {
    let town = InProcess::start(2).await;
    town.partner.fault(json!({"target": "email", "kind": "500", "count": 2})).await;
    let id = town.partner.send(&["email"], "emergency").await;
    let done = town.partner.until(&id, "delivered", |m| total(m, "delivered") == 2).await;
    assert_eq!(town.partner.counts().await["email"], 2, "{done}");
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_may_be_forged_doubled_early_or_out_of_order() {
    let town = InProcess::start(20).await;
    let id = town.partner.send(&["sms", "email"], "service").await;
    town.partner.until_settled(&id).await;
    let before = town.partner.message(&id).await;
    for record in town.partner.seen("sms").await.iter().take(5) {
        let sid = &record["sid"];
        // Late words of lesser weight, doubled.
        for status in ["sent", "queued", "undelivered"] {
            let answers =
                town.partner.control("replay", &json!({"sid": sid, "status": status, "times": 3})).await;
            assert_eq!(answers["answers"], json!([204, 204, 204]), "{status}");
        }
        let forged = json!({"sid": sid, "status": "failed", "times": 2, "forge": true});
        assert_eq!(town.partner.control("replay", &forged).await["answers"], json!([403, 403]));
    }
    for record in town.partner.seen("email").await.iter().take(5) {
        // SNS is trusted, the reference is not: a forged one changes nothing.
        town.partner
            .control("replay", &json!({"sid": record["sid"], "status": "Bounce", "forge": true}))
            .await;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(town.partner.message(&id).await["totals"], before["totals"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bounce_after_delivery_counts_as_a_failure() {
    let town = InProcess::start(1).await;
    let id = town.partner.send(&["email"], "service").await;
    town.partner.until(&id, "delivered", |m| total(m, "delivered") == 1).await;
    let sid = town.partner.seen("email").await[0]["sid"].clone();
    town.partner.control("replay", &json!({"sid": sid, "status": "Bounce"})).await;
    town.partner.until(&id, "failed", |m| total(m, "permanent_failure") == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_message_goes_no_further_and_says_who_was_not_sent_to() {
    let town = InProcess::start(1_500).await;
    town.partner.fault(json!({"target": "sms", "kind": "slow", "every": 1, "delay_ms": 400})).await;
    let id = town.partner.send(&["sms"], "service").await;
    town.partner.until(&id, "sending", |m| total(m, "accepted") + total(m, "delivered") > 0).await;
    let (status, _) = town.partner.post(&format!("/api/v1/messages/{id}/stop"), &json!({})).await;
    assert_eq!(status, 202);
    let waiting = |m: &serde_json::Value| {
        ["queued", "sending", "retrying", "accepted"].iter().map(|s| total(m, s)).sum::<u64>()
    };
    let done = town.partner.until(&id, "over", |m| m["state"] == "stopped" && waiting(m) == 0).await;
    let (sent, cancelled) = (total(&done, "delivered"), total(&done, "cancelled"));
    assert!(cancelled > 0 && sent > 0 && sent + cancelled == 1_500, "{done}");
    assert_eq!(town.partner.counts().await["sms"], sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_cannot_be_read_ends_in_the_dead_letter_queue_and_takes_nothing_along() {
    let town = InProcess::start(10).await;
    town.system.queue().put(QueueName::Routine, "{\"job\":\"page\"}".to_owned(), 0);
    let id = town.partner.send(&["sms"], "service").await;
    town.partner.until_settled(&id).await;
    let began = std::time::Instant::now();
    while town.system.queue().dead(QueueName::Routine).len() != 1 {
        assert!(began.elapsed() < crate::product::PATIENCE);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Verdict::of(&town.partner, &id).await.assert_clean(10);
}
