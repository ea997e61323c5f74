//! Profiles: the built-in ones, and the school's own.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use domain::audit::{Act, Change};
use domain::people::{NotAllowed, Profile, Roles};
use store::{OwnProfile, StoreError};
use ulid::Ulid;

use super::roles::{RoleBox, boxes, locked_boxes, ticked, titles};
use crate::auth::{Posted, SignedIn};
use crate::error::{ApiError, Result};
use crate::forms::FormFields;
use crate::known::Known;
use crate::pages::kit::ask::{Ask, AskPage};
use crate::pages::kit::context::PageContext;
use crate::pages::kit::done::{AskedDone, Done};
use crate::pages::kit::form::{Field, Problem};
use crate::pages::kit::frame::Frame;
use crate::pages::kit::places::NavItem;
use crate::pages::kit::reply::{html, invalid};
use crate::services::users::{codes, manager};
use crate::state::ApiState;

/// Longest name of a profile, in characters.
const MAX_NAME: usize = 60;

#[derive(Template)]
#[template(path = "profiles.html")]
pub(crate) struct ProfilesPage {
    frame: Frame,
    notice: Option<String>,
    own: Vec<Line>,
    built_in: Vec<Line>,
}

struct Line {
    href: String,
    name: String,
    roles: String,
}

#[derive(Template)]
#[template(path = "profile.html")]
pub(crate) struct ProfilePage {
    frame: Frame,
    problems: Vec<Problem>,
    title: String,
    action: String,
    /// Makes pressing twice harmless: the new profile's id, or the version that was read.
    version: String,
    name: Field,
    roles: Vec<RoleBox>,
    /// Why it cannot be changed by whoever looks; empty where it can.
    why_not: String,
    ask: Option<Ask>,
}

const SAVED: Done = Done::new("saved", "The profile is saved. It is offered when the next user is added.");
const DELETED: Done =
    Done::new("deleted", "The profile is deleted. Users who were given it keep their roles.");

pub(super) async fn show(
    State(state): State<ApiState>,
    by: SignedIn,
    Query(asked): Query<AskedDone>,
) -> Result<Response> {
    let context = PageContext::load(&state, &by, NavItem::USERS).await?;
    let notice = asked.words(&[SAVED, DELETED]);
    html(&ProfilesPage::new(context.frame, &by.school.profiles().list().await?, notice))
}

pub(super) async fn begin(State(state): State<ApiState>, by: SignedIn) -> Result<Response> {
    manager(&by)?;
    let context = PageContext::load(&state, &by, NavItem::USERS).await?;
    let id = state.ids().ulid(state.now_ms()).to_string();
    html(&ProfilePage::to_add(context.frame, id, &empty(), by.membership.roles(), Vec::new()))
}

fn empty() -> Profile {
    Profile { name: String::new(), roles: Roles::NONE }
}

fn read(form: &FormFields) -> Profile {
    Profile { name: form.text("name").to_owned(), roles: ticked(form) }
}

/// What is wrong with a profile's name.
fn problems_of(profile: &Profile, others: &[OwnProfile], own: Option<Ulid>) -> Vec<Problem> {
    let name = &profile.name;
    let same = |other: &str| other.to_lowercase() == name.to_lowercase();
    let taken = Profile::built_in().iter().any(|p| same(&p.name))
        || others.iter().any(|other| Some(other.id) != own && same(&other.profile.name));
    let words = if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
        format!("Name the profile in 1 to {MAX_NAME} characters.")
    } else if taken {
        "There is a profile of this name. Choose another.".to_owned()
    } else {
        return Vec::new();
    };
    vec![Problem::new("name", words)]
}

/// The page that lists them.
const LIST: &str = "/users/profiles";

fn not_yours(why: NotAllowed) -> ApiError {
    ApiError::Forbidden(why.to_string())
}

fn change(before: &Profile, after: &Profile) -> Vec<Change> {
    let roles = Change::of("roles", &codes(before.roles), &codes(after.roles));
    Change::of("name", &before.name, &after.name).into_iter().chain(roles).collect()
}

pub(super) async fn add(State(state): State<ApiState>, Posted { by, form }: Posted) -> Result<Response> {
    let manager = manager(&by)?;
    let wanted = read(&form);
    manager.may_give(wanted.roles).map_err(not_yours)?;
    let others = by.school.profiles().list().await?;
    let id: Ulid = form.text("version").parse().unwrap_or_else(|_| state.ids().ulid(state.now_ms()));
    if others.iter().any(|other| other.id == id && other.profile == wanted) {
        // Pressed twice.
        return Ok(SAVED.at(LIST));
    }
    let problems = problems_of(&wanted, &others, None);
    if problems.is_empty() {
        let event = by.audit_event(Act::ProfileChanged, id.to_string(), change(&empty(), &wanted));
        return match by.school.profiles().add(id, wanted, &event, state.now_ms()).await {
            Ok(()) | Err(StoreError::Conflict) => Ok(SAVED.at(LIST)),
            Err(other) => Err(other.into()),
        };
    }
    let context = PageContext::load(&state, &by, NavItem::USERS).await?;
    invalid(&ProfilePage::to_add(context.frame, id.to_string(), &wanted, by.membership.roles(), problems))
}

/// A profile of the school's own. 404 for any other.
async fn own(by: &SignedIn, id: Ulid) -> Result<OwnProfile> {
    by.school.profiles().get(id).await?.ok_or(ApiError::NotFound)
}

pub(super) async fn open(
    State(state): State<ApiState>,
    by: SignedIn,
    Known(id): Known<Ulid>,
) -> Result<Response> {
    let context = PageContext::load(&state, &by, NavItem::USERS).await?;
    let profile = own(&by, id).await?;
    html(&ProfilePage::of(context.frame, &profile, &profile.profile, by.membership.roles(), Vec::new()))
}

pub(super) async fn save(
    State(state): State<ApiState>,
    Known(id): Known<Ulid>,
    Posted { by, form }: Posted,
) -> Result<Response> {
    let manager = manager(&by)?;
    let before = own(&by, id).await?;
    let wanted = read(&form);
    // Neither is a role given by way of a profile, nor taken out of one that gives more than they hold.
    manager.may_give(before.profile.roles).map_err(not_yours)?;
    manager.may_give(wanted.roles).map_err(not_yours)?;
    if form.text("version") != before.version.to_string() {
        return Err(ApiError::Conflict(
            "Somebody else changed this profile while you did. Load the page again and repeat your change."
                .to_owned(),
        ));
    }
    let problems = problems_of(&wanted, &by.school.profiles().list().await?, Some(before.id));
    if problems.is_empty() {
        let changes = change(&before.profile, &wanted);
        if !changes.is_empty() {
            let event = by.audit_event(Act::ProfileChanged, before.id.to_string(), changes);
            by.school.profiles().change(&before, wanted, &event, state.now_ms()).await?;
        }
        return Ok(SAVED.at(LIST));
    }
    let context = PageContext::load(&state, &by, NavItem::USERS).await?;
    invalid(&ProfilePage::of(context.frame, &before, &wanted, by.membership.roles(), problems))
}

pub(super) async fn delete(
    State(state): State<ApiState>,
    Known(id): Known<Ulid>,
    Posted { by, form }: Posted,
) -> Result<Response> {
    let manager = manager(&by)?;
    let before = own(&by, id).await?;
    manager.may_give(before.profile.roles).map_err(not_yours)?;
    if form.text("sure") == "yes" {
        let event =
            by.audit_event(Act::ProfileChanged, before.id.to_string(), change(&before.profile, &empty()));
        by.school.profiles().delete(&before, &event, state.now_ms()).await?;
        return Ok(DELETED.at(LIST));
    }
    let context = PageContext::load(&state, &by, NavItem::USERS).await?;
    let back = format!("/users/profiles/{}", before.id);
    html(&AskPage::of(context.frame, delete_ask(&before), back))
}

fn delete_ask(profile: &OwnProfile) -> Ask {
    let name = &profile.profile.name;
    let action = format!("/users/profiles/{}/delete", profile.id);
    Ask::new(action, format!("Delete the profile {name}?"), format!("Delete {name}"), "Keep")
        .dialog("ask-delete")
        .words("It is no longer offered. Users who were given it keep their roles.")
}

impl ProfilesPage {
    pub(super) fn new(frame: Frame, own: &[OwnProfile], notice: Option<String>) -> Self {
        let line = |href: String, profile: &Profile| Line {
            href,
            name: profile.name.clone(),
            roles: if profile.roles == Roles::all() {
                "Every role".to_owned()
            } else {
                titles(profile.roles).replace(['“', '”'], "")
            },
        };
        Self {
            frame,
            notice,
            own: own.iter().map(|own| line(format!("/users/profiles/{}", own.id), &own.profile)).collect(),
            built_in: Profile::built_in().iter().map(|profile| line(String::new(), profile)).collect(),
        }
    }
}

impl ProfilePage {
    fn form(frame: Frame, wanted: &Profile, held: Roles, problems: Vec<Problem>) -> Self {
        let roles = boxes(wanted.roles, held, frame.payments);
        let name = Field::new("name", "Name", wanted.name.clone())
            .hint("As it is offered when a user is added, such as Attendance office.")
            .checked(&problems);
        Self {
            frame,
            problems,
            title: "Make a profile".to_owned(),
            action: "/users/profiles/new".to_owned(),
            version: String::new(),
            name,
            roles,
            why_not: String::new(),
            ask: None,
        }
    }

    fn to_add(frame: Frame, id: String, wanted: &Profile, held: Roles, problems: Vec<Problem>) -> Self {
        Self { version: id, ..Self::form(frame, wanted, held, problems) }
    }

    pub(super) fn of(
        frame: Frame,
        stored: &OwnProfile,
        wanted: &Profile,
        held: Roles,
        problems: Vec<Problem>,
    ) -> Self {
        let missing = stored.profile.roles.without_all(held);
        let page = Self::form(frame, wanted, held, problems);
        let (roles, why_not) = if missing.is_empty() {
            (page.roles, String::new())
        } else {
            let why = format!("It gives {}, which you do not hold. Ask somebody who does.", titles(missing));
            (locked_boxes(wanted.roles, page.frame.payments), why)
        };
        Self {
            title: stored.profile.name.clone(),
            action: format!("/users/profiles/{}", stored.id),
            version: stored.version.to_string(),
            name: page.name.read_only(!why_not.is_empty()),
            ask: why_not.is_empty().then(|| delete_ask(stored)),
            roles,
            why_not,
            ..page
        }
    }
}
