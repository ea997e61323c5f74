//! The simulated MIS that `cargo run` brings along, read by the connector that reads real ones.

use domain::contact::PhoneLabel;
use domain::feed::{Part, Records, Session};
use domain::ids::ContactId;
use jiff::civil::Date;
use runtime::{Outside, guarded_http_client};
use simulators::{Config, MIS_PASSWORD, Running, Simulators, TwilioAccount};
use sync::mis::{Counter, Mis, MisError, Query, Secret, Xporter, XporterConfig};

use super::faults::{Right, is_inconsistent, is_truncated};
use super::school::{all_of, id, read};
use super::server::fetcher;

async fn start(data: Option<&std::path::Path>) -> Running {
    let mut config =
        Config::new(TwilioAccount { sid: format!("AC{}", "0".repeat(32)), auth_token: "t".to_owned() });
    config.data = data.map(ToOwned::to_owned);
    Simulators::start(config).await.unwrap()
}

fn connect(running: &Running) -> Xporter {
    let config = XporterConfig {
        base_url: running.url().to_owned(),
        token_url: format!("{}/idaas/sts/STS/GetToken", running.url()),
        estab: "3281101".to_owned(),
        relying_party: "messenger.example.org".to_owned(),
        password: Secret::new(MIS_PASSWORD),
    };
    Xporter::new(fetcher().0, config).unwrap()
}

async fn post(running: &Running, path: &str, form: &[(&str, &str)]) -> u16 {
    let http = guarded_http_client(2_000, Outside::InternetAndLoopback).unwrap();
    http.post(format!("{}{path}", running.url())).form(form).send().await.unwrap().status().as_u16()
}

async fn mobile(mis: &Xporter, contact: &ContactId) -> Option<String> {
    let reading = mis.read(all_of(Part::Contacts), &Counter::default()).await.unwrap();
    let Records::Contacts { people, .. } = reading.records else { panic!("not contacts") };
    let person = people.into_iter().find(|p| p.id == *contact).unwrap();
    person.numbers.into_iter().find(|n| n.label == PhoneLabel::Mobile).map(|n| n.number)
}

#[tokio::test]
async fn the_simulated_mis_is_read_whole() {
    let running = start(None).await;
    let all = read(&connect(&running)).await.unwrap();
    assert_eq!(all.people.len(), 24 + 48 + 6);
    assert_eq!(all.ties.len(), 48);
    assert_eq!(all.ties.iter().filter(|t| t.court_order).count(), 1);
    assert!(all.people[&id("PL-1000")].groups.len() >= 4);
}

#[tokio::test]
async fn what_is_changed_on_its_pages_is_in_the_feed_and_outlives_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let running = start(Some(data.path())).await;
    let mis = connect(&running);
    assert_eq!(mobile(&mis, &id("PC-2000")).await.as_deref(), Some("07700 900000"));
    assert_eq!(post(&running, "/mis/mobile", &[("contact", "2000"), ("mobile", "07700 900777")]).await, 303);
    assert_eq!(
        post(&running, "/mis/mark", &[("pupil", "1000"), ("session", "AM"), ("code", "N")]).await,
        303
    );
    assert_eq!(post(&running, "/mis/mobile", &[("contact", "9"), ("mobile", "07700 900777")]).await, 400);
    running.stop().await;
    let running = start(Some(data.path())).await;
    let mis = connect(&running);
    assert_eq!(mobile(&mis, &id("PC-2000")).await.as_deref(), Some("07700 900777"));
    let today: Date = jiff::Timestamp::from_millisecond(runtime::Clock::system().now_ms())
        .unwrap()
        .to_zoned(jiff::tz::TimeZone::get("Europe/London").unwrap())
        .date();
    let query = Query { part: Part::Attendance, since: None, days: (today, today) };
    let reading = mis.read(query, &Counter::default()).await.unwrap();
    let Records::Attendance(marks) = reading.records else { panic!("not marks") };
    let mark = marks.iter().find(|m| m.pupil == id("PL-1000") && m.session == Session::Am).unwrap();
    assert_eq!(mark.code, "N");
}

#[tokio::test]
async fn a_feed_broken_on_its_pages_is_told_for_what_it_is() {
    let table: [(&str, Right); 5] = [
        ("truncated", is_truncated),
        ("duplicates", is_inconsistent),
        ("error200", |e| matches!(e, MisError::Refused { status: 200, .. })),
        ("unauthorised", |e| matches!(e, MisError::Unauthorised { .. })),
        ("none", |_| false),
    ];
    let running = start(None).await;
    let whole = read(&connect(&running)).await.unwrap();
    for (breakage, right) in table {
        assert_eq!(post(&running, "/mis/feed", &[("breakage", breakage)]).await, 303);
        match read(&connect(&running)).await {
            Ok(all) => assert!(breakage == "none" && all == whole),
            Err(error) => assert!(right(&error), "{breakage}: {error:?}"),
        }
    }
    // These look whole to any reader: to hold them is the brake's work.
    for (breakage, people) in [("half", 12 + 24 + 3), ("empty", 0)] {
        post(&running, "/mis/feed", &[("breakage", breakage)]).await;
        assert_eq!(read(&connect(&running)).await.unwrap().people.len(), people, "{breakage}");
    }
}
