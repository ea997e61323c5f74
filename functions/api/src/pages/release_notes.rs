//! What has changed in the product, for everybody who uses it: the project's own CHANGELOG.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use channels::ses::email_html;

use crate::auth::SignedIn;
use crate::error::Result;
use crate::pages::kit::context::PageContext;
use crate::pages::kit::frame::Frame;
use crate::pages::kit::places::NavItem;
use crate::pages::kit::reply::html;
use crate::state::ApiState;

/// Markdown; its first line is its own heading.
const CHANGELOG: &str = include_str!("../../../../CHANGELOG.md");

pub(crate) fn routes() -> Router<ApiState> {
    Router::new().route("/release-notes", get(show))
}

#[derive(Template)]
#[template(path = "release_notes.html")]
pub(crate) struct ReleaseNotesPage {
    frame: Frame,
    /// Safe HTML.
    notes: String,
}

impl ReleaseNotesPage {
    fn new(frame: Frame) -> Self {
        let notes = CHANGELOG.split_once('\n').map_or(CHANGELOG, |(_, notes)| notes);
        Self { frame, notes: email_html(notes) }
    }
}

async fn show(State(state): State<ApiState>, by: SignedIn) -> Result<Response> {
    html(&ReleaseNotesPage::new(PageContext::load(&state, &by, NavItem::RELEASE_NOTES).await?.frame))
}

#[cfg(test)]
impl ReleaseNotesPage {
    pub(crate) fn sample() -> Self {
        Self::new(Frame::sample(NavItem::RELEASE_NOTES))
    }
}
