//! The dispatch function: batches from the queues, and the sweep from the scheduler.

use std::sync::Arc;

use dispatch::{Dispatch, connect};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use runtime::{Causes, Config, start_logging};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Error> {
    start_logging();
    let dispatch = Arc::new(connect(&Config::from_env()?)?);
    run(service_fn(move |event: LambdaEvent<Value>| handle(Arc::clone(&dispatch), event.payload))).await
}

async fn handle(dispatch: Arc<Dispatch>, event: Value) -> Result<Value, Error> {
    if event.get("sweep").is_some() {
        return Ok(json!({ "due": dispatch.sweep().await.map_err(|e| Causes(&e).to_string())? }));
    }
    Ok(serde_json::to_value(dispatch.handle(serde_json::from_value(event)?).await)?)
}
