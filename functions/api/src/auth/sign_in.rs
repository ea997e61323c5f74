//! Signing in and out.

use domain::people::{Role, Standing};
use domain::username::fold_username;
use http::{HeaderMap, HeaderValue};
use store::{Allowance, Membership};

use super::cookie::{session_cookie, session_token};
use super::session::LIFETIME;
use crate::address::ClientAddress;
use crate::error::{ApiError, Result};
use crate::state::ApiState;

/// Length of the window in which tries are counted, in seconds.
const WINDOW_S: i64 = 15 * 60;
/// Tries in a window for one username.
const PER_USER: u32 = 10;
/// Tries in a window from one address: a school's staff share one.
const PER_ADDRESS: u32 = 100;

/// Checks a username and password and begins a session: the `Set-Cookie` to answer with. `None` if they do not fit, for
/// whatever reason and after the same time; 429 after too many tries.
pub async fn sign_in(
    state: &ApiState,
    address: &ClientAddress,
    headers: &HeaderMap,
    username: &str,
    password: &str,
) -> Result<Option<HeaderValue>> {
    let now_ms = state.now_ms();
    let by_user = format!("sign-in user {}", fold_username(username));
    let by_address = format!("sign-in address {}", address.as_str());
    for (what, limit) in [(&by_address, PER_ADDRESS), (&by_user, PER_USER)] {
        if let Allowance::Blocked { retry_after_s } = state.store().hit(what, limit, WINDOW_S, now_ms).await?
        {
            return Err(ApiError::TooMany {
                retry_after_s: u32::try_from(retry_after_s).unwrap_or(u32::MAX),
            });
        }
    }
    let user = state.store().user_by_username(username).await?;
    // Whoever has not set a password yet has none that fits.
    let hash = user.as_ref().map(|u| u.password_hash.as_str()).filter(|hash| !hash.is_empty());
    let fits = state.passwords().is_right(password, hash).await?;
    let Some(user) = user.filter(|_| fits) else {
        return Ok(None);
    };
    let memberships = state.store().memberships(&user).await?;
    let works = |m: &&Membership| m.standing() == Standing::Enabled && m.roles().has(Role::User);
    let Some(membership) = memberships.iter().find(works) else {
        return Ok(None);
    };
    state.store().forget_hits(&by_user, WINDOW_S, now_ms).await?;
    // Whoever planted or saw the cookie of before has nothing of this session.
    sign_out(state, headers).await?;
    let (token, csrf) = (state.ids().secret(), state.ids().secret());
    let session = state.store().create_session(&token, membership, &csrf, LIFETIME, now_ms).await?;
    state.store().school(session.access()).note_sign_in(user.id, now_ms).await?;
    Ok(session_cookie(state, &token))
}

/// Ends the session that the request carries, if any.
pub async fn sign_out(state: &ApiState, headers: &HeaderMap) -> Result<()> {
    if let Some(token) = session_token(state, headers) {
        state.store().delete_session(token).await?;
    }
    Ok(())
}
