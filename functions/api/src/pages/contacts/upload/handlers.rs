//! The upload pages at work.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use domain::audit::Act;
use domain::contact::{ContactRole, Source};
use domain::ids::ImportId;
use domain::import::{Field, Stage};
use domain::people::{Action, Page};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use store::Import;

use super::{ImportPage, LivePart, UploadPage, Working};
use crate::auth::{Posted, SignedIn};
use crate::error::{ApiError, FieldError, Result};
use crate::forms::FormFields;
use crate::pages::kit::context::PageContext;
use crate::pages::kit::form::Problem;
use crate::pages::kit::places::NavItem;
use crate::pages::kit::reply::html;
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

/// Where the script sends the file, or why it need not.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Ticket { id: String, url: String },
    Refused { error: String },
}

/// Begins an upload: `name` and `bytes` of the file.
async fn create(State(state): State<ApiState>, Posted { by, form }: Posted) -> Result<Response> {
    by.may(Action::Upload)?;
    let bytes = form.text("bytes").parse().unwrap_or(0);
    match imports::create(&state, &by.school, by.author(), form.text("name"), bytes).await {
        Ok(ticket) => Ok(Json(Answer::Ticket { id: ticket.id.to_string(), url: ticket.url }).into_response()),
        Err(ApiError::Invalid { detail, .. }) => {
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Json(Answer::Refused { error: detail })).into_response())
        }
        Err(other) => Err(other),
    }
}

async fn uploaded(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Posted { by, .. }: Posted,
) -> Result<Response> {
    by.may(Action::Upload)?;
    let import = imports::uploaded(&state, &by.school, known(&id)?).await?;
    Ok(to(import.id))
}

#[derive(Deserialize)]
struct Asked {
    step: Option<String>,
}

async fn show(
    State(state): State<ApiState>,
    by: SignedIn,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    by.opens(Page::Upload)?;
    let import = imports::get(&state, &by.school, known(&id)?).await?;
    page(&state, &by, &import, asked.step.as_deref() == Some("columns"), Vec::new()).await
}

async fn page(
    state: &ApiState,
    by: &SignedIn,
    import: &Import,
    again: bool,
    problems: Vec<Problem>,
) -> Result<Response> {
    let context = PageContext::load(state, by, NavItem::UPLOAD).await?;
    let findings = match import.stage {
        Stage::Checked(_) if !again => imports::findings(&by.school, import.id).await?,
        _ => Findings::default(),
    };
    html(&ImportPage::new(context.frame, &context.local, import, &findings, again, problems))
}

async fn live(State(state): State<ApiState>, by: SignedIn, Path(id): Path<String>) -> Result<Response> {
    by.opens(Page::Upload)?;
    let import = imports::get(&state, &by.school, known(&id)?).await?;
    html(&LivePart { working: Working::of(&import) })
}

async fn columns(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Posted { by, form }: Posted,
) -> Result<Response> {
    by.may(Action::Upload)?;
    let id = known(&id)?;
    let role = ContactRole::from_code(form.text("role")).unwrap_or(ContactRole::Parent);
    match imports::choose_columns(&state, &by.school, id, version(&form), &choices(&form), role).await {
        Ok(_) => Ok(to(id)),
        Err(ApiError::Invalid { errors, .. }) => {
            let problems = errors.into_iter().map(|e| problem(&form, e)).collect();
            let mut import = imports::get(&state, &by.school, id).await?;
            // The page shows the choice as it was made, not as it was guessed.
            if let Some(inspected) = &mut import.inspected {
                inspected.guess = choices(&form).into_iter().collect();
                import.mapping = None;
            }
            let page = page(&state, &by, &import, true, problems).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(other) => Err(other),
    }
}

/// Each column's choice: inputs `c0`, `c1`, …
fn choices(form: &FormFields) -> Vec<(Field, u16)> {
    let of = |(name, value): &(String, String)| {
        Some((Field::from_code(value)?, name.strip_prefix('c')?.parse().ok()?))
    };
    form.pairs().iter().filter_map(of).collect()
}

/// Leads to the second of two columns with one meaning; to the first column where a meaning is missing.
fn problem(form: &FormFields, error: FieldError) -> Problem {
    let chosen = choices(form);
    let twice = chosen.iter().rev().find(|(field, _)| field.code() == error.field);
    Problem::new(twice.map_or_else(|| "c0".to_owned(), |(_, column)| format!("c{column}")), error.message)
}

async fn confirm(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Posted { by, form }: Posted,
) -> Result<Response> {
    by.may(Action::Upload)?;
    let id = known(&id)?;
    let deed = by.deed(Act::DataUploaded, id.to_string(), Vec::new());
    imports::confirm(&state, &by.school, id, version(&form), form.has("good_rows_only"), deed).await?;
    Ok(to(id))
}

async fn discard(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Posted { by, .. }: Posted,
) -> Result<Response> {
    by.may(Action::Upload)?;
    imports::discard(&state, &by.school, known(&id)?).await?;
    Ok(Redirect::to("/upload").into_response())
}

fn known(id: &str) -> Result<ImportId> {
    id.parse().map_err(|_| ApiError::NotFound)
}

fn version(form: &FormFields) -> u32 {
    form.text("version").parse().unwrap_or(0)
}

fn to(id: ImportId) -> Response {
    Redirect::to(&format!("/upload/{id}")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_read_by_their_number() {
        let form = FormFields::parse(b"c0=id&c1=&c2=surname&c3=nonsense&cx=mobile&c7=surname&role=parent");
        assert_eq!(choices(&form), [(Field::Id, 0), (Field::Surname, 2), (Field::Surname, 7)]);
        assert_eq!(problem(&form, FieldError::new("surname", "twice")).field, "c7");
        assert_eq!(problem(&form, FieldError::new("mobile", "none")).field, "c0");
    }
}
