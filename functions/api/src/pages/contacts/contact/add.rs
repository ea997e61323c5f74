//! Adding a contact by hand.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use domain::audit::Act;
use domain::contact::{Field, Rules, Source};
use domain::people::Action;
use store::StoreError;

use super::stored::kept_in_sight;
use super::typed::Typed;
use super::view::ContactPage;
use crate::auth::{Posted, SignedIn};
use crate::error::Result;
use crate::pages::kit::context::PageContext;
use crate::pages::kit::form::Problem;
use crate::pages::kit::places::NavItem;
use crate::pages::kit::reply::{html, invalid};
use crate::services::contacts::logged;
use crate::state::ApiState;

const TAKEN: &str = "Another contact has this id. Choose another, or leave it blank.";

pub(super) async fn show(State(state): State<ApiState>, by: SignedIn) -> Result<Response> {
    by.may(Action::AddContact)?;
    let context = PageContext::load(&state, &by, NavItem::CONTACTS).await?;
    html(&ContactPage::to_add(context.frame, &Typed::default(), Vec::new()))
}

pub(super) async fn add(State(state): State<ApiState>, Posted { by, form }: Posted) -> Result<Response> {
    by.may(Action::AddContact)?;
    let context = PageContext::load(&state, &by, NavItem::CONTACTS).await?;
    let typed = Typed::read(&form);
    let named = if typed.get(Field::Id).is_empty() {
        typed.clone().with(Field::Id, format!("H-{}", state.ids().ulid(state.now_ms())))
    } else {
        typed.clone()
    };
    let rules = Rules { country: context.settings.country, mode: state.numbers() };
    let read = named.contact(Source::Hand, rules, |_| true);
    let problems = match read.and_then(|contact| kept_in_sight(&by, None, contact)) {
        Ok(contact) => {
            let given = logged(&state, &by.school, None, &contact);
            let event = by.audit_event(Act::ContactAdded, contact.id.as_str(), given);
            match by.school.contacts().add(&contact, &event, state.now_ms()).await {
                Ok(()) => return Ok(Redirect::to("/contacts?done=added").into_response()),
                Err(StoreError::Conflict) => vec![Problem::new("id", TAKEN)],
                Err(other) => return Err(other.into()),
            }
        }
        Err(problems) => problems,
    };
    let page = ContactPage::to_add(context.frame, &typed, problems);
    invalid(&page)
}
