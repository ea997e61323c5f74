//! Changing one's password.

use axum::extract::State;
use axum::response::Response;
use domain::audit::Act;
use domain::notice::Notice;
use domain::people::Action;
use http::HeaderMap;

use super::{Tried, again, done};
use crate::auth::standards::{Chosen, choose};
use crate::auth::{Posted, SignedIn, WINDOW_S, allow, begin};
use crate::error::Result;
use crate::pages::kit::form::Problem;
use crate::pages::sign_in::{go, typed};
use crate::services::jobs;
use crate::state::ApiState;

/// Tries at one's own password in a quarter of an hour: a browser that was left open must not help to guess it.
const TRIES: u32 = 10;

pub(super) async fn change(
    State(state): State<ApiState>,
    headers: HeaderMap,
    Posted { by, form }: Posted,
) -> Result<Response> {
    by.may(Action::ChangeOwnPreferences)?;
    if !is_theirs(&state, &by, form.get("current")).await? {
        let problems = vec![Problem::new("current", "This is not your present password.")];
        return again(&state, &by, Tried { problems, ..Tried::default() }).await;
    }
    let after = match choose(&state, &by.person, typed(&form)).await? {
        Chosen::Fits(after) => after,
        Chosen::Refused(refused) => {
            let problems = refused.into_iter().map(|(field, words)| Problem::new(field, words)).collect();
            return again(&state, &by, Tried { problems, ..Tried::default() }).await;
        }
        Chosen::Unsafe(warnings) => return again(&state, &by, Tried { warnings, ..Tried::default() }).await,
    };
    let event = by.audit_event(Act::PasswordChanged, by.user.to_string(), Vec::new());
    by.school.members().change_user(&by.person, &after, None, &event, state.now_ms()).await?;
    jobs::notify(&state, by.school.id(), Notice::PasswordChanged { user: by.user }).await?;
    // Every session ended with the old password, this one too: it goes on under a new token.
    let cookie = begin(&state, &headers, &after, &by.membership, None, by.session.since_ms()).await?;
    Ok(go(cookie, &done::PASSWORD.address(done::PAGE)))
}

/// Whether this is the password of who is signed in. Wrong ones are counted.
pub(super) async fn is_theirs(state: &ApiState, by: &SignedIn, password: Option<&str>) -> Result<bool> {
    let Some(password) = password.filter(|password| !password.is_empty()) else { return Ok(false) };
    let counted = format!("own password {}", by.user);
    allow(state, &counted, TRIES).await?;
    let hash = Some(&*by.person.password_hash).filter(|hash| !hash.is_empty());
    let fits = state.passwords().is_right(password, hash).await?;
    if fits {
        state.store().forget_hits(&counted, WINDOW_S, state.now_ms()).await?;
    }
    Ok(fits)
}
