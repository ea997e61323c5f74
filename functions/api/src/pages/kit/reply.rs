//! Answers with a page.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};

use crate::error::{ApiError, Result};

/// A page, or a part of one.
pub(crate) fn html(page: &impl Template) -> Result<Response> {
    Ok(Html(page.render().map_err(ApiError::internal)?).into_response())
}
