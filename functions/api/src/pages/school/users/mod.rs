//! *Users*: who may sign in to the school, and what they may do.

mod actions;
mod list;
mod member;
mod profiles;
mod roles;
#[cfg(test)]
pub(crate) mod samples;
mod wizard;

use axum::Router;
use axum::routing::{get, post};

#[cfg(test)]
pub(crate) use self::{list::UsersPage, member::MemberPage, wizard::AddUserPage};
#[cfg(test)]
pub(crate) use profiles::{ProfilePage, ProfilesPage};

use crate::state::ApiState;

pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/users", get(list::show))
        .route("/users/new", get(wizard::begin).post(wizard::press))
        .route("/users/profiles", get(profiles::show))
        .route("/users/profiles/new", get(profiles::begin).post(profiles::add))
        .route("/users/profiles/{id}", get(profiles::open).post(profiles::save))
        .route("/users/profiles/{id}/delete", post(profiles::delete))
        .route("/users/{id}", get(member::show))
        .route("/users/{id}/roles", post(actions::roles))
        .route("/users/{id}/groups", post(actions::groups))
        .route("/users/{id}/disable", post(actions::disable))
        .route("/users/{id}/enable", post(actions::enable))
        .route("/users/{id}/delete", post(actions::delete))
        .route("/users/{id}/link", post(actions::send_link))
}
