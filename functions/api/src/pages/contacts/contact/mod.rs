//! One contact: added, looked at, changed, deleted.

mod overrides;
mod pairs;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use domain::audit::Act;
use domain::contact::{Contact, ContactRole, PhoneLabel, Source};
use domain::ids::ContactId;
use domain::people::{Action, Page};
use domain::settings::Settings;
use http::StatusCode;
use serde::Deserialize;
use store::{StoreError, StoredContact};

use self::overrides::ChangedView;
use self::pairs::{Finder, PairView};
use crate::auth::{Posted, SignedIn};
use crate::error::{ApiError, Result};
use crate::forms::FormFields;
use crate::pages::contacts::list::BEFORE_DELETING;
use crate::pages::kit::ask::Ask;
use crate::pages::kit::ask::AskPage;
use crate::pages::kit::context::PageContext;
use crate::pages::kit::form::{Choice, Field, Problem};
use crate::pages::kit::frame::Frame;
use crate::pages::kit::lines::Line;
use crate::pages::kit::links::contact_path;
use crate::pages::kit::places::NavItem;
use crate::pages::kit::reply::html;
use crate::pages::kit::words::role_words;
use crate::pages::kit::{preview, words};
use crate::services::contacts::{ContactFields, logged, read_contact};
use crate::state::ApiState;

/// Finished messages that are looked through for those to one person.
const LATEST: usize = 30;

pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/contacts/new", get(show_new).post(add))
        .route("/contacts/{id}", get(show).post(save))
        .route("/contacts/{id}/delete", post(delete))
        .route("/contacts/{id}/overrides", post(overrides::drop_one))
        .route("/contacts/{id}/bar", get(pairs::found).post(pairs::bar))
}

#[derive(Template)]
#[template(path = "contact.html")]
pub(crate) struct ContactPage {
    frame: Frame,
    title: String,
    sub: String,
    notice: Option<String>,
    problems: Vec<Problem>,
    action: String,
    /// Which state of the contact was read; 0 for a new one.
    rev: u64,
    read_only: bool,
    why_grey: &'static str,
    /// Whether what is written here is kept apart from what the source says.
    apart: bool,
    /// What is kept so.
    changed: Vec<ChangedView>,
    name: [Field; 3],
    id: Field,
    roles: [Choice; 4],
    reach: [Field; 4],
    groups: Field,
    save: &'static str,
    ask: Option<Ask>,
    /// To whom they are tied: an adult to pupils, a pupil to adults.
    pairs: Vec<PairView>,
    /// Whether they may bar a pair, or lift their own bar.
    may_bar: bool,
    /// Finds somebody else to bar, where they may.
    finder: Option<Finder>,
    /// Messages that went to this person, newest first.
    recent: Vec<Line>,
}

/// The fields as they stand in the form.
#[derive(Default, Clone)]
struct Typed {
    id: String,
    title: String,
    forename: String,
    surname: String,
    role: String,
    mobile: String,
    home: String,
    work: String,
    email: String,
    groups: String,
}

impl Typed {
    fn read(form: &FormFields) -> Self {
        let text = |name: &str| form.text(name).to_owned();
        Self {
            id: text("id"),
            title: text("title"),
            forename: text("forename"),
            surname: text("surname"),
            role: text("role"),
            mobile: text("mobile"),
            home: text("home"),
            work: text("work"),
            email: text("email"),
            groups: text("groups"),
        }
    }

    fn of(contact: &Contact) -> Self {
        let number = |label| {
            let number = contact.number(label).unwrap_or_default();
            preview::address(domain::channel::Channel::Voice, number)
        };
        Self {
            id: contact.id.to_string(),
            title: contact.title.clone().unwrap_or_default(),
            forename: contact.forename.clone(),
            surname: contact.surname.clone(),
            role: contact.role.code().to_owned(),
            mobile: number(PhoneLabel::Mobile),
            home: number(PhoneLabel::Home),
            work: number(PhoneLabel::Work),
            email: contact.email.clone().unwrap_or_default(),
            groups: contact.groups.join(", "),
        }
    }

    fn contact(&self, settings: &Settings, state: &ApiState) -> std::result::Result<Contact, Vec<Problem>> {
        let groups: Vec<String> =
            self.groups.split(',').map(str::trim).filter(|g| !g.is_empty()).map(str::to_owned).collect();
        let fields = ContactFields {
            id: &self.id,
            title: &self.title,
            forename: &self.forename,
            surname: &self.surname,
            role: &self.role,
            mobile: &self.mobile,
            home: &self.home,
            work: &self.work,
            email: &self.email,
            groups: &groups,
        };
        read_contact(&fields, Source::Hand, settings.country, state.numbers())
            .map_err(|errors| errors.into_iter().map(|e| Problem::new(e.field, e.message)).collect())
    }
}

#[derive(Deserialize)]
struct Asked {
    done: Option<String>,
    /// Part of the name of somebody to bar.
    bar: Option<String>,
}

async fn show_new(State(state): State<ApiState>, by: SignedIn) -> Result<Response> {
    by.may(Action::AddContact)?;
    let context = PageContext::load(&state, &by, NavItem::CONTACTS).await?;
    html(&ContactPage::to_add(context.frame, &Typed::default(), Vec::new()))
}

async fn add(State(state): State<ApiState>, Posted { by, form }: Posted) -> Result<Response> {
    by.may(Action::AddContact)?;
    let context = PageContext::load(&state, &by, NavItem::CONTACTS).await?;
    let typed = Typed::read(&form);
    let mut named = typed.clone();
    if named.id.is_empty() {
        named.id = format!("H-{}", state.ids().ulid(state.now_ms()));
    }
    let problems = match named
        .contact(&context.settings, &state)
        .and_then(|contact| kept_in_sight(&by, None, contact))
    {
        Ok(contact) => {
            let given = logged(&state, &by.school, None, &contact);
            let deed = by.deed(Act::ContactAdded, contact.id.as_str(), given);
            match by.school.contacts().add(&contact, &deed, state.now_ms()).await {
                Ok(()) => return Ok(Redirect::to("/contacts?done=added").into_response()),
                Err(StoreError::Conflict) => {
                    vec![Problem::new(
                        "id",
                        "Another contact has this id. Choose another, or leave it blank.",
                    )]
                }
                Err(other) => return Err(other.into()),
            }
        }
        Err(problems) => problems,
    };
    let page = ContactPage::to_add(context.frame, &typed, problems);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)?).into_response())
}

async fn show(
    State(state): State<ApiState>,
    by: SignedIn,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let context = PageContext::load(&state, &by, NavItem::CONTACTS).await?;
    let stored = seen(&state, &by, &context, &id).await?;
    let notice =
        asked.done.map(|done| pairs::done_words(&done).unwrap_or("The changes are saved.").to_owned());
    let recent = match by.opens(Page::History) {
        Ok(()) => {
            let ids = by.school.messages().ids_to_contact(&stored.contact.id, LATEST).await?;
            by.school
                .messages()
                .summaries_of(&ids)
                .await?
                .iter()
                .map(|s| Line::new(s, &context.local))
                .collect()
        }
        Err(_) => Vec::new(),
    };
    let (book, bars) = (context.book(&state, &by.school).await?, by.school.ties().bars().await?);
    let pairs = PairView::all(&book, &bars, &stored.contact.id);
    let title = book.name_of(&stored.contact.id);
    let counts = stored.contact.clone().as_changed();
    let opens = context.settings.edit_imported && by.may(Action::EditContact).is_ok();
    let page = ContactPage::of(context.frame, &counts, stored.rev, &Typed::of(&counts), notice, Vec::new());
    let may_bar = by.may(Action::EditContact).is_ok();
    let find = asked.bar.unwrap_or_default();
    let finder = may_bar.then(|| Finder::new(&book, &stored.contact.id, &find)).flatten();
    let page = page.opened(&stored.contact, opens);
    html(&ContactPage { title: title.unwrap_or(page.title), pairs, may_bar, finder, recent, ..page })
}

async fn save(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Posted { by, form }: Posted,
) -> Result<Response> {
    by.may(Action::EditContact)?;
    let context = PageContext::load(&state, &by, NavItem::CONTACTS).await?;
    let stored = seen(&state, &by, &context, &id).await?;
    if stored.contact.source.is_imported() {
        if context.settings.edit_imported {
            return overrides::save(&state, &by, context, stored, &form).await;
        }
        return Err(ApiError::Forbidden(WHY_GREY.to_owned()));
    }
    let typed = Typed { id: stored.contact.id.to_string(), ..Typed::read(&form) };
    let rev = form.text("rev").parse().unwrap_or(0);
    let problems = match typed
        .contact(&context.settings, &state)
        .and_then(|contact| kept_in_sight(&by, Some(&stored.contact), contact))
    {
        Ok(contact) => match put(&state, &by, &stored.contact, &contact, rev).await {
            Ok(saved) => return Ok(saved),
            Err(ApiError::Conflict(words)) => vec![Problem::new("", words)],
            Err(other) => return Err(other),
        },
        Err(problems) => problems,
    };
    let page = ContactPage::of(context.frame, &stored.contact, rev, &typed, None, problems);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)?).into_response())
}

/// Writes a contact that was read at `rev` as it was `before`.
async fn put(
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
    let deed = by.deed(Act::ContactChanged, contact.id.as_str(), changes);
    match by.school.contacts().put(contact, rev, &deed, state.now_ms()).await {
        Ok(_) => Ok(saved()),
        Err(StoreError::Conflict) => {
            let words = "Somebody else changed this contact while you did. Load the page again and repeat your change.";
            Err(ApiError::Conflict(words.to_owned()))
        }
        Err(other) => Err(other.into()),
    }
}

async fn delete(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Posted { by, form }: Posted,
) -> Result<Response> {
    by.may(Action::EditContact)?;
    let context = PageContext::load(&state, &by, NavItem::CONTACTS).await?;
    let stored = seen(&state, &by, &context, &id).await?;
    if form.text("sure") == "yes" {
        let deed = by.deed(Act::ContactsDeleted, "", Vec::new());
        by.school.contacts().delete(&[stored.contact.id], &deed, state.now_ms()).await?;
        return Ok(Redirect::to("/contacts?done=deleted&n=1").into_response());
    }
    let ask = ask(&stored.contact);
    html(&AskPage {
        frame: context.frame,
        title: ask.title,
        words: ask.words,
        action: ask.action,
        hidden: Vec::new(),
        yes: ask.yes,
        no: ask.no,
        harmless: ask.harmless,
        back: format!("/contacts/{}", contact_path(&stored.contact.id)),
    })
}

/// A contact whom the user may see. 404 for anybody else.
async fn seen(state: &ApiState, by: &SignedIn, context: &PageContext, id: &str) -> Result<StoredContact> {
    let id = ContactId::parse(id).map_err(|_| ApiError::NotFound)?;
    let stored = by.school.contacts().get(&id).await?.ok_or(ApiError::NotFound)?;
    let named = context.limit.names_a_group_of(&stored.contact);
    // Or by a pupil of theirs who is in one.
    if named || context.book(state, &by.school).await?.get(&id).is_some() {
        Ok(stored)
    } else {
        Err(ApiError::NotFound)
    }
}

/// The contact, if it will still be seen by whoever wrote it.
fn kept_in_sight(
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

const WHY_GREY: &str = "This contact came from outside Messenger, so its fields are grey: a change made here would be \
    lost with the next upload. Change it where it came from and upload again.";

fn ask(contact: &Contact) -> Ask {
    let name = contact.full_name();
    Ask {
        id: "ask-delete",
        action: format!("/contacts/{}/delete", contact_path(&contact.id)),
        form: "",
        title: format!("Delete {name}?"),
        words: BEFORE_DELETING.replace("They get", "This person gets").replace("to them", "to this person"),
        yes: format!("Delete {name}"),
        no: "Keep",
        harmless: false,
    }
}

impl ContactPage {
    fn to_add(frame: Frame, typed: &Typed, problems: Vec<Problem>) -> Self {
        let page = Self::form(frame, typed, problems, false);
        let id = page
            .id
            .clone()
            .optional()
            .hint("The school's own number for this person. Left blank, one is made.");
        Self {
            id,
            title: "Add a contact".to_owned(),
            action: "/contacts/new".to_owned(),
            save: "Add contact",
            ..page
        }
    }

    fn of(
        frame: Frame,
        contact: &Contact,
        rev: u64,
        typed: &Typed,
        notice: Option<String>,
        problems: Vec<Problem>,
    ) -> Self {
        let page = Self::form(frame, typed, problems, contact.source.is_imported());
        Self {
            title: contact.full_name(),
            sub: format!(
                "{} · from {}",
                role_words(contact.role),
                match contact.source {
                    Source::Mis => "the school’s MIS",
                    Source::Upload => "an upload",
                    Source::Hand => "here, typed in",
                    Source::Api => "a partner system",
                }
            ),
            action: format!("/contacts/{}", contact_path(&contact.id)),
            id: page.id.clone().read_only(true),
            rev,
            notice,
            ask: Some(ask(contact)),
            ..page
        }
    }

    /// With what staff changed in an imported contact, and its fields open if they may change more.
    fn opened(mut self, source: &Contact, opens: bool) -> Self {
        self.changed = ChangedView::all(source);
        if opens && source.source.is_imported() {
            self.read_only = false;
            self.apart = true;
            self.groups.read_only = true;
            for field in self.name.iter_mut().chain(&mut self.reach) {
                field.read_only = false;
            }
        }
        self
    }

    fn form(frame: Frame, typed: &Typed, problems: Vec<Problem>, read_only: bool) -> Self {
        let field = |name: &'static str, label: &'static str, value: &str| {
            Field::new(name, label, value).checked(&problems).read_only(read_only)
        };
        let phone = |name, label, value: &str| field(name, label, value).kind("tel").optional();
        let role = ContactRole::from_code(&typed.role).unwrap_or(ContactRole::Parent);
        Self {
            title: String::new(),
            sub: String::new(),
            notice: None,
            action: String::new(),
            rev: 0,
            read_only,
            why_grey: WHY_GREY,
            apart: false,
            changed: Vec::new(),
            name: [
                field("title", "Title", &typed.title).optional(),
                field("forename", "Forename", &typed.forename),
                field("surname", "Surname", &typed.surname),
            ],
            id: field("id", "Id", &typed.id),
            roles: ContactRole::ALL.map(|r| Choice::new(r.code(), role_words(r), r == role)),
            reach: [
                phone("mobile", "Mobile", &typed.mobile),
                field("email", "E-mail", &typed.email).kind("email").optional(),
                phone("home", "Home phone", &typed.home),
                phone("work", "Work phone", &typed.work),
            ],
            groups: field("groups", "In these groups", &typed.groups)
                .optional()
                .hint("Names with commas between, such as Year 9, Choir."),
            save: "Save changes",
            ask: None,
            pairs: Vec::new(),
            may_bar: false,
            finder: None,
            recent: Vec::new(),
            frame,
            problems,
        }
    }
}

#[cfg(test)]
impl ContactPage {
    pub(crate) fn sample() -> Self {
        let book = crate::pages::messages::compose::samples::book();
        let typed_in = book.contacts().iter().find(|c| c.source == Source::Hand).unwrap();
        Self::of(Frame::sample(NavItem::CONTACTS), typed_in, 1, &Typed::of(typed_in), None, Vec::new())
    }

    pub(crate) fn sample_grey() -> Self {
        let book = crate::pages::messages::compose::samples::book();
        let imported = &book.contacts()[3];
        let notice = Some("The changes are saved.".into());
        let page =
            Self::of(Frame::sample(NavItem::CONTACTS), imported, 1, &Typed::of(imported), notice, Vec::new());
        let local = crate::pages::kit::lines::samples::local();
        let recent = crate::pages::kit::lines::samples::summaries()
            .iter()
            .take(2)
            .map(|s| Line::new(s, &local))
            .collect();
        Self { pairs: PairView::samples(), may_bar: true, finder: Some(Finder::sample()), recent, ..page }
    }

    pub(crate) fn sample_changed() -> Self {
        let book = crate::pages::messages::compose::samples::book();
        let mut imported = book.contacts()[3].clone();
        imported.overrides.forename = Some("Zoë".into());
        imported.overrides.email = Some(String::new());
        let counts = imported.clone().as_changed();
        let page =
            Self::of(Frame::sample(NavItem::CONTACTS), &counts, 1, &Typed::of(&counts), None, Vec::new());
        page.opened(&imported, true)
    }

    pub(crate) fn sample_with_problems() -> Self {
        let typed = Typed { forename: "Ann".into(), mobile: "0770 900".into(), ..Typed::default() };
        let problems = vec![
            Problem::new("mobile", "This number is too short. Check it with the family."),
            Problem::new("email", "Write the whole address, such as ann@example.com."),
        ];
        Self::to_add(Frame::sample(NavItem::CONTACTS), &typed, problems)
    }
}
