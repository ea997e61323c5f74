//! Anything at all at the door: whatever comes is answered with a page or a refusal, guarded, and never as our fault.

use std::sync::Arc;

use axum::body::Body;
use domain::ids::UserId;
use domain::people::Roles;
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::BodyExt;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use store::{Lifetime, User};
use tower::ServiceExt;
use ulid::Ulid;

use crate::kit::{House, PUBLIC_URL};

const CSRF: &str = "csrf";

/// A request as it comes in.
#[derive(Debug, Clone)]
struct Asked {
    method: &'static str,
    path: String,
    /// Which of the keys it has: none, the session's cookie, the partner's key, both.
    keys: (bool, bool),
    headers: Vec<(String, Vec<u8>)>,
    kind: Option<String>,
    body: Vec<u8>,
}

fn path() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "/",
        "/healthz",
        "/sign-in",
        "/send",
        "/send/live",
        "/send/find",
        "/history",
        "/messages/",
        "/contacts",
        "/contacts/new",
        "/contacts/",
        "/contacts/delete",
        "/usage",
        "/usage.xlsx",
        "/upload",
        "/upload/",
        "/tools",
        "/assets/",
        "/hooks/twilio/inbound",
        "/hooks/twilio/status/",
        "/api/openapi.json",
        "/api/v1/contacts/batch",
        "/api/v1/messages",
        "/api/v1/messages/",
        "/api/v1/messages/preview",
        "/api/v1/usage",
    ]);
    let tail = prop_oneof![
        9 => Just(String::new()),
        2 => "(%[0-9a-fA-F]{2}|[a-z0-9.~/-]){0,12}",
        1 => "(A|01JD3V4K8M0000000000000000)(/delete|/live|/stop|/deliveries|/resend|/confirm|/columns)?",
        1 => "(%00|%0d%0a|%2e%2e%2f|%ff|%c3%28|//|;|\\+){1,4}",
    ];
    let query = prop_oneof![
        3 => Just(String::new()),
        1 => "\\?((from|to|q|cursor|page|find|next|group|state|sort)=(%[0-9a-f]{2}|[a-z0-9-]){0,12}&?){0,3}",
        1 => "\\?[!-~&&[^#\"<>`{}|\\^\\\\]]{0,40}",
    ];
    (known, tail, query).prop_map(|(known, tail, query)| format!("{known}{tail}{query}"))
}

fn headers() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    let name = "cookie|authorization|origin|host|referer|accept|accept-language|content-length|idempotency-key|\
                sec-fetch-site|sec-fetch-mode|x-twilio-signature|x-forwarded-for|x-csrf-token|if-none-match|range|\
                x-[a-z]{1,9}";
    let value = prop_oneof![
        4 => vec(any::<u8>(), 0..40),
        1 => vec(32_u8..127, 4_000..9_000),
        2 => "(bearer|basic|session=|__Host-session=|https://)[!-~]{0,60}".prop_map(String::into_bytes),
    ];
    prop_oneof![2 => Just(Vec::new()), 1 => vec((name, value), 1..4)]
}

fn body() -> impl Strategy<Value = (Option<String>, Vec<u8>)> {
    let field = "csrf|do|expect|channel|sms|email|subject|text|header|group|person|purpose|key|id|forename|surname|\
                 role|mobile|name|size|column|field|find|add|remove|next|username|password|contacts|From|To|Body|\
                 MessageSid";
    let form = vec((field, "(%[0-9a-f]{2}|[a-z0-9+$|.-]){0,16}"), 0..8).prop_map(|fields| {
        let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("csrf={CSRF}&{}", fields.join("&")).into_bytes()
    });
    let json = "[{\\[]{0,3}(\"(contacts|purpose|to|sms|text|id)\":|[{}\\[\\],0-9a-z\"\\\\-]){0,12}";
    let deep = (1_usize..3_000).prop_map(|depth| "[".repeat(depth).into_bytes());
    let of = |kind: &str| Some(kind.to_owned());
    prop_oneof![
        5 => form.prop_map(move |body| (of("application/x-www-form-urlencoded"), body)),
        3 => json.prop_map(move |body| (of("application/json"), body.into_bytes())),
        1 => deep.prop_map(move |body| (of("application/json"), body)),
        2 => ("[!-~]{0,30}", vec(any::<u8>(), 0..200)).prop_map(|(kind, body)| (Some(kind), body)),
        1 => vec(any::<u8>(), 0..50).prop_map(|body| (None, body)),
    ]
}

fn asked() -> impl Strategy<Value = Asked> {
    let method = prop::sample::select(vec![
        "GET", "GET", "POST", "POST", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE",
    ]);
    (method, path(), (prop::bool::weighted(0.8), prop::bool::weighted(0.8)), headers(), body()).prop_map(
        |(method, path, keys, headers, (kind, body))| Asked { method, path, keys, headers, kind, body },
    )
}

/// The cookie of somebody who may do everything.
async fn signed_in(house: &House) -> String {
    let id = UserId::new(Ulid::from_parts(2, 1));
    let user = User { id, ..testkit::user(1, "olive", "office@hillview.example") };
    let lifetime = Lifetime { idle_ms: 3_600_000, longest_ms: 3_600_000 };
    house.cookie_of(&house.school, &user, Roles::all(), "token", lifetime).await
}

/// The request, if HTTP itself lets it through.
fn request(asked: &Asked, cookie: &str, key: &str) -> Option<Request<Body>> {
    let uri: Uri = asked.path.parse().ok()?;
    let mut request = Request::builder().method(asked.method.parse::<Method>().ok()?).uri(uri);
    let headers = request.headers_mut()?;
    if asked.keys.0 {
        headers.append("cookie", HeaderValue::from_str(cookie).ok()?);
        headers.append("origin", HeaderValue::from_static(PUBLIC_URL));
    }
    if asked.keys.1 {
        headers.append("authorization", HeaderValue::from_str(&format!("Bearer {key}")).ok()?);
    }
    if let Some(kind) = asked.kind.as_deref().and_then(|kind| HeaderValue::from_str(kind).ok()) {
        headers.append("content-type", kind);
    }
    for (name, value) in &asked.headers {
        headers.append(HeaderName::try_from(name).ok()?, HeaderValue::from_bytes(value).ok()?);
    }
    request.body(Body::from(asked.body.clone())).ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_comes_is_answered_guarded_and_never_as_our_fault() {
    let house = Arc::new(House::start().await);
    house
        .contacts(serde_json::json!([{"id": "A", "forename": "Ada", "surname": "M", "role": "parent"}]))
        .await;
    let cookie = signed_in(&house).await;
    let runtime = tokio::runtime::Handle::current();
    let run = move || {
        let config = ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() };
        let answered = TestRunner::new(config).run(&asked(), |asked| {
            let Some(request) = request(&asked, &cookie, &house.key) else { return Ok(()) };
            let response = runtime.block_on(house.app.clone().oneshot(request)).unwrap();
            let (parts, body) = response.into_parts();
            let bytes = runtime.block_on(body.collect()).unwrap().to_bytes();
            prop_assert!(parts.status.as_u16() < 500, "{}", parts.status);
            for (name, value) in [("x-content-type-options", "nosniff"), ("x-frame-options", "DENY")] {
                prop_assert_eq!(parts.headers.get(name).map(HeaderValue::as_bytes), Some(value.as_bytes()));
            }
            prop_assert!(parts.headers.contains_key("content-security-policy"));
            prop_assert!(
                parts.headers.contains_key("x-request-id") && parts.headers.contains_key("cache-control")
            );
            let kind = parts.headers.get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default();
            if parts.status.is_client_error() {
                let machine = ["/api/", "/hooks/"].iter().any(|p| asked.path.starts_with(p));
                let expected = if machine { "application/problem+json" } else { "text/html" };
                // Only a script posts to the upload's first page or asks for our health, and is told in its own way.
                let script = asked.path.starts_with("/upload") && kind.starts_with("application/json")
                    || asked.path.starts_with("/healthz");
                prop_assert!(kind.starts_with(expected) || script, "{kind}");
                prop_assert!(asked.method == "HEAD" || !bytes.is_empty());
            }
            if let Some(place) = parts.headers.get("location") {
                let place = place.to_str().unwrap_or("//");
                prop_assert!(place.starts_with('/') && !place.starts_with("//"), "leads elsewhere: {place}");
            }
            Ok(())
        });
        if let Err(failure) = answered {
            panic!("{failure}");
        }
    };
    tokio::task::spawn_blocking(run).await.unwrap();
}
