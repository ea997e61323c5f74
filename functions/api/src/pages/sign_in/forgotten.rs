//! A forgotten password: whatever is typed, the answer is the same and takes the same time, because only a job is
//! queued.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use domain::email::EmailAddress;
use domain::ids::UserId;
use domain::job::Job;
use domain::notice::Notice;
use domain::username::fold_username;
use store::{Allowance, CodeCheck, Membership, Mint, OneTimeKind};
use ulid::Ulid;

use super::SaidPage;
use crate::address::ClientAddress;
use crate::auth::{FormPost, allow, working};
use crate::error::Result;
use crate::pages::kit::form::Problem;
use crate::pages::kit::reply::{html, invalid};
use crate::services::jobs;
use crate::state::ApiState;

/// Letters in an hour for one username and e-mail address.
const PER_PAIR: u32 = 5;
/// Letters, and tries at codes, in a quarter of an hour from one address: a school's staff share one.
const PER_ADDRESS: u32 = 40;
/// Tries at codes in a quarter of an hour for one username, however many codes there were.
const TRIES_PER_USER: u32 = 10;
const HOUR_S: i64 = 3_600;
/// How long a right code leaves for choosing a password.
const LINK_MS: i64 = 15 * 60_000;
/// Longest text of a field that is passed on.
const LONGEST: usize = 300;

pub(super) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/forgotten", get(show).post(ask))
        .route("/forgotten/code", get(show_code).post(try_code))
}

#[derive(Template, Default)]
#[template(path = "sign_in_forgotten.html")]
pub(crate) struct ForgottenPage {
    problems: Vec<Problem>,
    username: String,
    email: String,
}

/// Where the code that came by text is entered.
#[derive(Template, Default)]
#[template(path = "sign_in_code.html")]
pub(crate) struct CodePage {
    problems: Vec<Problem>,
    username: String,
}

async fn show() -> Result<Response> {
    html(&ForgottenPage::default())
}

async fn ask(
    State(state): State<ApiState>,
    address: ClientAddress,
    FormPost(form): FormPost,
) -> Result<Response> {
    let text = |name: &str| form.text(name).chars().take(LONGEST).collect::<String>();
    let (username, email) = (text("username"), text("email"));
    let mut problems = Vec::new();
    if username.is_empty() {
        problems.push(Problem::new("username", "Enter your username."));
    }
    if email.is_empty() {
        problems.push(Problem::new("email", "Enter the e-mail address that Messenger has for you."));
    }
    if !problems.is_empty() {
        let page = ForgottenPage { problems, username, email };
        return invalid(&page);
    }
    allow(&state, &format!("forgotten address {}", address.as_str()), PER_ADDRESS).await?;
    // Of both, so that whoever knows the name alone cannot use up what its owner may ask for.
    let mailbox = EmailAddress::parse(&email).map_or_else(|_| email.clone(), |email| email.dedupe_key());
    let pair = format!("forgotten user {} {mailbox}", fold_username(&username));
    let may = state.store().hit(&pair, PER_PAIR, HOUR_S, state.now_ms()).await?;
    let by_sms = form.text("by") == "sms";
    if may == Allowance::Allowed {
        jobs::notify(
            &state,
            Job::NO_SCHOOL,
            Notice::ForgottenPassword { username: username.clone(), email, by_sms },
        )
        .await?;
    }
    if by_sms {
        return html(&CodePage { problems: Vec::new(), username });
    }
    html(&SaidPage {
        title: "Look in your mailbox",
        words: "If the username and the e-mail address belong together, a link to set a new password is on its way. \
                It works once, for one hour.",
        more: "Nothing there after a few minutes? Look among the spam, check the spelling and try again, or ask an \
               administrator of your school to send you a link.",
        href: "/sign-in",
        action: "Back to signing in",
    })
}

async fn show_code() -> Result<Response> {
    html(&CodePage::default())
}

async fn try_code(
    State(state): State<ApiState>,
    address: ClientAddress,
    FormPost(form): FormPost,
) -> Result<Response> {
    let username = form.text("username").to_owned();
    allow(&state, &format!("code address {}", address.as_str()), PER_ADDRESS).await?;
    allow(&state, &format!("code user {}", fold_username(&username)), TRIES_PER_USER).await?;
    let user = state.store().user_by_username(&username).await?;
    // For nobody the same is asked of the table.
    let id = user.as_ref().map_or(UserId::new(Ulid::nil()), |user| user.id);
    let checked = state.store().try_code(id, form.text("code"), state.now_ms()).await?;
    if let (CodeCheck::Right, Some(user)) = (checked, user)
        && let Some(school) = working(&state, &user).await?.first().map(Membership::school)
    {
        let secret = state.ids().secret();
        let expires_ms = state.now_ms().saturating_add(LINK_MS);
        let mint = Mint { user: &user, kind: OneTimeKind::Password, school, mailed_to: None, expires_ms };
        state.store().mint(&secret, mint).await?;
        return Ok(Redirect::to(&format!("/password/{secret}")).into_response());
    }
    let words = "This code does not work. Check the username and the code; after five tries or ten minutes ask for a \
                 new one.";
    let page = CodePage { problems: vec![Problem::new("code", words)], username };
    invalid(&page)
}

#[cfg(test)]
impl ForgottenPage {
    pub(crate) fn sample() -> Self {
        Self { problems: vec![Problem::new("email", "Enter the e-mail address.")], ..Self::default() }
    }
}

#[cfg(test)]
impl CodePage {
    pub(crate) fn sample() -> Self {
        Self {
            problems: vec![Problem::new("code", "This code does not work.")],
            username: "5976.morgan.ellis".to_owned(),
        }
    }
}
