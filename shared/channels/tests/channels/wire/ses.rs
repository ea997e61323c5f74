use std::time::Duration;

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::config::retry::RetryConfig;
use aws_sdk_sesv2::config::timeout::TimeoutConfig;
use aws_sdk_sesv2::config::{BehaviorVersion, Config, Credentials, Region};
use channels::port::{Mailer, OutgoingEmail};
use channels::ses::SesMailer;
use domain::delivery::{Answer, Reason};
use domain::email::EmailAddress;
use serde_json::{Value, json};

use super::server::{FullHouse, Reply, Server, closed_port};

fn mailer(url: &str, deadline: Duration) -> SesMailer {
    let connecting = TimeoutConfig::builder().connect_timeout(Duration::from_millis(300)).build();
    let config = Config::builder()
        .timeout_config(connecting)
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-2"))
        .credentials_provider(Credentials::new("AKID", "made-up", None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(RetryConfig::disabled())
        .endpoint_url(url)
        .build();
    SesMailer::new(Client::from_conf(config), Some("messenger".to_owned()), deadline)
}

async fn send(mailer: &dyn Mailer) -> Answer {
    let to = EmailAddress::parse("parent@mail.example").unwrap();
    let from = EmailAddress::parse("messages@messenger.example").unwrap();
    let email = OutgoingEmail {
        to: &to,
        from_name: "Anytown School",
        from_address: &from,
        reply_to: None,
        subject: "Trip",
        text: "Dear parent",
        attachments: &[],
        unsubscribe_url: None,
        reference: "ref-3",
        message_id: "01ABC@messenger.example",
        at_ms: 1_750_000_000_000,
    };
    mailer.send(email).await
}

#[tokio::test]
async fn each_answer_is_what_the_protocol_says_and_is_asked_for_once() {
    let refused = |reason, again| Answer::Refused { reason, code: None, again };
    let error = |kind: &str, status: u16| Reply::json(status, &json!({"__type": kind, "message": "m"}));
    let html = |status| Reply::Http { status, headers: "", body: "<html>".to_owned() };
    let cases = [
        (Reply::json(200, &json!({"MessageId": "0100-abc"})), Answer::Accepted { id: "0100-abc".to_owned() }),
        (Reply::json(200, &json!({})), Answer::Unknown),
        (html(200), Answer::Unknown),
        (html(307), Answer::Unknown),
        (error("MessageRejected", 400), refused(Reason::OurFault, false)),
        (error("AccountSuspendedException", 400), refused(Reason::OurFault, false)),
        (error("SomethingNewException", 403), refused(Reason::OurFault, false)),
        (error("TooManyRequestsException", 429), refused(Reason::TryLater, true)),
        (error("LimitExceededException", 400), refused(Reason::TryLater, true)),
        (error("ServiceUnavailableException", 503), refused(Reason::TryLater, true)),
        (html(503), Answer::Unknown),
        (error("InternalFailure", 500), Answer::Unknown),
        (Reply::Reset, Answer::Unknown),
        (Reply::Hang, Answer::Unknown),
    ];
    for (i, (reply, expected)) in cases.into_iter().enumerate() {
        let server = Server::start(vec![reply]).await;
        let answer = send(&mailer(&server.url, Duration::from_millis(500))).await;
        assert_eq!((answer, server.seen().len()), (expected, 1), "case {i}");
    }
}

#[tokio::test]
async fn a_refused_connection_is_certainly_no_send() {
    let answer = send(&mailer(&closed_port().await, Duration::from_secs(5))).await;
    assert_eq!(answer, Answer::Refused { reason: Reason::TryLater, code: None, again: true });
}

#[tokio::test]
async fn a_connection_that_never_comes_about_is_certainly_no_send() {
    let full = FullHouse::open().await;
    let answer = send(&mailer(&full.url, Duration::from_secs(5))).await;
    assert_eq!(answer, Answer::Refused { reason: Reason::TryLater, code: None, again: true });
}

#[tokio::test]
async fn the_request_names_one_recipient_the_tag_and_the_configuration_set() {
    let server = Server::start(vec![Reply::json(200, &json!({"MessageId": "1"}))]).await;
    send(&mailer(&server.url, Duration::from_secs(5))).await;
    let request = server.seen().remove(0);
    assert_eq!(request.line, "POST /v2/email/outbound-emails");
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body["Destination"], json!({"ToAddresses": ["parent@mail.example"]}));
    assert_eq!(body["EmailTags"], json!([{"Name": "reference", "Value": "ref-3"}]));
    assert_eq!(body["ConfigurationSetName"], "messenger");
    assert!(body["Content"]["Raw"]["Data"].as_str().is_some_and(|d| d.len() > 500));
}
