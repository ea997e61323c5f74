//! Whom messages go to: the address book, and where it comes from.

pub(crate) mod contact;
pub(crate) mod list;
pub(crate) mod sync;
pub(crate) mod upload;

use axum::Router;

use crate::state::ApiState;

/// Routes of these pages.
pub(crate) fn routes() -> Router<ApiState> {
    Router::new().merge(contact::routes()).merge(list::routes()).merge(sync::routes()).merge(upload::routes())
}
