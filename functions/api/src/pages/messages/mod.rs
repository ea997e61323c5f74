//! Writing messages, authorising them, and what became of them.

pub(crate) mod absence;
pub(crate) mod authorise;
pub(crate) mod compose;
pub(crate) mod deliveries;
pub(crate) mod history;
pub(crate) mod message;

use axum::Router;

use crate::state::ApiState;

/// Routes of these pages.
pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .merge(absence::routes())
        .merge(authorise::routes())
        .merge(compose::routes())
        .merge(deliveries::routes())
        .merge(history::routes())
        .merge(message::routes())
}
