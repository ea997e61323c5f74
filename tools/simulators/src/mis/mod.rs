//! An MIS that speaks as Xporter on Demand does, with pages to change what it says.

mod lists;
mod pages;
mod register;
pub(crate) mod school;
pub(crate) mod state;
mod xporter;

use axum::Router;

use crate::app::Shared;

pub use school::{MisAdult, MisPupil, MisSchool, MisTie};

/// The password with which a token is given for the school: it guards made-up people only.
pub const MIS_PASSWORD: &str = xporter::PASSWORD;

/// The MIS's routes.
pub(crate) fn routes() -> Router<Shared> {
    xporter::routes().merge(pages::routes())
}
