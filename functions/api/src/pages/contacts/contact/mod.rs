//! One contact: added, looked at, changed, deleted.

mod add;
mod delete;
mod overrides;
mod pairs;
mod save;
mod show;
mod stored;
mod typed;
mod view;

use axum::Router;
use axum::routing::{get, post};

use crate::state::ApiState;

#[cfg(test)]
pub(crate) use view::ContactPage;

pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/contacts/new", get(add::show).post(add::add))
        .route("/contacts/{id}", get(show::show).post(save::save))
        .route("/contacts/{id}/delete", post(delete::delete))
        .route("/contacts/{id}/overrides", post(overrides::drop_one))
        .route("/contacts/{id}/bar", get(pairs::found).post(pairs::bar))
}
