use std::time::Duration;

use channels::port::{Access, AccountLinker as _, ChannelError, Nonce, OutgoingTweet, Tweeter as _};
use channels::x::{X, XConfig};
use domain::delivery::{Answer, Reason};
use serde_json::{Value, json};

use super::server::{Reply, Server, closed_port};

const NONCE: Nonce<'static> = Nonce { text: "n-1", at_ms: 1_700_000_000_000 };

#[expect(clippy::disallowed_methods, reason = "a test has no runtime to take its client from")]
fn x(base_url: &str) -> X {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .build()
        .unwrap();
    let config = XConfig {
        consumer_key: "key".to_owned(),
        consumer_secret: "very secret".to_owned(),
        base_url: base_url.to_owned(),
        deadline: Duration::from_millis(500),
    };
    X::new(http, &config).unwrap()
}

fn access() -> Access {
    Access { token: "1-abc".to_owned(), secret: "hidden".to_owned() }
}

async fn post(url: &str, text: &str) -> Answer {
    x(url).post(OutgoingTweet { access: &access(), text, reference: "ref-1", at_ms: NONCE.at_ms }).await
}

#[tokio::test]
async fn each_answer_to_a_post_is_what_the_protocol_says_and_is_asked_for_once() {
    let refused = |reason, again| Answer::Refused { reason, code: None, again };
    let problem = |status: u16, detail: &str| {
        Reply::json(status, &json!({"title": "T", "detail": detail, "type": "about:blank", "status": status}))
    };
    let page = |status, headers| Reply::Http { status, headers, body: "<html>".to_owned() };
    let duplicate = "You are not allowed to create a Tweet with duplicate content.";
    let cases = [
        (
            Reply::json(201, &json!({"data": {"id": "1346889436626259968", "text": "t"}})),
            Answer::Accepted { id: "1346889436626259968".to_owned() },
        ),
        (Reply::json(201, &json!({"data": {"id": "../x", "text": "t"}})), Answer::Unknown),
        (page(200, ""), Answer::Unknown),
        (page(302, "Location: /elsewhere\r\n"), Answer::Unknown),
        (problem(403, duplicate), refused(Reason::AlreadyThere, false)),
        (problem(401, "Unauthorized"), refused(Reason::LinkGone, false)),
        (problem(429, "Too Many Requests"), refused(Reason::TryLater, true)),
        (problem(503, "Service Unavailable"), refused(Reason::TryLater, true)),
        (page(503, ""), Answer::Unknown),
        (problem(500, "Internal"), Answer::Unknown),
        (Reply::Reset, Answer::Unknown),
        (Reply::Hang, Answer::Unknown),
    ];
    for (i, (reply, expected)) in cases.into_iter().enumerate() {
        let server = Server::start(vec![reply]).await;
        assert_eq!(post(&server.url, "Closed today").await, expected, "case {i}");
        assert_eq!(server.seen().len(), 1, "case {i}");
    }
    assert_eq!(post(&closed_port().await, "Closed today").await, refused(Reason::TryLater, true));
}

#[tokio::test]
async fn a_post_is_signed_json_and_one_that_is_too_long_never_leaves() {
    let server = Server::start(vec![Reply::json(201, &json!({"data": {"id": "1", "text": "t"}}))]).await;
    post(&server.url, "“Snow” & ice").await;
    let too_long = post(&server.url, &"x".repeat(281)).await;
    assert!(matches!(too_long, Answer::Refused { again: false, .. }));
    let seen = server.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].line, "POST /2/tweets");
    let body: Value = serde_json::from_slice(&seen[0].body).unwrap();
    assert_eq!(body, json!({"text": "“Snow” & ice"}));
    assert!(seen[0].headers.contains("authorization: oauth oauth_consumer_key=\"key\""));
    assert!(!seen[0].headers.contains("secret\"") && !seen[0].headers.contains("hidden"));
}

#[tokio::test]
async fn an_account_is_linked_in_three_legs() {
    let form = |body: &str| Reply::Http {
        status: 200,
        headers: "Content-Type: text/html\r\n",
        body: body.to_owned(),
    };
    let server = Server::start(vec![
        form("oauth_token=req&oauth_token_secret=rs&oauth_callback_confirmed=true"),
        form("oauth_token=1-abc&oauth_token_secret=as&user_id=15&screen_name=HillviewSchool"),
    ])
    .await;
    let x = x(&server.url);
    let begun = x.begin("https://messenger.example/settings/x/back?state=1", NONCE).await.unwrap();
    assert_eq!(begun.authorise_url, format!("{}/oauth/authorize?oauth_token=req", server.url));
    let linked = x.finish(&begun.request, "v1", NONCE).await.unwrap();
    assert_eq!((linked.id.as_str(), linked.name.as_str()), ("15", "HillviewSchool"));
    assert_eq!((linked.access.token.as_str(), linked.access.secret.as_str()), ("1-abc", "as"));
    assert!(!format!("{linked:?}").contains("as\""));
    let seen = server.seen();
    assert!(seen[0].headers.contains("oauth_callback=\"https%3a%2f%2fmessenger.example"));
    assert!(
        seen[1].headers.contains("oauth_verifier=\"v1\"") && seen[1].headers.contains("oauth_token=\"req\"")
    );
}

#[tokio::test]
async fn a_link_that_makes_no_sense_is_none() {
    let form = |status, body: &str| Reply::Http { status, headers: "", body: body.to_owned() };
    let cases = [
        (form(200, "oauth_token=req&oauth_token_secret=rs"), None),
        (form(200, "oauth_token=&oauth_token_secret=rs&oauth_callback_confirmed=true"), None),
        (form(200, "<html>"), None),
        (form(401, "no"), Some(ChannelError::Refused { status: 401 })),
        (form(302, ""), Some(ChannelError::Refused { status: 302 })),
        (Reply::Reset, Some(ChannelError::NoAnswer)),
    ];
    for (i, (reply, expected)) in cases.into_iter().enumerate() {
        let server = Server::start(vec![reply]).await;
        let error = x(&server.url).begin("https://messenger.example/back", NONCE).await.err().unwrap();
        match expected {
            Some(expected) => assert_eq!(error, expected, "case {i}"),
            None => assert!(matches!(error, ChannelError::Garbled(_)), "case {i}"),
        }
    }
}

#[test]
fn keys_are_needed_and_plain_http_is_for_loopback_only() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = |key: &str, base: &str| XConfig {
        consumer_key: key.to_owned(),
        consumer_secret: "s3cret".to_owned(),
        base_url: base.to_owned(),
        deadline: Duration::from_secs(1),
    };
    assert!(!format!("{:?}", config("k", "x")).contains("s3cret"));
    let http = |url: &str, key: &str| {
        #[expect(clippy::disallowed_methods, reason = "a test has no runtime to take its client from")]
        let client = reqwest::Client::new();
        X::new(client, &config(key, url)).is_ok()
    };
    assert!(http("https://api.x.com", "k") && http("http://127.0.0.1:9", "k"));
    assert!(!http("http://api.x.com", "k") && !http("https://api.x.com", ""));
}
