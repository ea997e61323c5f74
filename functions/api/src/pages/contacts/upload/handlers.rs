//! The upload pages at work.

use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use domain::audit::Act;
use domain::contact::{ContactRole, Source};
use domain::ids::ImportId;
use domain::import::{Field, Stage};
use domain::people::{Action, Page};
use serde::Deserialize;
use store::Import;

use super::{ImportPage, LivePart, UploadPage, Working};
use crate::auth::{Posted, SignedIn};
use crate::error::{ApiError, Result};
use crate::forms::FormFields;
use crate::known::Known;
use crate::pages::kit::context::PageContext;
use crate::pages::kit::files::{chosen, problem, ticket};
use crate::pages::kit::form::Problem;
use crate::pages::kit::places::NavItem;
use crate::pages::kit::reply::{html, invalid};
use crate::services::imports::{self, Findings};
use crate::state::ApiState;

/// Former uploads listed.
const LISTED: i32 = 8;

pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/upload", get(start).post(create))
        .route("/upload/{id}", get(show))
        .route("/upload/{id}/live", get(live))
        .route("/upload/{id}/uploaded", post(uploaded))
        .route("/upload/{id}/columns", post(columns))
        .route("/upload/{id}/confirm", post(confirm))
        .route("/upload/{id}/discard", post(discard))
}

async fn start(State(state): State<ApiState>, by: SignedIn) -> Result<Response> {
    let context = PageContext::load(&state, &by, NavItem::UPLOAD).await?;
    let latest = imports::latest(&state, &by.school, LISTED).await?;
    let mis = context.book(&state, &by.school).await?.contacts().iter().any(|c| c.source == Source::Mis);
    html(&UploadPage::new(context.frame, &context.local, &latest, mis))
}

/// Begins an upload: `name` and `bytes` of the file.
async fn create(State(state): State<ApiState>, Posted { by, form }: Posted) -> Result<Response> {
    by.may(Action::Upload)?;
    let bytes = form.text("bytes").parse().unwrap_or(0);
    let made = imports::create(&state, &by.school, by.author(), form.text("name"), bytes).await;
    ticket(made.map(|ticket| (ticket.id, ticket.url)))
}

async fn uploaded(
    State(state): State<ApiState>,
    Known(id): Known<ImportId>,
    Posted { by, .. }: Posted,
) -> Result<Response> {
    by.may(Action::Upload)?;
    let import = imports::uploaded(&state, &by.school, id).await?;
    Ok(to(import.id))
}

#[derive(Deserialize)]
struct Asked {
    step: Option<String>,
}

async fn show(
    State(state): State<ApiState>,
    by: SignedIn,
    Known(id): Known<ImportId>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    by.opens(Page::Upload)?;
    let import = imports::get(&state, &by.school, id).await?;
    html(&page(&state, &by, &import, asked.step.as_deref() == Some("columns"), Vec::new()).await?)
}

async fn page(
    state: &ApiState,
    by: &SignedIn,
    import: &Import,
    again: bool,
    problems: Vec<Problem>,
) -> Result<ImportPage> {
    let context = PageContext::load(state, by, NavItem::UPLOAD).await?;
    let findings = match import.stage {
        Stage::Checked(_) if !again => imports::findings(&by.school, import.id).await?,
        _ => Findings::default(),
    };
    Ok(ImportPage::new(context.frame, &context.local, import, &findings, again, problems))
}

async fn live(State(state): State<ApiState>, by: SignedIn, Known(id): Known<ImportId>) -> Result<Response> {
    by.opens(Page::Upload)?;
    let import = imports::get(&state, &by.school, id).await?;
    html(&LivePart { working: Working::of(&import) })
}

async fn columns(
    State(state): State<ApiState>,
    Known(id): Known<ImportId>,
    Posted { by, form }: Posted,
) -> Result<Response> {
    by.may(Action::Upload)?;
    let role = ContactRole::from_code(form.text("role")).unwrap_or(ContactRole::Parent);
    let chosen = chosen(&form, Field::from_code);
    match imports::choose_columns(&state, &by.school, id, version(&form), &chosen, role).await {
        Ok(_) => Ok(to(id)),
        Err(ApiError::Invalid { errors, .. }) => {
            let problems = errors.into_iter().map(|e| problem(&chosen, Field::code, e)).collect();
            let mut import = imports::get(&state, &by.school, id).await?;
            // The page shows the choice as it was made, not as it was guessed.
            if let Some(inspected) = &mut import.inspected {
                inspected.guess = chosen.into_iter().collect();
                import.mapping = None;
            }
            invalid(&page(&state, &by, &import, true, problems).await?)
        }
        Err(other) => Err(other),
    }
}

async fn confirm(
    State(state): State<ApiState>,
    Known(id): Known<ImportId>,
    Posted { by, form }: Posted,
) -> Result<Response> {
    by.may(Action::Upload)?;
    let event = by.audit_event(Act::DataUploaded, id.to_string(), Vec::new());
    imports::confirm(&state, &by.school, id, version(&form), form.has("good_rows_only"), event).await?;
    Ok(to(id))
}

async fn discard(
    State(state): State<ApiState>,
    Known(id): Known<ImportId>,
    Posted { by, .. }: Posted,
) -> Result<Response> {
    by.may(Action::Upload)?;
    imports::discard(&state, &by.school, id).await?;
    Ok(Redirect::to("/upload").into_response())
}

fn version(form: &FormFields) -> u32 {
    form.text("version").parse().unwrap_or(0)
}

fn to(id: ImportId) -> Response {
    Redirect::to(&format!("/upload/{id}")).into_response()
}
