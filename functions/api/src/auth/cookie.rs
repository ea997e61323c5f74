//! The session's cookie, and the one by which a browser is known again.

use domain::ids::UserId;
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

use crate::state::ApiState;

/// How long a browser is known for, in seconds: half a year.
const KNOWN_S: u32 = 180 * 24 * 3_600;
/// What a browser's cookie is sealed for.
const KNOWN: &str = "known browser";

/// With TLS the browser itself keeps other hosts and paths from setting it.
const fn name(secure: bool) -> &'static str {
    if secure { "__Host-session" } else { "session" }
}

const fn known_name(secure: bool) -> &'static str {
    if secure { "__Host-known" } else { "known" }
}

/// The `Set-Cookie` that begins a session. It has no lifetime: a shared computer forgets it with its browser's window.
pub fn session_cookie(state: &ApiState, token: &str) -> Option<HeaderValue> {
    let secure = state.is_secure();
    let attributes = if secure { "; Secure" } else { "" };
    HeaderValue::try_from(format!("{}={token}; Path=/; HttpOnly; SameSite=Lax{attributes}", name(secure)))
        .ok()
}

/// The `Set-Cookie` that takes the cookie away.
pub fn clear_session(state: &ApiState) -> HeaderValue {
    HeaderValue::from_static(if state.is_secure() {
        "__Host-session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0; Secure"
    } else {
        "session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"
    })
}

/// The token that a request carries.
pub(crate) fn session_token<'h>(state: &ApiState, headers: &'h HeaderMap) -> Option<&'h str> {
    cookie(headers, name(state.is_secure()))
}

/// The `Set-Cookie` by which this browser is known again as one in which the user has signed in.
pub(crate) fn known_cookie(state: &ApiState, user: UserId) -> Option<HeaderValue> {
    let secure = state.is_secure();
    let attributes = if secure { "; Secure" } else { "" };
    let sealed = state.references().seal(KNOWN, &format!("{user} {}", state.ids().secret()));
    let name = known_name(secure);
    let text = format!("{name}={sealed}; Path=/; HttpOnly; SameSite=Lax; Max-Age={KNOWN_S}{attributes}");
    HeaderValue::try_from(text).ok()
}

/// What names this browser, if the user has signed in with it before.
pub(crate) fn known_browser(state: &ApiState, headers: &HeaderMap, user: UserId) -> Option<String> {
    let sealed = cookie(headers, known_name(state.is_secure()))?;
    let text = state.references().open(KNOWN, sealed).ok()?;
    let (known, browser) = text.split_once(' ')?;
    (known == user.to_string()).then(|| browser.to_owned())
}

fn cookie<'h>(headers: &'h HeaderMap, wanted: &str) -> Option<&'h str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, token)| *name == wanted && !token.is_empty())
        .map(|(_, token)| token)
}
