//! The usage function: finished messages from the queue; `{"recount": "<school id>"}` for the operator.

use aws_lambda_events::sqs::SqsEvent;
use domain::ids::SchoolId;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use runtime::{Aws, start_logging, table_name};
use serde_json::{Value, json};
use store::Store;
use usage::Usage;

#[tokio::main]
async fn main() -> Result<(), Error> {
    start_logging();
    let usage = Usage::new(Store::new(Aws::in_lambda()?.dynamodb(), &table_name()?));
    run(service_fn(move |event: LambdaEvent<Value>| handle(usage.clone(), event.payload))).await
}

async fn handle(usage: Usage, event: Value) -> Result<Value, Error> {
    if let Some(school) = event.get("recount").and_then(Value::as_str) {
        let differences = usage.recount(school.parse::<SchoolId>()?).await?;
        let mended = differences.iter().map(|d| json!({ "message": d.message, "days": d.days }));
        return Ok(json!({ "mended": mended.collect::<Vec<_>>() }));
    }
    let event: SqsEvent = serde_json::from_value(event)?;
    Ok(serde_json::to_value(usage.handle(event).await)?)
}
