//! What every user sets up for themselves.

mod compose;
mod details;
mod factor;
mod password;
#[cfg(test)]
mod samples;
mod sessions;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use domain::channel::Channel;
use domain::people::Page;
use http::StatusCode;
use serde::Deserialize;

#[cfg(test)]
pub(crate) use factor::{CodesPage, FactorPage};

use crate::auth::standards::security_of;
use crate::auth::{LIFETIME, SignedIn};
use crate::error::Result;
use crate::pages::kit::context::PageContext;
use crate::pages::kit::form::{Field, Problem};
use crate::pages::kit::frame::Frame;
use crate::pages::kit::places::NavItem;
use crate::pages::kit::reply::html;
use crate::pages::kit::words;
use crate::state::ApiState;

pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/preferences", get(show))
        .route("/preferences/details", post(details::save))
        .route("/preferences/confirm-email", post(details::send_link))
        .route("/preferences/password", post(password::change))
        .route("/preferences/compose", post(compose::save))
        .route("/preferences/sessions/end", post(sessions::end))
        .route("/preferences/second-factor", get(factor::show).post(factor::switch_on))
        .route("/preferences/second-factor/off", post(factor::switch_off))
        .route("/preferences/second-factor/codes", post(factor::new_codes))
}

#[derive(Template)]
#[template(path = "preferences.html")]
pub(crate) struct PreferencesPage {
    frame: Frame,
    notice: Option<String>,
    problems: Vec<Problem>,
    username: String,
    email: Field,
    email_confirmed: bool,
    mobile: Field,
    for_email: Field,
    current: Field,
    password: Field,
    again: Field,
    /// Why the password that was typed is unsafe: taken if they tick a box.
    warnings: Vec<String>,
    channels: Vec<Tick>,
    header: Field,
    reply_to: Field,
    pin: String,
    factor_on: bool,
    codes_left: usize,
    for_factor: Field,
    factor_required: bool,
    sessions: Vec<SessionLine>,
    several_schools: bool,
}

/// A box to tick.
pub(crate) struct Tick {
    value: &'static str,
    words: &'static str,
    on: bool,
}

/// A browser that is signed in.
pub(crate) struct SessionLine {
    id: String,
    browser: String,
    times: String,
    here: bool,
}

/// What a form of the page held, where it was not taken.
#[derive(Default)]
pub(crate) struct Tried {
    pub(crate) problems: Vec<Problem>,
    pub(crate) warnings: Vec<String>,
    pub(crate) email: Option<String>,
    pub(crate) mobile: Option<String>,
    pub(crate) header: Option<String>,
    pub(crate) reply_to: Option<String>,
}

#[derive(Deserialize)]
struct Asked {
    done: Option<String>,
}

async fn show(State(state): State<ApiState>, by: SignedIn, Query(asked): Query<Asked>) -> Result<Response> {
    let notice = asked.done.as_deref().and_then(|done| {
        Some(match done {
            "details" => "Your details are saved.",
            "email" => "Your details are saved. Confirm the new e-mail address with the link that we have sent to it.",
            "link" => "A link to confirm your e-mail address is on its way to it.",
            "password" => "Your password is changed. Every other browser was signed out.",
            "compose" => "New messages now begin like this.",
            "factor" => "Your authenticator app is set up.",
            "off" => "The second step is switched off.",
            "session" => "That browser is signed out.",
            "everywhere" => "Every other browser is signed out.",
            _ => return None,
        })
    });
    html(&page(&state, &by, notice, Tried::default()).await?)
}

/// The page again, with what was wrong.
pub(crate) async fn told(state: &ApiState, by: &SignedIn, tried: Tried) -> Result<Response> {
    Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page(state, by, None, tried).await?)?).into_response())
}

async fn page(
    state: &ApiState,
    by: &SignedIn,
    notice: Option<&'static str>,
    tried: Tried,
) -> Result<PreferencesPage> {
    by.opens(Page::Own)?;
    let context = PageContext::load(state, by, NavItem::PREFERENCES).await?;
    let security = security_of(state, &by.person).await?;
    let sessions = state.store().sessions_of(by.user, by.person.account.epoch, state.now_ms()).await?;
    let sessions = sessions.iter().map(|session| SessionLine {
        id: session.id().to_owned(),
        browser: session.browser().to_owned(),
        times: format!(
            "Signed in {}, last used {}",
            context.local.when(session.since_ms()),
            context.local.when(session.last_used_ms(LIFETIME))
        ),
        here: session.id() == by.session.id(),
    });
    let (person, account) = (&by.person, &by.person.account);
    let problems = tried.problems;
    let mobile = account.mobile.map(domain::phone::PhoneNumber::national).unwrap_or_default();
    let header = account.compose.header.clone().unwrap_or_else(|| context.settings.sms_header.clone());
    let reply_to = account.compose.reply_to.as_ref().map(|a| a.as_str().to_owned()).unwrap_or_default();
    let email = tried.email.unwrap_or_else(|| person.email.as_str().to_owned());
    let secret = |name, label| Field::new(name, label, "").kind("password").checked(&problems);
    let present = "Your present password";
    Ok(PreferencesPage {
        notice: notice.map(str::to_owned),
        username: person.username.clone(),
        email: Field::new("email", "E-mail address", email)
            .kind("email")
            .autocomplete("email")
            .hint("For codes, links and what the school asks of you.")
            .checked(&problems),
        email_confirmed: account.email_confirmed,
        mobile: Field::new("mobile", "Mobile number", tried.mobile.unwrap_or(mobile))
            .kind("tel")
            .autocomplete("tel")
            .hint("For a code by text, should you forget your password.")
            .optional()
            .checked(&problems),
        for_email: secret("for_email", present)
            .autocomplete("current-password")
            .hint("Only needed when you change the address or the number."),
        current: secret("current", present).autocomplete("current-password"),
        password: secret("password", "New password")
            .autocomplete("new-password")
            .hint(security.strength.hint()),
        again: secret("again", "The new one again").autocomplete("new-password"),
        warnings: tried.warnings,
        channels: compose::ticks(&account.compose.channels, &context.settings),
        header: Field::new("header", "Texts start with", tried.header.unwrap_or(header))
            .hint("The school’s name, so that parents know who texts.")
            .optional()
            .checked(&problems),
        reply_to: Field::new("reply_to", "Replies to your e-mails go to", tried.reply_to.unwrap_or(reply_to))
            .kind("email")
            .hint(format!("Without one they go to {}.", context.settings.email_reply_to))
            .optional()
            .checked(&problems),
        pin: pin_words(context.settings.control.pin_threshold, account.email_confirmed),
        factor_on: account.second_factor.is_some(),
        codes_left: account.second_factor.as_ref().map_or(0, |factor| factor.recovery.len()),
        for_factor: secret("for_factor", present).autocomplete("current-password"),
        factor_required: factor::is_required(&context.settings, &by.membership),
        sessions: sessions.collect(),
        several_schools: context.frame.several_schools,
        frame: context.frame,
        problems,
    })
}

fn pin_words(threshold: u32, confirmed: bool) -> String {
    let most = words::number(u64::from(threshold));
    let what = format!(
        "A message of more than {most} texts, calls and e-mails together needs a PIN, which we send to your e-mail \
         address."
    );
    if confirmed {
        what
    } else {
        format!("{what} Confirm the address first: until then somebody else must authorise it.")
    }
}

impl Tick {
    const fn of(channel: Channel, on: bool) -> Self {
        Self { value: channel.code(), words: channel.facts().name, on }
    }
}
