//! The staff pages. Each is a struct that is its template's data, a handler that fills it in, and a sample of it.

mod absence;
mod audit;
mod authorise;
mod book;
mod compose;
mod contact;
mod contacts;
mod deliveries;
mod desk;
mod door;
mod frame;
mod history;
mod home;
mod keys;
mod kit;
mod lines;
mod message;
mod preferences;
mod problem;
mod release_notes;
mod settings;
mod shown;
mod standing;
mod sync;
mod tools;
mod upload;
mod usage;
mod users;
mod words;

#[cfg(test)]
mod tests;

use axum::Router;
use domain::ids::ContactId;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

pub use problem::error_page;
pub(crate) use problem::{Asker, framed_error_page};

use crate::assets;
use crate::state::ApiState;

/// Routes of the pages.
pub fn routes() -> Router<ApiState> {
    Router::new()
        .merge(assets::routes())
        .merge(door::routes())
        .merge(preferences::routes())
        .merge(home::routes())
        .merge(compose::routes())
        .merge(absence::routes())
        .merge(history::routes())
        .merge(message::routes())
        .merge(deliveries::routes())
        .merge(contacts::routes())
        .merge(contact::routes())
        .merge(usage::routes())
        .merge(users::routes())
        .merge(upload::routes())
        .merge(authorise::routes())
        .merge(audit::routes())
        .merge(tools::routes())
        .merge(settings::routes())
        .merge(keys::routes())
        .merge(release_notes::routes())
        .merge(sync::routes())
}

/// Kept as they are in an address.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A value as a part of an address.
fn encoded(value: &str) -> String {
    utf8_percent_encode(value, PLAIN).to_string()
}

/// A contact's id as a part of an address.
fn contact_path(id: &ContactId) -> String {
    encoded(id.as_str())
}
