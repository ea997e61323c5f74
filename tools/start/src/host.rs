//! What a function finds around it: Lambda's Runtime API, and a database in which there is nothing.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

/// What a function said to the Runtime API.
pub(crate) enum Said {
    /// It is ready for an event.
    Next,
    /// It has an answer.
    Answer(Value),
    /// It failed.
    Failed(String),
}

/// The surroundings of one process.
pub(crate) struct Host {
    address: SocketAddr,
    events: mpsc::UnboundedSender<Value>,
    said: mpsc::UnboundedReceiver<(Instant, Said)>,
    server: JoinHandle<std::io::Result<()>>,
}

struct Shared {
    events: Mutex<mpsc::UnboundedReceiver<Value>>,
    said: mpsc::UnboundedSender<(Instant, Said)>,
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Next => f.write_str("it asked for an event"),
            Self::Answer(answer) => write!(f, "it answered {answer}"),
            Self::Failed(problem) => write!(f, "it failed: {problem}"),
        }
    }
}

impl Shared {
    fn say(&self, said: Said) {
        // Nobody listens any more once the process has been measured.
        let _ = self.said.send((now(), said));
    }
}

/// The time, for differences.
#[expect(clippy::disallowed_methods, reason = "time is what is measured")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

impl Host {
    /// Surroundings on a port of their own.
    pub(crate) async fn open() -> std::io::Result<Self> {
        let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (events, event_queue) = mpsc::unbounded_channel();
        let (sayings, said) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared { events: Mutex::new(event_queue), said: sayings });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(answered))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(failed))
            .route("/2018-06-01/runtime/init/error", post(failed))
            .fallback(database)
            .layer(DefaultBodyLimit::max(8 << 20))
            .with_state(shared);
        let server = tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, events, said, server })
    }

    /// Its address and port.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// Hands over an event.
    pub(crate) fn hand(&self, event: Value) {
        // The other end lives as long as the server, which is ours.
        let _ = self.events.send(event);
    }

    /// What is said next, and when it was.
    pub(crate) async fn hear(&mut self) -> Option<(Instant, Said)> {
        self.said.recv().await
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    shared.say(Said::Next);
    let Some(event) = shared.events.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let headers = [
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
        ("lambda-runtime-deadline-ms", "4102444800000"),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-west-2:123456789012:function:measured"),
        ("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0"),
        ("content-type", "application/json"),
    ];
    (headers, event.to_string()).into_response()
}

async fn answered(State(shared): State<Arc<Shared>>, body: Bytes) -> StatusCode {
    shared.say(serde_json::from_slice(&body).map_or_else(|e| Said::Failed(e.to_string()), Said::Answer));
    StatusCode::ACCEPTED
}

async fn failed(State(shared): State<Arc<Shared>>, body: Bytes) -> StatusCode {
    shared.say(Said::Failed(String::from_utf8_lossy(&body).into_owned()));
    StatusCode::ACCEPTED
}

/// DynamoDB without a row.
async fn database(headers: HeaderMap) -> Response {
    let target = headers.get("x-amz-target").and_then(|t| t.to_str().ok()).unwrap_or_default();
    let answer = match target.rsplit('.').next() {
        Some("Query") => json!({ "Items": [], "Count": 0, "ScannedCount": 0 }),
        Some("GetItem") => json!({}),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    ([("content-type", "application/x-amz-json-1.0")], answer.to_string()).into_response()
}
