//! The staff pages, in folders as the menus have them. Each is a struct that is its template's data, a handler that
//! fills it in, and a sample of it.

mod contacts;
mod home;
mod kit;
mod messages;
mod preferences;
mod release_notes;
mod school;
mod sign_in;
mod tools;

#[cfg(test)]
mod tests;

use axum::Router;

pub use kit::problem::error_page;
pub(crate) use kit::problem::{Asker, framed_error_page};

use crate::assets;
use crate::state::ApiState;

/// Routes of the pages.
pub fn routes() -> Router<ApiState> {
    Router::new()
        .merge(assets::routes())
        .merge(sign_in::routes())
        .merge(preferences::routes())
        .merge(home::routes())
        .merge(tools::routes())
        .merge(release_notes::routes())
        .merge(messages::routes())
        .merge(contacts::routes())
        .merge(school::routes())
}
