//! Twilio: what is refused, what is kept, lists, callbacks, replies.

use std::collections::HashSet;

use serde_json::json;

use crate::client::{Browser, SCHOOL, SID, config, start};
use crate::product::Product;

#[tokio::test]
async fn an_accepted_text_is_a_queued_message() {
    let (_running, browser) = start(config()).await;
    let form = [("To", "+447700900123"), ("From", "Oakfield"), ("Body", "Sn\u{f6}w & ice: 1€"), ("X", "y")];
    let answer = browser.form("Messages.json", &form).await;
    assert_eq!(answer.status, 201);
    let message = answer.json();
    let sid = message["sid"].as_str().unwrap();
    assert!(sid.len() == 34 && sid.starts_with("SM"));
    assert_eq!(message["status"], "queued");
    assert_eq!(message["num_segments"], "1");
    assert_eq!(message["direction"], "outbound-api");
    assert_eq!(message["body"], "Snöw & ice: 1€");
    assert_eq!(message["price"], json!(null));
    assert_eq!(message["uri"], format!("/2010-04-01/Accounts/{SID}/Messages/{sid}.json"));
    assert!(message["date_created"].as_str().unwrap().ends_with(" +0000"));
    let seen = browser.get(&format!("/2010-04-01/Accounts/{SID}/Messages/{sid}.json")).await;
    assert_eq!((seen.status.as_u16(), &seen.json()["sid"]), (200, &message["sid"]));
}

#[tokio::test]
async fn bad_requests_are_refused_with_twilios_codes() {
    let (_running, browser) = start(config()).await;
    let (good, long) = ("+447700900123", "a".repeat(1601));
    let cases = [
        ("Messages.json", vec![("From", SCHOOL), ("Body", "x")], 21604),
        ("Messages.json", vec![("To", "07700900123"), ("From", SCHOOL), ("Body", "x")], 21211),
        ("Messages.json", vec![("To", good), ("Body", "x")], 21603),
        ("Messages.json", vec![("To", good), ("From", "Oakfield Primary"), ("Body", "x")], 21212),
        ("Messages.json", vec![("To", good), ("From", SCHOOL)], 21602),
        ("Messages.json", vec![("To", good), ("From", SCHOOL), ("Body", &long)], 21617),
        ("Messages.json", vec![("To", "+447700900901"), ("From", SCHOOL), ("Body", "x")], 21211),
        ("Messages.json", vec![("To", "+447700900902"), ("From", SCHOOL), ("Body", "x")], 21610),
        ("Calls.json", vec![("From", SCHOOL), ("Twiml", "<Response/>")], 21604),
        ("Calls.json", vec![("To", "x"), ("From", SCHOOL), ("Twiml", "<Response/>")], 21211),
        ("Calls.json", vec![("To", good), ("Twiml", "<Response/>")], 21603),
        ("Calls.json", vec![("To", good), ("From", SCHOOL)], 21205),
    ];
    for (path, form, code) in cases {
        let answer = browser.form(path, &form).await;
        let error = answer.json();
        assert_eq!((answer.status.as_u16(), &error["code"]), (400, &json!(code)), "{form:?}");
        assert_eq!(error["more_info"], format!("https://www.twilio.com/docs/errors/{code}"));
        assert_eq!(error["status"], 400);
        assert!(error["message"].is_string());
    }
    assert!(browser.log("sms").await.is_empty() && browser.log("call").await.is_empty());
}

#[tokio::test]
async fn only_the_account_gets_in() {
    let mut other = config();
    other.public_signing.auth_token = "another".to_owned();
    let (_running, browser) = start(other).await;
    let answer = browser.form("Messages.json", &[]).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (401, &json!(20003)));
    let mut other = config();
    other.public_signing.sid = SID.replace('0', "1");
    let (_running, browser) = start(other).await;
    assert_eq!(browser.form("Messages.json", &[]).await.status, 401);
}

#[tokio::test]
async fn lists_are_filtered_and_paged_newest_first() {
    let (_running, browser) = start(config()).await;
    for n in 0..7 {
        browser.text("+447700900123", &format!("text {n}"), "").await;
        browser.text("+447700900124", "another", "").await;
    }
    let mut next = format!(
        "/2010-04-01/Accounts/{SID}/Messages.json?To=%2B447700900123&From=%2B441632960000&PageSize=3"
    );
    let mut bodies = Vec::new();
    for page in 0.. {
        let answer = browser.get(&next).await.json();
        assert_eq!(answer["page"], page);
        bodies.extend(
            answer["messages"].as_array().unwrap().iter().map(|m| m["body"].as_str().unwrap().to_owned()),
        );
        match answer["next_page_uri"].as_str() {
            Some(uri) => next = uri.to_owned(),
            None => break,
        }
    }
    assert_eq!(bodies, (0..7).rev().map(|n| format!("text {n}")).collect::<Vec<_>>());
    let all = browser.get(&format!("/2010-04-01/Accounts/{SID}/Messages.json")).await.json();
    assert_eq!(all["messages"].as_array().unwrap().len(), 14);
    let one_sided =
        browser.get(&format!("/2010-04-01/Accounts/{SID}/Messages.json?To=%2B447700900124")).await;
    assert_eq!(one_sided.json()["messages"].as_array().unwrap().len(), 7);
    let none = browser.get(&format!("/2010-04-01/Accounts/{SID}/Calls.json?To=%2B447700900124")).await;
    assert_eq!(none.json()["calls"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn a_filter_that_would_be_ignored_is_refused() {
    let (_running, browser) = start(config()).await;
    let answer = browser.get(&format!("/2010-04-01/Accounts/{SID}/Messages.json?DateSent=2025-01-01")).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (400, &json!(20001)));
}

#[tokio::test]
async fn texts_are_told_of_by_signed_callbacks_in_order() {
    let mut product = Product::start().await;
    let (_running, browser) = start(config()).await;
    let path = "/twilio/status/ref-1?x=1&y=%2B";
    let url = format!("{}{path}", product.url);
    for (to, last, code) in [
        ("+447700900123", "delivered", ""),
        ("+447700900903", "undelivered", "30003"),
        ("+447700900904", "undelivered", "30005"),
        ("+447700900905", "undelivered", "30007"),
    ] {
        let sid = browser.text(to, "Hello", &url).await;
        let posts = product.take(2).await;
        for (post, status) in posts.iter().zip(["sent", last]) {
            assert_eq!(post.path, path);
            assert!(post.is_signed_for(&url), "{to} {status}");
            assert_eq!(post.field("MessageSid"), sid);
            assert_eq!(post.field("MessageStatus"), status);
        }
        assert_eq!(posts[1].field("ErrorCode"), code);
    }
}

#[tokio::test]
async fn calls_are_told_of_as_asked() {
    let mut product = Product::start().await;
    let (_running, browser) = start(config()).await;
    let url = format!("{}/twilio/call/ref-2", product.url);
    let twiml = "<Response><Say>School is closed</Say></Response>";
    let call = async |to, events: &[&str]| {
        let mut form = vec![("To", to), ("From", SCHOOL), ("Twiml", twiml), ("StatusCallback", url.as_str())];
        form.extend(events.iter().map(|event| ("StatusCallbackEvent", *event)));
        let answer = browser.form("Calls.json", &form).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
    };
    let all = ["initiated", "ringing", "answered", "completed"];
    call("+447700900123", &all).await;
    let statuses: Vec<_> = product.take(4).await.iter().map(|post| post.field("CallStatus")).collect();
    assert_eq!(statuses, ["initiated", "ringing", "in-progress", "completed"]);
    for (to, status) in [
        ("+447700900123", "completed"),
        ("+447700900906", "busy"),
        ("+447700900907", "no-answer"),
        ("+447700900901", "failed"),
    ] {
        call(to, &[]).await;
        let post = product.next().await;
        assert_eq!(post.field("CallStatus"), status);
        assert!(post.is_signed_for(&url));
        let seconds: u32 = post.field("CallDuration").parse().unwrap();
        assert_eq!(seconds > 0, status == "completed");
    }
    let log = browser.log("call").await;
    assert_eq!(log[0]["body"], "School is closed");
    assert_eq!(log[0]["reference"], "ref-2");
    let counts = browser.get("/_control/counts").await.json();
    assert_eq!(counts["call"], 5);
    assert!(counts["voice_minutes"].as_u64().unwrap() >= 2);
}

#[tokio::test]
async fn receipts_wait_while_paused_and_can_be_doubled_and_forged() {
    let mut product = Product::start().await;
    let (_running, browser) = start(config()).await;
    let url = format!("{}/s/r", product.url);
    browser.post("/_control/pause", json!({})).await;
    let sid = browser.text("+447700900123", "Hello", &url).await;
    let order = json!({ "sid": sid, "status": "delivered", "times": 3 });
    let answers = browser.post("/_control/replay", order).await.json();
    assert_eq!(answers, json!({ "answers": [204, 204, 204] }));
    assert!(product.take(3).await.iter().all(|post| post.is_signed_for(&url)));
    browser.post("/_control/replay", json!({ "sid": sid, "status": "failed", "forge": true })).await;
    let forged = product.next().await;
    assert!(!forged.is_signed_for(&url) && forged.field("MessageStatus") == "failed");
    let standing = browser.get("/_control/counts").await.json();
    assert_eq!(
        (&standing["receipts"]["pending"], &standing["receipts"]["paused"]),
        (&json!(1), &json!(true))
    );
    browser.post("/_control/resume", json!({})).await;
    assert_eq!(product.next().await.field("MessageStatus"), "sent");
}

#[tokio::test]
async fn a_product_that_is_down_hears_of_it_later_if_it_asked_for_that() {
    let mut product = Product::start().await;
    let (_running, browser) = start(config()).await;
    product.answer(500);
    let url = format!("{}/s/r", product.url);
    browser.text("+447700900123", "Hello", &format!("{url}#rc=5&rp=5xx,ct,rt")).await;
    assert!(product.take(2).await.iter().all(|post| post.is_signed_for(&url)), "the fragment is not signed");
    product.answer(204);
    let statuses = [product.next().await, product.next().await].map(|post| post.field("MessageStatus"));
    assert_eq!(statuses, ["sent", "delivered"]);
    product.answer(500);
    browser.text("+447700900124", "Hello", &url).await;
    let statuses = product.take(2).await.into_iter().map(|post| post.field("MessageStatus"));
    assert_eq!(statuses.collect::<Vec<_>>(), ["sent", "delivered"], "each once");
}

#[tokio::test]
async fn out_of_order_means_about_half() {
    let mut product = Product::start().await;
    let mut config = config();
    config.latency.unordered = true;
    let (_running, browser) = start(config).await;
    let mut delivered_first = 0;
    for _ in 0..40 {
        browser.text("+447700900123", "Hello", &format!("{}/s/r", product.url)).await;
        let posts = product.take(2).await;
        delivered_first += usize::from(posts[0].field("MessageStatus") == "delivered");
    }
    assert!((5..36).contains(&delivered_first), "{delivered_first} of 40");
}

#[tokio::test]
async fn a_text_from_a_phone_arrives_signed() {
    let mut product = Product::start().await;
    let (_running, browser) = start(config()).await;
    let url = format!("{}/twilio/inbound", product.url);
    let text = json!({ "from": "+447700900123", "to": SCHOOL, "body": "Who is this?", "url": url });
    let received = browser.post("/_control/inbound", text).await.json();
    assert_eq!(received["answer"], 204);
    let post = product.next().await;
    assert!(post.is_signed_for(&url));
    assert_eq!(post.field("Body"), "Who is this?");
    assert_eq!(post.field("MessageSid"), received["sid"]);
    let log = browser.log("inbound").await;
    assert_eq!(log[0]["from"], "+447700900123");
}

#[tokio::test]
async fn many_at_once_all_count_and_none_share_an_id() {
    let (_running, browser) = start(config()).await;
    let send =
        |n: u32, browser: Browser| async move { browser.text(&format!("+4477009{n:05}"), "Hello", "").await };
    let tasks: Vec<_> = (0..500).map(|n| tokio::spawn(send(n, browser.clone()))).collect();
    let mut sids = HashSet::new();
    for task in tasks {
        sids.insert(task.await.unwrap());
    }
    assert_eq!(sids.len(), 500);
    assert_eq!(browser.get("/_control/counts").await.json()["sms"], 500);
}
