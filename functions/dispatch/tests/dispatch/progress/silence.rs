//! Deliveries that were taken and never reported on.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::channel::Channel;
use domain::delivery::DeliveryState;
use domain::job::{DeliveryRef, Job};
use testkit::{Fate, HOUR, SECOND, report};

use crate::kit::Town;

#[tokio::test(flavor = "multi_thread")]
async fn every_silent_text_is_asked_for_once_an_hour_not_only_the_first_hundred() {
    let town = Town::open(250).await;
    let id = town.sent().await;
    town.wait(6 * SECOND);
    town.look_until_quiet(id).await;
    for hour in 1..=2 {
        town.wait(HOUR);
        town.look_until_quiet(id).await;
        let asked = town.provider.take_fetched();
        let different: BTreeSet<&String> = asked.iter().collect();
        assert_eq!((asked.len(), different.len()), (250, 250), "hour {hour}");
    }
    // The last one is heard of, though none of the others ever is.
    let sent = town.provider.sent(Channel::Sms);
    let last = sent.iter().max_by_key(|sent| &sent.to).unwrap();
    town.provider.report(&last.id, DeliveryState::Delivered);
    town.wait(HOUR);
    town.look_until_quiet(id).await;
    assert_eq!(town.meta(id).await.totals.get(&DeliveryState::Delivered), Some(&1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_takes_ten_seconds_for_each_answer_does_not_outlast_the_function() {
    let town = Town::open(60).await;
    let id = town.sent().await;
    town.wait(6 * SECOND);
    town.look_until_quiet(id).await;
    town.wait(HOUR);
    town.provider.fetch_takes(Duration::from_secs(10));
    let began = town.now();
    assert!(town.watch(id).await);
    assert!(town.now() - began <= 40 * SECOND, "{} s", (town.now() - began) / SECOND);
    // The rest are asked for soon, from where this look ended.
    let first = town.provider.take_fetched();
    assert!(!first.is_empty() && town.take().iter().any(|(_, job, _)| matches!(job, Job::Watch { .. })));
    town.wait(6 * SECOND);
    assert!(town.watch(id).await);
    let second = town.provider.take_fetched();
    assert!(!second.is_empty() && first.iter().all(|id| !second.contains(id)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_known_only_from_a_late_worker_is_asked_for_by_that_workers_id() {
    let town = Town::open(1).await;
    town.provider.from_now_on(Fate::Lost);
    let id = town.sent().await;
    let page = town.page_ref(id, 0).await;
    let late = report(DeliveryState::Accepted, "SMlate", town.now());
    assert!(
        town.run(Job::Receipt { delivery: DeliveryRef { page, index: 0, attempt: 1 }, evidence: late }).await
    );
    town.wait(6 * SECOND);
    town.look_until_quiet(id).await;
    town.provider.report("SMlate", DeliveryState::Delivered);
    town.wait(HOUR);
    town.look_until_quiet(id).await;
    assert_eq!(town.provider.take_fetched(), ["SMlate"]);
    assert_eq!(town.pages(id).await[0].standing(0).state, DeliveryState::Delivered);
}
