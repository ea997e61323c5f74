//! A contact as it is stored: found for whoever may see it, and written.

use axum::response::{IntoResponse, Redirect, Response};
use domain::audit::Act;
use domain::contact::Contact;
use domain::ids::ContactId;
use store::{StoreError, StoredContact};

use crate::auth::SignedIn;
use crate::error::{ApiError, Result};
use crate::pages::kit::context::PageContext;
use crate::pages::kit::form::Problem;
use crate::pages::kit::links::contact_path;
use crate::pages::kit::places::NavItem;
use crate::pages::kit::words;
use crate::services::contacts::logged;
use crate::state::ApiState;

/// A contact whom the user may see, for one of its pages. 404 for anybody else.
pub(super) async fn seen(state: &ApiState, by: &SignedIn, id: &str) -> Result<(PageContext, StoredContact)> {
    let context = PageContext::load(state, by, NavItem::CONTACTS).await?;
    let id = ContactId::parse(id).map_err(|_| ApiError::NotFound)?;
    let stored = by.school.contacts().get(&id).await?.ok_or(ApiError::NotFound)?;
    let named = context.limit.names_a_group_of(&stored.contact);
    // Or by a pupil of theirs who is in one.
    if named || context.book(state, &by.school).await?.get(&id).is_some() {
        Ok((context, stored))
    } else {
        Err(ApiError::NotFound)
    }
}

/// The contact, if it will still be seen by whoever wrote it.
pub(super) fn kept_in_sight(
    by: &SignedIn,
    before: Option<&Contact>,
    contact: Contact,
) -> std::result::Result<Contact, Vec<Problem>> {
    let limit = by.limit();
    if limit.names_a_group_of(&contact) || before.is_some_and(|before| !limit.names_a_group_of(before)) {
        return Ok(contact);
    }
    let groups = words::list(by.membership.groups());
    Err(vec![Problem::new(
        "groups",
        format!("You are linked to {groups}: name at least one of these groups."),
    )])
}

/// Writes a contact that was read at `rev` as it was `before`.
pub(super) async fn put(
    state: &ApiState,
    by: &SignedIn,
    before: &Contact,
    contact: &Contact,
    rev: u64,
) -> Result<Response> {
    let saved =
        || Redirect::to(&format!("/contacts/{}?done=saved", contact_path(&contact.id))).into_response();
    if before == contact {
        return Ok(saved());
    }
    let (was, is) = (before.clone().as_changed(), contact.clone().as_changed());
    let changes = logged(state, &by.school, Some(&was), &is);
    let event = by.audit_event(Act::ContactChanged, contact.id.as_str(), changes);
    match by.school.contacts().put(contact, rev, &event, state.now_ms()).await {
        Ok(_) => Ok(saved()),
        Err(StoreError::Conflict) => {
            let words = "Somebody else changed this contact while you did. Load the page again and repeat your change.";
            Err(ApiError::Conflict(words.to_owned()))
        }
        Err(other) => Err(other.into()),
    }
}
