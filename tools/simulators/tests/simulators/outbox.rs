//! The Outbox page.

use serde_json::json;

use crate::client::{SCHOOL, config, start};
use crate::product::Product;
use crate::ses::send;

#[tokio::test]
async fn the_page_is_there_before_anything_is_sent() {
    let (_running, browser) = start(config()).await;
    for path in ["/", "/outbox"] {
        let page = browser.get(path).await;
        assert_eq!(page.status, 200);
        assert!(page.body.contains("No messages yet") && page.body.contains("No e-mails yet"));
    }
    assert_eq!(browser.get("/outbox/style.css").await.status, 200);
    assert_eq!(browser.get("/outbox/live.js").await.status, 200);
}

#[tokio::test]
async fn phones_show_what_was_sent_and_escape_it() {
    let (_running, browser) = start(config()).await;
    browser.text("+447700900123", "<script>alert('a & b')</script>", "").await;
    browser.text("+447700900124", "To the other", "").await;
    let page = browser.get("/outbox").await;
    assert!(page.body.contains("07700 900123") && page.body.contains("To the other"));
    assert!(!page.body.contains("<script>alert"));
    assert!(page.headers["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
    let one = browser.get("/outbox?phone=07700+900199").await;
    assert!(one.body.contains("Nothing was sent to 07700 900199"));
}

#[tokio::test]
async fn an_unchanged_page_is_not_sent_again() {
    let (_running, browser) = start(config()).await;
    let first = browser.get("/outbox").await;
    let tag = first.headers["etag"].clone();
    browser.text("+447700900123", "News", "").await;
    assert_ne!(browser.get("/outbox").await.headers["etag"], tag);
}

#[tokio::test]
async fn an_email_opens_without_its_scripts() {
    let (_running, browser) = start(config()).await;
    let id = send(&browser, "parent@example.com").await;
    let board = browser.get("/outbox").await;
    assert!(board.body.contains("Trip on Frîday"));
    let page = browser.get(&format!("/outbox/mail/{id}")).await;
    assert_eq!(page.status, 200);
    let frame = page.body.split("srcdoc=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(frame.contains("coat") && !frame.contains("alert"));
    assert!(page.body.contains("sandbox=\"\""));
    assert!(!page.body.contains("<script>alert"));
    assert_eq!(browser.get("/outbox/mail/none").await.status, 404);
}

#[tokio::test]
async fn a_reply_goes_to_the_school_and_shows_on_the_phone() {
    let mut product = Product::start().await;
    let mut config = config();
    config.inbound_url = Some(format!("{}/in", product.url));
    let (_running, browser) = start(config).await;
    browser.text("+447700900123", "Is Ben well?", "").await;
    let form = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("phone", "+447700900123"),
            ("to", SCHOOL),
            ("body", "A cold <b>"),
            ("back", "phone=1"),
        ])
        .finish();
    let answer =
        browser.ask("POST", "/outbox/reply", "application/x-www-form-urlencoded", form).await.unwrap();
    assert_eq!(
        (answer.status.as_u16(), &answer.headers["location"]),
        (303, &"/outbox?phone=1&reply=taken".parse().unwrap())
    );
    assert_eq!(product.next().await.field("Body"), "A cold <b>");
    let page = browser.get("/outbox").await;
    assert!(page.body.contains("A cold") && !page.body.contains("A cold <b>"));
    product.answer(403);
    let text = json!({ "from": "+447700900123", "to": SCHOOL, "body": "x" });
    assert_eq!(browser.post("/_control/inbound", text).await.json()["answer"], 403);
}
