//! Sends one text and one call through the Twilio adapter, lists both, fetches both, and prints what came of it: for
//! checking the adapter's requests against a mock.
//!
//! `twilio_probe <base url>`
#![expect(clippy::print_stdout, reason = "what it prints is what it is for")]

use std::time::Duration;

use channels::port::{OutgoingCall, OutgoingSms, SmsSender, VoiceCaller};
use channels::twilio::{Twilio, TwilioConfig};
use domain::delivery::Answer;
use domain::phone::PhoneNumber;

/// 1 January 2025, in milliseconds since 1970: a window that begins after the records of any published example.
const SINCE: i64 = 1_735_689_600_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let base_url = std::env::args().nth(1).ok_or("usage: twilio_probe <base url>")?;
    let twilio = twilio(base_url)?;
    let to = PhoneNumber::from_e164("+447700900123").map_err(|_| "a number that does not parse")?;
    let from = "+441632960000";
    let (sms, voice): (&dyn SmsSender, &dyn VoiceCaller) = (&twilio, &twilio);

    let text =
        OutgoingSms { to: &to, from, body: "School is closed today – stay at home", reference: "probe-1" };
    let answer = sms.send(text).await;
    println!("text {answer:?}");
    if let Answer::Accepted { id } = answer {
        println!("text fetched {:?}", sms.fetch(&id).await?.map(|e| e.state));
    }
    println!("texts found {}", sms.find(&to.e164(), from, SINCE, SINCE + 60_000).await?.len());

    let pool = OutgoingSms { from: "MG0123456789abcdef0123456789abcdef", reference: "probe-2", ..text };
    println!("pooled text {:?}", sms.send(pool).await);

    let call = OutgoingCall { to: &to, from, text: "School is closed today", reference: "probe-3" };
    let answer = voice.send(call).await;
    println!("call {answer:?}");
    if let Answer::Accepted { id } = answer {
        println!("call fetched {:?}", voice.fetch(&id).await?.map(|e| e.state));
    }
    println!("calls found {}", voice.find(&to.e164(), from, SINCE, SINCE + 60_000).await?.len());
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "stands by itself, without the runtime's client")]
fn twilio(base_url: String) -> Result<Twilio, Box<dyn std::error::Error>> {
    rustls::crypto::ring::default_provider()
        .install_default()
        .map_err(|_| "a TLS provider is already there")?;
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .build()?;
    let config = TwilioConfig {
        account_sid: "AC0123456789abcdef0123456789abcdef".to_owned(),
        auth_token: "made-up".to_owned(),
        base_url,
        public_url: "https://messenger.example.com".to_owned(),
        deadline: Duration::from_secs(30),
    };
    Ok(Twilio::new(http, &config)?)
}
