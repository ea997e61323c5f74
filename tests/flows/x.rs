//! A post on X from the page on which it is written to X, which counts what it took.

use std::time::Duration;

use serde_json::json;

use crate::product::{InProcess, PATIENCE, Partner, Process, Providers, free_port, total};
use crate::settings::{Office, between};

/// Links the first account, as a person does: goes to X, allows it, comes back.
async fn link(office: &Office) {
    let (_, page) = office.post("/settings", "/settings/x/link", &[]).await;
    let url = between(&page, "class=\"button main\" href=\"", "\"").to_owned();
    let shown = office.http.get(&url).send().await.unwrap().text().await.unwrap();
    let token = between(&shown, "name=\"oauth_token\" value=\"", "\"");
    let account = between(&shown, "name=\"account\" value=\"", "\"");
    let at_x = url.split('?').next().unwrap();
    let form = [("oauth_token", token), ("account", account), ("decision", "allow")];
    let allowed = office.http.post(at_x).form(&form).send().await.unwrap();
    let back = allowed.headers()["location"].to_str().unwrap().to_owned();
    let path = back.strip_prefix(&office.url).unwrap();
    office.page(path).await;
    assert!(office.page("/settings").await.contains("@GreenAbbeySch"));
}

/// Writes a post and sends it: the message's id.
async fn post(office: &Office, text: &str) -> String {
    let key = format!("key {text}");
    let fields = [("tweet", "yes"), ("tweet_text", text), ("purpose", "service"), ("key", &key)];
    let with = |more: &[(&'static str, String)]| {
        let more: Vec<(&'static str, String)> = more.to_vec();
        let fields: Vec<(&str, String)> =
            fields.iter().map(|(name, value)| (*name, (*value).to_owned())).chain(more).collect();
        fields
    };
    let checked = with(&[("do", "check".to_owned())]);
    let checked: Vec<(&str, &str)> = checked.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let (_, page) = office.post("/send", "/send", &checked).await;
    let expect = between(&page, "name=\"expect\" value=\"", "\"").to_owned();
    let sent = with(&[("do", "send".to_owned()), ("expect", expect)]);
    let sent: Vec<(&str, &str)> = sent.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let (to, page) = office.post("/send", "/send", &sent).await;
    assert!(to.starts_with("/messages/"), "{to}: {page}");
    between(&to, "/messages/", "?").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_arrives_once_and_one_that_nobody_can_vouch_for_is_not_confirmed() {
    let town = InProcess::start(0).await;
    let access = town.system.access();
    let office = Office::at(&access.url, &access.username, &access.password).await;
    link(&office).await;
    let partner = &town.partner;

    let first = post(&office, "School is closed today").await;
    partner.until(&first, "posted", |m| m["state"] == "finished" && total(m, "delivered") == 1).await;
    let seen = partner.seen("tweet").await;
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(
        (seen[0]["from"].as_str(), seen[0]["body"].as_str()),
        (Some("GreenAbbeySch"), Some("School is closed today"))
    );
    let page = office.page(&format!("/messages/{first}/deliveries")).await;
    assert!(page.contains("@GreenAbbeySch") && page.contains("Posted"), "{page}");

    // X takes it, and the answer is lost.
    partner.fault(json!({"target": "tweet", "kind": "accept_then_reset", "count": 1})).await;
    let lost = post(&office, "Open again tomorrow").await;
    partner.until(&lost, "not confirmed", |m| m["state"] == "finished" && total(m, "unknown") == 1).await;
    assert_eq!(partner.counts().await["tweet"], 2);
    // Whoever sends it again is told that it is there, and it is there once.
    let (status, by_key) = partner.post(&format!("/api/v1/messages/{lost}/resend"), &json!({})).await;
    assert_eq!((status, by_key["count"].as_u64()), (202, Some(0)), "an API key posts nothing");
    let path = format!("/messages/{lost}");
    let (to, page) = office.post(&path, &format!("{path}/resend"), &[("sure", "yes")]).await;
    assert!(to.starts_with(&path), "{to}: {page}");
    partner.until(&lost, "refused", |m| m["state"] == "finished" && total(m, "permanent_failure") == 1).await;
    assert_eq!(partner.counts().await["tweet"], 2);
    let page = office.page(&format!("/messages/{lost}/deliveries")).await;
    assert!(page.contains("X already has a post with these words"), "{page}");

    // The account's owner takes the access back.
    partner.control("x/revoke", &json!({"account": "GreenAbbeySch"})).await;
    let gone = post(&office, "One more").await;
    partner.until(&gone, "refused", |m| m["state"] == "finished" && total(m, "permanent_failure") == 1).await;
    let page = office.page(&format!("/messages/{gone}/deliveries")).await;
    assert!(page.contains("no longer takes posts from Messenger"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_while_x_answers_leaves_a_post_that_is_not_confirmed() {
    let data = tempfile::tempdir().unwrap();
    let port = free_port();
    let providers = Providers::start(&format!("http://127.0.0.1:{port}/_local/ses-events"), 100).await;
    let (process, access) = Process::start(port, data.path(), &providers.url).await;
    let text = |name: &str| access[name].as_str().unwrap().to_owned();
    // X is simulated beside the product; its journal outlives it.
    let x = text("outbox_url").trim_end_matches("/outbox").to_owned();
    let partner = Partner::new(&access, Some(&x));
    let office = Office::at(&text("url"), &text("username"), &text("password")).await;
    link(&office).await;
    partner.fault(json!({"target": "tweet", "kind": "slow", "count": 1, "delay_ms": 1_900})).await;
    let id = post(&office, "School is closed today").await;
    let began = std::time::Instant::now();
    while partner.counts().await["tweet"] != 1 {
        assert!(began.elapsed() < PATIENCE, "never sent");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    process.kill().await;
    let (_process, access) = Process::start(port, data.path(), &providers.url).await;
    let x = access["outbox_url"].as_str().unwrap().trim_end_matches("/outbox").to_owned();
    let partner = Partner::new(&access, Some(&x));
    partner.until(&id, "not confirmed", |m| m["state"] == "finished" && total(m, "unknown") == 1).await;
    assert_eq!(partner.counts().await["tweet"], 1);
}
