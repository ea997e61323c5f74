//! Every user of the school.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use domain::ids::UserId;
use domain::people::{Profile, Standing};
use serde::Deserialize;
use store::{Membership, User};

use super::roles::in_words;
use crate::auth::SignedIn;
use crate::error::Result;
use crate::pages::kit::components::{Pager, Tag, Tone};
use crate::pages::kit::context::PageContext;
use crate::pages::kit::done::{self, Done};
use crate::pages::kit::frame::Frame;
use crate::pages::kit::links::encoded;
use crate::pages::kit::places::NavItem;
use crate::pages::kit::reply::html;
use crate::pages::kit::words::{self, LocalTime};
use crate::services::users::profiles;
use crate::state::ApiState;

pub(super) const DELETED: Done =
    Done::new("deleted", "The user is deleted. What they sent stays in the history under their name.");

/// Users on one page.
const LISTED: usize = 50;

#[derive(Template)]
#[template(path = "users.html")]
pub(crate) struct UsersPage {
    frame: Frame,
    notice: Option<String>,
    summary: String,
    query: String,
    rows: Vec<Row>,
    pager: Pager,
}

struct Row {
    id: String,
    name: String,
    username: String,
    roles: String,
    /// Groups that they are linked to, in words.
    linked: Option<String>,
    last: String,
    tag: Tag,
    /// Whether it is the one who looks.
    you: bool,
}

#[derive(Deserialize, Default)]
pub(crate) struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    page: usize,
    done: Option<String>,
}

#[cfg(test)]
impl Asked {
    pub(super) fn looking_for(text: &str) -> Self {
        Self { q: text.to_owned(), ..Self::default() }
    }
}

/// A member of the school and who they are.
pub(crate) struct Person {
    pub(crate) membership: Membership,
    pub(crate) user: User,
}

pub(crate) async fn show(
    State(state): State<ApiState>,
    by: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let context = PageContext::load(&state, &by, NavItem::USERS).await?;
    let (members, profiles) =
        tokio::try_join!(async { Ok(by.school.members().list().await?) }, profiles(&by))?;
    let members: Vec<Membership> =
        members.into_iter().filter(|member| member.standing() != Standing::Deleted).collect();
    let ids: Vec<UserId> = members.iter().map(Membership::user).collect();
    let mut users: HashMap<UserId, User> =
        state.store().users(&ids).await?.into_iter().map(|user| (user.id, user)).collect();
    let people = members
        .into_iter()
        .filter_map(|membership| Some(Person { user: users.remove(&membership.user())?, membership }))
        .collect();
    html(&UsersPage::new(context.frame, &context.local, people, &profiles, by.user, &asked))
}

/// Where somebody stands, in a word.
pub(crate) fn standing_tag(membership: &Membership, user: &User) -> Tag {
    match membership.standing() {
        Standing::Enabled if user.password_hash.is_empty() => Tag::new(Tone::Waiting, "Has no password yet"),
        Standing::Enabled => Tag::new(Tone::Delivered, "Enabled"),
        Standing::Disabled => Tag::new(Tone::Off, "Disabled"),
        Standing::Deleted => Tag::new(Tone::Failed, "Deleted"),
    }
}

/// When they last signed in here.
pub(crate) fn last_sign_in(membership: &Membership, local: &LocalTime) -> String {
    membership.last_sign_in_ms().map_or_else(|| "Never".to_owned(), |ms| local.when(ms))
}

fn fits(user: &User, wanted: &[String]) -> bool {
    let text = format!("{} {} {}", user.full_name(), user.username, user.email.as_str()).to_lowercase();
    wanted.iter().all(|word| text.contains(word.as_str()))
}

impl UsersPage {
    pub(super) fn new(
        frame: Frame,
        local: &LocalTime,
        mut people: Vec<Person>,
        profiles: &[Profile],
        me: UserId,
        asked: &Asked,
    ) -> Self {
        let total = people.len();
        let disabled = people.iter().filter(|p| p.membership.standing() == Standing::Disabled).count();
        let query = asked.q.trim().to_owned();
        let wanted: Vec<String> = query.to_lowercase().split_whitespace().map(str::to_owned).collect();
        people.retain(|person| fits(&person.user, &wanted));
        people.sort_by_cached_key(|p| {
            (p.user.surname.to_lowercase(), p.user.forename.to_lowercase(), p.user.id)
        });
        let row = |Person { membership, user }: &Person| Row {
            id: user.id.to_string(),
            name: name_of(user),
            username: user.username.clone(),
            roles: in_words(membership.roles(), profiles),
            linked: Some(words::list(membership.groups())).filter(|groups| !groups.is_empty()),
            last: last_sign_in(membership, local),
            tag: standing_tag(membership, user),
            you: user.id == me,
        };
        let mut summary = words::count(total as u64, "user", "users");
        if disabled > 0 {
            summary = format!("{summary}, {disabled} of them disabled");
        }
        let pages = people.len().div_ceil(LISTED).max(1);
        let page = asked.page.clamp(1, pages);
        let from = (page - 1) * LISTED;
        let rows: Vec<Row> = people.iter().skip(from).take(LISTED).map(row).collect();
        let link = |page: usize| format!("/users?q={}&page={page}", encoded(&query));
        let shown = words::range(from, rows.len(), people.len(), "user", "users");
        let pager = Pager::numbered(shown, page, pages, link);
        Self { frame, notice: done::words(asked.done.as_deref(), &[DELETED]), summary, query, rows, pager }
    }
}

/// Their name, or the username of somebody without one.
pub(crate) fn name_of(user: &User) -> String {
    Some(user.full_name()).filter(|name| !name.is_empty()).unwrap_or_else(|| user.username.clone())
}
