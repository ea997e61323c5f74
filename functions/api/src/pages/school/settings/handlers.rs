//! The account settings at work.

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use domain::people::Action;
use http::StatusCode;
use serde::Deserialize;

use super::confirm::ConfirmSettingsPage;
use super::{SettingsPage, logo, problems, x};
use crate::auth::{Posted, SignedIn};
use crate::error::{ApiError, Result};
use crate::pages::kit::context::PageContext;
use crate::pages::kit::form::Problem;
use crate::pages::kit::places::NavItem;
use crate::pages::kit::reply::html;
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

#[derive(Deserialize)]
struct Asked {
    done: Option<String>,
}

async fn show(State(state): State<ApiState>, by: SignedIn, Query(asked): Query<Asked>) -> Result<Response> {
    let context = PageContext::load(&state, &by, NavItem::SETTINGS).await?;
    let page = SettingsPage::new(context.frame, &context.settings, state.x().is_some(), None, Vec::new());
    html(&match asked.done.as_deref() {
        Some("saved") => page.noticed("The settings are saved. Messages written from now on follow them."),
        Some("same") => page.noticed("Nothing was different, so nothing was changed."),
        Some("logo") => page.noticed("The logo is saved. Write $schoollogo$ where an e-mail should show it."),
        Some("x") => page.noticed("The account on X is linked. Who holds the role “Post on X” can post now."),
        Some("no-x") => page.noticed("The account on X is unlinked."),
        Some("no-logo") => page.noticed("The logo is removed."),
        _ => page,
    })
}

async fn save(
    State(state): State<ApiState>,
    Path(code): Path<String>,
    Posted { by, form }: Posted,
) -> Result<Response> {
    by.may(Action::ChangeSettings)?;
    let group = group(&code).ok_or(ApiError::NotFound)?;
    let outcome = change(&state, &by, group, &form).await?;
    let done = |word: &str| Ok(Redirect::to(&format!("/settings?done={word}")).into_response());
    let context = PageContext::load(&state, &by, NavItem::SETTINGS).await?;
    match outcome {
        Outcome::Saved => done("saved"),
        Outcome::Same => done("same"),
        Outcome::Confirm { differences, token } => {
            html(&ConfirmSettingsPage::new(context.frame, group, &form, differences, token))
        }
        Outcome::Wrong(errors) => {
            let page = SettingsPage::new(
                context.frame,
                &context.settings,
                state.x().is_some(),
                Some((group, &form)),
                problems(errors),
            );
            Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)?).into_response())
        }
        Outcome::Stale => {
            let words = "Somebody else changed these settings while you did. They are shown as they are now: look at \
                         them, then repeat your change.";
            let page = SettingsPage::new(
                context.frame,
                &context.settings,
                state.x().is_some(),
                None,
                vec![Problem::new("", words)],
            );
            Ok((StatusCode::CONFLICT, html(&page)?).into_response())
        }
    }
}
