//! The list of tools: on a phone, the way to everything that the bottom bar has no room for.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;

use crate::auth::SignedIn;
use crate::error::Result;
use crate::pages::kit::context::PageContext;
use crate::pages::kit::frame::Frame;
use crate::pages::kit::places::NavItem;
use crate::pages::kit::reply::html;
use crate::state::ApiState;

pub(crate) fn routes() -> Router<ApiState> {
    Router::new().route("/tools", get(show))
}

#[derive(Template)]
#[template(path = "tools.html")]
pub(crate) struct ToolsPage {
    frame: Frame,
}

async fn show(State(state): State<ApiState>, by: SignedIn) -> Result<Response> {
    html(&ToolsPage { frame: PageContext::load(&state, &by, NavItem::TOOLS).await?.frame })
}

#[cfg(test)]
impl ToolsPage {
    pub(crate) fn sample() -> Self {
        Self { frame: Frame::sample(NavItem::TOOLS) }
    }
}
