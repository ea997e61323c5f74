//! `GET /api/openapi.json`: the API's description, made from the same code that answers.

use std::sync::LazyLock;

use axum::body::Bytes;
use axum::response::IntoResponse;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, Ref, RefOr, Response};
use utoipa::{Modify, OpenApi};

use super::{contacts, message, messages, sync, sync_files, usage};
use crate::error::Problem;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Messenger",
        description = "Texts, e-mails and calls from a school to its families. Every error is \
            `application/problem+json`. Fields that are not described here are refused.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    servers((url = "/", description = "This product")),
    paths(
        contacts::batch,
        messages::preview_message,
        messages::send_message,
        message::get_message,
        message::get_deliveries,
        message::stop_message,
        message::resend_message,
        sync_files::post_file,
        sync::post_run,
        sync::get_run,
        usage::get_usage,
    ),
    security(("api_key" = [])),
    components(schemas(Problem)),
    modifiers(&ApiKey, &ProblemResponses),
    tags(
        (name = "Contacts", description = "The school's address book"),
        (name = "Messages", description = "Sending messages and following them"),
        (name = "Sync", description = "Reading the school's MIS"),
        (name = "Usage", description = "What is billed"),
    ),
)]
struct Description;

struct ApiKey;

impl Modify for ApiKey {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("msk_…")
            .description(Some("An API key of the school, with the scope that the route needs"))
            .build();
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("api_key", SecurityScheme::Http(scheme));
    }
}

/// Completes the responses of every route: those that any route may give, and the form of all that are problems.
struct ProblemResponses;

impl Modify for ProblemResponses {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let items = openapi.paths.paths.values_mut();
        for operation in items.flat_map(|item| [&mut item.get, &mut item.post]).flatten() {
            complete(operation);
        }
    }
}

fn complete(operation: &mut Operation) {
    let body = operation.request_body.is_some().then_some(("400", "Not JSON"));
    let responses = &mut operation.responses.responses;
    for (status, description) in
        [("401", "No valid key"), ("default", "Any other problem")].into_iter().chain(body)
    {
        responses.insert(status.to_owned(), Response::new(description).into());
    }
    let problem = Content::new(Some(Ref::from_schema_name("Problem")));
    for (status, response) in responses {
        if let (false, RefOr::T(response)) = (status.starts_with('2'), response) {
            response.content.insert("application/problem+json".to_owned(), problem.clone().into());
        }
    }
}

static JSON: LazyLock<Bytes> =
    LazyLock::new(|| Description::openapi().to_json().map(Bytes::from).unwrap_or_default());

pub(crate) async fn openapi() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "public, max-age=300")], JSON.clone())
}
