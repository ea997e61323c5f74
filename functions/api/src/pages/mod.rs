//! The staff pages.

use axum::Router;
use axum::response::{Html, IntoResponse, Response};

use crate::error::Problem;
use crate::state::ApiState;

/// Routes of the pages.
pub fn routes() -> Router<ApiState> {
    Router::new()
}

/// The page that tells a person what went wrong. [`crate::edge`] sets the status.
pub fn error_page(problem: &Problem, request_id: &str) -> Response {
    Html(format!(
        "<!doctype html><html lang=\"en-GB\"><title>{title}</title><h1>{title}</h1><p>Request {request_id}</p></html>",
        title = problem.title
    ))
    .into_response()
}
