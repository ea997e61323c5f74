//! The browsers that are signed in.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use domain::audit::Act;
use domain::people::Action;
use http::HeaderMap;

use crate::auth::{Posted, begin};
use crate::error::Result;
use crate::pages::sign_in::go;
use crate::state::ApiState;

/// Ends one, or with `all` every other: this one goes on under a new token.
pub(super) async fn end(
    State(state): State<ApiState>,
    headers: HeaderMap,
    Posted { by, form }: Posted,
) -> Result<Response> {
    by.may(Action::ChangeOwnPreferences)?;
    if form.has("all") {
        let deed = by.deed(Act::SessionsEnded, by.user.to_string(), Vec::new());
        let mut after = by.person.clone();
        after.account.epoch = after.account.epoch.wrapping_add(1);
        by.school.members().change_user(&by.person, &after, None, &deed, state.now_ms()).await?;
        let cookie = begin(&state, &headers, &after, &by.membership, None, by.session.since_ms()).await?;
        return Ok(go(cookie, "/preferences?done=everywhere"));
    }
    if state.store().end_session_of(by.user, form.text("session")).await? {
        let deed = by.deed(Act::SessionEnded, by.user.to_string(), Vec::new());
        by.school.audit().record(&deed, state.now_ms()).await?;
    }
    Ok(Redirect::to("/preferences?done=session").into_response())
}
