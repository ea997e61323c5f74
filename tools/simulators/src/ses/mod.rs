//! SES v2: `SendEmail` with raw content, and the events of a configuration set as SNS delivers them.

pub(crate) mod events;
pub(crate) mod send;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::Response;
use axum::routing::post;
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::app::Shared;
use crate::faults::Voice;
use crate::server;

/// SES takes 40 MB of raw content; base64 makes 54 of it.
const LARGEST_BODY: usize = 56 << 20;

/// SES's routes.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/v2/email/outbound-emails", post(send::create))
        .route("/v2/email/{*rest}", axum::routing::any(unknown))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
}

async fn unknown() -> Response {
    error(404, "UnknownOperationException", "this simulator knows SendEmail only")
}

#[derive(Serialize)]
struct Words<'a> {
    message: &'a str,
}

/// An error as AWS's REST JSON protocol writes it.
fn error(status: u16, kind: &'static str, message: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = server::as_json(status, &Words { message });
    response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(kind));
    response
}

/// SES's words for its failures.
pub(crate) struct Ses;

impl Voice for Ses {
    fn error(status: u16, _code: u16) -> Response {
        match status {
            429 => error(429, "TooManyRequestsException", "Maximum sending rate exceeded."),
            500 => error(500, "InternalServiceErrorException", "The service failed."),
            503 => error(503, "ServiceUnavailableException", "The service is unavailable."),
            _ => error(400, "MessageRejected", "Email address is not verified."),
        }
    }
}
