//! Faults to order.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{Browser, SCHOOL, SID, config, start};
use crate::product::Product;
use crate::ses::mail_to;

async fn order(browser: &Browser, fault: Value) {
    assert_eq!(browser.post("/_control/faults", fault).await.status, 204);
}

const FORM: [(&str, &str); 3] = [("To", "+447700900123"), ("From", SCHOOL), ("Body", "Hello")];

#[tokio::test]
async fn refusals_speak_as_the_provider_and_keep_nothing() {
    let (_running, browser) = start(config()).await;
    for (kind, status, code) in [("429", 429, 20429), ("500", 500, 20500), ("503", 503, 20503)] {
        order(&browser, json!({ "target": "sms", "kind": kind, "count": 1 })).await;
        let answer = browser.form("Messages.json", &FORM).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (status, &json!(code)));
        order(&browser, json!({ "target": "email", "kind": kind, "count": 1 })).await;
        let answer = browser.post("/v2/email/outbound-emails", mail_to("parent@example.com")).await;
        assert_eq!(answer.status.as_u16(), status);
        assert!(answer.headers.contains_key("x-amzn-errortype"));
    }
    order(&browser, json!({ "target": "any", "kind": "refuse_code", "code": 21614, "count": 1 })).await;
    assert_eq!(browser.form("Messages.json", &FORM).await.json()["code"], 21614);
    order(&browser, json!({ "target": "sms", "kind": "garbage", "count": 1 })).await;
    let garbage = browser.form("Messages.json", &FORM).await;
    assert!(garbage.status == 200 && garbage.body.starts_with("<html>"));
    assert!(browser.log("sms").await.is_empty() && browser.log("email").await.is_empty());
    assert_eq!(browser.form("Messages.json", &FORM).await.status, 201);
}

#[tokio::test]
async fn a_reset_leaves_no_answer_and_no_message() {
    let (_running, browser) = start(config()).await;
    order(&browser, json!({ "target": "sms", "kind": "reset", "count": 1 })).await;
    assert!(browser.try_form("Messages.json", &FORM).await.is_none());
    assert!(browser.log("sms").await.is_empty());
}

#[tokio::test]
async fn accepted_without_an_answer_still_counts_and_is_told_of() {
    let mut product = Product::start().await;
    let (_running, browser) = start(config()).await;
    let callback = format!("{}/s/r", product.url);
    let mut form = FORM.to_vec();
    form.push(("StatusCallback", &callback));
    order(&browser, json!({ "target": "sms", "kind": "accept_then_reset", "count": 1 })).await;
    assert!(browser.try_form("Messages.json", &form).await.is_none());
    assert_eq!(product.next().await.field("MessageStatus"), "sent");
    order(&browser, json!({ "target": "sms", "kind": "accept_then_timeout", "count": 1 })).await;
    let waiting = browser.try_form("Messages.json", &form);
    assert!(tokio::time::timeout(Duration::from_millis(200), waiting).await.is_err(), "answered");
    assert_eq!(browser.log("sms").await.len(), 2);
    let list = format!("/2010-04-01/Accounts/{SID}/Messages.json?To=%2B447700900123&From=%2B441632960000");
    assert_eq!(browser.get(&list).await.json()["messages"].as_array().unwrap().len(), 2);
    order(&browser, json!({ "target": "sms", "kind": "accept_then_500", "count": 1 })).await;
    assert_eq!(browser.form("Messages.json", &form).await.status, 500);
    assert_eq!(browser.log("sms").await.len(), 3);
}

#[tokio::test]
async fn reading_can_fail_apart_from_sending() {
    let (_running, browser) = start(config()).await;
    order(&browser, json!({ "target": "sms", "on": "read", "kind": "503" })).await;
    let list = format!("/2010-04-01/Accounts/{SID}/Messages.json");
    assert_eq!(browser.get(&list).await.status, 503);
    assert_eq!(browser.form("Messages.json", &FORM).await.status, 201);
    assert_eq!(browser.ask("DELETE", "/_control/faults", "", String::new()).await.unwrap().status, 204);
    assert_eq!(browser.get(&list).await.status, 200);
}

#[tokio::test]
async fn an_order_that_makes_no_sense_is_refused() {
    let (_running, browser) = start(config()).await;
    for fault in
        [json!({ "target": "sms", "kind": "boredom" }), json!({ "target": "sms", "kind": "429", "typo": 1 })]
    {
        assert_eq!(browser.post("/_control/faults", fault).await.status, 422);
    }
}
