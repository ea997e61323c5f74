//! The outermost layer: every request gets an id, every panic and error one log line and one clear answer.

use std::panic::AssertUnwindSafe;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use futures_util::FutureExt;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use crate::error::{ApiError, Problem};
use crate::state::ApiState;
use crate::{headers, pages};

/// Most bytes in a request: what Lambda takes.
pub const MAX_BODY: usize = 6 * 1024 * 1024;

/// Names the request in our log; sent with every answer.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What must be known of a request after the handler has taken it.
struct Seen {
    id: String,
    method: Method,
    route: String,
    machine: bool,
    navigation: bool,
}

impl Seen {
    fn of(request: &Request, id: String) -> Self {
        let path = request.uri().path();
        Self {
            id,
            method: request.method().clone(),
            // The pattern, not the path: a path may name a person's id.
            route: request
                .extensions()
                .get::<MatchedPath>()
                .map_or_else(|| "(none)".to_owned(), |m| m.as_str().to_owned()),
            machine: path.starts_with("/api/") || path.starts_with("/hooks/") || path == "/healthz",
            navigation: is_navigation(request.headers()),
        }
    }

    /// Whether a person waits for a whole page.
    const fn is_page(&self) -> bool {
        self.navigation && !self.machine
    }
}

/// Whether a browser asks for a whole page, rather than a script for a part of one.
fn is_navigation(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-mode").is_none_or(|mode| mode == "navigate")
}

/// Runs a request.
pub(crate) async fn edge(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let seen = Seen::of(&request, state.ids().ulid(state.now_ms()).to_string());
    let asker = seen.is_page().then(|| pages::Asker::of(&request));
    let mut response = if declared_length(request.headers()).is_some_and(|bytes| bytes > MAX_BODY) {
        ApiError::TooLarge.into_response()
    } else {
        AssertUnwindSafe(next.run(request))
            .catch_unwind()
            .await
            .unwrap_or_else(|_| ApiError::Panic.into_response())
    };
    if let Some(error) = error_of(&mut response) {
        log(&seen, &error);
        let framed = match asker.filter(|_| error.status().is_client_error()) {
            Some(asker) => Box::pin(pages::framed_error_page(&state, asker, &error.problem())).await,
            None => None,
        };
        response = answer(&seen, &error, framed, &response);
    }
    headers::secure(&state, response.headers_mut());
    if let Ok(id) = HeaderValue::try_from(seen.id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

fn declared_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The error that a handler gave, or that axum made of a request which reached none.
fn error_of(response: &mut Response) -> Option<ApiError> {
    if let Some(error) = response.extensions_mut().remove::<ApiError>() {
        return Some(error);
    }
    let status = response.status();
    let finished =
        response.headers().get(CONTENT_TYPE).is_some_and(|kind| !kind.as_bytes().starts_with(b"text/plain"));
    (!finished && (status.is_client_error() || status.is_server_error())).then(|| ApiError::of_status(status))
}

fn log(seen: &Seen, error: &ApiError) {
    let Seen { id, method, route, .. } = seen;
    let status = error.status().as_u16();
    if error.status().is_server_error() {
        tracing::error!(request = %id, %method, %route, status, %error, "request failed");
    } else {
        tracing::info!(request = %id, %method, %route, status, %error, "request refused");
    }
}

/// `framed` is the page for somebody who is signed in.
fn answer(seen: &Seen, error: &ApiError, framed: Option<Response>, plain: &Response) -> Response {
    let mut response = if seen.machine {
        problem_json(&error.problem())
    } else if let (ApiError::SignIn { next }, true) = (error, seen.navigation) {
        sign_in(next.as_deref())
    } else if let (ApiError::First { path }, true) = (error, seen.navigation) {
        Redirect::to(path).into_response()
    } else {
        let mut page = framed.unwrap_or_else(|| pages::error_page(&error.problem(), &seen.id));
        *page.status_mut() = error.status();
        page
    };
    // Such as `Allow`; the type and length are those of the body that was replaced.
    for (name, value) in plain.headers() {
        if name != CONTENT_TYPE && name != CONTENT_LENGTH && name != LOCATION {
            response.headers_mut().append(name, value.clone());
        }
    }
    let headers = response.headers_mut();
    match error {
        ApiError::NoKey => {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"messenger\""));
        }
        ApiError::TooMany { retry_after_s } => {
            headers.insert(RETRY_AFTER, HeaderValue::from(*retry_after_s));
        }
        ApiError::Busy | ApiError::Unavailable(_) => {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("2"));
        }
        _ => {}
    }
    response
}

fn sign_in(next: Option<&str>) -> Response {
    let to = match next {
        Some(next) => {
            let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
            format!("/sign-in?{query}")
        }
        None => "/sign-in".to_owned(),
    };
    Redirect::to(&to).into_response()
}

/// The answer of RFC 9457.
fn problem_json(problem: &Problem) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, axum::Json(problem)).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use domain::phone::NumberMode;
    use http_body_util::BodyExt;
    use runtime::{Clock, Ids};
    use tower::ServiceExt;

    use super::*;
    use crate::state::{ApiConfig, Ports};

    fn app() -> Router {
        let ports = Ports {
            store: store::Store::new(runtime::database_at("http://127.0.0.1:9"), "none"),
            queue: Arc::new(testkit::RecordingQueue::new(Clock::set_to(0))),
            files: Arc::new(runtime::MemoryFiles::default()),
            vault: Arc::new(runtime::MemoryVault::default()),
            clock: Clock::set_to(0),
            ids: Ids::counted_from(1),
        };
        let config = ApiConfig {
            public_url: "https://messenger.example.com".to_owned(),
            numbers: NumberMode::Live,
            twilio_account_sid: String::new(),
            twilio_auth_token: String::new(),
            reference_key: vec![1; 32],
            upload_origin: None,
            x: None,
        };
        let state = ApiState::new(ports, config).unwrap();
        let secret = || std::io::Error::other("secret of +447700900123");
        let page = async |_: Request| -> Result<(), ApiError> {
            Err(ApiError::SignIn { next: Some("/contacts?q=a&b".to_owned()) })
        };
        Router::new()
            .route("/api/panic", get(async || -> () { panic!("secret of +447700900123") }))
            .route(
                "/api/internal",
                get(async move || -> Result<(), ApiError> { Err(ApiError::internal(secret())) }),
            )
            .route(
                "/api/down",
                get(async move || -> Result<(), ApiError> { Err(ApiError::unavailable(secret())) }),
            )
            .route(
                "/api/many",
                get(async || -> Result<(), ApiError> { Err(ApiError::TooMany { retry_after_s: 60 }) }),
            )
            .route("/page", get(page))
            .layer(axum::middleware::from_fn_with_state(state, edge))
    }

    async fn ask(path: &str, mode: Option<&str>) -> (u16, HeaderMap, String) {
        let mut request = http::Request::get(path);
        if let Some(mode) = mode {
            request = request.header("sec-fetch-mode", mode);
        }
        let response = app().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = body.collect().await.unwrap().to_bytes();
        (parts.status.as_u16(), parts.headers, String::from_utf8(text.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_fault_of_ours_is_a_problem_without_details() {
        for (path, status) in
            [("/api/panic", 500), ("/api/internal", 500), ("/api/down", 503), ("/api/many", 429)]
        {
            let (answered, headers, text) = ask(path, None).await;
            assert_eq!(
                (answered, headers[CONTENT_TYPE].to_str().unwrap()),
                (status, "application/problem+json"),
                "{path}"
            );
            assert!(!text.contains("secret") && !text.contains("7700"), "{text}");
            assert!(headers.contains_key(REQUEST_ID));
            assert_eq!(headers.contains_key(RETRY_AFTER), status != 500, "{path}");
        }
    }

    #[tokio::test]
    async fn a_stranger_is_led_to_the_sign_in_page_and_a_script_is_told() {
        for mode in [None, Some("navigate")] {
            let (status, headers, _) = ask("/page", mode).await;
            assert_eq!(
                (status, headers[LOCATION].to_str().unwrap()),
                (303, "/sign-in?next=%2Fcontacts%3Fq%3Da%26b")
            );
        }
        let (status, headers, _) = ask("/page", Some("cors")).await;
        assert_eq!((status, headers.get(LOCATION)), (401, None));
    }
}
