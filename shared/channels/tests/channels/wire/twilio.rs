use std::time::Duration;

use channels::port::{BoxFuture, ChannelError, OutgoingCall, OutgoingSms, SmsSender, VoiceCaller};
use channels::twilio::{Twilio, TwilioConfig};
use domain::delivery::{Answer, DeliveryState, Reason};
use domain::phone::PhoneNumber;
use serde_json::{Value, json};

use super::server::{Reply, Server, closed_port};

const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
const SM: &str = "SM0123456789abcdef0123456789abcdef";
const CA: &str = "CA0123456789abcdef0123456789abcdef";
const MG: &str = "MG0123456789abcdef0123456789abcdef";

#[expect(clippy::disallowed_methods, reason = "a test has no runtime to take its client from")]
fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .build()
        .unwrap()
}

fn twilio(base_url: &str, deadline: Duration) -> Twilio {
    let config = TwilioConfig {
        account_sid: ACCOUNT.to_owned(),
        auth_token: "token".to_owned(),
        base_url: base_url.to_owned(),
        public_url: "https://messenger.example.com".to_owned(),
        deadline,
    };
    Twilio::new(client(), &config).unwrap()
}

fn number() -> PhoneNumber {
    PhoneNumber::from_e164("+447700900123").unwrap()
}

fn text<'a>(sender: &'a dyn SmsSender, to: &'a PhoneNumber) -> BoxFuture<'a, Answer> {
    sender.send(OutgoingSms { to, from: "Anytown", body: "Hello & goodbye", reference: "ref-1" })
}

async fn answer(replies: Vec<Reply>) -> (Answer, usize) {
    let server = Server::start(replies).await;
    let twilio = twilio(&server.url, Duration::from_millis(500));
    let answer = text(&twilio, &number()).await;
    (answer, server.seen().len())
}

#[tokio::test]
async fn each_answer_is_what_the_protocol_says_and_is_asked_for_once() {
    let refused = |reason, code, again| Answer::Refused { reason, code, again };
    let error = |code: u32, status: u16| {
        Reply::json(status, &json!({"code": code, "message": "m", "more_info": "", "status": status}))
    };
    let garbage =
        Reply::Http { status: 200, headers: "", body: "<html>Sign in to the Wi-Fi</html>".to_owned() };
    let elsewhere =
        Reply::Http { status: 307, headers: "Location: /2010-04-01/x.json\r\n", body: String::new() };
    let cases = [
        (Reply::json(201, &json!({"sid": SM, "status": "queued"})), Answer::Accepted { id: SM.to_owned() }),
        (error(21_211, 400), refused(Reason::NoSuchAddress, Some(21_211), false)),
        (error(20_003, 401), refused(Reason::OurFault, Some(20_003), false)),
        (error(20_429, 429), refused(Reason::TryLater, Some(20_429), true)),
        (error(20_503, 503), refused(Reason::TryLater, Some(20_503), true)),
        (Reply::Http { status: 503, headers: "", body: "upstream".to_owned() }, Answer::Unknown),
        (error(20_500, 500), Answer::Unknown),
        (Reply::Reset, Answer::Unknown),
        (Reply::Hang, Answer::Unknown),
        (garbage, Answer::Unknown),
        (elsewhere, Answer::Unknown),
    ];
    for (i, (reply, expected)) in cases.into_iter().enumerate() {
        assert_eq!(answer(vec![reply]).await, (expected, 1), "case {i}");
    }
}

#[tokio::test]
async fn a_refused_connection_is_certainly_no_send() {
    let twilio = twilio(&closed_port().await, Duration::from_secs(5));
    let expected = Answer::Refused { reason: Reason::TryLater, code: None, again: true };
    assert_eq!(text(&twilio, &number()).await, expected);
}

fn fields(body: &[u8]) -> Vec<(String, String)> {
    let url = reqwest::Url::parse(&format!("http://x/?{}", String::from_utf8_lossy(body))).unwrap();
    url.query_pairs().map(|(n, v)| (n.into_owned(), v.into_owned())).collect()
}

fn value(fields: &[(String, String)], name: &str) -> Vec<String> {
    fields.iter().filter(|(n, _)| n == name).map(|(_, v)| v.clone()).collect()
}

#[tokio::test]
async fn a_text_carries_its_reference_and_credentials() {
    let server = Server::start(vec![Reply::json(201, &json!({"sid": SM}))]).await;
    let twilio = twilio(&server.url, Duration::from_secs(5));
    text(&twilio, &number()).await;
    let request = server.seen().remove(0);
    assert_eq!(request.line, format!("POST /2010-04-01/Accounts/{ACCOUNT}/Messages.json"));
    assert!(request.headers.contains("authorization: basic "));
    let form = fields(&request.body);
    assert_eq!(value(&form, "To"), ["+447700900123"]);
    assert_eq!(value(&form, "From"), ["Anytown"]);
    assert_eq!(value(&form, "Body"), ["Hello & goodbye"]);
    assert_eq!(
        value(&form, "StatusCallback"),
        ["https://messenger.example.com/hooks/twilio/status/ref-1#rc=5&rp=5xx,ct,rt"]
    );
    assert_eq!(value(&form, "SmartEncoded"), ["false"], "what is on record is what was sent");
    assert_eq!(form.len(), 5);

    let to = number();
    SmsSender::send(&twilio, OutgoingSms { to: &to, from: MG, body: "b", reference: "r" }).await;
    let form = fields(&server.seen()[1].body);
    assert_eq!((value(&form, "MessagingServiceSid"), value(&form, "From")), (vec![MG.to_owned()], vec![]));
}

#[tokio::test]
async fn a_call_speaks_its_text_and_reports_twice() {
    let server = Server::start(vec![Reply::json(201, &json!({"sid": CA}))]).await;
    let twilio = twilio(&server.url, Duration::from_secs(5));
    let to = number();
    let call =
        OutgoingCall { to: &to, from: "+441632960000", text: "School is <closed> today", reference: "ref-2" };
    assert_eq!(VoiceCaller::send(&twilio, call).await, Answer::Accepted { id: CA.to_owned() });
    let request = server.seen().remove(0);
    assert_eq!(request.line, format!("POST /2010-04-01/Accounts/{ACCOUNT}/Calls.json"));
    let form = fields(&request.body);
    assert!(value(&form, "Twiml")[0].contains("School is &lt;closed&gt; today</Say>"));
    assert_eq!(value(&form, "StatusCallbackEvent"), ["answered", "completed"]);
    assert_eq!(value(&form, "StatusCallbackMethod"), ["POST"]);
}

fn message(second: u32, more: &Value) -> Value {
    let mut record = json!({
        "sid": format!("SM{second:032x}"),
        "body": "Hello",
        "status": "sent",
        "direction": "outbound-api",
        "date_created": format!("Sun, 15 Jun 2025 15:06:{second:02} +0000"),
        "error_code": null,
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        record[name] = value.clone();
    }
    record
}

/// 15:06:00 of that day, in milliseconds since 1970.
const MINUTE: i64 = 1_750_000_000_000 - 40_000;

#[tokio::test]
async fn finding_reads_on_until_a_page_lies_before_the_window() {
    let next = |n: u32| json!(format!("/2010-04-01/Accounts/{ACCOUNT}/Messages.json?Page={n}&PageToken=PA"));
    let first =
        [message(50, &json!({})), message(30, &json!({})), message(29, &json!({"direction": "inbound"}))];
    let undated = message(1, &json!({"date_created": null, "status": "undelivered", "error_code": 30_003}));
    let second = [message(20, &json!({"body": "Other"})), undated];
    let third = [message(5, &json!({}))];
    let server = Server::start(vec![
        Reply::json(200, &json!({"messages": first, "next_page_uri": next(1)})),
        Reply::json(200, &json!({"messages": second, "next_page_uri": next(2)})),
        Reply::json(200, &json!({"messages": third, "next_page_uri": next(3)})),
    ])
    .await;
    let twilio = twilio(&server.url, Duration::from_secs(5));
    let (since, until) = (MINUTE + 10_000, MINUTE + 40_000);
    let found = SmsSender::find(&twilio, "+447700900123", "Anytown", since, until).await.unwrap();
    let brief: Vec<_> = found.iter().map(|r| (r.created_ms - MINUTE, r.body.as_deref().unwrap())).collect();
    assert_eq!(brief, [(30_000, "Hello"), (20_000, "Other"), (40_000, "Hello")]);
    let states: Vec<_> = found.iter().map(|r| r.state.as_ref().map(|s| s.state)).collect();
    assert_eq!(
        states,
        [DeliveryState::Accepted, DeliveryState::Accepted, DeliveryState::TemporaryFailure].map(Some)
    );
    let lines: Vec<String> = server.seen().into_iter().map(|r| r.line).collect();
    assert_eq!(lines.len(), 3);
    assert!(
        lines[0].ends_with("/Messages.json?To=%2B447700900123&From=Anytown&PageSize=200"),
        "{}",
        lines[0]
    );
    assert!(lines[1].ends_with("?Page=1&PageToken=PA"), "{}", lines[1]);
}

#[tokio::test]
async fn a_pool_is_found_by_its_name_in_the_records() {
    let ours = message(30, &json!({"messaging_service_sid": MG}));
    let page = json!({"messages": [ours, message(31, &json!({}))], "next_page_uri": null});
    let server = Server::start(vec![Reply::json(200, &page)]).await;
    let twilio = twilio(&server.url, Duration::from_secs(5));
    let found = SmsSender::find(&twilio, "+447700900123", MG, MINUTE, MINUTE + 60_000).await.unwrap();
    assert_eq!(found.len(), 1);
    assert!(!server.seen()[0].line.contains("From="));
}

#[tokio::test]
async fn nobody_knows_is_never_taken_for_nothing() {
    let endless = json!({"messages": [message(30, &json!({}))], "next_page_uri": "/again"});
    let away = json!({"messages": [message(30, &json!({}))], "next_page_uri": "https://evil.example/x"});
    let cases = [
        (Reply::json(200, &endless), ChannelError::TooMany),
        (Reply::json(200, &away), ChannelError::Garbled("a next page elsewhere")),
        (Reply::json(200, &json!({})), ChannelError::Garbled("not the documented JSON")),
        (Reply::json(500, &json!({})), ChannelError::Refused { status: 500 }),
        (Reply::json(404, &json!({})), ChannelError::Refused { status: 404 }),
        (Reply::Reset, ChannelError::NoAnswer),
    ];
    for (reply, error) in cases {
        let server = Server::start(vec![reply]).await;
        let twilio = twilio(&server.url, Duration::from_secs(5));
        let found = SmsSender::find(&twilio, "+447700900123", "Anytown", MINUTE, MINUTE + 60_000).await;
        assert_eq!(found, Err(error));
    }
}

#[tokio::test]
async fn single_records_are_fetched_by_id() {
    let call = json!({
        "sid": CA, "status": "completed", "duration": "61", "date_created": "Sun, 15 Jun 2025 15:06:00 +0000",
    });
    let server = Server::start(vec![Reply::json(200, &call), Reply::json(404, &json!({}))]).await;
    let twilio = twilio(&server.url, Duration::from_secs(5));
    let found = VoiceCaller::fetch(&twilio, CA).await.unwrap().unwrap();
    assert_eq!((found.state, found.seconds, found.at_ms), (DeliveryState::Delivered, Some(61), MINUTE));
    assert_eq!(SmsSender::fetch(&twilio, SM).await, Ok(None));
    let lines: Vec<String> = server.seen().into_iter().map(|r| r.line).collect();
    assert!(
        lines[0].ends_with(&format!("/Calls/{CA}.json"))
            && lines[1].ends_with(&format!("/Messages/{SM}.json"))
    );
    for bad in ["", "../../x", CA, "SM1"] {
        assert_eq!(SmsSender::fetch(&twilio, bad).await, Err(ChannelError::BadId), "{bad}");
    }
    assert_eq!(server.seen().len(), 2);
}
