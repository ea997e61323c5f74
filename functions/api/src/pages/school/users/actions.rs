//! What is done to one user.

use axum::extract::State;
use axum::response::Response;
use domain::ids::UserId;
use domain::people::Standing;
use store::Membership;

use super::list::{self, name_of};
use super::member::{self, delete_ask};
use super::roles::ticked;
use crate::auth::Posted;
use crate::error::{ApiError, Result};
use crate::forms::FormFields;
use crate::known::Known;
use crate::pages::kit::ask::AskPage;
use crate::pages::kit::context::PageContext;
use crate::pages::kit::done::Done;
use crate::pages::kit::places::NavItem;
use crate::pages::kit::reply::html;
use crate::services::users::{self, Edit, manager, member_of};
use crate::state::ApiState;

/// Most groups that one user is linked to, and the longest name of one, in characters.
const MOST_GROUPS: usize = 50;
const LONGEST_GROUP: usize = 100;

fn back(user: UserId, done: Done) -> Response {
    done.at(&format!("/users/{user}"))
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
    Known(id): Known<UserId>,
    Posted { by, form }: Posted,
) -> Result<Response> {
    manager(&by)?;
    let of = member_of(&by, id).await?;
    as_seen(&form, &of)?;
    users::edit(&state, &by, &of, Edit::Roles(ticked(&form))).await?;
    Ok(back(of.user(), member::ROLES))
}

pub(super) async fn groups(
    State(state): State<ApiState>,
    Known(id): Known<UserId>,
    Posted { by, form }: Posted,
) -> Result<Response> {
    manager(&by)?;
    let of = member_of(&by, id).await?;
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
    Ok(back(of.user(), member::GROUPS))
}

pub(super) async fn disable(
    State(state): State<ApiState>,
    Known(id): Known<UserId>,
    posted: Posted,
) -> Result<Response> {
    stand(&state, id, posted, Standing::Disabled, member::DISABLED).await
}

pub(super) async fn enable(
    State(state): State<ApiState>,
    Known(id): Known<UserId>,
    posted: Posted,
) -> Result<Response> {
    stand(&state, id, posted, Standing::Enabled, member::ENABLED).await
}

/// Lets a member in again, or keeps them out.
async fn stand(
    state: &ApiState,
    id: UserId,
    posted: Posted,
    standing: Standing,
    done: Done,
) -> Result<Response> {
    let by = posted.by;
    manager(&by)?;
    let of = member_of(&by, id).await?;
    users::edit(state, &by, &of, Edit::Standing(standing)).await?;
    Ok(back(of.user(), done))
}

pub(super) async fn delete(
    State(state): State<ApiState>,
    Known(id): Known<UserId>,
    Posted { by, form }: Posted,
) -> Result<Response> {
    manager(&by)?;
    let of = member_of(&by, id).await?;
    if form.text("sure") == "yes" {
        users::edit(&state, &by, &of, Edit::Standing(Standing::Deleted)).await?;
        return Ok(list::DELETED.at("/users"));
    }
    let user = state.store().user(of.user()).await?.ok_or(ApiError::NotFound)?;
    let context = PageContext::load(&state, &by, NavItem::USERS).await?;
    let ask = delete_ask(&of, &name_of(&user));
    html(&AskPage::of(context.frame, ask, format!("/users/{}", of.user())))
}

pub(super) async fn send_link(
    State(state): State<ApiState>,
    Known(id): Known<UserId>,
    Posted { by, .. }: Posted,
) -> Result<Response> {
    manager(&by)?;
    let of = member_of(&by, id).await?;
    users::send_link(&state, &by, &of).await?;
    Ok(back(of.user(), member::MAILED))
}
