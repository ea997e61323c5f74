//! The school's MIS: which one, at which address, with which credentials, when it is read; and whether it answers.

mod file;
mod view;

use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use domain::people::Action;
use http::StatusCode;
use serde::Deserialize;

#[cfg(test)]
pub(crate) use file::{FilePage, FilePart};
use view::{FilesView, TrialView};
pub(crate) use view::{MisPage, TrialPart};

use crate::auth::{Posted, SignedIn};
use crate::error::{ApiError, Result};
use crate::forms::FormFields;
use crate::pages::kit::context::PageContext;
use crate::pages::kit::done::{self, Done};
use crate::pages::kit::form::{Problem, problems};
use crate::pages::kit::places::NavItem;
use crate::pages::kit::reply::{html, invalid};
use crate::services::mis::files::file_kind;
use crate::services::mis::{Outcome, save, test};
use crate::state::ApiState;

/// Former files that are listed.
const FILES_LISTED: i32 = 6;

pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/settings/mis", get(show).post(put))
        .route("/settings/mis/live", get(live))
        .route("/settings/mis/test", post(try_it))
        .merge(file::routes())
}

const SAVED: Done = Done::new("saved", "The MIS settings are saved. They count from the next run on.");
const HAND_IN: Done = Done::new(
    "hand-in",
    "The MIS settings are saved. Hand in a file below: it is looked at first, and nothing is changed by that.",
);
const SAME: Done = Done::new("same", "Nothing was different, so nothing was changed.");

#[derive(Deserialize)]
struct Asked {
    kind: Option<String>,
    done: Option<String>,
}

async fn show(State(state): State<ApiState>, by: SignedIn, Query(asked): Query<Asked>) -> Result<Response> {
    let mut page = page(&state, &by, asked.kind.as_deref(), None, Vec::new()).await?;
    page.notice = done::words(asked.done.as_deref(), &[SAVED, HAND_IN, SAME]);
    html(&page)
}

/// The page for one kind: the one that is asked for, or the school's own.
async fn page(
    state: &ApiState,
    by: &SignedIn,
    kind: Option<&str>,
    form: Option<&FormFields>,
    problems: Vec<Problem>,
) -> Result<MisPage> {
    let context = PageContext::load(state, by, NavItem::SETTINGS).await?;
    let trial =
        TrialView::new(by.school.sync().trial().get(state.now_ms()).await?, &context.local, state.now_ms());
    let files = match file_kind(&context.settings) {
        Ok(_) => {
            let latest = by.school.sync().files().list(FILES_LISTED, state.now_ms()).await?;
            Some(FilesView::new(&latest, &context, state.now_ms()))
        }
        Err(_) => None,
    };
    let page =
        MisPage::new(context.frame, &context.settings.mis, &context.local, trial, kind, form, problems);
    Ok(page.with_files(files))
}

async fn put(State(state): State<ApiState>, Posted { by, form }: Posted) -> Result<Response> {
    by.may(Action::ChangeSettings)?;
    let done = |done: Done| Ok(done.at("/settings/mis"));
    let (status, form, problems) = match save(&state, &by, &form).await? {
        Outcome::Saved if file_kind(&by.school.settings().get().await?).is_ok() => return done(HAND_IN),
        Outcome::Saved => return done(SAVED),
        Outcome::Same => return done(SAME),
        Outcome::Wrong(errors) => (StatusCode::UNPROCESSABLE_ENTITY, Some(form), problems(errors)),
        Outcome::Stale => {
            let words = "Somebody else changed the MIS settings while you did. They are shown as they are now: look at \
                         them, then repeat your change.";
            (StatusCode::CONFLICT, None, vec![Problem::new("", words)])
        }
    };
    let kind = form.as_ref().map(|form| form.text("kind").to_owned());
    let page = page(&state, &by, kind.as_deref(), form.as_ref(), problems).await?;
    Ok((status, html(&page)?).into_response())
}

async fn live(State(state): State<ApiState>, by: SignedIn) -> Result<Response> {
    let context = PageContext::load(&state, &by, NavItem::SETTINGS).await?;
    let trial =
        TrialView::new(by.school.sync().trial().get(state.now_ms()).await?, &context.local, state.now_ms());
    html(&TrialPart { trial })
}

async fn try_it(State(state): State<ApiState>, Posted { by, .. }: Posted) -> Result<Response> {
    by.may(Action::ChangeSettings)?;
    match test(&state, &by).await {
        Ok(()) => Ok(Redirect::to("/settings/mis#trial").into_response()),
        Err(ApiError::Invalid { errors, .. }) => {
            let problems = errors.into_iter().map(|e| Problem::new("", e.message)).collect();
            let page = page(&state, &by, None, None, problems).await?;
            invalid(&page)
        }
        Err(error) => Err(error),
    }
}
