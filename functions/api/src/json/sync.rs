//! Sync runs: asking for one, and how it went.

use axum::Json;
use axum::extract::{Path, State};
use domain::audit::Act;
use domain::people::Scope;
use domain::sync::{Asked, Changes, JobLine, Run};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::OptionalJson;
use crate::auth::Partner;
use crate::error::{ApiError, Result};
use crate::services::sync::request;
use crate::state::ApiState;

/// What a run should read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunRequest {
    /// The file, from `POST /api/v1/sync-files`, where the school's MIS is read from files.
    #[serde(default)]
    #[schema(example = "01JD3V4K8M0000000000000000")]
    file: Option<String>,
}

/// The run that was started or joined.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunAnswer {
    #[schema(example = "01JD3V4K8M0000000000000000")]
    id: String,
}

/// The progress or result of a run.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunStatusAnswer {
    #[schema(example = "01JD3V4K8M0000000000000000")]
    id: String,
    /// `queued`, `running`, `finished`, `held` (the feed looks wrong: nothing was changed, an administrator is asked),
    /// `failed` (nothing was changed) or `discarded`.
    #[schema(example = "running")]
    state: &'static str,
    /// One for each part of the MIS.
    jobs: Vec<JobAnswer>,
    changes: ChangesAnswer,
    /// Why it is held or failed, in plain words.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// One part of a run.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobAnswer {
    /// `school`, `pupils`, `contacts`, `staff`, `groups` or `attendance`.
    #[schema(example = "pupils")]
    part: &'static str,
    /// `waiting`, `reading`, `read`, `writing`, `finished`, `failed`, or `skipped` where this kind of MIS has no such
    /// part.
    #[schema(example = "reading")]
    state: &'static str,
    /// Rows read so far.
    #[schema(example = 600)]
    done: u64,
    /// Rows in all; 0 if the MIS does not say.
    #[schema(example = 900)]
    of: u64,
}

/// What a run changed, or would change while it is held.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChangesAnswer {
    /// People who are new or differ.
    people: u32,
    /// People who are gone.
    left: u32,
    /// Relationships that are new or differ.
    relationships: u32,
    /// Relationships that ended.
    relationships_ended: u32,
    /// Register marks that are new or differ.
    marks: u32,
}

/// Ask for a sync run
///
/// Reads the school's MIS and brings the address book and the registers up to date. If a run is under way already,
/// that one is joined: the answer has its id.
///
/// A school whose MIS is read from files names the `file`; without one, the last file that was read is read again. A
/// file whose id is older than the last one read is refused. So is any file while a run is under way that does not
/// read it: ask again when that run has ended.
#[utoipa::path(
    post, path = "/api/v1/sync-runs", tag = "Sync", request_body = Option<RunRequest>,
    responses(
        (status = 202, description = "The run", body = RunAnswer),
        (status = 403, description = "The key lacks `sync:run`"),
        (status = 404, description = "Not a file of this school, or it has expired"),
        (status = 415, description = "Not sent as JSON"),
        (status = 422, description = "A field is wrong"),
        (status = 409, description = "The school has no MIS, or the file cannot be read now"),
    ),
)]
pub(crate) async fn post_run(
    State(state): State<ApiState>,
    partner: Partner,
    OptionalJson(asked_for): OptionalJson<Option<RunRequest>>,
) -> Result<(StatusCode, Json<RunAnswer>)> {
    let school = partner.may(Scope::SyncRun)?;
    let asked = Asked::Key(partner.author().id);
    let file = asked_for.flatten().and_then(|asked_for| asked_for.file);
    let file = file.map(|id| id.parse().map_err(|_| ApiError::NotFound)).transpose()?;
    let id = request(&state, school, asked, file, &partner.audit_event(Act::SyncAsked, "")).await?;
    Ok((StatusCode::ACCEPTED, Json(RunAnswer { id: id.to_string() })))
}

/// Get the status of a sync run
#[utoipa::path(
    get, path = "/api/v1/sync-runs/{id}", tag = "Sync",
    params(("id" = String, Path, description = "The run")),
    responses(
        (status = 200, description = "Its progress or result", body = RunStatusAnswer),
        (status = 403, description = "The key lacks `sync:run`"),
        (status = 404, description = "Not a run of this school, or of more than 60 days ago"),
    ),
)]
pub(crate) async fn get_run(partner: Partner, Path(id): Path<String>) -> Result<Json<RunStatusAnswer>> {
    let school = partner.may(Scope::SyncRun)?;
    let id = id.parse().map_err(|_| ApiError::NotFound)?;
    Ok(Json(RunStatusAnswer::of(school.sync().run(id).await?.ok_or(ApiError::NotFound)?)))
}

impl RunStatusAnswer {
    fn of(run: Run) -> Self {
        Self {
            id: run.id.to_string(),
            state: run.state.code(),
            jobs: run.jobs.iter().map(JobAnswer::of).collect(),
            changes: ChangesAnswer::of(run.changes),
            reason: run.why,
        }
    }
}

impl JobAnswer {
    const fn of(job: &JobLine) -> Self {
        Self { part: job.part.code(), state: job.state.code(), done: job.done, of: job.of }
    }
}

impl ChangesAnswer {
    const fn of(changes: Changes) -> Self {
        Self {
            people: changes.people,
            left: changes.left,
            relationships: changes.ties,
            relationships_ended: changes.ties_ended,
            marks: changes.marks,
        }
    }
}
