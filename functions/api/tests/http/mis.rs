//! The MIS settings: what is kept where, what is refused, what is never shown, and the trial of a connection.

use std::time::Duration;

use domain::job::Job;
use domain::sync::{Trial, TrialState};
use runtime::Vault;

use crate::kit::{Answer, House, NOON};
use crate::rights::Browser;
use crate::settings::office;

const PASSWORD: &str = "hush-hush-7";

fn xporter(more: &str) -> String {
    format!(
        "kind=xporter&address=https://xporter.example.com/&school=3285976&hourly=on&hourly_from=7&hourly_to=17\
         &overnight=2{more}"
    )
}

fn credentials() -> String {
    format!(
        "&token_url=https://login.example.com/GetToken&relying_party=messenger.example&password={PASSWORD}&sure=yes"
    )
}

/// What the form says that it was made from.
async fn seen(by: &Browser<'_>) -> String {
    let page = by.ask("GET", "/settings/mis").await.text;
    page.split("name=\"seen\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

async fn post(by: &Browser<'_>, fields: &str) -> Answer {
    let seen = seen(by).await;
    by.post("/settings/mis", &format!("seen={seen}&{fields}")).await
}

async fn save(by: &Browser<'_>, fields: &str) {
    let answer = post(by, fields).await;
    assert_eq!(answer.header("location"), "/settings/mis?done=saved", "{answer:?}");
}

#[tokio::test]
async fn what_is_saved_is_in_the_settings_the_vault_and_the_schedule_and_the_secret_is_nowhere_else() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    save(&by, &(xporter("") + &credentials())).await;
    let mis = house.school.settings().get().await.unwrap().mis;
    assert_eq!((mis.kind.as_str(), mis.school.as_str()), ("xporter", "3285976"));
    let kept = house.vault.get(house.school.id(), &mis.secret).await.unwrap().unwrap();
    assert!(kept.expose().contains(PASSWORD));
    assert_eq!(house.store.scheduled_schools().await.unwrap(), [house.school.id()]);
    for page in ["/settings/mis", "/settings/mis/live", "/settings", "/audit"] {
        let answer = by.ask("GET", page).await;
        assert!(answer.status == 200 && !answer.text.contains(PASSWORD), "{page}");
    }
    let log = house.school.audit().month(store::AuditMonth::of_ms(NOON)).await.unwrap();
    let log = format!("{log:?}");
    assert!(
        log.contains("mis_credentials") && log.contains("mis_address") && !log.contains(PASSWORD),
        "{log}"
    );
}

#[tokio::test]
async fn credentials_left_empty_are_kept_and_new_ones_replace_the_old_whole() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    save(&by, &(xporter("") + &credentials())).await;
    let first = house.school.settings().get().await.unwrap().mis.secret;
    let page = by.ask("GET", "/settings/mis").await.text;
    assert!(page.contains("Kept since today 12:00"), "{page}");
    save(&by, &xporter("&sure=yes").replace("overnight=2", "overnight=")).await;
    let mis = house.school.settings().get().await.unwrap().mis;
    assert!(mis.secret == first && mis.windows.overnight.is_none());
    let half = post(&by, &xporter("&sure=yes&password=other")).await;
    assert_eq!(half.status, 422);
    assert!(!half.text.contains("value=\"other\""), "what was typed is not shown again either");
    save(&by, &(xporter("") + &credentials())).await;
    assert!(house.vault.get(house.school.id(), &first).await.unwrap().is_none(), "the old ones are removed");
    assert_eq!(house.vault.len(), 1);
    save(&by, "kind=none&sure=yes").await;
    assert!(house.vault.is_empty() && house.store.scheduled_schools().await.unwrap().is_empty());
}

#[tokio::test]
async fn another_server_never_gets_the_credentials_that_were_entered_for_the_first() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    save(&by, &(xporter("") + &credentials())).await;
    let before = house.school.settings().get().await.unwrap().mis;
    let moved = xporter("&sure=yes").replace("xporter.example.com", "thief.example.org");
    assert_eq!(post(&by, &moved).await.status, 422);
    let other = "kind=wonde&address=https://xporter.example.com/&school=A1&sure=yes";
    assert_eq!(post(&by, other).await.status, 422);
    assert_eq!(house.school.settings().get().await.unwrap().mis, before);
}

#[tokio::test]
async fn an_address_inside_a_network_is_refused_and_nothing_is_kept() {
    let house = House::start_as(crate::kit::PUBLIC_URL, domain::phone::NumberMode::Live).await;
    let by = office(&house, &house.school).await;
    for address in [
        "http://xporter.example.com/",
        "https://169.254.169.254/latest/",
        "https://127.0.0.1:8081/",
        "https://10.0.0.8/",
        "https://intranet/",
        "https://user:pw@xporter.example.com/",
        "https://xporter.example.com/?to=x",
        "",
    ] {
        let fields = (xporter("") + &credentials()).replace("https://xporter.example.com/", address);
        assert_eq!(post(&by, &fields).await.status, 422, "{address}");
        let fields = (xporter("") + &credentials()).replace("https://login.example.com/GetToken", address);
        assert_eq!(post(&by, &fields).await.status, 422, "for tokens: {address}");
    }
    assert!(house.vault.is_empty() && !house.school.settings().get().await.unwrap().mis.is_on());
}

#[tokio::test]
async fn it_asks_first_and_a_form_that_is_out_of_date_changes_nothing() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    let unsure = (xporter("") + &credentials()).replace("&sure=yes", "");
    let answer = post(&by, &unsure).await;
    assert!(answer.status == 422 && answer.text.contains("Tick that you mean to change this"), "{answer:?}");
    assert!(house.vault.is_empty() && !answer.text.contains(PASSWORD));
    let old = seen(&by).await;
    save(&by, &(xporter("") + &credentials())).await;
    let late = by.post("/settings/mis", &format!("seen={old}&kind=none&sure=yes")).await;
    assert_eq!(late.status, 409);
    assert!(house.school.settings().get().await.unwrap().mis.is_on());
}

#[tokio::test]
async fn a_trial_is_asked_for_once_and_its_outcome_is_shown() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    assert_eq!(by.post("/settings/mis/test", "").await.status, 422, "there is nothing to try");
    save(&by, &(xporter("") + &credentials())).await;
    house.queued();
    for _ in 0..2 {
        let answer = by.post("/settings/mis/test", "").await;
        assert_eq!(answer.header("location"), "/settings/mis#trial");
    }
    let jobs = house.queued();
    let [(_, Job::TryMis { school, trial })] = jobs.as_slice() else { panic!("one trial: {jobs:?}") };
    assert_eq!(*school, house.school.id());
    assert!(by.ask("GET", "/settings/mis/live").await.text.contains("Trying"));
    let ended = Trial::new(*trial, NOON).ended(TrialState::Wrong, "The MIS does not answer.");
    assert!(house.school.sync().trial().end(&ended).await.unwrap());
    let part = by.ask("GET", "/settings/mis/live").await.text;
    assert!(part.contains("Does not work") && part.contains("data-still"), "{part}");
    // Other settings: what came out before says nothing about them.
    save(&by, &xporter("&sure=yes").replace("hourly_to=17", "hourly_to=16")).await;
    assert!(by.ask("GET", "/settings/mis/live").await.text.contains("Not tried yet"));
}

#[tokio::test]
async fn a_trial_that_never_ends_is_given_up_and_can_be_asked_for_again() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    save(&by, &(xporter("") + &credentials())).await;
    by.post("/settings/mis/test", "").await;
    house.clock.advance(Duration::from_mins(1));
    assert!(by.ask("GET", "/settings/mis/live").await.text.contains("No outcome"));
    house.queued();
    by.post("/settings/mis/test", "").await;
    assert_eq!(house.queued().len(), 1);
    // A queue that is down leaves nothing that seems to be at work.
    house.clock.advance(Duration::from_mins(1));
    house.queue.break_down();
    assert_eq!(by.post("/settings/mis/test", "").await.status, 503);
    assert!(by.ask("GET", "/settings/mis/live").await.text.contains("Not tried yet"));
}
