//! The school's logo: taken, removed, shown.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::people::{Action, Page};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use super::{SettingsPage, done};
use crate::auth::{Posted, PostedFile, SignedIn};
use crate::error::{ApiError, Result};
use crate::pages::kit::context::PageContext;
use crate::pages::kit::form::Problem;
use crate::pages::kit::places::NavItem;
use crate::pages::kit::reply::invalid;
use crate::services::settings::{picture, put_logo};
use crate::state::ApiState;

pub(super) async fn put(
    State(state): State<ApiState>,
    PostedFile { by, file }: PostedFile,
) -> Result<Response> {
    by.may(Action::ChangeSettings)?;
    let file = file?;
    // Decoding is computing: other requests go on meanwhile.
    let decoded = tokio::task::spawn_blocking(move || picture(&file)).await.map_err(ApiError::internal)?;
    match decoded {
        Ok(picture) => {
            put_logo(&state, &by, Some(picture)).await?;
            Ok(done::LOGO.at("/settings"))
        }
        Err(error) => {
            let context = PageContext::load(&state, &by, NavItem::SETTINGS).await?;
            let problems = vec![Problem::new("file", error.to_string())];
            let page =
                SettingsPage::new(context.frame, &context.settings, state.x().is_some(), None, problems);
            invalid(&page)
        }
    }
}

pub(super) async fn remove(State(state): State<ApiState>, Posted { by, .. }: Posted) -> Result<Response> {
    by.may(Action::ChangeSettings)?;
    put_logo(&state, &by, None).await?;
    Ok(done::NO_LOGO.at("/settings"))
}

/// The picture, for the school's own staff. Its address says what it is, so that browsers may keep it.
pub(super) async fn serve(
    State(state): State<ApiState>,
    by: SignedIn,
    Path(file): Path<String>,
) -> Result<Response> {
    by.opens(Page::Own)?;
    let settings = by.school.settings().get().await?;
    let logo = settings.logo.filter(|logo| file == format!("{}.png", logo.hash)).ok_or(ApiError::NotFound)?;
    let png = state.files().read(&logo.file(by.school.id())).await?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("image/png")),
        (CACHE_CONTROL, HeaderValue::from_static("private, max-age=31536000, immutable")),
    ];
    Ok((headers, png).into_response())
}
