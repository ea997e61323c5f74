//! What providers post to us.

mod twilio;

use axum::Router;
use axum::routing::post;

use crate::state::ApiState;

/// Routes of the webhooks.
pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/hooks/twilio/status/{reference}", post(twilio::status))
        .route("/hooks/twilio/inbound", post(twilio::inbound))
}
