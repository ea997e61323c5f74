//! Setting up the second step of signing in, and taking it away.

use std::fmt::Write;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use domain::audit::Act;
use domain::notice::Notice;
use domain::people::{Action, Role};
use domain::settings::Settings;
use domain::totp::TotpSecret;
use http::HeaderMap;
use qrcode::{Color, EcLevel, QrCode};
use store::{Membership, Owes, SecondFactor};

use super::password::is_theirs;
use super::{Tried, again, done};
use crate::auth::{Arriving, Posted, PostedArriving, SignedIn, allow, begin, factor, path_of};
use crate::error::{ApiError, Result};
use crate::pages::kit::form::Problem;
use crate::pages::kit::reply::{html, invalid};
use crate::pages::sign_in::go;
use crate::services::jobs;
use crate::state::ApiState;

/// Tries at proving a new app in a quarter of an hour.
const TRIES: u32 = 20;

/// The page on which an app is set up. It stands by itself, because it may have to be done before anything else opens.
#[derive(Template)]
#[template(path = "second_factor.html")]
pub(crate) struct FactorPage {
    csrf: String,
    required: bool,
    problems: Vec<Problem>,
    qr: Qr,
    /// As it is typed where there is no camera.
    typed: String,
    /// The secret, so that nothing is stored before it is proven.
    sealed: String,
}

/// The recovery codes, this once.
#[derive(Template)]
#[template(path = "recovery_codes.html")]
pub(crate) struct CodesPage {
    codes: Vec<String>,
}

/// A QR code as one path.
struct Qr {
    size: usize,
    path: String,
}

/// Whether the school asks this member for a second factor.
pub(super) fn is_required(settings: &Settings, membership: &Membership) -> bool {
    settings.security.require_second_factor_for_admin && membership.roles().has(Role::Admin)
}

/// Something else that comes first, if this does not.
fn other_first(by: &SignedIn) -> Result<()> {
    match by.owes.filter(|owes| *owes != Owes::SecondFactor) {
        Some(owes) => Err(ApiError::First { path: path_of(owes) }),
        None => by.opens(domain::people::Page::Own),
    }
}

pub(super) async fn show(State(state): State<ApiState>, Arriving(by): Arriving) -> Result<Response> {
    other_first(&by)?;
    if by.person.account.second_factor.is_some() {
        return Ok(Redirect::to("/preferences#second-factor").into_response());
    }
    html(&set_up(&state, &by, &TotpSecret::new(state.ids().bytes()), Vec::new())?)
}

fn set_up(
    state: &ApiState,
    by: &SignedIn,
    secret: &TotpSecret,
    problems: Vec<Problem>,
) -> Result<FactorPage> {
    Ok(FactorPage {
        csrf: by.csrf.clone(),
        required: by.owes == Some(Owes::SecondFactor),
        problems,
        qr: Qr::of(&secret.uri("Messenger", &by.person.username))?,
        typed: secret.typed(),
        sealed: factor::seal(state, &by.person, secret),
    })
}

pub(super) async fn switch_on(
    State(state): State<ApiState>,
    PostedArriving { by, form }: PostedArriving,
) -> Result<Response> {
    other_first(&by)?;
    if by.person.account.second_factor.is_some() {
        return Ok(Redirect::to("/preferences#second-factor").into_response());
    }
    let secret = factor::open(&state, &by.person, form.text("sealed"))?;
    allow(&state, &format!("set up second step {}", by.user), TRIES).await?;
    let mut problems = Vec::new();
    let step = secret.check(form.text("code"), state.now_ms(), 0);
    if step.is_none() {
        let words = "This code is not right. Check that the phone's clock is right and enter the code that it shows now.";
        problems.push(Problem::new("code", words));
    }
    // Whoever finds a browser left open must not be able to shut its user out.
    if !is_theirs(&state, &by, form.get("current")).await? {
        problems.push(Problem::new("current", "Enter your present password."));
    }
    let (Some(last_step), true) = (step, problems.is_empty()) else {
        let page = set_up(&state, &by, &secret, problems)?;
        return invalid(&page);
    };
    let (codes, recovery) = factor::recovery_codes(&state);
    let mut after = by.person.clone();
    after.account.second_factor = Some(SecondFactor { secret: secret.hex(), last_step, recovery });
    let event = by.audit_event(Act::SecondFactorOn, by.user.to_string(), Vec::new());
    by.school.members().change_user(&by.person, &after, None, &event, state.now_ms()).await?;
    jobs::notify(&state, by.school.id(), Notice::SecondFactor { user: by.user, on: true }).await?;
    html(&CodesPage { codes })
}

pub(super) async fn switch_off(
    State(state): State<ApiState>,
    headers: HeaderMap,
    Posted { by, form }: Posted,
) -> Result<Response> {
    by.may(Action::ChangeOwnPreferences)?;
    if !is_theirs(&state, &by, form.get("for_factor")).await? {
        return not_theirs(&state, &by).await;
    }
    let mut after = by.person.clone();
    after.account.second_factor = None;
    // Pages on which an app was being set up are void.
    after.account.epoch = after.account.epoch.wrapping_add(1);
    let event = by.audit_event(Act::SecondFactorOff, by.user.to_string(), Vec::new());
    by.school.members().change_user(&by.person, &after, None, &event, state.now_ms()).await?;
    jobs::notify(&state, by.school.id(), Notice::SecondFactor { user: by.user, on: false }).await?;
    let cookie = begin(&state, &headers, &after, &by.membership, None, by.session.since_ms()).await?;
    Ok(go(cookie, &done::OFF.address(done::PAGE)))
}

pub(super) async fn new_codes(
    State(state): State<ApiState>,
    Posted { by, form }: Posted,
) -> Result<Response> {
    by.may(Action::ChangeOwnPreferences)?;
    if !is_theirs(&state, &by, form.get("for_factor")).await? {
        return not_theirs(&state, &by).await;
    }
    let (codes, recovery) = factor::recovery_codes(&state);
    let mut after = by.person.clone();
    let Some(factor) = &mut after.account.second_factor else {
        return Ok(Redirect::to("/preferences").into_response());
    };
    factor.recovery = recovery;
    let event = by.audit_event(Act::RecoveryCodesMade, by.user.to_string(), Vec::new());
    by.school.members().change_user(&by.person, &after, None, &event, state.now_ms()).await?;
    jobs::notify(&state, by.school.id(), Notice::RecoveryCodes { user: by.user }).await?;
    html(&CodesPage { codes })
}

async fn not_theirs(state: &ApiState, by: &SignedIn) -> Result<Response> {
    let problems = vec![Problem::new("for_factor", "This is not your present password.")];
    again(state, by, Tried { problems, ..Tried::default() }).await
}

impl Qr {
    fn of(text: &str) -> Result<Self> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(ApiError::internal)?;
        let (width, quiet) = (code.width(), 4);
        let mut path = String::new();
        for (at, _) in code.to_colors().iter().enumerate().filter(|(_, color)| **color == Color::Dark) {
            // Writing to a string does not fail.
            let _ = write!(path, "M{} {}h1v1h-1z", at % width + quiet, at / width + quiet);
        }
        Ok(Self { size: width + 2 * quiet, path })
    }
}

#[cfg(test)]
impl FactorPage {
    pub(crate) fn sample() -> Self {
        let secret = TotpSecret::new([7; 20]);
        Self {
            csrf: "sample".to_owned(),
            required: true,
            problems: vec![Problem::new("code", "This code is not right.")],
            qr: Qr::of(&secret.uri("Messenger", "5976.morgan.ellis")).unwrap(),
            typed: secret.typed(),
            sealed: "sample".to_owned(),
        }
    }
}

#[cfg(test)]
impl CodesPage {
    pub(crate) fn sample() -> Self {
        Self { codes: (0..10).map(|n| format!("abcd-efgh-jkmn-pqr{n}")).collect() }
    }
}
