//! A database that misbehaves as DynamoDB may: a wrapper around the SDK's HTTP client, under the SDK's own retries.

mod call;
mod stale;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};

use crate::chance::Chance;
use crate::gate::{Budget, Life, Side};
use crate::tally::{Row, Tally};

use call::{Call, Kind};
use stale::Memory;

/// The SDK's first retry comes after up to this long: as impatient as the rest of a run.
const FIRST_WAIT: Duration = Duration::from_millis(25);

/// DynamoDB's words for too much at once.
const THROTTLED: [&str; 2] = ["ThrottlingException", "ProvisionedThroughputExceededException"];

/// How the database of a run misbehaves, whoever uses it.
#[derive(Debug)]
pub struct Weather {
    /// Faults still to come.
    pub faults: Budget,
    /// How likely one is, in a thousand calls.
    pub per_mille: u64,
    /// The number of a page that nobody can claim while this is not 0, counted from 1; the claim fails or panics.
    pub poisoned: AtomicU64,
    /// Decides.
    pub chance: Arc<Chance>,
    /// Counts.
    pub tally: Arc<Tally>,
    memory: Memory,
}

impl Weather {
    /// Weather with so many faults in it.
    pub fn new(faults: i64, per_mille: u64, chance: Arc<Chance>, tally: Arc<Tally>) -> Self {
        let (faults, poisoned) = (Budget::of(faults), AtomicU64::new(0));
        Self { faults, per_mille, poisoned, chance, tally, memory: Memory::default() }
    }

    fn note(&self, kind: &str) {
        self.tally.add(Row::Database, kind);
    }
}

/// The table as one life sees it.
pub fn store(url: &str, table: &str, life: &Arc<Life>, weather: &Arc<Weather>) -> store::Store {
    let inner = runtime::plain_http_client();
    let faulty = Faulty { inner, life: Arc::clone(life), weather: Arc::clone(weather) };
    store::Store::new(runtime::database_with(url, SharedHttpClient::new(faulty), FIRST_WAIT), table)
}

#[derive(Debug, Clone)]
struct Faulty {
    inner: SharedHttpClient,
    life: Arc<Life>,
    weather: Arc<Weather>,
}

impl HttpClient for Faulty {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Connector {
            inner,
            life: Arc::clone(&self.life),
            weather: Arc::clone(&self.weather),
        })
    }
}

#[derive(Clone)]
struct Connector {
    inner: SharedHttpConnector,
    life: Arc<Life>,
    weather: Arc<Weather>,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connector")
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let me = self.clone();
        HttpConnectorFuture::new(async move { me.pass(request).await })
    }
}

type Answer = Result<HttpResponse, ConnectorError>;

impl Connector {
    async fn pass(&self, request: HttpRequest) -> Answer {
        let call = Call::of(&request);
        self.life.pass(call.effect, Side::Before).await;
        let answer = self.answer(&call, request).await;
        self.life.pass(call.effect, Side::After).await;
        answer
    }

    async fn answer(&self, call: &Call, request: HttpRequest) -> Answer {
        let weather = &self.weather;
        let poisoned = weather.poisoned.load(Ordering::Relaxed);
        if poisoned > 0 && call.claims_page(poisoned - 1) {
            weather.tally.add(Row::Poison, if poisoned == 1 { "job panics" } else { "job fails" });
            assert!(poisoned != 1, "a poisoned job");
            return Ok(refusal("ValidationException", &Value::Null));
        }
        if !weather.faults.is_open() || !weather.chance.hits(call.effect, weather.per_mille) {
            return self.through(call, request).await;
        }
        let kinds = call.faults();
        if kinds.is_empty() || !weather.faults.take() {
            return self.through(call, request).await;
        }
        match weather.chance.pick("kind", kinds) {
            Kind::Throttled => {
                weather.note("throttled");
                Ok(refusal(weather.chance.pick::<&str>("word", &THROTTLED), &Value::Null))
            }
            Kind::NeverArrived => {
                weather.note("request lost");
                Err(lost())
            }
            Kind::AnswerLost => {
                self.inner.call(request).await?;
                weather.note("applied, answer lost");
                Err(lost())
            }
            Kind::AnswersLost => {
                // The first try is applied, and no try of the SDK is answered: the caller is told that it failed.
                self.inner.call(request).await?;
                weather.note("applied, every answer lost");
                Ok(refusal("ValidationException", &Value::Null))
            }
            Kind::Conflict => {
                weather.note("transaction conflict");
                let reasons = vec![json!({"Code": "TransactionConflict"}), json!({"Code": "None"})];
                Ok(refusal("TransactionCanceledException", &json!(reasons)))
            }
            Kind::RowConflict => {
                weather.note("row in a transaction");
                Ok(refusal("TransactionConflictException", &Value::Null))
            }
            Kind::Unprocessed => self.part_of(call, request).await,
            Kind::Overtaken => self.overtaken(call, request).await,
            Kind::Stale => self.as_before(call, request).await,
        }
    }

    /// The call, after another writer's.
    async fn overtaken(&self, call: &Call, request: HttpRequest) -> Answer {
        if let Some(rival) = call.rival().and_then(|body| with_body(&request, &body)) {
            self.inner.call(rival).await?;
            self.weather.note("condition lost to another writer");
        }
        self.inner.call(request).await
    }

    /// What the call would have read a little earlier.
    async fn as_before(&self, call: &Call, request: HttpRequest) -> Answer {
        let weather = &self.weather;
        if let Some(old) = weather.memory.stale(call, &weather.chance) {
            weather.note(if call.is_index() { "stale index" } else { "stale read" });
            return Ok(success(&old));
        }
        let fresh = self.json(request).await?;
        let (old, changed) = stale::without_newest(call, &fresh);
        if changed {
            weather.note(if call.is_index() { "stale index" } else { "stale read" });
        }
        Ok(success(&old))
    }

    /// The call as it is; answers that may be given again stale are remembered.
    async fn through(&self, call: &Call, request: HttpRequest) -> Answer {
        if !call.is_eventual() || !self.weather.faults.is_open() {
            return self.inner.call(request).await;
        }
        let response = self.inner.call(request).await?;
        if !response.status().is_success() {
            return Ok(response);
        }
        let fresh = read(response).await?;
        self.weather.memory.keep(call, &fresh);
        Ok(success(&fresh))
    }

    async fn json(&self, request: HttpRequest) -> Result<Value, ConnectorError> {
        read(self.inner.call(request).await?).await
    }

    /// Does some of a batch and hands the rest back.
    async fn part_of(&self, call: &Call, request: HttpRequest) -> Answer {
        let Some((some, rest)) = call.halves(&self.weather.chance) else {
            return self.inner.call(request).await;
        };
        self.weather.note("unprocessed items");
        let name = if call.is_write() { "UnprocessedItems" } else { "UnprocessedKeys" };
        let mut answer = match some.and_then(|body| with_body(&request, &body)) {
            Some(part) => self.json(part).await?,
            None => json!({}),
        };
        answer[name] = rest;
        Ok(success(&answer))
    }
}

async fn read(response: HttpResponse) -> Result<Value, ConnectorError> {
    let bytes = response.into_body().collect().await.map_err(|_| lost())?.to_bytes();
    serde_json::from_slice(&bytes).map_err(|_| lost())
}

fn lost() -> ConnectorError {
    ConnectorError::io("the connection was cut".into())
}

fn with_body(request: &HttpRequest, body: &Value) -> Option<HttpRequest> {
    let text = body.to_string();
    let mut part = request.try_clone()?;
    part.headers_mut().insert("content-length", text.len().to_string());
    *part.body_mut() = SdkBody::from(text);
    Some(part)
}

fn success(body: &Value) -> HttpResponse {
    respond(200, body)
}

fn refusal(code: &str, reasons: &Value) -> HttpResponse {
    let mut body =
        json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": "made up" });
    if !reasons.is_null() {
        body["CancellationReasons"] = reasons.clone();
    }
    respond(400, &body)
}

fn respond(status: u16, body: &Value) -> HttpResponse {
    let mut response =
        HttpResponse::new(status.try_into().expect("a status"), SdkBody::from(body.to_string()));
    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    response
}
