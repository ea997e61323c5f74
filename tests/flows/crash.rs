//! `kill -9` of the whole product, again and again, while the providers live on and keep count.

use std::time::{Duration, Instant};

use crate::judge::Verdict;
use crate::product::{PATIENCE, Partner, Process, Providers, free_port, message};

const PEOPLE: usize = 3_000;
const KILLS: u64 = 20;

/// A fixed sequence: a failure can be had again.
fn pauses(seed: u64) -> impl Iterator<Item = Duration> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Duration::from_millis(20 + (state >> 33) % 900)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_twenty_random_points_nobody_is_lost_and_nobody_gets_it_twice() {
    let data = tempfile::tempdir().unwrap();
    let port = free_port();
    let providers = Providers::start(&format!("http://127.0.0.1:{port}/_local/ses-events"), 100).await;
    let (process, access) = Process::start(port, data.path(), &providers.url).await;
    let partner = Partner::new(&access, Some(&providers.url));
    partner.add_people(PEOPLE).await;
    // Slow answers, so that every kill meets sends under way.
    partner.fault(serde_json::json!({"target": "any", "kind": "slow", "every": 1, "delay_ms": 150})).await;
    let body = message(&["sms", "email"], "service");
    let (status, answer) = partner.send_with_key("crash", &body).await.unwrap();
    assert_eq!(status, 202, "{answer}");
    let id = answer["id"].as_str().unwrap().to_owned();

    let mut process = process;
    let mut kills = 0;
    for pause in pauses(5_976).take(KILLS as usize) {
        tokio::time::sleep(pause).await;
        process.kill().await;
        kills += 1;
        process = Process::start(port, data.path(), &providers.url).await.0;
    }
    assert_eq!(kills, KILLS);
    partner.clear_faults().await;

    // Texts can be asked for: none of them may stay unknown. What the providers reported while the product was being
    // killed may be lost with its queue in memory (SQS keeps it), so some may stay *accepted* until they are fetched.
    let began = Instant::now();
    let verdict = loop {
        let done = partner.until(&id, "over", |m| m["state"] == "finished").await;
        let verdict = Verdict::of(&partner, &id).await;
        let open = |channel: &str, state: &str| match state {
            "queued" | "sending" | "retrying" => true,
            state => channel == "sms" && state == "unknown",
        };
        if !verdict.said.iter().any(|((channel, _), state)| open(channel, state)) {
            eprintln!("after {KILLS} kills: {} of {} not confirmed; {done}", verdict.unknown(), PEOPLE * 2);
            break verdict;
        }
        assert!(began.elapsed() < PATIENCE, "not settled: {done}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    verdict.assert_clean(PEOPLE * 2);

    let (status, again) = partner.send_with_key("crash", &body).await.unwrap();
    assert_eq!((status, again["id"].as_str()), (202, Some(id.as_str())), "the key is remembered");
}
