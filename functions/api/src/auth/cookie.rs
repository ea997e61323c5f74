//! The session's cookie.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

use crate::state::ApiState;

/// With TLS the browser itself keeps other hosts and paths from setting it.
const fn name(secure: bool) -> &'static str {
    if secure { "__Host-session" } else { "session" }
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
    let wanted = name(state.is_secure());
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, token)| *name == wanted && !token.is_empty())
        .map(|(_, token)| token)
}
