//! Twilio's error answers.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;

use crate::faults::Voice;
use crate::server;

/// A request that Twilio refuses.
#[derive(Debug)]
pub(crate) struct Refusal {
    code: u16,
    message: String,
}

#[derive(Serialize)]
struct Body<'a> {
    code: u16,
    message: &'a str,
    more_info: String,
    status: u16,
}

impl Refusal {
    pub(crate) fn new(code: u16, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// There is no such resource.
    pub(crate) fn not_found() -> Self {
        Self::new(20404, "The requested resource was not found")
    }

    fn status(&self) -> StatusCode {
        match self.code {
            20003 => StatusCode::UNAUTHORIZED,
            20404 => StatusCode::NOT_FOUND,
            20429 => StatusCode::TOO_MANY_REQUESTS,
            20500 => StatusCode::INTERNAL_SERVER_ERROR,
            20503 => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = self.status();
        let body = Body {
            code: self.code,
            message: &self.message,
            more_info: format!("https://www.twilio.com/docs/errors/{}", self.code),
            status: status.as_u16(),
        };
        server::as_json(status, &body)
    }
}

/// Twilio's words for its failures.
pub(crate) struct Twilio;

impl Voice for Twilio {
    fn error(status: u16, code: u16) -> Response {
        let refusal = match status {
            429 => Refusal::new(20429, "Too Many Requests"),
            500 => Refusal::new(20500, "Internal Server Error"),
            503 => Refusal::new(20503, "Service unavailable"),
            _ => Refusal::new(code, words(code)),
        };
        refusal.into_response()
    }
}

/// What Twilio says with the codes that a sender meets most.
pub(crate) fn words(code: u16) -> &'static str {
    match code {
        21211 => "Invalid 'To' Phone Number",
        21408 => "Permission to send an SMS has not been enabled for the region indicated by the 'To' number",
        21606 => {
            "The 'From' phone number provided is not a valid message-capable Twilio phone number for this destination"
        }
        21610 => "Attempt to send to unsubscribed recipient",
        21611 => "This 'From' number has exceeded the maximum number of queued messages",
        21614 => "'To' number is not a valid mobile number",
        30003 => "Unreachable destination handset",
        30005 => "Unknown destination handset",
        30006 => "Landline or unreachable carrier",
        30007 => "Message filtered",
        30008 => "Unknown error",
        _ => "The request could not be processed",
    }
}
