//! The browsers that are signed in.

use axum::extract::State;
use axum::response::Response;
use domain::audit::Act;
use domain::people::Action;
use http::HeaderMap;

use super::done;
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
        let event = by.audit_event(Act::SessionsEnded, by.user.to_string(), Vec::new());
        let mut after = by.person.clone();
        after.account.epoch = after.account.epoch.wrapping_add(1);
        by.school.members().change_user(&by.person, &after, None, &event, state.now_ms()).await?;
        let cookie = begin(&state, &headers, &after, &by.membership, None, by.session.since_ms()).await?;
        return Ok(go(cookie, &done::EVERYWHERE.address(done::PAGE)));
    }
    if state.store().end_session_of(by.user, form.text("session")).await? {
        let event = by.audit_event(Act::SessionEnded, by.user.to_string(), Vec::new());
        by.school.audit().record(&event, state.now_ms()).await?;
    }
    Ok(done::SESSION.at(done::PAGE))
}
