//! Choosing the school to work for, after signing in and later.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use http::HeaderMap;
use store::{Access, Owes};

use super::go;
use crate::address::ClientAddress;
use crate::auth::{Arriving, PostedArriving, SignedIn, enter, path_of, working};
use crate::error::{ApiError, Result};
use crate::pages::kit::reply::html;
use crate::state::ApiState;

pub(super) fn routes() -> Router<ApiState> {
    Router::new().route("/school", get(show).post(choose))
}

#[derive(Template)]
#[template(path = "sign_in_school.html")]
pub(crate) struct SchoolPage {
    csrf: String,
    schools: Vec<Choice>,
    /// They came from a school and can go back there.
    back: bool,
}

/// A school that one can work for.
struct Choice {
    id: String,
    name: String,
    here: bool,
}

async fn show(State(state): State<ApiState>, Arriving(by): Arriving) -> Result<Response> {
    // A password that has expired in one school is changed before another is gone to.
    if let Some(owes) = by.owes.filter(|owes| *owes != Owes::School) {
        return Ok(Redirect::to(path_of(owes)).into_response());
    }
    let chosen = by.owes.is_none();
    let mut schools = Vec::new();
    for membership in working(&state, &by.person).await? {
        let school = state.store().school(Access::of_member(&membership));
        let here = chosen && membership.school() == by.school.id();
        let id = membership.school().to_string();
        schools.push(Choice { id, name: school.settings().get().await?.name, here });
    }
    schools.sort_by(|a, b| a.name.cmp(&b.name));
    html(&SchoolPage { csrf: by.csrf, schools, back: chosen })
}

/// Only a membership of their own opens a school, whatever the form says.
async fn choose(
    State(state): State<ApiState>,
    address: ClientAddress,
    headers: HeaderMap,
    PostedArriving { by, form }: PostedArriving,
) -> Result<Response> {
    if let Some(owes) = by.owes.filter(|owes| *owes != Owes::School) {
        return Ok(Redirect::to(path_of(owes)).into_response());
    }
    let SignedIn { person, session, .. } = &by;
    let wanted = form.text("school");
    let memberships = working(&state, person).await?;
    let membership =
        memberships.iter().find(|m| m.school().to_string() == wanted).ok_or(ApiError::NotFound)?;
    let cookie = enter(&state, &address, &headers, person, membership, session.since_ms()).await?;
    Ok(go(cookie, "/"))
}

#[cfg(test)]
impl SchoolPage {
    pub(crate) fn sample() -> Self {
        let school = |id: &str, name: &str, here| Choice { id: id.to_owned(), name: name.to_owned(), here };
        Self {
            csrf: "sample".to_owned(),
            schools: vec![school("1", "Green Abbey School", true), school("2", "Hillview School", false)],
            back: true,
        }
    }
}
