//! The JSON API for partners' systems.

mod body;
mod contacts;
mod message;
mod messages;
mod openapi;
mod schema;
mod sync;
mod sync_files;
mod usage;

use axum::Router;
use axum::routing::{get, post};

use crate::state::ApiState;

/// Routes of the API.
pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/api/openapi.json", get(openapi::openapi))
        .route("/api/v1/contacts/batch", post(contacts::batch))
        .route("/api/v1/messages", post(messages::send_message))
        .route("/api/v1/messages/preview", post(messages::preview_message))
        .route("/api/v1/messages/{id}", get(message::get_message))
        .route("/api/v1/messages/{id}/deliveries", get(message::get_deliveries))
        .route("/api/v1/messages/{id}/stop", post(message::stop_message))
        .route("/api/v1/messages/{id}/resend", post(message::resend_message))
        .route("/api/v1/sync-files", post(sync_files::post_file))
        .route("/api/v1/sync-runs", post(sync::post_run))
        .route("/api/v1/sync-runs/{id}", get(sync::get_run))
        .route("/api/v1/usage", get(usage::get_usage))
}
