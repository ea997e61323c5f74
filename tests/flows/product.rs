//! The product, in this process or in one of its own, and a partner who talks to it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use local::{Options, ProviderUrls, System};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Longest wait for anything to settle.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// A partner with the printed key.
#[derive(Clone)]
pub struct Partner {
    pub url: String,
    pub key: String,
    pub school: String,
    pub simulators: String,
    http: reqwest::Client,
}

pub fn http() -> reqwest::Client {
    runtime::http_client(30_000).unwrap()
}

impl Partner {
    pub fn new(access: &Value, simulators: Option<&str>) -> Self {
        let text = |name: &str| access[name].as_str().unwrap().to_owned();
        Self {
            url: text("url"),
            key: text("api_key"),
            school: text("school_id"),
            simulators: simulators.map_or_else(|| text("twilio_url"), str::to_owned),
            http: http(),
        }
    }

    pub async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let sent =
            self.http.post(format!("{}{path}", self.url)).bearer_auth(&self.key).json(body).send().await;
        answer(sent.unwrap()).await
    }

    pub async fn send_with_key(&self, key: &str, body: &Value) -> Result<(u16, Value), reqwest::Error> {
        let post = self.http.post(format!("{}/api/v1/messages", self.url)).bearer_auth(&self.key);
        Ok(answer(post.header("Idempotency-Key", key).json(body).send().await?).await)
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        let sent = self.http.get(format!("{}{path}", self.url)).bearer_auth(&self.key).send().await;
        answer(sent.unwrap()).await
    }

    /// Adds so many people `p0`, `p1`… each with a mobile, a landline and an e-mail address of their own.
    pub async fn add_people(&self, count: usize) {
        let people: Vec<Value> = (0..count).map(person).collect();
        for thousand in people.chunks(1_000) {
            let (status, body) = self.post("/api/v1/contacts/batch", &json!({ "contacts": thousand })).await;
            assert_eq!((status, body["errors"].as_array().map(Vec::len)), (200, Some(0)), "{body}");
        }
    }

    /// Sends to everyone and gives the message's id.
    pub async fn send(&self, channels: &[&str], purpose: &str) -> String {
        let (status, body) = self.post("/api/v1/messages", &message(channels, purpose)).await;
        assert_eq!(status, 202, "{body}");
        body["id"].as_str().unwrap().to_owned()
    }

    pub async fn message(&self, id: &str) -> Value {
        let (status, body) = self.get(&format!("/api/v1/messages/{id}")).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    /// Waits until the message is as wanted.
    pub async fn until(&self, id: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let message = self.message(id).await;
            if wanted(&message) {
                return message;
            }
            assert!(began.elapsed() < PATIENCE, "not {what} in time: {message}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until nothing is queued or being sent, nor still on its way.
    pub async fn until_settled(&self, id: &str) -> Value {
        self.until(id, "settled", |m| m["state"] == "finished" && total(m, "accepted") == 0).await
    }

    pub async fn deliveries(&self, id: &str) -> Vec<Value> {
        let mut all = Vec::new();
        let mut path = format!("/api/v1/messages/{id}/deliveries");
        loop {
            let (status, body) = self.get(&path).await;
            assert_eq!(status, 200, "{body}");
            all.extend(body["deliveries"].as_array().unwrap().iter().cloned());
            match body["next"].as_str() {
                Some(next) => path = format!("/api/v1/messages/{id}/deliveries?cursor={next}"),
                None => return all,
            }
        }
    }

    /// Orders trouble from the simulators.
    pub async fn fault(&self, order: Value) {
        self.control("faults", &order).await;
    }

    pub async fn control(&self, what: &str, body: &Value) -> Value {
        let sent =
            self.http.post(format!("{}/_control/{what}", self.simulators)).json(body).send().await.unwrap();
        assert!(sent.status().is_success(), "{what}: {}", sent.status());
        sent.json().await.unwrap_or(Value::Null)
    }

    pub async fn clear_faults(&self) {
        let sent = self.http.delete(format!("{}/_control/faults", self.simulators)).send().await.unwrap();
        assert!(sent.status().is_success());
    }

    /// Everything of one kind that the provider accepted.
    pub async fn seen(&self, kind: &str) -> Vec<Value> {
        let url = format!("{}/_control/log?kind={kind}", self.simulators);
        self.http.get(url).send().await.unwrap().json().await.unwrap()
    }

    pub async fn counts(&self) -> Value {
        self.http
            .get(format!("{}/_control/counts", self.simulators))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    /// Usage over all days around today, summed: a test may run at midnight.
    pub async fn usage(&self) -> [i64; 4] {
        let today = jiff::Zoned::now().date();
        let (from, to) = (today.yesterday().unwrap(), today.tomorrow().unwrap());
        let (status, body) = self.get(&format!("/api/v1/usage?from={from}&to={to}")).await;
        assert_eq!(status, 200, "{body}");
        let sum =
            |name: &str| body["days"].as_array().unwrap().iter().map(|d| d[name].as_i64().unwrap()).sum();
        ["email_count", "sms_count", "sms_units", "voice_minutes"].map(sum)
    }
}

async fn answer(response: reqwest::Response) -> (u16, Value) {
    let status = response.status().as_u16();
    (status, response.json().await.unwrap_or(Value::Null))
}

pub fn total(message: &Value, state: &str) -> u64 {
    message["totals"][state].as_u64().unwrap_or(0)
}

/// Numbers beyond the drama ranges are taken in simulated mode; none ends in digits that the simulators treat apart.
pub fn person(n: usize) -> Value {
    json!({
        "id": format!("p{n}"), "forename": "Pat", "surname": format!("Number{n}"), "role": "parent",
        "mobile": format!("+4477009{:02}{:03}", n / 900, n % 900),
        "home": format!("+4416329{:02}{:03}", n / 900, n % 900),
        "email": format!("p{n}@example.com"), "groups": ["Year 9"],
    })
}

pub fn message(channels: &[&str], purpose: &str) -> Value {
    let mut message = json!({ "purpose": purpose, "channels": channels, "to": { "everyone": true } });
    for channel in channels {
        message[*channel] = match *channel {
            "sms" => json!({ "text": "We close at noon today", "header": "GA Sch" }),
            "email" => json!({ "subject": "Closing early", "text": "We close at **noon** today." }),
            _ => json!({ "text": "We close at noon today" }),
        };
    }
    message
}

/// The product in this process, without people.
pub struct InProcess {
    pub system: System,
    pub partner: Partner,
}

impl InProcess {
    pub async fn start(people: usize) -> Self {
        Self::paced(people, 0).await
    }

    /// As [`InProcess::start`], with a limit to what each sender may send in a second.
    pub async fn paced(people: usize, per_second: u32) -> Self {
        let options = Options {
            listen: ([127, 0, 0, 1], 0).into(),
            data: None,
            empty: true,
            access: None,
            providers: ProviderUrls { per_second, ..ProviderUrls::default() },
        };
        let system = System::start(options).await.unwrap();
        let partner = Partner::new(&serde_json::to_value(system.access()).unwrap(), None);
        partner.add_people(people).await;
        Self { system, partner }
    }
}

/// A program of the workspace, built before the tests.
pub fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.parent().and_then(Path::parent).unwrap().join(name);
    assert!(
        path.exists(),
        "{} is not built: run `make test`, or `cargo build --workspace --bins`",
        path.display()
    );
    path
}

/// Simulators in a process of their own, which outlives the product.
pub struct Providers {
    _child: Child,
    pub url: String,
}

pub const ACCOUNT: &str = "AC00000000000000000000000000000000";
pub const TOKEN: &str = "token";

impl Providers {
    pub async fn start(ses_events: &str, step_ms: u64) -> Self {
        let mut child = Command::new(program("simulators"))
            .args(["--account-sid", ACCOUNT, "--auth-token", TOKEN, "--ses-events", ses_events])
            .args(["--step-ms", &step_ms.to_string()])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.next_line().await.unwrap().unwrap();
        let url = line.split_whitespace().last().unwrap().to_owned();
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { _child: child, url }
    }
}

/// The product in a process of its own, to be killed.
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts it on a fixed port with providers elsewhere, and waits until it answers.
    pub async fn start(port: u16, data: &Path, providers: &str) -> (Self, Value) {
        let child = Command::new(program("local"))
            .args(["--empty", "--listen", &format!("127.0.0.1:{port}"), "--data"])
            .arg(data)
            .env("TWILIO_BASE_URL", providers)
            .env("SES_ENDPOINT_URL", providers)
            .env("TWILIO_ACCOUNT_SID", ACCOUNT)
            .env("TWILIO_AUTH_TOKEN", TOKEN)
            .env("RUST_LOG", "error")
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let began = Instant::now();
        let client = http();
        while client.get(format!("http://127.0.0.1:{port}/healthz")).send().await.is_err() {
            assert!(began.elapsed() < PATIENCE, "the product did not start");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let access = data.join("access.json");
        while !access.exists() {
            assert!(began.elapsed() < PATIENCE, "no access.json");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        (Self { child }, serde_json::from_slice(&std::fs::read(access).unwrap()).unwrap())
    }

    /// `kill -9`.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}

/// A port that is free now.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
