//! What is done to one user.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use domain::ids::UserId;
use domain::people::Standing;
use store::Membership;

use super::list::name_of;
use super::member::{delete_ask, known};
use super::roles::ticked;
use crate::auth::Posted;
use crate::error::{ApiError, Result};
use crate::forms::FormFields;
use crate::pages::kit::ask::AskPage;
use crate::pages::kit::context::PageContext;
use crate::pages::kit::places::NavItem;
use crate::pages::kit::reply::html;
use crate::services::users::{self, Edit, manager, member_of};
use crate::state::ApiState;

/// Most groups that one user is linked to, and the longest name of one, in characters.
const MOST_GROUPS: usize = 50;
const LONGEST_GROUP: usize = 100;

fn back(user: UserId, done: &str) -> Response {
    Redirect::to(&format!("/users/{user}?done={done}")).into_response()
}

/// 409 unless the form shows the member as they are now.
fn as_seen(form: &FormFields, of: &Membership) -> Result<()> {
    if form.text("version").parse() == Ok(of.version()) {
        return Ok(());
    }
    Err(ApiError::Conflict(
        "Somebody else changed this user while you did. Load the page again and repeat your change."
            .to_owned(),
    ))
}

pub(super) async fn roles(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Posted { by, form }: Posted,
) -> Result<Response> {
    manager(&by)?;
    let of = member_of(&by, known(&id)?).await?;
    as_seen(&form, &of)?;
    users::edit(&state, &by, &of, Edit::Roles(ticked(&form))).await?;
    Ok(back(of.user(), "roles"))
}

pub(super) async fn groups(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Posted { by, form }: Posted,
) -> Result<Response> {
    manager(&by)?;
    let of = member_of(&by, known(&id)?).await?;
    as_seen(&form, &of)?;
    let mut groups: Vec<String> = form.all("group").map(|name| name.trim().to_owned()).collect();
    groups.sort();
    groups.dedup();
    let named = |name: &String| {
        (1..=LONGEST_GROUP).contains(&name.chars().count()) && !name.chars().any(char::is_control)
    };
    if groups.len() > MOST_GROUPS || !groups.iter().all(named) {
        return Err(ApiError::field("group", format!("Choose up to {MOST_GROUPS} groups from the list.")));
    }
    users::edit(&state, &by, &of, Edit::Groups(groups)).await?;
    Ok(back(of.user(), "groups"))
}

pub(super) async fn disable(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Posted { by, .. }: Posted,
) -> Result<Response> {
    manager(&by)?;
    let of = member_of(&by, known(&id)?).await?;
    users::edit(&state, &by, &of, Edit::Standing(Standing::Disabled)).await?;
    Ok(back(of.user(), "disabled"))
}

pub(super) async fn enable(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Posted { by, .. }: Posted,
) -> Result<Response> {
    manager(&by)?;
    let of = member_of(&by, known(&id)?).await?;
    users::edit(&state, &by, &of, Edit::Standing(Standing::Enabled)).await?;
    Ok(back(of.user(), "enabled"))
}

pub(super) async fn delete(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Posted { by, form }: Posted,
) -> Result<Response> {
    manager(&by)?;
    let of = member_of(&by, known(&id)?).await?;
    if form.text("sure") == "yes" {
        users::edit(&state, &by, &of, Edit::Standing(Standing::Deleted)).await?;
        return Ok(Redirect::to("/users?done=deleted").into_response());
    }
    let user = state.store().user(of.user()).await?.ok_or(ApiError::NotFound)?;
    let context = PageContext::load(&state, &by, NavItem::USERS).await?;
    let ask = delete_ask(&of, &name_of(&user));
    html(&AskPage {
        frame: context.frame,
        title: ask.title,
        words: ask.words,
        action: ask.action,
        hidden: Vec::new(),
        yes: ask.yes,
        no: ask.no,
        harmless: ask.harmless,
        back: format!("/users/{}", of.user()),
    })
}

pub(super) async fn send_link(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Posted { by, .. }: Posted,
) -> Result<Response> {
    manager(&by)?;
    let of = member_of(&by, known(&id)?).await?;
    users::send_link(&state, &by, &of).await?;
    Ok(back(of.user(), "mailed"))
}
