//! Changing an imported contact: what staff write is kept apart from what its source says, and can be dropped again.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use domain::contact::{Contact, LabelledNumber, Overridden, Overrides, PhoneLabel};
use domain::people::Action;
use domain::settings::Settings;
use http::StatusCode;
use store::StoredContact;

use super::{ContactPage, Typed};
use crate::auth::{Posted, SignedIn};
use crate::error::{ApiError, Result};
use crate::forms::FormFields;
use crate::pages::kit::context::PageContext;
use crate::pages::kit::form::Problem;
use crate::pages::kit::links::contact_path;
use crate::pages::kit::places::NavItem;
use crate::pages::kit::preview;
use crate::pages::kit::reply::html;
use crate::services::contacts::{ContactFields, read_contact};
use crate::state::ApiState;

/// A field that staff changed, beside what its source says.
pub(super) struct ChangedView {
    pub(super) field: &'static str,
    pub(super) label: &'static str,
    pub(super) ours: String,
    pub(super) source: String,
}

impl ChangedView {
    pub(super) fn all(contact: &Contact) -> Vec<Self> {
        contact.overridden().into_iter().map(Self::new).collect()
    }

    fn new(changed: Overridden) -> Self {
        let (label, channel) = match changed.field {
            "title" => ("Title", None),
            "forename" => ("Forename", None),
            "surname" => ("Surname", None),
            "mobile" => ("Mobile", Some(())),
            "home" => ("Home phone", Some(())),
            "work" => ("Work phone", Some(())),
            _ => ("E-mail", None),
        };
        let words = |text: String| match (text.is_empty(), channel) {
            (true, _) => "nothing".to_owned(),
            (_, Some(())) => preview::address(domain::channel::Channel::Voice, &text),
            _ => text,
        };
        Self { field: changed.field, label, ours: words(changed.ours), source: words(changed.source) }
    }
}

/// Saves the form of an imported contact as changes of it.
pub(super) async fn save(
    state: &ApiState,
    by: &SignedIn,
    context: PageContext,
    stored: StoredContact,
    form: &FormFields,
) -> Result<Response> {
    let counts = stored.contact.clone().as_changed();
    let before = Typed::of(&counts);
    let typed = Typed {
        id: before.id.clone(),
        role: before.role.clone(),
        groups: before.groups.clone(),
        ..Typed::read(form)
    };
    let rev = form.text("rev").parse().unwrap_or(0);
    let problems = match wanted(&counts, &before, &typed, &context.settings, state) {
        Ok(wanted) => {
            let overrides = Overrides::between(&stored.contact, &wanted);
            let changed = Contact { overrides, ..stored.contact.clone() };
            match super::put(state, by, &stored.contact, &changed, rev).await {
                Ok(response) => return Ok(response),
                Err(ApiError::Conflict(words)) => vec![Problem::new("", words)],
                Err(other) => return Err(other),
            }
        }
        Err(problems) => problems,
    };
    let page =
        ContactPage::of(context.frame, &counts, rev, &typed, None, problems).opened(&stored.contact, true);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)?).into_response())
}

/// The contact as the form wants it. A field that is as it was shown is left alone, also where it is malformed.
fn wanted(
    counts: &Contact,
    before: &Typed,
    typed: &Typed,
    settings: &Settings,
    state: &ApiState,
) -> std::result::Result<Contact, Vec<Problem>> {
    fn changed<'t>(before: &str, typed: &'t str) -> Option<&'t str> {
        (before != typed).then_some(typed)
    }
    let phones = [
        (PhoneLabel::Mobile, changed(&before.mobile, &typed.mobile)),
        (PhoneLabel::Home, changed(&before.home, &typed.home)),
        (PhoneLabel::Work, changed(&before.work, &typed.work)),
    ];
    let email = changed(&before.email, &typed.email);
    let fields = ContactFields {
        id: &typed.id,
        title: &typed.title,
        forename: &typed.forename,
        surname: &typed.surname,
        role: &typed.role,
        mobile: phones[0].1.unwrap_or_default(),
        home: phones[1].1.unwrap_or_default(),
        work: phones[2].1.unwrap_or_default(),
        email: email.unwrap_or_default(),
        groups: &[],
    };
    let read = read_contact(&fields, counts.source, settings.country, state.numbers())
        .map_err(|errors| errors.into_iter().map(|e| Problem::new(e.field, e.message)).collect::<Vec<_>>())?;
    let mut numbers = counts.numbers.clone();
    for (label, _) in phones.iter().filter(|(_, typed)| typed.is_some()) {
        numbers.retain(|n| n.label != *label);
        let number = read.number(*label).map(|n| LabelledNumber { label: *label, number: n.to_owned() });
        numbers.extend(number);
    }
    Ok(Contact {
        title: read.title,
        forename: read.forename,
        surname: read.surname,
        numbers,
        email: if email.is_some() { read.email } else { counts.email.clone() },
        ..counts.clone()
    })
}

/// Takes one change back: the source's value counts again.
pub(super) async fn drop_one(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Posted { by, form }: Posted,
) -> Result<Response> {
    by.may(Action::EditContact)?;
    let context = PageContext::load(&state, &by, NavItem::CONTACTS).await?;
    let stored = super::seen(&state, &by, &context, &id).await?;
    let mut changed = stored.contact.clone();
    if !changed.overrides.drop_field(form.text("field")) {
        // Somebody else was first, or it was pressed twice.
        return Ok(Redirect::to(&format!("/contacts/{}", contact_path(&stored.contact.id))).into_response());
    }
    super::put(&state, &by, &stored.contact, &changed, stored.rev).await
}
