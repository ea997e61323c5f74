//! The product as a process of its own, used through its HTTP API.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use reqwest::{Client, RequestBuilder};
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::error::{BenchError, Result, in_part};
use crate::people;
use crate::server::peak_memory;

/// Between two looks whether something has happened.
const LOOK: Duration = Duration::from_millis(20);
/// How long the product may take to start.
const STARTS_WITHIN_LOOKS: usize = 1_000;
/// How long a request may take.
const REQUEST_MS: u64 = 60_000;
/// What a delivery is once nothing more is expected of it; the built-in simulator lets a few fail.
pub(crate) const REPORTED: [&str; 3] = ["delivered", "permanent_failure", "temporary_failure"];
/// What everybody is sent: a token, so that every text is a different one.
pub(crate) const TEXT: &str = "Dear $forename$, school closes at 1 pm today because of snow.";

/// Sign-ins, as the product writes them.
#[derive(Debug, Deserialize)]
pub(crate) struct Access {
    pub(crate) url: String,
    pub(crate) username: String,
    pub(crate) password: String,
    api_key: String,
}

/// A running product with its data in a directory that goes with it.
#[derive(Debug)]
pub(crate) struct Product {
    child: Child,
    /// Where to get in.
    pub(crate) access: Access,
    http: Client,
    data: TempDir,
}

/// How a product is started.
#[derive(Debug, Default)]
pub(crate) struct Setup<'a> {
    /// Where texts go; the built-in simulator otherwise.
    pub(crate) twilio: Option<&'a str>,
    /// A database in another process; the embedded one otherwise.
    pub(crate) database: Option<&'a str>,
}

impl Product {
    /// Starts the product with an empty address book and waits until it takes requests.
    pub(crate) async fn start(program: PathBuf, setup: &Setup<'_>) -> Result<Self> {
        let part = in_part("starting the product");
        let data = tempfile::tempdir().map_err(in_part("data directory"))?;
        let mut command = Command::new(program);
        command.args(["--listen", "127.0.0.1:0", "--empty", "--data"]).arg(data.path());
        if let Some(url) = setup.database {
            command.args(["--database", url]);
        }
        if let Some(url) = setup.twilio {
            command.env("TWILIO_BASE_URL", url);
        }
        command.env("RUST_LOG", "error").stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn().map_err(&part)?;
        let written = data.path().join("access.json");
        let http = runtime::http_client(REQUEST_MS).map_err(in_part("HTTP client"))?;
        for _ in 0..STARTS_WITHIN_LOOKS {
            if let Some(status) = child.try_wait().map_err(&part)? {
                return Err(BenchError::new("starting the product", format!("it ended: {status}")));
            }
            if let Ok(text) = std::fs::read(&written) {
                let access = serde_json::from_slice(&text).map_err(in_part("access.json"))?;
                return Ok(Self { child, access, http, data });
            }
            tokio::time::sleep(LOOK).await;
        }
        Err(BenchError::new("starting the product", "it took too long"))
    }

    /// Client for requests of any kind.
    pub(crate) const fn http(&self) -> &Client {
        &self.http
    }

    /// Most memory that the process ever had in RAM, in bytes.
    pub(crate) fn peak_memory(&self) -> Result<u64> {
        peak_memory(self.child.id().ok_or_else(|| BenchError::new("peak memory", "it has ended"))?)
    }

    /// Puts this many people into the address book.
    pub(crate) async fn add_people(&self, count: usize) -> Result<()> {
        let numbers: Vec<usize> = (0..count).collect();
        for some in numbers.chunks(people::BATCH) {
            let contacts: Vec<Value> = some.iter().map(|number| people::contact(*number)).collect();
            let answer = self.post("/api/v1/contacts/batch", &json!({ "contacts": contacts })).await?;
            let errors = answer["errors"].as_array().map_or(0, Vec::len);
            if answer["created"] != some.len() || errors > 0 {
                return Err(BenchError::new("contacts", format!("not all were taken: {answer}")));
            }
        }
        Ok(())
    }

    /// The message that everybody is sent.
    pub(crate) fn message() -> Value {
        json!({ "purpose": "service", "channels": ["sms"], "to": { "everyone": true }, "sms": { "text": TEXT } })
    }

    /// Sends everybody the message; its id.
    pub(crate) async fn send(&self) -> Result<String> {
        let answer = self.post("/api/v1/messages", &Self::message()).await?;
        answer["id"].as_str().map(str::to_owned).ok_or_else(|| BenchError::new("send", answer))
    }

    /// A message as the API shows it.
    pub(crate) async fn shown(&self, id: &str) -> Result<Value> {
        self.answer(self.http.get(format!("{}/api/v1/messages/{id}", self.access.url))).await
    }

    /// Waits until the message is finished and its `count` deliveries are all in one of these states.
    pub(crate) async fn wait_for(&self, id: &str, states: &[&str], count: u64, looks: usize) -> Result<()> {
        let mut last = Value::Null;
        for _ in 0..looks {
            last = self.shown(id).await?;
            let there: u64 = states.iter().filter_map(|state| last["totals"][state].as_u64()).sum();
            if last["state"] == "finished" && there == count {
                return Ok(());
            }
            tokio::time::sleep(LOOK * 5).await;
        }
        Err(BenchError::new("message", format!("not all are {}: {last}", states.join(" or "))))
    }

    /// Posts JSON and reads the JSON answer.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.answer(self.http.post(format!("{}{path}", self.access.url)).json(body)).await
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Value> {
        let sent = request.bearer_auth(&self.access.api_key).send().await.map_err(in_part("request"))?;
        let status = sent.status();
        let body: Value = sent.json().await.map_err(in_part("answer"))?;
        if status.is_success() {
            Ok(body)
        } else {
            Err(BenchError::new("request", format!("{status} {body}")))
        }
    }

    /// Ends it and removes its data.
    pub(crate) async fn stop(mut self) -> Result<()> {
        self.child.kill().await.map_err(in_part("stopping the product"))?;
        self.data.close().map_err(in_part("data directory"))
    }
}
