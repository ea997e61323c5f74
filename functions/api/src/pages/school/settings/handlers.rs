//! The account settings at work.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use domain::people::Action;
use http::StatusCode;

use super::confirm::ConfirmSettingsPage;
use super::{SettingsPage, done, logo, x};
use crate::auth::{Posted, SignedIn};
use crate::error::{ApiError, Result};
use crate::pages::kit::context::PageContext;
use crate::pages::kit::done::AskedDone;
use crate::pages::kit::form::{Problem, problems};
use crate::pages::kit::places::NavItem;
use crate::pages::kit::reply::{html, invalid};
use crate::services::settings::{Outcome, change, group};
use crate::state::ApiState;

pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/settings", get(show))
        .route("/settings/{group}", post(save))
        .merge(super::mis::routes())
        .route("/settings/logo", post(logo::put))
        .route("/settings/logo/remove", post(logo::remove))
        .route("/settings/x/link", post(x::link))
        .route("/settings/x/back", get(x::back))
        .route("/settings/x/unlink", post(x::unlink))
        .route("/logo/{file}", get(logo::serve))
}

async fn show(
    State(state): State<ApiState>,
    by: SignedIn,
    Query(asked): Query<AskedDone>,
) -> Result<Response> {
    let context = PageContext::load(&state, &by, NavItem::SETTINGS).await?;
    let page = SettingsPage::new(context.frame, &context.settings, state.x().is_some(), None, Vec::new());
    html(&SettingsPage { notice: asked.words(&done::DONE), ..page })
}

async fn save(
    State(state): State<ApiState>,
    Path(code): Path<String>,
    Posted { by, form }: Posted,
) -> Result<Response> {
    by.may(Action::ChangeSettings)?;
    let group = group(&code).ok_or(ApiError::NotFound)?;
    let outcome = change(&state, &by, group, &form).await?;
    let context = PageContext::load(&state, &by, NavItem::SETTINGS).await?;
    let has_x = state.x().is_some();
    match outcome {
        Outcome::Saved => Ok(done::SAVED.at("/settings")),
        Outcome::Same => Ok(done::SAME.at("/settings")),
        Outcome::Confirm { differences, token } => {
            html(&ConfirmSettingsPage::new(context.frame, group, &form, differences, token))
        }
        Outcome::Wrong(errors) => {
            let typed = Some((group, &form));
            invalid(&SettingsPage::new(context.frame, &context.settings, has_x, typed, problems(errors)))
        }
        Outcome::Stale => {
            let words = "Somebody else changed these settings while you did. They are shown as they are now: look at \
                         them, then repeat your change.";
            let problems = vec![Problem::new("", words)];
            let page = SettingsPage::new(context.frame, &context.settings, has_x, None, problems);
            Ok((StatusCode::CONFLICT, html(&page)?).into_response())
        }
    }
}
