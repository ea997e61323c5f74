//! One user: what they may do, whom they see, and whether they may sign in.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use domain::book::AddressBook;
use domain::ids::UserId;
use domain::people::{Manager, NotAllowed, Roles, Standing};
use store::Membership;

use super::list::{Person, last_sign_in, name_of, standing_tag};
use super::roles::{RoleBox, boxes, locked_boxes, titles};
use crate::auth::SignedIn;
use crate::error::{ApiError, Result};
use crate::known::Known;
use crate::pages::kit::ask::Ask;
use crate::pages::kit::components::{Named, Tag};
use crate::pages::kit::context::PageContext;
use crate::pages::kit::done::{AskedDone, Done};
use crate::pages::kit::form::Choice;
use crate::pages::kit::frame::Frame;
use crate::pages::kit::places::NavItem;
use crate::pages::kit::reply::html;
use crate::pages::kit::words::LocalTime;
use crate::services::users::{manager, member_of};
use crate::state::ApiState;

#[derive(Template)]
#[template(path = "user.html")]
pub(crate) struct MemberPage {
    frame: Frame,
    notice: Option<String>,
    id: String,
    name: String,
    tag: Tag,
    facts: Vec<Named>,
    /// They were looked for to be added, and are here, but disabled: enabling is what is wanted.
    to_enable: bool,
    /// Why nothing here can be changed by whoever looks; empty where it can.
    why_not: String,
    /// Which state of the membership was read.
    version: u32,
    roles: Vec<RoleBox>,
    /// Every group, those ticked to which they are linked.
    groups: Vec<Choice>,
    linked: bool,
    /// Roles of theirs that do not work, because they are linked; empty for none.
    idle: String,
    enabled: bool,
    link_words: &'static str,
    ask: Ask,
}

pub(super) const ROLES: Done =
    Done::new("roles", "The roles are saved. They apply from the user’s next click.");
pub(super) const GROUPS: Done =
    Done::new("groups", "The groups are saved. They apply from the user’s next click.");
pub(super) const DISABLED: Done = Done::new("disabled", "The user is disabled and cannot sign in any more.");
pub(super) const ENABLED: Done = Done::new("enabled", "The user is enabled and can sign in again.");
pub(super) const LINKED: Done = Done::new(
    "linked",
    "They had a user already, so that one was linked to your school: they can sign in here now, with the password \
     that they have, and an e-mail reminds them of their username.",
);
pub(super) const ADDED: Done = Done::new(
    "added",
    "The user is added. An e-mail with their username and a link to set a password is on its way.",
);
pub(super) const UNMAILED: Done =
    Done::new("unmailed", "The user is added, but the e-mail could not be sent. Send it again below.");
pub(super) const MAILED: Done = Done::new("mailed", "The e-mail is on its way.");
pub(super) const MEMBER: Done =
    Done::new("member", "There is a user of this e-mail address in your school already: here they are.");
pub(super) const AWAY: Done =
    Done::new("away", "There is a user of this e-mail address in your school already, but disabled.");
const DONE: [Done; 10] = [ROLES, GROUPS, DISABLED, ENABLED, LINKED, ADDED, UNMAILED, MAILED, MEMBER, AWAY];

pub(crate) async fn show(
    State(state): State<ApiState>,
    by: SignedIn,
    Known(id): Known<UserId>,
    Query(asked): Query<AskedDone>,
) -> Result<Response> {
    let context = PageContext::load(&state, &by, NavItem::USERS).await?;
    let membership = member_of(&by, id).await?;
    let user = state.store().user(membership.user()).await?.ok_or(ApiError::NotFound)?;
    let book = context.book(&state, &by.school).await?;
    let person = Person { membership, user };
    let (notice, away) = (asked.words(&DONE), asked.words(&[AWAY]).is_some());
    let (manager, held) = (manager(&by)?, by.membership.roles());
    let page = MemberPage::new(context.frame, &context.local, &person, manager, held, &book, notice);
    let may = page.why_not.is_empty() && !page.enabled;
    html(&MemberPage { to_enable: may && away, ..page })
}

/// The question before somebody is deleted. It advises disabling first.
pub(super) fn delete_ask(membership: &Membership, name: &str) -> Ask {
    let instead = if membership.standing() == Standing::Enabled {
        "Disabling is safer: it stops them at once and can be undone. "
    } else {
        ""
    };
    let action = format!("/users/{}/delete", membership.user());
    Ask::new(action, format!("Delete {name}?"), format!("Delete {name}"), "Keep").dialog("ask-delete").words(format!(
        "{instead}Deleting takes away their place in this school with its roles. What they sent stays in the \
         history under their name. To let them back in, add them again."
    ))
}

impl MemberPage {
    pub(super) fn new(
        frame: Frame,
        local: &LocalTime,
        person: &Person,
        manager: Manager,
        held: Roles,
        book: &AddressBook,
        notice: Option<String>,
    ) -> Self {
        let Person { membership, user } = person;
        let name = name_of(user);
        let refusal = manager.may_touch(&membership.member()).err();
        let facts = vec![
            Named::new("Username", user.username.clone()),
            Named::new("E-mail", user.email.to_string()),
            Named::new("Last signed in", last_sign_in(membership, local)),
        ];
        let linked = !membership.groups().is_empty();
        let roles = match refusal {
            None => boxes(membership.roles(), held, frame.payments),
            Some(_) => locked_boxes(membership.roles(), frame.payments),
        };
        Self {
            frame,
            notice,
            to_enable: false,
            id: user.id.to_string(),
            tag: standing_tag(membership, user),
            facts,
            why_not: refusal.map(why_not).unwrap_or_default(),
            version: membership.version(),
            roles,
            groups: groups(book, membership.groups()),
            linked,
            idle: if linked { titles(membership.roles().and(Roles::WIDE)) } else { String::new() },
            enabled: membership.standing() == Standing::Enabled,
            link_words: if user.password_hash.is_empty() {
                "Send the welcome e-mail again"
            } else {
                "Send a link to set a new password"
            },
            ask: delete_ask(membership, &name),
            name,
        }
    }
}

fn why_not(why: NotAllowed) -> String {
    match why {
        NotAllowed::Yourself => {
            "This is you. Nobody changes their own roles: ask another administrator.".to_owned()
        }
        other => other.to_string(),
    }
}

/// The groups of the book, and those that are linked but nobody is in.
fn groups(book: &AddressBook, linked: &[String]) -> Vec<Choice> {
    let same = |one: &str, other: &str| {
        one.split_whitespace().map(str::to_lowercase).eq(other.split_whitespace().map(str::to_lowercase))
    };
    let gone = linked.iter().filter(|name| book.members(name).is_none());
    let gone = gone.map(|name| Choice::new(name.clone(), format!("{name} (nobody is in it)"), true));
    let present = book.groups().iter().map(|group| {
        let here = linked.iter().any(|name| same(name, &group.name));
        Choice::new(group.name.clone(), group.name.clone(), here)
    });
    gone.chain(present).collect()
}
