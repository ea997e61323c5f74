//! The school itself: its settings and keys, its users, and what they did and used.

pub(crate) mod audit;
pub(crate) mod keys;
pub(crate) mod settings;
pub(crate) mod usage;
pub(crate) mod users;

use axum::Router;

use crate::state::ApiState;

/// Routes of these pages.
pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .merge(audit::routes())
        .merge(keys::routes())
        .merge(settings::routes())
        .merge(usage::routes())
        .merge(users::routes())
}
