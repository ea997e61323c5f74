//! The sync function: runs from the queue; `{"tick": true}` from the schedule.

use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use runtime::start_logging;
use serde_json::{Value, json};
use sync::Syncer;

#[tokio::main]
async fn main() -> Result<(), Error> {
    start_logging();
    let sync = sync::connect()?;
    run(service_fn(move |event: LambdaEvent<Value>| handle(sync.clone(), event.payload))).await
}

async fn handle(sync: Syncer, event: Value) -> Result<Value, Error> {
    if event.get("tick").is_some() {
        return Ok(json!({ "begun": sync.tick().await? }));
    }
    let event: SqsEvent = serde_json::from_value(event)?;
    Ok(serde_json::to_value(sync.handle(event).await)?)
}
