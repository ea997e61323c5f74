//! Files that a school's MIS writes: a place to send one, to be read by a run.

use axum::Json;
use axum::extract::State;
use domain::people::Scope;
use domain::sync::Asked;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::JsonBody;
use crate::auth::Partner;
use crate::error::Result;
use crate::services::mis::files::{UPLOAD_TIME, create};
use crate::state::ApiState;

/// A file to be uploaded.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileRequest {
    /// Its name, as the school's pages show it.
    #[schema(example = "contacts.csv")]
    name: String,
    /// Its exact size in bytes; an upload of any other size is refused.
    #[schema(example = 412_300, minimum = 1, maximum = 20_971_520)]
    bytes: u64,
}

/// Where to upload it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FileAnswer {
    /// Identifies the file in `POST /api/v1/sync-runs`.
    #[schema(example = "01JD3V4K8M0000000000000000")]
    id: String,
    /// `PUT` the bytes here, with `Content-Type: application/octet-stream` and no other authorization.
    #[schema(example = "https://files.example/mis/…")]
    url: String,
    /// How long the address works, in seconds.
    #[schema(example = 900)]
    seconds: u64,
}

/// Get an address to upload a file to
///
/// For a school whose MIS is read from files: a report (CSV or Excel) whose columns were matched on the MIS page, or a
/// OneRoster package. Send the file to the `url`, then ask for a run that reads it.
#[utoipa::path(
    post, path = "/api/v1/sync-files", tag = "Sync", request_body = FileRequest,
    responses(
        (status = 201, description = "The address", body = FileAnswer),
        (status = 403, description = "The key lacks `sync:run`"),
        (status = 409, description = "The school's MIS is not read from files"),
        (status = 415, description = "Not sent as JSON"),
        (status = 422, description = "A field is wrong"),
    ),
)]
pub(crate) async fn post_file(
    State(state): State<ApiState>,
    partner: Partner,
    JsonBody(file): JsonBody<FileRequest>,
) -> Result<(StatusCode, Json<FileAnswer>)> {
    let school = partner.may(Scope::SyncRun)?;
    let by = Asked::Key(partner.author().id);
    let ticket = create(&state, school, by, &file.name, file.bytes).await?;
    let answer = FileAnswer { id: ticket.id.to_string(), url: ticket.url, seconds: UPLOAD_TIME.as_secs() };
    Ok((StatusCode::CREATED, Json(answer)))
}
