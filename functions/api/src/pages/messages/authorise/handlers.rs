//! The queue at work: looking, letting go, turning down, editing.

use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use domain::ids::MessageId;
use domain::people::Action;
use http::StatusCode;
use serde::Deserialize;

use super::{Asked, EditPage, OnePage, QueuePage};
use crate::auth::{Posted, SignedIn};
use crate::error::{ApiError, Result};
use crate::known::Known;
use crate::pages::kit::context::PageContext;
use crate::pages::kit::form::Problem;
use crate::pages::kit::places::NavItem;
use crate::pages::kit::reply::html;
use crate::services::authorise::{Looked, approve, edit, is_own, look, may_decide, reject};
use crate::state::ApiState;

/// Lines that the queue shows; the oldest come first, so the rest moves up.
const LISTED: usize = 100;

pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/authorise", get(queue))
        .route("/authorise/{id}", get(show))
        .route("/authorise/{id}/approve", post(let_go))
        .route("/authorise/{id}/reject", post(turn_down))
        .route("/authorise/{id}/edit", get(show_edit).post(save_edit))
}

#[derive(Deserialize)]
struct Told {
    done: Option<String>,
}

async fn queue(State(state): State<ApiState>, by: SignedIn, Query(told): Query<Told>) -> Result<Response> {
    let context = PageContext::load(&state, &by, NavItem::AUTHORISE).await?;
    let waiting = by.school.approvals().list(LISTED).await?;
    let ids: Vec<_> = waiting.iter().map(|line| line.message).collect();
    let summaries = by.school.messages().summaries_of(&ids).await?;
    let notice = match told.done.as_deref() {
        Some("sent") => Some("Authorised. It is on its way."),
        Some("rejected") => Some("Rejected. Nothing was sent, and its author is told why."),
        _ => None,
    };
    html(&QueuePage::new(context.frame, &context.local, &waiting, &summaries, notice))
}

async fn show(State(state): State<ApiState>, by: SignedIn, Known(id): Known<MessageId>) -> Result<Response> {
    let context = PageContext::load(&state, &by, NavItem::AUTHORISE).await?;
    let looked = look(&state, &by.school, id).await?;
    one(&state, &by, context, &looked, false, String::new(), Vec::new()).await
}

async fn let_go(
    State(state): State<ApiState>,
    Known(id): Known<MessageId>,
    Posted { by, form }: Posted,
) -> Result<Response> {
    by.may(Action::AuthoriseOthers)?;
    match approve(&state, &by, id, form.text("seen")).await {
        Ok(Ok(())) => Ok(Redirect::to("/authorise?done=sent").into_response()),
        Ok(Err(looked)) => {
            let context = PageContext::load(&state, &by, NavItem::AUTHORISE).await?;
            let page = one(&state, &by, context, &looked, true, String::new(), Vec::new()).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(error) => told(&state, &by, id, error, String::new()).await,
    }
}

async fn turn_down(
    State(state): State<ApiState>,
    Known(id): Known<MessageId>,
    Posted { by, form }: Posted,
) -> Result<Response> {
    by.may(Action::AuthoriseOthers)?;
    match reject(&state, &by, id, form.text("reason")).await {
        Ok(()) => Ok(Redirect::to("/authorise?done=rejected").into_response()),
        Err(error) => told(&state, &by, id, error, form.text("reason").to_owned()).await,
    }
}

/// Things to mend are shown on the page; anything else is an error like any other.
async fn told(
    state: &ApiState,
    by: &SignedIn,
    id: MessageId,
    error: ApiError,
    reason: String,
) -> Result<Response> {
    let ApiError::Invalid { errors, .. } = error else { return Err(error) };
    let field = |field: String| if field == "reason" { field } else { String::new() };
    let problems = errors.into_iter().map(|e| Problem::new(field(e.field), e.message)).collect();
    let context = PageContext::load(state, by, NavItem::AUTHORISE).await?;
    let looked = look(state, &by.school, id).await?;
    let page = one(state, by, context, &looked, false, reason, problems).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

async fn one(
    state: &ApiState,
    by: &SignedIn,
    context: PageContext,
    looked: &Looked,
    changed_now: bool,
    reason: String,
    problems: Vec<Problem>,
) -> Result<Response> {
    let not_yours = may_decide(by, looked).err();
    let book = context.book(state, &by.school).await?;
    let asked = Asked { own: is_own(by, &looked.meta), not_yours, changed_now, reason, problems };
    html(&OnePage::new(context.frame, &context.local, &book, looked, asked))
}

async fn show_edit(
    State(state): State<ApiState>,
    by: SignedIn,
    Known(id): Known<MessageId>,
) -> Result<Response> {
    let context = PageContext::load(&state, &by, NavItem::AUTHORISE).await?;
    let looked = look(&state, &by.school, id).await?;
    if let Err(why) = may_decide(&by, &looked)
        && !matches!(why, domain::approval::NotYours::NoRole)
    {
        return Err(ApiError::Forbidden(why.to_string()));
    }
    html(&EditPage::new(context.frame, &looked.meta, &looked.body.message, Vec::new()))
}

async fn save_edit(
    State(state): State<ApiState>,
    Known(id): Known<MessageId>,
    Posted { by, form }: Posted,
) -> Result<Response> {
    by.may(Action::AuthoriseOthers)?;
    let looked = look(&state, &by.school, id).await?;
    let message = super::edit::read(&form, &looked.body.message);
    let revision = form.text("revision").parse().unwrap_or(0);
    match edit(&state, &by, id, revision, message.clone()).await {
        Ok(()) => Ok(Redirect::to(&format!("/authorise/{id}")).into_response()),
        Err(ApiError::Invalid { errors, .. }) => {
            let field = |field: &str| field.replace('.', "_");
            let problems = errors.into_iter().map(|e| Problem::new(field(&e.field), e.message)).collect();
            let context = PageContext::load(&state, &by, NavItem::AUTHORISE).await?;
            let page = html(&EditPage::new(context.frame, &looked.meta, &message, problems))?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(other) => Err(other),
    }
}
