//! `POST /2/tweets`.

use domain::content::{MAX_WEIGHT, weight};
use domain::delivery::{Answer, Reason};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::X;
use super::errors::Body;
use super::oauth::Once;
use crate::exchange::Exchange;
use crate::port::{BoxFuture, OutgoingTweet, Tweeter};

#[derive(Deserialize)]
struct Created {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    id: String,
}

impl Tweeter for X {
    fn post<'a>(&'a self, tweet: OutgoingTweet<'a>) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            // X would refuse it in other words.
            if tweet.text.trim().is_empty() || weight(tweet.text) > MAX_WEIGHT {
                return Answer::Refused { reason: Reason::OurFault, code: None, again: false };
            }
            // The attempt's reference is never the same twice, and so makes a nonce.
            let nonce = hex::encode(Sha256::digest(tweet.reference));
            let once = Once { nonce: &nonce[..32], at_ms: tweet.at_ms };
            let json = serde_json::json!({ "text": tweet.text }).to_string();
            let token = Some((tweet.access.token.as_str(), tweet.access.secret.as_str()));
            let answer = judge(self.ask("/2/tweets", token, &[], once, Some(json)).await);
            match &answer {
                Answer::Refused { reason, code, .. } => tracing::warn!(?reason, code, "X refused a post"),
                Answer::Unknown => tracing::warn!("X may or may not have taken a post"),
                Answer::Accepted { .. } => {}
            }
            answer
        })
    }
}

/// ARCHITECTURE §4.4: what each kind of answer proves.
fn judge(exchange: Exchange) -> Answer {
    let (status, body) = match exchange.reply() {
        Ok(reply) => reply,
        Err(answer) => return answer,
    };
    if (200..300).contains(&status) {
        return match serde_json::from_slice::<Created>(&body) {
            Ok(Created { data }) if is_id(&data.id) => Answer::Accepted { id: data.id },
            _ => Answer::Unknown,
        };
    }
    let body = Body::read(&body);
    if (400..500).contains(&status) || (status == 503 && body.is_own()) {
        let (reason, again) = body.meaning(status);
        return Answer::Refused { reason, code: body.code(), again };
    }
    Answer::Unknown
}

/// Posts have decimal ids of up to 19 digits.
fn is_id(text: &str) -> bool {
    (1..=19).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}
