//! Answers with a page.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;

use crate::error::{ApiError, Result};

/// A page, or a part of one.
pub(crate) fn html(page: &impl Template) -> Result<Response> {
    Ok(Html(page.render().map_err(ApiError::internal)?).into_response())
}

/// 422 with the page again, which says what is wrong with its form.
pub(crate) fn invalid(page: &impl Template) -> Result<Response> {
    Ok((StatusCode::UNPROCESSABLE_ENTITY, html(page)?).into_response())
}
