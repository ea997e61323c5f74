//! Whoever talks to a run from outside: the school's partner over the api, and the order-giver of the simulators. Both
//! speak HTTP only.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::chance::Chance;
use crate::town::{address, group, number};

/// Between two tries at a server that is down.
const AGAIN: Duration = Duration::from_millis(40);

/// A message that was accepted, and who is to get it.
#[derive(Debug, Clone)]
pub struct Sent {
    /// Its id.
    pub id: String,
    /// Whether it is an emergency.
    pub emergency: bool,
    /// Channel and address of each delivery.
    pub to: BTreeSet<(String, String)>,
    /// Its words on each channel: what a provider could tell two sends to one number by.
    pub words: String,
    /// How often staff sent again what failed.
    pub resends: u64,
}

/// A partner of the school.
#[derive(Debug, Clone)]
pub struct Partner {
    http: reqwest::Client,
    /// Where the api is.
    pub url: String,
    key: String,
    /// Where the providers are.
    pub providers: String,
}

impl Partner {
    /// A partner with this key.
    pub fn new(url: &str, key: &str, providers: &str) -> Self {
        let http = runtime::http_client(8_000).expect("a client");
        Self { http, url: url.to_owned(), key: key.to_owned(), providers: providers.to_owned() }
    }

    /// Sends a message and repeats the request until it is answered, as the api's callers are told to. `None` if the
    /// answer is not what was promised, with what was wrong.
    pub async fn send(&self, key: &str, body: &Value) -> Result<String, String> {
        loop {
            let post = self.http.post(format!("{}/api/v1/messages", self.url)).bearer_auth(&self.key);
            match post.header("Idempotency-Key", key).json(body).send().await {
                Ok(answer) if answer.status().as_u16() == 202 => {
                    let answer: Value = answer.json().await.unwrap_or_default();
                    return answer["id"].as_str().map(str::to_owned).ok_or_else(|| format!("{answer}"));
                }
                Ok(answer) if answer.status().is_client_error() => {
                    return Err(format!("refused, {}", answer.status()));
                }
                _ => tokio::time::sleep(AGAIN).await,
            }
        }
    }

    /// Posts until the api answers; its status.
    pub async fn post(&self, path: &str, body: &Value) -> u16 {
        loop {
            let post = self.http.post(format!("{}{path}", self.url)).bearer_auth(&self.key).json(body);
            match post.send().await {
                Ok(answer) if !answer.status().is_server_error() => return answer.status().as_u16(),
                _ => tokio::time::sleep(AGAIN).await,
            }
        }
    }

    /// What the api says at a path; asks until it says something.
    pub async fn get(&self, path: &str) -> Value {
        for _ in 0..200 {
            let get = self.http.get(format!("{}{path}", self.url)).bearer_auth(&self.key);
            if let Ok(answer) = get.send().await
                && answer.status().is_success()
                && let Ok(body) = answer.json().await
            {
                return body;
            }
            tokio::time::sleep(AGAIN).await;
        }
        Value::Null
    }

    /// All deliveries of a message.
    pub async fn deliveries(&self, id: &str) -> Vec<Value> {
        let mut all = Vec::new();
        let mut path = format!("/api/v1/messages/{id}/deliveries");
        loop {
            let body = self.get(&path).await;
            all.extend(body["deliveries"].as_array().cloned().unwrap_or_default());
            match body["next"].as_str() {
                Some(next) => path = format!("/api/v1/messages/{id}/deliveries?cursor={next}"),
                None => return all,
            }
        }
    }

    /// Usage of the days around today, summed: e-mails, texts, units, minutes.
    pub async fn usage(&self) -> [i64; 4] {
        let today = jiff::Zoned::now().date();
        let (from, to) = (today.yesterday().expect("a day"), today.tomorrow().expect("a day"));
        let body = self.get(&format!("/api/v1/usage?from={from}&to={to}")).await;
        let days = body["days"].as_array().cloned().unwrap_or_default();
        ["email_count", "sms_count", "sms_units", "voice_minutes"]
            .map(|name| days.iter().filter_map(|d| d[name].as_i64()).sum())
    }

    /// Gives the simulators an order.
    pub async fn control(&self, what: &str, body: &Value) -> Value {
        let post = self.http.post(format!("{}/_control/{what}", self.providers)).json(body);
        match post.send().await {
            Ok(answer) => answer.json().await.unwrap_or_default(),
            Err(_) => Value::Null,
        }
    }

    /// Takes all trouble at the simulators back.
    pub async fn clear_faults(&self) {
        let _ = self.http.delete(format!("{}/_control/faults", self.providers)).send().await;
    }

    /// What the simulators say; asked until they say something, for no answer is no evidence.
    pub async fn ask(&self, what: &str) -> Value {
        loop {
            let get = self.http.get(format!("{}/_control/{what}", self.providers));
            if let Ok(answer) = get.timeout(Duration::from_mins(1)).send().await
                && let Ok(body) = answer.json().await
            {
                return body;
            }
            tokio::time::sleep(AGAIN).await;
        }
    }
}

/// Messages as schools write them: some alike, so that the provider's records of one could be taken for another's.
const TEXTS: [&str; 3] = [
    "We close at noon today",
    "The coach is late",
    "Sports day is moved to Thursday because of the rain. Please send a packed lunch, a coat and a change of shoes; \
     the school kitchen will be closed for the whole of that day and the gates open at eight.",
];

/// Channels of a message.
const CHANNELS: [&[&str]; 6] =
    [&["sms"], &["sms"], &["email"], &["sms", "email"], &["voice"], &["voice", "email"]];

/// A message of a run with so many people: the request, and what is to come of it but for the id.
pub fn compose(chance: &Chance, people: u64) -> (Value, Sent) {
    let channels: &[&str] = chance.pick::<&[&str]>("channels", &CHANNELS);
    let emergency = chance.hits("emergency", 250);
    let text = *chance.pick("text", &TEXTS);
    let form = chance.between("audience", 0, 5);
    let chosen: Vec<u64> = (0..people).filter(|n| form > 2 || n % 3 == form).collect();
    let to = if form > 2 { json!({ "everyone": true }) } else { json!({ "groups": [group(form)] }) };
    let purpose = if emergency { "emergency" } else { "service" };
    let mut body = json!({ "purpose": purpose, "channels": channels, "to": to });
    let mut expected = BTreeSet::new();
    for channel in channels {
        body[*channel] = match *channel {
            "sms" => json!({ "text": text, "header": "GA Sch" }),
            "email" => json!({ "subject": "News", "text": text }),
            _ => json!({ "text": text }),
        };
        for n in &chosen {
            let to = if *channel == "email" { address(*n) } else { number(*n) };
            expected.insert(((*channel).to_owned(), to));
        }
    }
    let sent = Sent { id: String::new(), emergency, to: expected, words: text.to_owned(), resends: 0 };
    (body, sent)
}
