//! Signing in and out.
//!
//! Tries are counted, and too many lock out. Nobody can lock another out for good: tries while locked out do not count,
//! so that the lock ends with its window; a browser in which the user has signed in before has a count of its own,
//! which strangers cannot reach; and setting a new password by link takes the lock away. Nor can anybody shut out the
//! address that a whole school shares: of tries from one address only those that failed count, and none of a known
//! browser.

use domain::audit::{Act, AuditEvent, Who};
use domain::ids::UserId;
use domain::job::Job;
use domain::notice::Notice;
use domain::username::fold_username;
use http::{HeaderMap, HeaderValue};
use store::{Allowance, Begin, Membership, Mint, OneTimeKind, Owes, User};

use super::browser;
use super::cookie::{known_browser, known_cookie, session_cookie, session_token};
use super::factor::{self, Factor};
use super::memberships::working;
use super::session::LIFETIME;
use crate::address::ClientAddress;
use crate::error::{ApiError, Result};
use crate::services::jobs;
use crate::state::ApiState;

/// Length of the window in which tries are counted, in seconds.
pub(crate) const WINDOW_S: i64 = 15 * 60;
/// Tries in a window for one username, and for one browser that is known.
const PER_USER: u32 = 10;
/// Tries in a window from one address that failed: a school's staff share one.
const PER_ADDRESS: u32 = 100;
/// Tries in a window at a user's second factor.
const PER_FACTOR: u32 = 5;
/// Letters about locks in a day: a stranger must not be able to fill a mailbox.
const LETTERS_A_DAY: u32 = 4;
const DAY_S: i64 = 24 * 3_600;
/// How long one may take over the second step.
const SECOND_STEP_MS: i64 = 10 * 60_000;

/// What a username and password came to.
#[derive(Debug)]
pub enum SignIn {
    /// They do not fit, for whatever reason.
    No,
    /// They do; the second factor comes next, with this token.
    SecondStep(String),
    /// They are in: the cookies to answer with.
    In(Vec<HeaderValue>),
}

/// What the second step came to.
#[derive(Debug)]
pub enum SecondStep {
    /// The code is wrong, or was used before; the token for another try.
    Wrong(String),
    /// The first step was too long ago.
    Over,
    /// They are in: the cookies to answer with.
    In(Vec<HeaderValue>),
}

/// Checks a username and password, and begins a session unless a second factor is on. The answer for an unknown user is
/// the same, after the same time; 429 after too many tries.
pub async fn sign_in(
    state: &ApiState,
    address: &ClientAddress,
    headers: &HeaderMap,
    username: &str,
    password: &str,
) -> Result<SignIn> {
    let user = state.store().user_by_username(username).await?;
    let browser = user.as_ref().and_then(|user| known_browser(state, headers, user.id));
    let from = FromAddress::counted(state, address, browser.is_some()).await?;
    let counted = match &browser {
        Some(browser) => format!("sign-in browser {browser}"),
        None => by_user(username),
    };
    if let Err(locked) = allow(state, &counted, PER_USER).await {
        // Told and noted once for each lock; for a name that is nobody's the job finds nobody.
        let told = format!("told {counted}");
        let once = state.store().hit(&told, 1, WINDOW_S, state.now_ms()).await?;
        if once == Allowance::Allowed
            && state.store().hit(&told, LETTERS_A_DAY, DAY_S, state.now_ms()).await? == Allowance::Allowed
        {
            let notice = Notice::LockedOut { username: username.chars().take(200).collect() };
            jobs::notify(state, Job::NO_SCHOOL, notice).await?;
        }
        return Err(locked);
    }
    // Whoever has not set a password yet has none that fits.
    let hash = user.as_ref().map(|u| u.password_hash.as_str()).filter(|hash| !hash.is_empty());
    let fits = state.passwords().is_right(password, hash).await?;
    let Some(user) = user.filter(|_| fits) else {
        return Ok(SignIn::No);
    };
    let Some(membership) = working(state, &user).await?.into_iter().next() else {
        return Ok(SignIn::No);
    };
    state.store().forget_hits(&counted, WINDOW_S, state.now_ms()).await?;
    from.was_right(state).await?;
    if user.account.second_factor.is_some() {
        return Ok(SignIn::SecondStep(second_step_token(state, &user, &membership).await?));
    }
    Ok(SignIn::In(let_in(state, address, headers, &user).await?))
}

/// Checks the code of an authenticator app, or a recovery code, and begins a session.
pub async fn second_step(
    state: &ApiState,
    address: &ClientAddress,
    headers: &HeaderMap,
    token: &str,
    code: &str,
) -> Result<SecondStep> {
    let found = state.store().one_time(token, OneTimeKind::SecondStep, state.now_ms()).await?;
    let known = found.as_ref().is_some_and(|(_, user)| known_browser(state, headers, user.id).is_some());
    let from = FromAddress::counted(state, address, known).await?;
    let Some((step, user)) = found else { return Ok(SecondStep::Over) };
    // Only who knows the password comes this far, so nobody else can use these up.
    let counted = format!("second step {}", user.id);
    allow(state, &counted, PER_FACTOR).await?;
    let school = state.store().school(step.access());
    match factor::check(state, &user, code).await? {
        Factor::Wrong => return Ok(SecondStep::Wrong(token.to_owned())),
        Factor::Right => {}
        Factor::Recovery => {
            let event = event_of(address, &user, Act::RecoveryCodeUsed);
            school.audit().record(&event, state.now_ms()).await?;
        }
    }
    // A code works once, so two answers to one first step need two codes; still, one is enough.
    state.store().spend(&step).await?;
    state.store().forget_hits(&counted, WINDOW_S, state.now_ms()).await?;
    from.was_right(state).await?;
    let user = state.store().user(user.id).await?.ok_or(ApiError::NotFound)?;
    Ok(SecondStep::In(let_in(state, address, headers, &user).await?))
}

/// A try that counts against the address that it came from until it turns out to be right.
struct FromAddress(Option<String>);

impl FromAddress {
    /// Counts the try, unless it comes from a browser that is known; 429 after too many that failed.
    async fn counted(state: &ApiState, address: &ClientAddress, known: bool) -> Result<Self> {
        let counted = (!known).then(|| format!("sign-in address {}", address.as_str()));
        if let Some(counted) = &counted {
            allow(state, counted, PER_ADDRESS).await?;
        }
        Ok(Self(counted))
    }

    async fn was_right(self, state: &ApiState) -> Result<()> {
        let Some(counted) = self.0 else { return Ok(()) };
        Ok(state.store().take_back_hit(&counted, WINDOW_S, state.now_ms()).await?)
    }
}

/// Ends the session that the request carries, if any.
pub async fn sign_out(state: &ApiState, headers: &HeaderMap) -> Result<()> {
    if let Some(token) = session_token(state, headers) {
        state.store().delete_session(token).await?;
    }
    Ok(())
}

/// 429 after too many tries at something in this window.
pub(crate) async fn allow(state: &ApiState, what: &str, limit: u32) -> Result<()> {
    match state.store().hit(what, limit, WINDOW_S, state.now_ms()).await? {
        Allowance::Allowed => Ok(()),
        Allowance::Blocked { retry_after_s } => {
            Err(ApiError::TooMany { retry_after_s: u32::try_from(retry_after_s).unwrap_or(u32::MAX) })
        }
    }
}

/// Takes a user's lock away: they have shown by a link in their mail who they are.
pub(crate) async fn unlock(state: &ApiState, user: &User) -> Result<()> {
    Ok(state.store().forget_hits(&by_user(&user.username), WINDOW_S, state.now_ms()).await?)
}

fn by_user(username: &str) -> String {
    format!("sign-in user {}", fold_username(username))
}

async fn second_step_token(state: &ApiState, user: &User, membership: &Membership) -> Result<String> {
    let secret = state.ids().secret();
    let mint = Mint {
        user,
        kind: OneTimeKind::SecondStep,
        school: membership.school(),
        mailed_to: None,
        expires_ms: state.now_ms().saturating_add(SECOND_STEP_MS),
    };
    state.store().mint(&secret, mint).await?;
    Ok(secret)
}

/// Begins the session of somebody who has shown who they are: for their one school, or to choose one first.
async fn let_in(
    state: &ApiState,
    address: &ClientAddress,
    headers: &HeaderMap,
    user: &User,
) -> Result<Vec<HeaderValue>> {
    let memberships = working(state, user).await?;
    let membership = memberships.first().ok_or(ApiError::NotFound)?;
    let cookies = if memberships.len() > 1 {
        let owes = Some(Owes::School);
        begin(state, headers, user, membership, owes, state.now_ms()).await?
    } else {
        enter(state, address, headers, user, membership, state.now_ms()).await?
    };
    let known =
        known_browser(state, headers, user.id).is_none().then(|| known_cookie(state, user.id)).flatten();
    Ok(cookies.into_iter().chain(known).collect())
}

/// Begins a session for this school, and notes it there. `since_ms` is when they signed in.
pub(crate) async fn enter(
    state: &ApiState,
    address: &ClientAddress,
    headers: &HeaderMap,
    user: &User,
    membership: &Membership,
    since_ms: i64,
) -> Result<Option<HeaderValue>> {
    let cookie = begin(state, headers, user, membership, None, since_ms).await?;
    let school = state.store().school(store::Access::of_member(membership));
    school.members().record_sign_in(user.id, state.now_ms()).await?;
    school.audit().record(&event_of(address, user, Act::SignedIn), state.now_ms()).await?;
    Ok(cookie)
}

/// Begins a session in place of the one that the request carries. Whoever planted or saw the cookie of before has
/// nothing of this one.
pub(crate) async fn begin(
    state: &ApiState,
    headers: &HeaderMap,
    user: &User,
    membership: &Membership,
    owes: Option<Owes>,
    since_ms: i64,
) -> Result<Option<HeaderValue>> {
    sign_out(state, headers).await?;
    let (token, csrf) = (state.ids().secret(), state.ids().secret());
    let browser = browser::words(headers);
    let begin = Begin { membership, epoch: user.account.epoch, owes, browser: &browser, since_ms };
    state.store().begin_session(&token, &csrf, begin, LIFETIME, state.now_ms()).await?;
    Ok(session_cookie(state, &token))
}

fn event_of(address: &ClientAddress, user: &User, act: Act) -> AuditEvent {
    let id: UserId = user.id;
    let who = Who::User(id.to_string());
    AuditEvent { who, from: address.as_str().to_owned(), act, on: id.to_string(), changes: Vec::new() }
}
