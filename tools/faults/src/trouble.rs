//! Trouble that a run orders from outside: at the providers, with receipts, in the queue.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::partner::Partner;
use crate::scenario::{STORM, UNREADABLE};
use crate::tally::Row;
use crate::town::Town;

/// Trouble at the providers, spread over all kinds and channels.
pub async fn order_faults(town: &Town, partner: &Partner) {
    const KINDS: [&str; 12] = [
        "429",
        "500",
        "502",
        "503",
        "reset",
        "timeout",
        "garbage",
        "slow",
        "accept_then_timeout",
        "accept_then_reset",
        "accept_then_500",
        "accept_then_garbage",
    ];
    let storm = &town.storm;
    let mut left = storm.providers;
    while left > 0 {
        let count = left.min(town.chance.between("faults of a kind", 2, 9));
        left -= count;
        let target = *town.chance.pick("target", &["sms", "sms", "call", "email", "any"]);
        let on = if town.chance.hits("on a question", 150) { "read" } else { "send" };
        let order = json!({
            "target": target, "on": on, "kind": town.chance.pick("fault", &KINDS), "count": count,
            "every": town.chance.between("every", 1, 4), "seed": town.chance.roll("fault's seed") >> 12,
            "delay_ms": town.chance.pick("delay", &[80, 150, 400]),
        });
        partner.control("faults", &order).await;
    }
    if storm.early {
        // Slow answers: receipts are there before the outcome can be.
        let slow = json!({ "target": "any", "on": "send", "kind": "slow", "every": 1, "delay_ms": 90 });
        partner.control("faults", &slow).await;
    }
}

/// Repeats receipts, late words among them, and forges some.
pub async fn replay(town: &Town, partner: &Partner, wrong: &mut Vec<String>) {
    let began = Instant::now();
    let mut left = town.storm.replays;
    while left > 0 && began.elapsed() < STORM {
        let log = partner.ask("log").await;
        let seen = log.as_array().cloned().unwrap_or_default();
        if seen.is_empty() {
            tokio::time::sleep(Duration::from_millis(30)).await;
            continue;
        }
        left -= 1;
        let record = town.chance.pick("record", &seen);
        let kind = record["kind"].as_str().unwrap_or_default();
        let words: &[&str] = match kind {
            "sms" => &["queued", "sent", "sending", "delivered", "undelivered"],
            "call" => &["initiated", "ringing", "in-progress"],
            _ => &["Send", "Delivery"],
        };
        // A real provider contradicts itself about an end only as its records have it.
        let end = record["outcome"].as_str().unwrap_or_default();
        let word = *town.chance.pick("word", words);
        let word =
            if matches!(word, "delivered" | "undelivered" | "Delivery") && !end.eq_ignore_ascii_case(word) {
                words[0]
            } else {
                word
            };
        let forge = town.chance.hits("forge", 400);
        let times = town.chance.between("times", 1, 4);
        let order = json!({ "sid": record["sid"], "status": word, "times": times, "forge": forge });
        let answers =
            partner.control("replay", &order).await["answers"].as_array().cloned().unwrap_or_default();
        let count = answers.len() as u64;
        if forge {
            town.tally.add_many(Row::Receipts, "forged", count);
            if kind != "email" && answers.iter().any(|a| !a.is_null() && *a != json!(403)) {
                wrong.push(format!("forged receipts were answered {answers:?}"));
            }
        } else {
            town.tally.add_many(Row::Receipts, if times > 1 { "doubled" } else { "out of order" }, count);
        }
    }
}

/// Waits for the poisoned jobs to die, sees that nothing else did, mends their cause and redrives them.
pub async fn poisoned(town: &Town, wrong: &mut Vec<String>) {
    let began = Instant::now();
    // The poisoned pages' jobs come again and again, from the watch; the first four dead are the unreadable ones.
    while town.queues.dead().len() < 6 && began.elapsed() < STORM {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let poisoned = town.weather.poisoned.load(Ordering::Relaxed);
    let is_poison = |body: &str| {
        let job: Value = serde_json::from_str(body).unwrap_or_default();
        body == UNREADABLE || (job["job"] == "page" && job["page"] == json!(poisoned - 1))
    };
    let dead = town.queues.dead();
    for letter in &dead {
        if !is_poison(&letter.body) {
            wrong.push(format!("a good job died: {}", letter.body));
        }
        if letter.receives != 5 {
            wrong.push(format!("dead after {} receives", letter.receives));
        }
    }
    let unreadable = dead.iter().filter(|letter| letter.body == UNREADABLE).count();
    town.tally.add_many(Row::Poison, "item cannot be read", 5 * unreadable as u64);
    if unreadable != 4 {
        wrong.push(format!("{unreadable} of 4 unreadable items died"));
    }
    for body in town.failed.lock().unwrap().iter() {
        if !is_poison(body) {
            wrong.push(format!("a good job was named as failed: {body}"));
        }
    }
    town.weather.poisoned.store(0, Ordering::Relaxed);
    town.queues.discard(|letter| letter.body == UNREADABLE);
    town.queues.redrive();
}

/// Counts what struck at the providers: slow answers that were ordered for the sake of receipts are receipts' row.
pub async fn count_struck(town: &Town, partner: &Partner) {
    let struck = partner.ask("counts").await["faults"].clone();
    for (kind, count) in struck.as_object().into_iter().flatten() {
        let early = town.storm.early && kind == "slow";
        let (row, kind) =
            if early { (Row::Receipts, "before the outcome") } else { (Row::Providers, kind.as_str()) };
        town.tally.add_many(row, kind, count.as_u64().unwrap_or(0));
    }
}
