//! What every user sets up for themselves.

mod compose;
mod details;
mod done;
mod factor;
mod password;
#[cfg(test)]
mod samples;
mod sessions;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use domain::channel::Channel;
use domain::people::Page;
use domain::phone::PhoneNumber;
use domain::settings::Settings;
use store::{Session, User};

#[cfg(test)]
pub(crate) use factor::{CodesPage, FactorPage};

use crate::auth::standards::security_of;
use crate::auth::{LIFETIME, SignedIn};
use crate::error::Result;
use crate::pages::kit::context::PageContext;
use crate::pages::kit::done::AskedDone;
use crate::pages::kit::form::{Field, Problem};
use crate::pages::kit::frame::Frame;
use crate::pages::kit::places::NavItem;
use crate::pages::kit::reply::{html, invalid};
use crate::pages::kit::words::{self, LocalTime};
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
    fields: Fields,
    email_confirmed: bool,
    /// Why the password that was typed is unsafe: taken if they tick a box.
    warnings: Vec<String>,
    channels: Vec<Tick>,
    pin: String,
    factor_on: bool,
    codes_left: usize,
    factor_required: bool,
    sessions: Vec<SessionLine>,
    several_schools: bool,
}

/// What can be typed, form by form.
pub(crate) struct Fields {
    email: Field,
    mobile: Field,
    for_email: Field,
    current: Field,
    password: Field,
    again: Field,
    header: Field,
    reply_to: Field,
    for_factor: Field,
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

async fn show(
    State(state): State<ApiState>,
    by: SignedIn,
    Query(asked): Query<AskedDone>,
) -> Result<Response> {
    let page = page(&state, &by, Tried::default()).await?;
    html(&PreferencesPage { notice: asked.words(&done::DONE), ..page })
}

/// The page again, with what was wrong.
pub(crate) async fn again(state: &ApiState, by: &SignedIn, tried: Tried) -> Result<Response> {
    invalid(&page(state, by, tried).await?)
}

async fn page(state: &ApiState, by: &SignedIn, tried: Tried) -> Result<PreferencesPage> {
    by.opens(Page::Own)?;
    let context = PageContext::load(state, by, NavItem::PREFERENCES).await?;
    let hint = security_of(state, &by.person).await?.strength.hint();
    let sessions = state.store().sessions_of(by.user, by.person.account.epoch, state.now_ms()).await?;
    let sessions = sessions.iter().map(|session| SessionLine::of(session, &by.session, &context.local));
    let account = &by.person.account;
    Ok(PreferencesPage {
        notice: None,
        username: by.person.username.clone(),
        fields: Fields::new(&by.person, &context.settings, hint, &tried),
        email_confirmed: account.email_confirmed,
        warnings: tried.warnings,
        channels: compose::ticks(&account.compose.channels, &context.settings),
        pin: pin_words(context.settings.control.pin_threshold, account.email_confirmed),
        factor_on: account.second_factor.is_some(),
        codes_left: account.second_factor.as_ref().map_or(0, |factor| factor.recovery.len()),
        factor_required: factor::is_required(&context.settings, &by.membership),
        sessions: sessions.collect(),
        several_schools: context.frame.several_schools,
        frame: context.frame,
        problems: tried.problems,
    })
}

impl Fields {
    /// As they stand; of the form that was not taken, as they were typed. `hint` says what a password must be.
    fn new(person: &User, settings: &Settings, hint: String, tried: &Tried) -> Self {
        let (account, problems) = (&person.account, &tried.problems);
        let field = |name, label, typed: &Option<String>, stored: String| {
            Field::new(name, label, typed.clone().unwrap_or(stored)).checked(problems)
        };
        let secret = |name, label| Field::new(name, label, "").kind("password").checked(problems);
        let present = |name| secret(name, "Your present password").autocomplete("current-password");
        let mobile = account.mobile.map(PhoneNumber::national).unwrap_or_default();
        let header = account.compose.header.clone().unwrap_or_else(|| settings.sms_header.clone());
        let reply_to = account.compose.reply_to.as_ref().map(ToString::to_string).unwrap_or_default();
        Self {
            email: field("email", "E-mail address", &tried.email, person.email.to_string())
                .kind("email")
                .autocomplete("email")
                .hint("For codes, links and what the school asks of you."),
            mobile: field("mobile", "Mobile number", &tried.mobile, mobile)
                .kind("tel")
                .autocomplete("tel")
                .hint("For a code by text, should you forget your password.")
                .optional(),
            for_email: present("for_email").hint("Only needed when you change the address or the number."),
            current: present("current"),
            password: secret("password", "New password").autocomplete("new-password").hint(hint),
            again: secret("again", "The new one again").autocomplete("new-password"),
            header: field("header", "Texts start with", &tried.header, header)
                .hint("The school’s name, so that parents know who texts.")
                .optional(),
            reply_to: field("reply_to", "Replies to your e-mails go to", &tried.reply_to, reply_to)
                .kind("email")
                .hint(format!("Without one they go to {}.", settings.email_reply_to))
                .optional(),
            for_factor: present("for_factor"),
        }
    }
}

impl SessionLine {
    fn of(session: &Session, here: &Session, local: &LocalTime) -> Self {
        let (since, used) = (local.when(session.since_ms()), local.when(session.last_used_ms(LIFETIME)));
        Self {
            id: session.id().to_owned(),
            browser: session.browser().to_owned(),
            times: format!("Signed in {since}, last used {used}"),
            here: session.id() == here.id(),
        }
    }
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
