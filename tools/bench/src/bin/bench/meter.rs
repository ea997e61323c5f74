//! Stands before the database: adds `ReturnConsumedCapacity` to every request and sums up what the answers say, by
//! operation. `GET /consumed` tells; asking also starts again from zero.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::error::{Result, in_part};

/// Operations that cannot be asked for what they consume.
const SILENT: [&str; 4] = ["CreateTable", "DescribeTable", "UpdateTimeToLive", "DescribeTimeToLive"];
/// How long a request may take.
const REQUEST_MS: u64 = 60_000;
/// DynamoDB takes requests of up to this many bytes.
const MOST_BYTES: usize = 16 << 20;

/// What one kind of operation consumed.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Consumed {
    pub(crate) requests: u64,
    pub(crate) write_units: f64,
    pub(crate) read_units: f64,
}

/// What was consumed, by operation.
type Bill = BTreeMap<String, Consumed>;

/// What was consumed at the metered database at `database` since it was asked last, all operations together.
#[expect(clippy::print_stderr, reason = "where the units go, for whoever wants to save some")]
pub(crate) async fn consumed(http: &reqwest::Client, database: &str) -> Result<Consumed> {
    let asked = http.get(format!("{database}/consumed")).send().await.map_err(in_part("meter"))?;
    let bill: Bill = asked.json().await.map_err(in_part("meter"))?;
    let mut total = Consumed::default();
    for (operation, consumed) in bill {
        eprintln!(
            "    {operation}: {} requests, {} write units, {} read units",
            consumed.requests, consumed.write_units, consumed.read_units
        );
        total.requests += consumed.requests;
        total.write_units += consumed.write_units;
        total.read_units += consumed.read_units;
    }
    Ok(total)
}

#[derive(Debug, Clone)]
struct Meter {
    http: reqwest::Client,
    database: Arc<str>,
    bill: Arc<Mutex<Bill>>,
}

/// The meter before the database at `database`, as a future that serves for ever.
pub(crate) fn serve(listener: TcpListener, database: String) -> Result<impl Future<Output = ()> + Send> {
    let http = runtime::http_client(REQUEST_MS).map_err(in_part("meter"))?;
    let meter = Meter { http, database: database.into(), bill: Arc::default() };
    let app = Router::new()
        .route("/", post(pass_on))
        .route("/consumed", get(tell))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .with_state(meter);
    Ok(async move {
        // Served until the process ends.
        let _ = axum::serve(listener, app).await;
    })
}

async fn tell(State(meter): State<Meter>) -> impl IntoResponse {
    let mut bill = meter.bill.lock().unwrap_or_else(PoisonError::into_inner);
    axum::Json(std::mem::take(&mut *bill))
}

async fn pass_on(State(meter): State<Meter>, headers: HeaderMap, body: Bytes) -> impl IntoResponse {
    let operation = headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok()?.split_once('.'))
        .map_or_else(String::new, |(_, operation)| operation.to_owned());
    let mut request: Value = serde_json::from_slice(&body).unwrap_or_default();
    if !SILENT.contains(&operation.as_str()) {
        request["ReturnConsumedCapacity"] = "TOTAL".into();
    }
    let mut passed = meter.http.post(&*meter.database).body(request.to_string());
    for name in ["content-type", "x-amz-target", "authorization", "x-amz-date"] {
        if let Some(value) = headers.get(name) {
            passed = passed.header(name, value);
        }
    }
    let Ok(answer) = passed.send().await else {
        return (StatusCode::BAD_GATEWAY, [("content-type", "text/plain")], Bytes::new());
    };
    let status = answer.status();
    let bytes = answer.bytes().await.unwrap_or_default();
    meter.note(operation, &serde_json::from_slice(&bytes).unwrap_or_default());
    (status, [("content-type", "application/x-amz-json-1.0")], bytes)
}

impl Meter {
    fn note(&self, operation: String, answer: &Value) {
        let units: f64 = match &answer["ConsumedCapacity"] {
            Value::Array(tables) => tables.iter().filter_map(|t| t["CapacityUnits"].as_f64()).sum(),
            table => table["CapacityUnits"].as_f64().unwrap_or(0.0),
        };
        let reads = operation.contains("Get") || operation == "Query";
        let mut bill = self.bill.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = bill.entry(operation).or_default();
        entry.requests += 1;
        if reads {
            entry.read_units += units;
        } else {
            entry.write_units += units;
        }
    }
}
