//! Setting a password: by a link that was mailed, or because the old one has expired.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use domain::audit::{Act, AuditEvent, Who};
use domain::notice::Notice;
use http::{HeaderMap, StatusCode};
use store::{OneTime, OneTimeKind, Owes, User};

use super::{go, stale_link};
use crate::address::ClientAddress;
use crate::auth::standards::{self, Chosen, Typed};
use crate::auth::{Arriving, FormPost, PostedArriving, begin, unlock};
use crate::error::Result;
use crate::forms::FormFields;
use crate::pages::kit::form::Problem;
use crate::pages::kit::reply::{html, invalid};
use crate::services::jobs;
use crate::state::ApiState;

pub(super) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/password/{token}", get(show_link).post(set_by_link))
        .route("/change-password", get(show_expired).post(set_expired))
}

pub(super) const STALE: &str = "It was used already, is too old, a newer one was sent to you, or your password or \
                                e-mail address has changed since.";

#[derive(Template)]
#[template(path = "sign_in_password.html")]
pub(crate) struct PasswordPage {
    title: &'static str,
    words: &'static str,
    action: String,
    /// For password managers.
    username: String,
    hint: String,
    problems: Vec<Problem>,
    /// Why it is unsafe: taken if they post it again.
    warnings: Vec<String>,
    /// Of the session; empty where there is none yet.
    csrf: String,
}

fn stale() -> Result<Response> {
    let page = stale_link(STALE, "/forgotten", "Ask for a new link")?;
    Ok((StatusCode::GONE, page).into_response())
}

/// The token and its user, if it works.
async fn found(state: &ApiState, token: &str) -> Result<Option<(OneTime, User)>> {
    Ok(state.store().one_time(token, OneTimeKind::Password, state.now_ms()).await?)
}

async fn by_link(state: &ApiState, token: &str, user: &User) -> Result<PasswordPage> {
    Ok(PasswordPage {
        title: "Choose a password",
        words: "For your username",
        action: format!("/password/{token}"),
        username: user.username.clone(),
        hint: standards::security_of(state, user).await?.strength.hint(),
        problems: Vec::new(),
        warnings: Vec::new(),
        csrf: String::new(),
    })
}

/// Looking uses nothing up: programs that look at links in mail do that before people do.
async fn show_link(State(state): State<ApiState>, Path(token): Path<String>) -> Result<Response> {
    match found(&state, &token).await? {
        Some((_, user)) => html(&by_link(&state, &token, &user).await?),
        None => stale(),
    }
}

async fn set_by_link(
    State(state): State<ApiState>,
    address: ClientAddress,
    Path(token): Path<String>,
    FormPost(form): FormPost,
) -> Result<Response> {
    let Some((spent, user)) = found(&state, &token).await? else { return stale() };
    let after = match standards::choose(&state, &user, typed(&form)).await? {
        Chosen::Fits(after) => after,
        refused => return told(by_link(&state, &token, &user).await?, refused),
    };
    let mut after = *after;
    // Whoever holds the link has read the mail.
    after.account.email_confirmed |= spent.was_mailed_to(&user.email);
    let event = AuditEvent {
        who: Who::User(user.id.to_string()),
        from: address.as_str().to_owned(),
        act: Act::PasswordChanged,
        on: user.id.to_string(),
        changes: Vec::new(),
    };
    let school = state.store().school(spent.access());
    match school.members().change_user(&user, &after, Some(&spent), &event, state.now_ms()).await {
        Ok(()) => {}
        Err(store::StoreError::Conflict) => return stale(),
        Err(e) => return Err(e.into()),
    }
    unlock(&state, &user).await?;
    if !user.password_hash.is_empty() {
        jobs::notify(&state, school.id(), Notice::PasswordChanged { user: user.id }).await?;
    }
    Ok(Redirect::to("/sign-in?set=1").into_response())
}

fn expired(by: &crate::auth::SignedIn, hint: String) -> PasswordPage {
    PasswordPage {
        title: "Your password has expired",
        words: "Your school asks for a new one from time to time. Choose it for your username",
        action: "/change-password".to_owned(),
        username: by.person.username.clone(),
        hint,
        problems: Vec::new(),
        warnings: Vec::new(),
        csrf: by.csrf.clone(),
    }
}

async fn show_expired(State(state): State<ApiState>, Arriving(by): Arriving) -> Result<Response> {
    if by.owes != Some(Owes::Password) {
        return Ok(Redirect::to("/preferences").into_response());
    }
    let hint = standards::security_of(&state, &by.person).await?.strength.hint();
    html(&expired(&by, hint))
}

async fn set_expired(
    State(state): State<ApiState>,
    headers: HeaderMap,
    PostedArriving { by, form }: PostedArriving,
) -> Result<Response> {
    if by.owes != Some(Owes::Password) {
        return Ok(Redirect::to("/preferences").into_response());
    }
    let after = match standards::choose(&state, &by.person, typed(&form)).await? {
        Chosen::Fits(after) => after,
        refused => {
            let hint = standards::security_of(&state, &by.person).await?.strength.hint();
            return told(expired(&by, hint), refused);
        }
    };
    let event = by.audit_event(Act::PasswordChanged, by.user.to_string(), Vec::new());
    by.school.members().change_user(&by.person, &after, None, &event, state.now_ms()).await?;
    jobs::notify(&state, by.school.id(), Notice::PasswordChanged { user: by.user }).await?;
    let cookie = begin(&state, &headers, &after, &by.membership, None, by.session.since_ms()).await?;
    Ok(go(cookie, "/"))
}

/// A password as the form has it.
pub(crate) fn typed(form: &FormFields) -> Typed<'_> {
    Typed {
        password: form.get("password").unwrap_or_default(),
        again: form.get("again").unwrap_or_default(),
        sure: form.text("sure") == "yes",
    }
}

fn told(page: PasswordPage, chosen: Chosen) -> Result<Response> {
    let (problems, warnings) = match chosen {
        Chosen::Refused(refused) => {
            (refused.into_iter().map(|(f, w)| Problem::new(f, w)).collect(), Vec::new())
        }
        Chosen::Unsafe(warnings) => (Vec::new(), warnings),
        Chosen::Fits(_) => (Vec::new(), Vec::new()),
    };
    let page = PasswordPage { problems, warnings, ..page };
    invalid(&page)
}

#[cfg(test)]
impl PasswordPage {
    pub(crate) fn sample() -> Self {
        Self {
            title: "Choose a password",
            words: "For your username",
            action: "/password/sample".to_owned(),
            username: "5976.morgan.ellis".to_owned(),
            hint: domain::security::Strength::Strong.hint(),
            problems: vec![Problem::new(
                "password",
                "Make it longer: it has 6 characters and needs at least 12.",
            )],
            warnings: Vec::new(),
            csrf: "sample".to_owned(),
        }
    }

    pub(crate) fn sample_unsafe() -> Self {
        let warnings = vec!["This is one of the first passwords that attackers try.".to_owned()];
        Self { problems: Vec::new(), warnings, ..Self::sample() }
    }
}
