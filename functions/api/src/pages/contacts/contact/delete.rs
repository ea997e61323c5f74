//! Deleting a contact, once it is certain that it is meant.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use domain::audit::Act;
use domain::people::Action;

use super::stored::seen;
use super::view::ask;
use crate::auth::Posted;
use crate::error::Result;
use crate::pages::kit::ask::AskPage;
use crate::pages::kit::links::contact_path;
use crate::pages::kit::reply::html;
use crate::state::ApiState;

pub(super) async fn delete(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Posted { by, form }: Posted,
) -> Result<Response> {
    by.may(Action::EditContact)?;
    let (context, stored) = seen(&state, &by, &id).await?;
    if form.text("sure") == "yes" {
        let event = by.audit_event(Act::ContactsDeleted, "", Vec::new());
        by.school.contacts().delete(&[stored.contact.id], &event, state.now_ms()).await?;
        return Ok(Redirect::to("/contacts?done=deleted&n=1").into_response());
    }
    let back = format!("/contacts/{}", contact_path(&stored.contact.id));
    html(&AskPage::of(context.frame, ask(&stored.contact), back))
}
