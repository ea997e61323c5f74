//! SES: what is refused, what is kept, events.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::client::{Browser, config, start};
use crate::product::Product;

pub(crate) const MIME: &str = "From: Oakfield School <office@oakfield.example>\r\nTo: parent@example.com\r\n\
    Subject: =?utf-8?q?Trip_on_Fr=C3=AEday?=\r\nMIME-Version: 1.0\r\n\
    Content-Type: multipart/alternative; boundary=b\r\n\r\n\
    --b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nBring a coat.\r\n\
    --b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n\
    <p>Bring a <b>coat</b>.</p><script>alert(1)</script>\r\n--b--\r\n";

pub(crate) fn mail_to(to: &str) -> Value {
    json!({
        "FromEmailAddress": "office@oakfield.example",
        "Destination": { "ToAddresses": [to] },
        "Content": { "Raw": { "Data": STANDARD.encode(MIME) } },
        "EmailTags": [{ "Name": "kind", "Value": "x" }, { "Name": "reference", "Value": "ref-9" }],
        "ConfigurationSetName": "messenger",
    })
}

pub(crate) async fn send(browser: &Browser, to: &str) -> String {
    let answer = browser.post("/v2/email/outbound-emails", mail_to(to)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["MessageId"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_accepted_mail_is_kept_whole() {
    let (_running, browser) = start(config()).await;
    let id = send(&browser, "parent@example.com").await;
    assert!(id.ends_with("-000000"), "{id}");
    let log = browser.log("email").await;
    let seen = &log[0];
    assert_eq!(seen["sid"], id);
    assert_eq!(seen["to"], "parent@example.com");
    assert_eq!(seen["subject"], "Trip on Frîday");
    assert_eq!(seen["text"].as_str().unwrap().trim(), "Bring a coat.");
    assert!(seen["html"].as_str().unwrap().contains("<b>coat</b>"));
    assert_eq!(seen["reference"], "ref-9");
}

#[tokio::test]
async fn bad_requests_are_refused_as_by_ses() {
    let (_running, browser) = start(config()).await;
    let with = |change: fn(&mut Value)| {
        let mut mail = mail_to("parent@example.com");
        change(&mut mail);
        mail
    };
    let cases = [
        with(|mail| mail["Content"] = json!({ "Simple": {} })),
        with(|mail| mail["Content"]["Raw"]["Data"] = "not base64!".into()),
        with(|mail| mail["Content"]["Raw"]["Data"] = STANDARD.encode("no headers").into()),
        with(|mail| mail["Destination"] = json!({})),
        with(|mail| mail["Destination"]["ToAddresses"][0] = "nobody".into()),
        with(|mail| mail["EmailTags"][1]["Value"] = "a.b".into()),
        json!({}),
    ];
    for case in cases {
        let answer = browser.post("/v2/email/outbound-emails", case).await;
        assert_eq!(answer.status, 400, "{}", answer.body);
        assert_eq!(answer.headers["x-amzn-errortype"], "BadRequestException");
    }
    assert!(browser.log("email").await.is_empty());
}

/// The event in a notification.
fn event(body: &str) -> Value {
    let envelope: Value = serde_json::from_str(body).unwrap();
    assert_eq!(envelope["Type"], "Notification");
    for field in ["MessageId", "TopicArn", "Timestamp", "SignatureVersion", "Signature", "SigningCertURL"] {
        assert!(envelope[field].is_string(), "{field}");
    }
    serde_json::from_str(envelope["Message"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn every_fate_has_its_events() {
    let mut product = Product::start().await;
    let mut config = config();
    config.ses_events_url = Some(format!("{}/ses", product.url));
    let (_running, browser) = start(config).await;
    let cases: [(&str, &[&str]); 6] = [
        ("parent@example.com", &["Send", "Delivery"]),
        ("bounce+3@example.com", &["Send", "Bounce"]),
        ("nobody.jones@example.com", &["Send", "Bounce"]),
        ("full@example.com", &["Send", "Bounce"]),
        ("complaint@example.com", &["Send", "Delivery", "Complaint"]),
        ("delay@example.com", &["Send", "DeliveryDelay", "Delivery"]),
    ];
    for (to, expected) in cases {
        let id = send(&browser, to).await;
        for name in expected {
            let post = product.next().await;
            assert_eq!(post.path, "/ses");
            let event = event(&post.body);
            assert_eq!(event["eventType"], *name, "{to}");
            assert_eq!(event["mail"]["messageId"], id);
            assert_eq!(event["mail"]["destination"], json!([to]));
            assert_eq!(event["mail"]["tags"]["reference"], json!(["ref-9"]));
            assert_eq!(event["mail"]["tags"]["ses:configuration-set"], json!(["messenger"]));
            assert_eq!(event["mail"]["commonHeaders"]["subject"], "Trip on Frîday");
            if *name == "Bounce" {
                let kind = if to.starts_with("full") { "Transient" } else { "Permanent" };
                assert_eq!(event["bounce"]["bounceType"], kind);
                assert_eq!(event["bounce"]["bouncedRecipients"][0]["emailAddress"], to);
            }
        }
    }
}

#[tokio::test]
async fn events_are_tried_until_they_are_taken() {
    let mut product = Product::start().await;
    let mut config = config();
    config.ses_events_url = Some(format!("{}/ses", product.url));
    let (_running, browser) = start(config).await;
    product.answer(403);
    send(&browser, "parent@example.com").await;
    for _ in 0..2 {
        assert_eq!(event(&product.next().await.body)["eventType"], "Send");
    }
    product.answer(200);
    assert_eq!(event(&product.next().await.body)["eventType"], "Send");
    assert_eq!(event(&product.next().await.body)["eventType"], "Delivery");
}

#[tokio::test]
async fn events_can_be_doubled_and_forged() {
    let mut product = Product::start().await;
    let (running, browser) = start(config()).await;
    let id = send(&browser, "parent@example.com").await;
    running.set_ses_events_url(format!("{}/later", product.url));
    let order = json!({ "sid": id, "status": "bounce", "forge": true });
    let answer = browser.post("/_control/replay", order).await;
    assert_eq!(answer.json(), json!({ "answers": [204] }));
    let forged = event(&product.next().await.body);
    assert_eq!(forged["eventType"], "Bounce");
    assert_eq!(forged["mail"]["tags"]["reference"], json!(["forged"]));
}
