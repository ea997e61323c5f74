//! One request to Twilio, and what its answer proves.

use domain::delivery::{Answer, Reason};
use reqwest::{RequestBuilder, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Twilio, errors, is_sid};
use crate::exchange::{Exchange, exchange};
use crate::port::ChannelError;

#[derive(Deserialize)]
struct Created {
    sid: String,
}

/// The body of Twilio's own errors. A gateway on the way writes others.
#[derive(Deserialize)]
struct ErrorBody {
    code: Option<u32>,
    status: Option<u16>,
    message: Option<String>,
}

impl Twilio {
    /// The address of a resource of the account.
    pub(super) fn resource(&self, name: &str) -> String {
        let base = self.config.base.as_str().trim_end_matches('/');
        format!("{base}/2010-04-01/Accounts/{}/{name}.json", self.config.account)
    }

    /// Creates a resource, once, and says what the answer proves about it.
    pub(super) async fn create(&self, name: &str, fields: &[(&str, &str)], prefixes: &[&str]) -> Answer {
        let request = self.http.post(self.resource(name)).form(fields);
        let answer = judge(self.exchange(request).await, prefixes);
        match &answer {
            Answer::Refused { reason: Reason::OurFault, code, .. } => {
                tracing::error!(resource = name, code, "Twilio refused our account, sender or request");
            }
            Answer::Unknown => tracing::warn!(resource = name, "Twilio may or may not have taken a request"),
            _ => {}
        }
        answer
    }

    /// Reads a resource; `None` if there is none.
    pub(super) async fn read<T: DeserializeOwned>(&self, url: Url) -> Result<Option<T>, ChannelError> {
        match self.exchange(self.http.get(url)).await {
            Exchange::Reply { status: 200..=299, body } => serde_json::from_slice(&body)
                .map(Some)
                .map_err(|_| ChannelError::Garbled("not the documented JSON")),
            Exchange::Reply { status: 404, .. } => Ok(None),
            Exchange::Reply { status, .. } => Err(ChannelError::Refused { status }),
            Exchange::NotSent | Exchange::Lost => Err(ChannelError::NoAnswer),
        }
    }

    async fn exchange(&self, request: RequestBuilder) -> Exchange {
        let request = request.basic_auth(&self.config.account, Some(&self.config.token));
        exchange(request, self.config.deadline).await
    }
}

/// ARCHITECTURE §4.4: what each kind of answer proves.
fn judge(exchange: Exchange, prefixes: &[&str]) -> Answer {
    let (status, body) = match exchange.reply() {
        Ok(reply) => reply,
        Err(answer) => return answer,
    };
    if (200..300).contains(&status) {
        return match serde_json::from_slice::<Created>(&body) {
            Ok(created) if is_sid(&created.sid, prefixes) => Answer::Accepted { id: created.sid },
            _ => Answer::Unknown,
        };
    }
    let error = serde_json::from_slice::<ErrorBody>(&body).ok();
    let code = error.as_ref().and_then(|e| e.code);
    let own = error.is_some_and(|e| e.code.is_some() && e.message.is_some() && e.status == Some(status));
    if (400..500).contains(&status) || (status == 503 && own) {
        let meaning = errors::classify(code, Some(status));
        return Answer::Refused { reason: meaning.reason, code, again: meaning.again };
    }
    Answer::Unknown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, body: &str) -> Answer {
        judge(Exchange::Reply { status, body: body.as_bytes().to_vec() }, &["SM", "MM"])
    }

    #[test]
    fn each_kind_of_answer_proves_what_the_protocol_says() {
        let sid = format!("SM{}", "0a".repeat(16));
        let refused = |reason, code, again| Answer::Refused { reason, code, again };
        let own = r#"{"code":20503,"message":"Service unavailable","more_info":"","status":503}"#;
        let wrong_number = r#"{"code":21211,"message":"Invalid 'To' number","more_info":"","status":400}"#;
        let cases = [
            (201, format!(r#"{{"sid":"{sid}"}}"#), Answer::Accepted { id: sid.clone() }),
            (200, r#"{"sid":"CA00000000000000000000000000000000"}"#.to_owned(), Answer::Unknown),
            (200, "<html>Welcome</html>".to_owned(), Answer::Unknown),
            (200, String::new(), Answer::Unknown),
            (204, String::new(), Answer::Unknown),
            (302, String::new(), Answer::Unknown),
            (400, wrong_number.to_owned(), refused(Reason::NoSuchAddress, Some(21_211), false)),
            (401, "no".to_owned(), refused(Reason::OurFault, None, false)),
            (429, wrong_number.to_owned(), refused(Reason::TryLater, Some(21_211), true)),
            (429, "slow down".to_owned(), refused(Reason::TryLater, None, true)),
            (500, own.to_owned(), Answer::Unknown),
            (502, "<html>".to_owned(), Answer::Unknown),
            (503, own.to_owned(), refused(Reason::TryLater, Some(20_503), true)),
            (503, r#"{"message":"Service Unavailable"}"#.to_owned(), Answer::Unknown),
            (503, String::new(), Answer::Unknown),
            (504, String::new(), Answer::Unknown),
        ];
        for (status, body, answer) in cases {
            assert_eq!(judged(status, &body), answer, "{status} {body}");
        }
    }
}
