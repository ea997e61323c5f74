//! `POST /v2/email/outbound-emails`.

use std::borrow::Cow;

use axum::extract::State;
use axum::response::Response;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, StatusCode, header};
use hyper::body::Bytes;
use serde::{Deserialize, Serialize};

use super::{Ses, error};
use crate::app::{App, Shared};
use crate::faults::{On, Target};
use crate::kind::Kind;
use crate::record::{Record, Tag};
use crate::{clock, mail, server};

/// Most recipients of one e-mail.
const MOST_RECIPIENTS: usize = 50;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request<'a> {
    #[serde(borrow, default)]
    from_email_address: Cow<'a, str>,
    #[serde(default)]
    destination: Destination,
    #[serde(borrow)]
    content: Content<'a>,
    #[serde(borrow, default)]
    email_tags: Vec<Tag<'a>>,
    #[serde(borrow, default)]
    configuration_set_name: Cow<'a, str>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[allow(clippy::struct_field_names, reason = "named as on the wire")]
struct Destination {
    to_addresses: Vec<String>,
    cc_addresses: Vec<String>,
    bcc_addresses: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Content<'a> {
    #[serde(borrow)]
    raw: Option<Raw<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Raw<'a> {
    #[serde(borrow)]
    data: Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Sent<'a> {
    message_id: &'a str,
}

/// Takes an e-mail.
pub(crate) async fn create(State(app): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    if !is_signed(&headers) {
        return error(403, "MissingAuthenticationTokenException", "Missing Authentication Token");
    }
    app.answer_slowly().await;
    app.faults.pass::<Ses>(Target::Email, On::Send, || accept(&app, &body)).await
}

/// Whether there is a SigV4 signature for SES; it is not checked.
fn is_signed(headers: &HeaderMap) -> bool {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    given.starts_with("AWS4-HMAC-SHA256 ")
        && given.contains("Credential=")
        && given.contains("/ses/aws4_request")
        && given.contains("SignedHeaders=")
        && given.contains("Signature=")
        && headers.contains_key("x-amz-date")
}

fn bad(message: &str) -> Response {
    error(400, "BadRequestException", message)
}

/// SES takes only these in the name and value of a tag, and at most 256 of them; full stops are refused.
fn is_tag_text(text: &str) -> bool {
    (1..=256).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

fn accept(app: &App, body: &[u8]) -> Response {
    let Ok(request) = serde_json::from_slice::<Request<'_>>(body) else {
        return bad("The request is not a SendEmail request.");
    };
    let Some(Raw { data }) = request.content.raw else {
        return bad("This simulator takes Content.Raw only.");
    };
    if let Some(tag) = request.email_tags.iter().find(|t| !is_tag_text(&t.name) || !is_tag_text(&t.value)) {
        return bad(&format!(
            "Invalid tag {}: only alphanumeric ASCII characters, '_', and '-' are allowed, at most 256 of them.",
            tag.name
        ));
    }
    let Destination { to_addresses, cc_addresses, bcc_addresses } = request.destination;
    let mut recipients = to_addresses.into_iter().chain(cc_addresses).chain(bcc_addresses);
    let Some(first) = recipients.next() else {
        return bad("Missing recipients: this simulator wants them in Destination.");
    };
    let also: Vec<String> = recipients.collect();
    if also.len() >= MOST_RECIPIENTS || !also.iter().chain([&first]).all(|address| is_address(address)) {
        return bad("Recipients must be at most 50 e-mail addresses in ASCII.");
    }
    let Ok(raw) = STANDARD.decode(data.as_bytes()) else {
        return bad("Content.Raw.Data is not base64.");
    };
    if !mail::is_sendable(&raw) {
        return bad("Missing 'From' header.");
    }
    let mut record = Record::new(Kind::Email, app.sids.next(), clock::now());
    record.from = request.from_email_address;
    record.to = first.into();
    record.also = also;
    record.body = data;
    record.tags = request.email_tags;
    record.set = request.configuration_set_name;
    if app.accept(&record).is_err() {
        return error(500, "InternalServiceErrorException", "The message could not be kept.");
    }
    server::as_json(StatusCode::OK, &Sent { message_id: &record.public_sid() })
}

/// `local@domain`, alone or after a name in angle brackets.
fn is_address(text: &str) -> bool {
    let bare = text.rsplit_once('<').map_or(text, |(_, rest)| rest.trim_end_matches('>'));
    text.is_ascii()
        && !bare.contains(char::is_whitespace)
        && bare.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_with_full_stops_are_refused_as_by_ses() {
        assert!(is_tag_text("01J_a-b"));
        assert!(!is_tag_text("school.message.1"));
        assert!(!is_tag_text(""));
        assert!(!is_tag_text(&"a".repeat(257)));
    }

    #[test]
    fn addresses_have_a_local_part_and_a_domain() {
        assert!(is_address("ann@example.com"));
        assert!(is_address("Ann Other <ann@example.com>"));
        assert!(!is_address("ann"));
        assert!(!is_address("ann other@example.com"));
        assert!(!is_address("ann@localhost"));
    }
}
