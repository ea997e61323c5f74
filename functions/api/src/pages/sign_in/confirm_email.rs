//! Confirming an e-mail address by a link that was mailed to it.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::audit::{Act, AuditEvent, Who};
use http::StatusCode;
use store::{OneTime, OneTimeKind, StoreError, User};

use super::{SaidPage, stale_link};
use crate::address::ClientAddress;
use crate::auth::FormPost;
use crate::error::Result;
use crate::pages::kit::reply::html;
use crate::state::ApiState;

pub(super) fn routes() -> Router<ApiState> {
    Router::new().route("/confirm-email/{token}", get(show).post(confirm))
}

/// Asks once more: programs that look at links in mail must not confirm anything.
#[derive(Template)]
#[template(path = "sign_in_confirm_email.html")]
pub(crate) struct ConfirmEmailPage {
    token: String,
    email: String,
}

fn stale() -> Result<Response> {
    let words = "It was used already, is too old, or a newer one was sent. You find a button to send another in your \
                 preferences.";
    Ok((StatusCode::GONE, stale_link(words, "/preferences", "Go to your preferences")?).into_response())
}

/// The token and its user, if it works and was mailed to the address that they have now.
async fn found(state: &ApiState, token: &str) -> Result<Option<(OneTime, User)>> {
    Ok(state.store().one_time(token, OneTimeKind::Email, state.now_ms()).await?)
}

async fn show(State(state): State<ApiState>, Path(token): Path<String>) -> Result<Response> {
    match found(&state, &token).await? {
        Some((_, user)) => html(&ConfirmEmailPage { token, email: user.email.as_str().to_owned() }),
        None => stale(),
    }
}

async fn confirm(
    State(state): State<ApiState>,
    address: ClientAddress,
    Path(token): Path<String>,
    _: FormPost,
) -> Result<Response> {
    let Some((spent, user)) = found(&state, &token).await? else { return stale() };
    let mut after = user.clone();
    after.account.email_confirmed = true;
    let event = AuditEvent {
        who: Who::User(user.id.to_string()),
        from: address.as_str().to_owned(),
        act: Act::EmailConfirmed,
        on: user.id.to_string(),
        changes: Vec::new(),
    };
    let school = state.store().school(spent.access());
    match school.members().change_user(&user, &after, Some(&spent), &event, state.now_ms()).await {
        Ok(()) => html(&SaidPage {
            title: "Your e-mail address is confirmed",
            words: "Messenger can now send codes to it, such as the PIN for a large message.",
            more: "",
            href: "/",
            action: "Go to Messenger",
        }),
        Err(StoreError::Conflict) => stale(),
        Err(e) => Err(e.into()),
    }
}

#[cfg(test)]
impl ConfirmEmailPage {
    pub(crate) fn sample() -> Self {
        Self { token: "sample".to_owned(), email: "morgan.ellis@greenabbey.example".to_owned() }
    }
}
