//! Whether a form was posted from one of our own pages. Browsers say so by themselves and no script can lie about it.

use axum::extract::{FromRequest, Request};
use http::HeaderMap;
use http::header::{HOST, ORIGIN};

use crate::error::{ApiError, Result};
use crate::forms::FormFields;
use crate::state::ApiState;

/// A form that was posted before anybody is signed in: the sign-in page's own.
#[derive(Debug)]
pub struct FormPost(pub FormFields);

impl FromRequest<ApiState> for FormPost {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self> {
        check_same_origin(state.public_url(), request.headers())?;
        Ok(Self(FormFields::from_request(request, state).await?))
    }
}

/// Refuses what another site's page has sent. A request without either header does not come from a browser, so nobody's
/// cookies were sent along unasked.
pub(crate) fn check_same_origin(public_url: &str, headers: &HeaderMap) -> Result<()> {
    let refuse = || {
        ApiError::Forbidden("This was sent from another site. Open the page here and try again.".to_owned())
    };
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if text("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none") {
        return Err(refuse());
    }
    let Some(origin) = text(ORIGIN.as_str()) else {
        return Ok(());
    };
    // A local product is reached by more names than one; a browser sets `Host` to where it really went.
    let host = origin.split_once("://").map(|(_, host)| host);
    let same_host = host.is_some() && host == text(HOST.as_str());
    if origin.eq_ignore_ascii_case(public_url) || same_host { Ok(()) } else { Err(refuse()) }
}

/// A path on this site that it is safe to go to after signing in; `None` for anything that may lead elsewhere.
pub fn local_path(text: &str) -> Option<&str> {
    let safe = text.starts_with('/')
        && !text.starts_with("//")
        && text.len() <= 2_000
        && text.bytes().all(|b| (0x21..0x7f).contains(&b) && b != b'\\');
    safe.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_may_post() {
        let check = |headers: &[(&'static str, &str)]| {
            let map =
                headers.iter().map(|(n, v)| (http::HeaderName::from_static(n), v.parse().unwrap())).collect();
            check_same_origin("https://messenger.example.com", &map).is_ok()
        };
        for (headers, ok) in [
            (&[][..], true),
            (&[("origin", "https://messenger.example.com")], true),
            (&[("origin", "http://localhost:8080"), ("host", "localhost:8080")], true),
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")], false),
            (&[("origin", "null"), ("host", "null")], false),
            (&[("origin", "https://messenger.example.com.evil.example")], false),
            (&[("origin", "https://evil.example"), ("host", "messenger.example.com")], false),
        ] {
            assert_eq!(check(headers), ok, "{headers:?}");
        }
    }

    #[test]
    fn only_a_path_of_ours_is_gone_to() {
        for good in ["/", "/messages/01ABC?page=2#top", "/contacts?q=a%20b"] {
            assert_eq!(local_path(good), Some(good));
        }
        for bad in [
            "",
            "home",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\r\nb",
            "/\tevil",
            "/é",
        ] {
            assert_eq!(local_path(bad), None, "{bad:?}");
        }
    }
}
