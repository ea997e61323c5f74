//! The functions, what `template.yaml` tells them, and the first things that they are asked.

use serde_json::{Value, json};

/// A Lambda function.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Function {
    /// Name of its binary.
    pub(crate) name: &'static str,
    /// Most bytes that the binary should have; `None` for the one that the others are measured against.
    pub(crate) most_bytes: Option<u64>,
    /// Its events, in turn.
    pub(crate) requests: fn() -> Vec<Request>,
}

/// An event, and how to know that it was served.
#[derive(Debug)]
pub(crate) struct Request {
    /// The event.
    pub(crate) event: Value,
    /// Where in the answer to look.
    pub(crate) pointer: &'static str,
    /// What is there.
    pub(crate) expected: Value,
}

/// The function that does nothing.
pub(crate) const EMPTY: Function =
    Function { name: "empty", most_bytes: None, requests: || vec![nothing(), nothing()] };

/// Every function that is deployed.
pub(crate) const FUNCTIONS: [Function; 4] = [
    Function {
        name: "api",
        most_bytes: Some(12_000_000),
        requests: || vec![page("/healthz"), page("/sign-in")],
    },
    Function { name: "dispatch", most_bytes: Some(8_000_000), requests: || vec![sweep(), sweep()] },
    Function { name: "sync", most_bytes: Some(8_000_000), requests: || vec![tick(), tick()] },
    Function { name: "usage", most_bytes: Some(8_000_000), requests: || vec![finished(), finished()] },
];

fn nothing() -> Request {
    Request { event: json!({}), pointer: "", expected: json!({}) }
}

fn page(path: &str) -> Request {
    let event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": { "host": "messenger.example", "accept": "*/*" },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "measured",
            "domainName": "messenger.example",
            "domainPrefix": "messenger",
            "http": {
                "method": "GET",
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "start"
            },
            "requestId": "1",
            "routeKey": "$default",
            "stage": "$default",
            "time": "01/Sep/2025:08:00:00 +0000",
            "timeEpoch": 1_756_713_600_000_i64
        },
        "isBase64Encoded": false
    });
    Request { event, pointer: "/statusCode", expected: json!(200) }
}

fn sweep() -> Request {
    Request { event: json!({ "sweep": true }), pointer: "/due", expected: json!(0) }
}

fn tick() -> Request {
    Request { event: json!({ "tick": true }), pointer: "/begun", expected: json!(0) }
}

/// A message that is not there: there is nothing to count, and the job is done.
fn finished() -> Request {
    let job = json!({
        "job": "finish",
        "school": "01J6ZZZZZZZZZZZZZZZZZZZZZZ",
        "message": "01J7ZZZZZZZZZZZZZZZZZZZZZZ"
    });
    let event = json!({ "Records": [{
        "messageId": "1",
        "receiptHandle": "1",
        "body": job.to_string(),
        "attributes": { "ApproximateReceiveCount": "1" },
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-2:123456789012:finished",
        "awsRegion": "eu-west-2"
    }] });
    Request { event, pointer: "/batchItemFailures", expected: json!([]) }
}

/// What Lambda and `template.yaml` set, for a function whose Runtime API and AWS are at `host` (an address and a port).
/// The secrets are made up.
pub(crate) fn environment(function: Function, host: &str) -> Vec<(&'static str, String)> {
    let aws = format!("http://{host}");
    let queue = |name: &str| format!("{aws}/123456789012/{name}");
    vec![
        ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
        ("LANG", "en_US.UTF-8".to_owned()),
        ("TZ", ":UTC".to_owned()),
        ("AWS_LAMBDA_RUNTIME_API", host.to_owned()),
        ("AWS_LAMBDA_FUNCTION_NAME", function.name.to_owned()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024".to_owned()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "measured".to_owned()),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "measured".to_owned()),
        ("AWS_REGION", "eu-west-2".to_owned()),
        ("AWS_DEFAULT_REGION", "eu-west-2".to_owned()),
        ("AWS_ACCESS_KEY_ID", "measured".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "measured".to_owned()),
        ("AWS_SESSION_TOKEN", "measured".to_owned()),
        ("AWS_ENDPOINT_URL", aws.clone()),
        ("LOG_FORMAT", "json".to_owned()),
        ("LEASE_SECONDS", "90".to_owned()),
        ("TABLE_NAME", "measured".to_owned()),
        ("FILES_BUCKET", "measured".to_owned()),
        ("PUBLIC_URL", "https://messenger.example".to_owned()),
        ("ROUTINE_QUEUE_URL", queue("routine")),
        ("EMERGENCY_QUEUE_URL", queue("emergency")),
        ("RECEIPTS_QUEUE_URL", queue("receipts")),
        ("FINISHED_QUEUE_URL", queue("finished")),
        ("SYNC_QUEUE_URL", queue("sync")),
        ("MIS_SECRETS_PREFIX", "measured/mis".to_owned()),
        ("TWILIO_BASE_URL", "https://api.twilio.com".to_owned()),
        ("TWILIO_PER_SECOND", "10".to_owned()),
        ("SES_CONFIGURATION_SET", "measured".to_owned()),
        ("SES_FROM_ADDRESS", "school@messenger.example".to_owned()),
        ("SES_PER_SECOND", "14".to_owned()),
        ("TWILIO_ACCOUNT_SID", "AC00000000000000000000000000000000".to_owned()),
        ("TWILIO_AUTH_TOKEN", "measured".to_owned()),
        ("REFERENCE_KEY", "measured-measured-measured-measured".to_owned()),
    ]
}
