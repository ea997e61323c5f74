//! The page of a message at work: its news, stopping it, sending again.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use domain::audit::Act;
use domain::delivery::DeliveryState;
use domain::ids::MessageId;
use domain::message::MessageState;
use domain::people::Action;
use serde::Deserialize;
use store::{Author, Body, School};

use super::{Live, LivePart, MessagePage, resend_ask, stop_or_withdraw, unsynced_ask};
use crate::auth::{Posted, SignedIn};
use crate::error::{ApiError, Result};
use crate::known::Known;
use crate::pages::kit::ask::{Ask, AskPage};
use crate::pages::kit::context::PageContext;
use crate::pages::kit::done::{self, Done};
use crate::pages::kit::preview::Shown;
use crate::pages::kit::reply::html;
use crate::pages::kit::words;
use crate::services::control::{self, MayResend};
use crate::services::deliveries::{DeliveryLine, deliveries_in};
use crate::services::status::{Status, status};
use crate::state::ApiState;

pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/messages/{id}", get(show))
        .route("/messages/{id}/live", get(live))
        .route("/messages/{id}/stop", post(stop))
        .route("/messages/{id}/resend", post(resend))
        .route("/messages/{id}/send-unsynced", post(send_unsynced))
}

#[derive(Deserialize)]
pub(super) struct Asked {
    pub(super) done: Option<String>,
    pub(super) n: Option<u64>,
}

/// A message as this person may see it.
struct Looked {
    context: PageContext,
    status: Arc<Status>,
    body: Body,
    live: Live,
}

async fn look(state: &ApiState, by: &SignedIn, id: MessageId) -> Result<Looked> {
    let context = PageContext::of_message(state, by, id).await?;
    let status = status(state, &by.school, id).await?;
    let body = by.school.messages().body(id).await?;
    let mut failing = failing(&by.school, id, &status).await?;
    let book = context.book(state, &by.school).await?;
    context.keep_seen(&mut failing, &book);
    let live = Live::new(&status, &body.message, &failing, &book, &context.local);
    let live = offered(by, &status.author, live);
    Ok(Looked { context, status, body, live })
}

async fn show(
    State(state): State<ApiState>,
    by: SignedIn,
    Known(id): Known<MessageId>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let Looked { context, status, body, live } = look(&state, &by, id).await?;
    let mut page =
        MessagePage::new(context.frame, &status, &body.message, &body.settings, &context.local, live);
    if let Some(first) = by.school.approvals().first_body(&status.edits, id).await? {
        page.first = Shown::composed(&first.message, &first.settings);
    }
    // The address keeps what it was opened with: once somebody has decided, that is no news.
    let waits = status.state == MessageState::AwaitingAuthorisation;
    page.notice = notice(&asked).filter(|_| waits == (asked.done.as_deref() == Some("waits")));
    html(&page)
}

async fn live(State(state): State<ApiState>, by: SignedIn, Known(id): Known<MessageId>) -> Result<Response> {
    let Looked { context, body, live, .. } = look(&state, &by, id).await?;
    let headline = words::readable(&body.message.contents.headline());
    html(&LivePart { frame: context.frame, id: id.to_string(), headline, live })
}

async fn failing(school: &School, id: MessageId, status: &Status) -> Result<Vec<DeliveryLine>> {
    if status.count(DeliveryState::can_resend) == 0 {
        return Ok(Vec::new());
    }
    Ok(deliveries_in(school, id, None, DeliveryState::can_resend).await?.lines)
}

/// What was just done; those of *Send* are said here too.
const DONE: [Done; 4] = [
    Done::new("sent", "Accepted. You may leave this page: it goes on by itself."),
    Done::new(
        "waits",
        "Submitted. A colleague who may authorise messages checks it before it goes. You may leave this page.",
    ),
    STOPPED,
    OVER,
];
const STOPPED: Done = Done::new("stopped", "Stopped. What a provider had already taken may still arrive.");
const OVER: Done = Done::new("over", "It was over before it could be stopped.");

pub(super) fn notice(asked: &Asked) -> Option<String> {
    match (asked.done.as_deref(), asked.n.unwrap_or(0)) {
        (Some("resent"), 0) => Some("There was nothing left to send again.".to_owned()),
        (Some("resent"), n) => {
            Some(format!("{} sent again.", words::count(n, "delivery is being", "deliveries are being")))
        }
        (done, _) => done::words(done, &DONE),
    }
}

async fn stop(
    State(state): State<ApiState>,
    Known(id): Known<MessageId>,
    Posted { by, form }: Posted,
) -> Result<Response> {
    may_stop(&by, &author(&by, id).await?)?;
    if form.text("sure") != "yes" {
        let state_now = by.school.messages().meta(id).await?.ok_or(ApiError::NotFound)?.state;
        return ask_page(&state, &by, id, stop_or_withdraw(id, state_now)).await;
    }
    let event = by.audit_event(Act::MessageStopped, id.to_string(), Vec::new());
    let done = match control::stop(&state, &by.school, id, &event).await? {
        MessageState::Stopped => STOPPED,
        _ => OVER,
    };
    Ok(done.at(&format!("/messages/{id}")))
}

/// Whoever wrote it may stop it, and whoever may authorise.
fn may_stop(by: &SignedIn, author: &Author) -> Result<()> {
    by.may(if is_theirs(by, author) { Action::Compose } else { Action::ControlSending })
}

/// Whoever may authorise; somebody who is linked to groups only what they wrote themselves.
fn may_resend(by: &SignedIn, author: &Author) -> Result<()> {
    let own = !by.limit().is_none() && is_theirs(by, author);
    by.may(if own { Action::SendOwn } else { Action::ControlSending })
}

fn is_theirs(by: &SignedIn, author: &Author) -> bool {
    author.id == by.user.to_string()
}

async fn author(by: &SignedIn, id: MessageId) -> Result<Author> {
    Ok(by.school.messages().meta(id).await?.ok_or(ApiError::NotFound)?.author)
}

/// What moves, with the buttons that this person may press.
fn offered(by: &SignedIn, author: &Author, mut live: Live) -> Live {
    if may_stop(by, author).is_err() {
        live.stop = None;
    }
    if may_resend(by, author).is_err() {
        (live.resend, live.unsynced) = (None, None);
    }
    live
}

async fn resend(
    State(state): State<ApiState>,
    Known(id): Known<MessageId>,
    Posted { by, form }: Posted,
) -> Result<Response> {
    may_resend(&by, &author(&by, id).await?)?;
    if form.text("sure") != "yes" {
        let waiting = status(&state, &by.school, id).await?.can_resend();
        return ask_page(&state, &by, id, resend_ask(id, waiting)).await;
    }
    let event = by.audit_event(Act::MessageResent, id.to_string(), Vec::new());
    let may = MayResend { posts: by.rights().may(Action::Tweet), cap: None };
    let resent = control::resend(&state, &by.school, id, may, &event).await?;
    Ok(Redirect::to(&format!("/messages/{id}?done=resent&n={}", resent.count)).into_response())
}

async fn send_unsynced(
    State(state): State<ApiState>,
    Known(id): Known<MessageId>,
    Posted { by, form }: Posted,
) -> Result<Response> {
    may_resend(&by, &author(&by, id).await?)?;
    if form.text("sure") != "yes" {
        return ask_page(&state, &by, id, unsynced_ask(id)).await;
    }
    let event = by.audit_event(Act::SentUnsynced, id.to_string(), Vec::new());
    control::waive_sync(&state, &by.school, id, &event).await?;
    Ok(Redirect::to(&format!("/messages/{id}?done=sent")).into_response())
}

async fn ask_page(state: &ApiState, by: &SignedIn, id: MessageId, ask: Ask) -> Result<Response> {
    let context = PageContext::of_message(state, by, id).await?;
    html(&AskPage::of(context.frame, ask, format!("/messages/{id}")))
}
