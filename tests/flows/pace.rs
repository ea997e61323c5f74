//! A sender with a limit, seen from the provider.

use std::time::Instant;

use serde_json::Value;

use crate::judge::Verdict;
use crate::product::{InProcess, total};

const PEOPLE: usize = 250;
const PER_SECOND: u32 = 25;
/// A page of each of two messages may go at the same moment.
const AT_ONCE: usize = 50;

fn gone(message: &Value) -> usize {
    usize::try_from(total(message, "accepted") + total(message, "delivered")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_overtakes_a_large_message_of_the_same_sender_and_both_keep_its_pace() {
    let town = InProcess::paced(PEOPLE, PER_SECOND).await;
    let began = Instant::now();
    let large = town.partner.send(&["sms"], "service").await;
    town.partner.until(&large, "begun", |m| gone(m) > 0).await;
    let emergency = town.partner.send(&["sms"], "emergency").await;
    town.partner.until(&emergency, "sent", |m| gone(m) == PEOPLE).await;
    let left = PEOPLE - gone(&town.partner.message(&large).await);
    assert!(left > PEOPLE / 2, "the large message gave way: {left} are still to go");
    for id in [&large, &emergency] {
        town.partner.until_settled(id).await;
        Verdict::of(&town.partner, id).await.assert_clean(PEOPLE);
    }
    let seconds = usize::try_from(began.elapsed().as_secs()).unwrap();
    let fastest = (2 * PEOPLE - AT_ONCE - 2 * 25) / PER_SECOND as usize;
    assert!(seconds >= fastest, "{seconds} seconds are too few for {} texts", 2 * PEOPLE);
}
