//! The school's account on X: linked, unlinked.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use domain::people::{Action, Page};

use super::{SettingsPage, done};
use crate::auth::{Posted, SignedIn};
use crate::error::Result;
use crate::pages::kit::ask::{Ask, AskPage};
use crate::pages::kit::context::PageContext;
use crate::pages::kit::form::Problem;
use crate::pages::kit::frame::Frame;
use crate::pages::kit::places::NavItem;
use crate::pages::kit::reply::{html, invalid};
use crate::services::x::{self, Back, NotLinked};
use crate::state::ApiState;

/// The question before somebody goes to X. A form may not lead away from us, so a link does.
#[derive(Template)]
#[template(path = "settings_x.html")]
pub(crate) struct GoToXPage {
    frame: Frame,
    url: String,
}

pub(super) async fn link(State(state): State<ApiState>, Posted { by, .. }: Posted) -> Result<Response> {
    by.may(Action::ChangeSettings)?;
    match x::begin(&state, &by).await? {
        Ok(url) => {
            let context = PageContext::load(&state, &by, NavItem::SETTINGS).await?;
            html(&GoToXPage { frame: context.frame, url })
        }
        Err(why) => not_linked(&state, &by, why).await,
    }
}

/// X sends the browser here.
pub(super) async fn back(
    State(state): State<ApiState>,
    by: SignedIn,
    Query(back): Query<Back>,
) -> Result<Response> {
    by.opens(Page::Settings)?;
    match x::finish(&state, &by, &back).await? {
        Ok(_) => Ok(done::LINKED.at("/settings")),
        Err(why) => not_linked(&state, &by, why).await,
    }
}

pub(super) async fn unlink(State(state): State<ApiState>, Posted { by, form }: Posted) -> Result<Response> {
    by.may(Action::ChangeSettings)?;
    if form.has("sure") {
        x::unlink(&state, &by).await?;
        return Ok(done::UNLINKED.at("/settings"));
    }
    let context = PageContext::load(&state, &by, NavItem::SETTINGS).await?;
    let Some(account) = &context.settings.x else { return Ok(Redirect::to("/settings").into_response()) };
    let words = format!(
        "Nobody can post on @{} from here until it is linked again. A post that is on its way may still appear.",
        account.name
    );
    let ask =
        Ask::new("/settings/x/unlink", "Unlink the account on X?", "Unlink", "Leave it linked").words(words);
    html(&AskPage::of(context.frame, ask, "/settings"))
}

/// The settings, with why no account was linked.
async fn not_linked(state: &ApiState, by: &SignedIn, why: NotLinked) -> Result<Response> {
    let context = PageContext::load(state, by, NavItem::SETTINGS).await?;
    let problems = vec![Problem::new("x", why.to_string())];
    let page = SettingsPage::new(context.frame, &context.settings, state.x().is_some(), None, problems);
    invalid(&page)
}

#[cfg(test)]
impl GoToXPage {
    pub(crate) fn sample() -> Self {
        let url = "https://api.x.com/oauth/authorize?oauth_token=sample".to_owned();
        Self { frame: Frame::sample(NavItem::SETTINGS), url }
    }
}
