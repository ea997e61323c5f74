//! Dropping what staff changed in an imported contact.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use domain::people::Action;

use super::stored::{put, seen};
use crate::auth::Posted;
use crate::error::Result;
use crate::pages::kit::links::contact_path;
use crate::state::ApiState;

/// Takes one change back: the source's value counts again.
pub(super) async fn drop_one(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Posted { by, form }: Posted,
) -> Result<Response> {
    by.may(Action::EditContact)?;
    let (_, stored) = seen(&state, &by, &id).await?;
    let mut changed = stored.contact.clone();
    if !changed.overrides.drop_field(form.text("field")) {
        // Somebody else was first, or it was pressed twice.
        return Ok(Redirect::to(&format!("/contacts/{}", contact_path(&stored.contact.id))).into_response());
    }
    put(&state, &by, &stored.contact, &changed, stored.rev).await
}
