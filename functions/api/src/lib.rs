//! The staff pages, the JSON API and the providers' webhooks: one router, which is the Lambda handler and the local
//! server alike.

mod address;
mod assets;
pub mod auth;
mod edge;
mod error;
mod forms;
mod headers;
mod hooks;
mod json;
mod known;
pub mod pages;
pub mod services;
mod state;
mod status_cache;

use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use axum::{Json, Router, middleware};

pub use address::ClientAddress;
pub use edge::MAX_BODY;
pub use error::{ApiError, FieldError, Problem, Result};
pub use forms::FormFields;
pub use services::x::x_linker;
pub use state::{ApiConfig, ApiState, Ports, upload_origin};

/// The one router.
pub fn router(state: ApiState) -> Router {
    Router::new()
        .route("/healthz", get(async || Json(serde_json::json!({"status": "ok"}))))
        .merge(json::routes())
        .merge(hooks::routes())
        .merge(pages::routes())
        .fallback(async || ApiError::NotFound)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(state.clone(), edge::edge))
        .with_state(state)
}
