//! Saving the form of a contact.

use axum::extract::{Path, State};
use axum::response::Response;
use domain::contact::{Contact, Field, Kind, Overrides, Rules, Source};
use domain::people::Action;
use store::StoredContact;

use super::stored::{kept_in_sight, put, seen};
use super::typed::Typed;
use super::view::{ContactPage, WHY_GREY};
use crate::auth::{Posted, SignedIn};
use crate::error::{ApiError, Result};
use crate::forms::FormFields;
use crate::pages::kit::context::PageContext;
use crate::pages::kit::form::Problem;
use crate::pages::kit::reply::invalid;
use crate::state::ApiState;

pub(super) async fn save(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Posted { by, form }: Posted,
) -> Result<Response> {
    by.may(Action::EditContact)?;
    let (context, stored) = seen(&state, &by, &id).await?;
    if stored.contact.source.is_imported() {
        if context.settings.edit_imported {
            return save_apart(&state, &by, context, stored, &form).await;
        }
        return Err(ApiError::Forbidden(WHY_GREY.to_owned()));
    }
    let typed = Typed::read(&form).with(Field::Id, stored.contact.id.as_str());
    let rev = form.text("rev").parse().unwrap_or(0);
    let rules = Rules { country: context.settings.country, mode: state.numbers() };
    let read = typed.contact(Source::Hand, rules, |_| true);
    let wanted = read.and_then(|contact| kept_in_sight(&by, Some(&stored.contact), contact));
    let problems = match written(&state, &by, &stored.contact, wanted, rev).await? {
        Ok(saved) => return Ok(saved),
        Err(problems) => problems,
    };
    let page = ContactPage::of(context.frame, &stored.contact, rev, &typed, None, problems);
    invalid(&page)
}

/// Saves the form of an imported contact as changes of it.
async fn save_apart(
    state: &ApiState,
    by: &SignedIn,
    context: PageContext,
    stored: StoredContact,
    form: &FormFields,
) -> Result<Response> {
    let counts = stored.contact.clone().as_changed();
    let before = Typed::of(&counts);
    let fixed = [Field::Id, Field::Role, Field::Groups];
    let typed =
        fixed.into_iter().fold(Typed::read(form), |typed, field| typed.with(field, before.get(field)));
    let rev = form.text("rev").parse().unwrap_or(0);
    let rules = Rules { country: context.settings.country, mode: state.numbers() };
    let wanted = wanted(&counts, &before, &typed, rules).map(|wanted| Contact {
        overrides: Overrides::between(&stored.contact, &wanted),
        ..stored.contact.clone()
    });
    let problems = match written(state, by, &stored.contact, wanted, rev).await? {
        Ok(saved) => return Ok(saved),
        Err(problems) => problems,
    };
    let page =
        ContactPage::of(context.frame, &counts, rev, &typed, None, problems).opened(&stored.contact, true);
    invalid(&page)
}

/// Writes what is wanted; or says what is wrong with it, or that somebody else was first.
async fn written(
    state: &ApiState,
    by: &SignedIn,
    before: &Contact,
    wanted: std::result::Result<Contact, Vec<Problem>>,
    rev: u64,
) -> Result<std::result::Result<Response, Vec<Problem>>> {
    let contact = match wanted {
        Ok(contact) => contact,
        Err(problems) => return Ok(Err(problems)),
    };
    match put(state, by, before, &contact, rev).await {
        Ok(saved) => Ok(Ok(saved)),
        Err(ApiError::Conflict(words)) => Ok(Err(vec![Problem::new("", words)])),
        Err(other) => Err(other),
    }
}

/// The contact as the form wants it. A number or address that is as it was shown is left alone, also where it is
/// malformed.
fn wanted(
    counts: &Contact,
    before: &Typed,
    typed: &Typed,
    rules: Rules,
) -> std::result::Result<Contact, Vec<Problem>> {
    let changed = |field: Field| before.get(field) != typed.get(field);
    let is_reach = |field: Field| matches!(field.kind(), Kind::Phone | Kind::Email);
    let read = typed.contact(counts.source, rules, |field| changed(field) || !is_reach(field))?;
    let mut wanted = counts.clone();
    for field in Field::overridable().filter(|field| changed(*field)) {
        field.put(&mut wanted, &field.text(&read));
    }
    Ok(wanted)
}
