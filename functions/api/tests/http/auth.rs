//! Keys, sessions and forms.

use runtime::hash_password;
use std::net::SocketAddr;
use std::time::Duration;

use api::ClientAddress;
use api::auth::{Posted, SignIn, SignedIn, sign_in, sign_out};
use api::{ApiError, ApiState};
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::routing::{get, post};
use domain::email::EmailAddress;
use domain::ids::UserId;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::json;
use store::User;
use tower::ServiceExt;
use ulid::Ulid;

use crate::kit::{House, NOON, PUBLIC_URL};

#[tokio::test(flavor = "multi_thread")]
async fn a_request_without_a_valid_key_is_refused() {
    let house = House::start().await;
    let wrong_secret = house.key.replace("00000001", "00000002");
    for header in [
        None,
        Some(String::new()),
        Some("Bearer".to_owned()),
        Some("Bearer nonsense".to_owned()),
        Some(format!("Basic {}", house.key)),
        Some(house.key.clone()),
        Some(format!("Bearer {wrong_secret}")),
        Some(format!("Bearer msk_Nobody_{}", "0".repeat(40))),
    ] {
        let mut request = Request::get("/api/v1/usage");
        if let Some(header) = &header {
            request = request.header("authorization", header);
        }
        let answer = house.send(request.body(Body::empty()).unwrap()).await;
        answer.problem(401);
        assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"messenger\"", "{header:?}");
    }
    // The scheme's name has no case.
    let request = Request::get("/api/v1/usage").header("authorization", format!("bearer {}", house.key));
    assert_eq!(house.send(request.body(Body::empty()).unwrap()).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_does_only_what_its_scopes_say() {
    let house = House::start().await;
    let message =
        json!({"purpose": "service", "channels": ["sms"], "to": {"everyone": true}, "sms": {"text": "Hi"}});
    let routes = [
        ("contacts:write", "POST", "/api/v1/contacts/batch", json!({"contacts": []})),
        ("messages:write", "POST", "/api/v1/messages", message.clone()),
        ("messages:write", "POST", "/api/v1/messages/preview", message),
        ("messages:write", "POST", "/api/v1/messages/x/stop", json!(null)),
        ("messages:write", "POST", "/api/v1/messages/x/resend", json!(null)),
        ("messages:read", "GET", "/api/v1/messages/x", json!(null)),
        ("messages:read", "GET", "/api/v1/messages/x/deliveries", json!(null)),
        ("usage:read", "GET", "/api/v1/usage", json!(null)),
    ];
    for (number, scope) in (10..).zip(["contacts:write", "messages:write", "messages:read", "usage:read"]) {
        let (_, key) = house.another(number, &[scope]).await;
        for (needed, method, path, body) in &routes {
            let request = Request::builder()
                .method(*method)
                .uri(*path)
                .header("authorization", format!("Bearer {key}"));
            let request =
                request.header("content-type", "application/json").body(Body::from(body.to_string()));
            let answer = house.send(request.unwrap()).await;
            assert_eq!(
                answer.status == StatusCode::FORBIDDEN,
                *needed != scope,
                "{scope} {path}: {answer:?}"
            );
        }
    }
}

async fn add_user(house: &House, number: u128, username: &str, password: &str) {
    let id = UserId::new(Ulid::from_parts(1, number));
    let user = User {
        id,
        username: username.to_owned(),
        email: EmailAddress::parse(&format!("user{number}@hillview.example")).unwrap(),
        forename: "Olive".to_owned(),
        surname: "Field".to_owned(),
        password_hash: hash_password(password, [3; 16]).unwrap(),
        created_ms: NOON,
        account: store::Account::default(),
        schools: Vec::new(),
    };
    house.store.create_user(&user).await.unwrap();
    house.school.members().add(id, domain::people::Roles::of_codes(["user"])).await.unwrap();
}

async fn address(ip: &str) -> ClientAddress {
    let peer = ConnectInfo(SocketAddr::new(ip.parse().unwrap(), 1));
    let (mut parts, ()) = Request::builder().extension(peer).body(()).unwrap().into_parts();
    ClientAddress::from_request_parts(&mut parts, &()).await.unwrap()
}

/// The session's `Set-Cookie` of a sign-in.
fn set_cookie(came_to: SignIn) -> Option<String> {
    match came_to {
        SignIn::In(cookies) => Some(cookies[0].to_str().unwrap().to_owned()),
        SignIn::No => None,
        SignIn::SecondStep(_) => panic!("no second factor is on"),
    }
}

/// Signs in and gives the cookie as a browser sends it back.
async fn cookie(house: &House, username: &str, password: &str) -> Option<String> {
    let came_to =
        sign_in(&house.state, &address("192.0.2.1").await, &HeaderMap::new(), username, password).await;
    set_cookie(came_to.unwrap()).map(|set| set.split(';').next().unwrap().to_owned())
}

fn desk(state: &ApiState) -> Router {
    Router::new()
        .route("/who", get(async |by: SignedIn| format!("{} {}", by.name, by.csrf)))
        .route("/do", post(async |posted: Posted| posted.form.text("what").to_owned()))
        .with_state(state.clone())
}

async fn ask(house: &House, request: http::request::Builder, body: &str) -> (StatusCode, String) {
    let response =
        desk(&house.state).oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_right_password_begins_a_session() {
    let house = House::start().await;
    add_user(&house, 1, "Olive.Field", "correct horse").await;
    for (username, password) in
        [("olive.field", "Correct horse"), ("olive.field", ""), ("nobody", "correct horse"), ("", "")]
    {
        assert_eq!(cookie(&house, username, password).await, None, "{username}");
    }
    let cookie = cookie(&house, " OLIVE.field ", "correct horse").await.unwrap();
    assert!(cookie.starts_with("__Host-session="), "{cookie}");
    let (status, text) = ask(&house, Request::get("/who").header("cookie", &cookie), "").await;
    assert_eq!(status, StatusCode::OK);
    assert!(text.starts_with("Olive Field "), "{text}");
    for other in ["session=x".to_owned(), "__Host-session=x".to_owned(), cookie.replace("__Host-", "")] {
        assert_eq!(
            ask(&house, Request::get("/who").header("cookie", other), "").await.0,
            StatusCode::UNAUTHORIZED
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_is_kept_from_scripts_and_from_plain_http_where_there_is_tls() {
    for (url, expected) in [
        (PUBLIC_URL, ["__Host-session=", "; Path=/; HttpOnly; SameSite=Lax; Secure"]),
        ("http://127.0.0.1:8080", ["session=", "; Path=/; HttpOnly; SameSite=Lax"]),
    ] {
        let house = House::start_as(url, domain::phone::NumberMode::Simulated).await;
        add_user(&house, 1, "olive", "correct horse").await;
        let set =
            sign_in(&house.state, &address("192.0.2.1").await, &HeaderMap::new(), "olive", "correct horse")
                .await;
        let set = set_cookie(set.unwrap()).unwrap();
        let [name, attributes] = expected;
        assert!(set.starts_with(name) && set.ends_with(attributes), "{set}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_after_eight_idle_hours_and_at_sign_out() {
    let house = House::start().await;
    add_user(&house, 1, "olive", "correct horse").await;
    let cookie = cookie(&house, "olive", "correct horse").await.unwrap();
    let asked = async || ask(&house, Request::get("/who").header("cookie", &cookie), "").await.0;
    for _ in 0..2 {
        house.clock.advance(Duration::from_hours(7));
        assert_eq!(asked().await, StatusCode::OK);
    }
    house.clock.advance(Duration::from_hours(8));
    assert_eq!(asked().await, StatusCode::UNAUTHORIZED);

    let fresh = self::cookie(&house, "olive", "correct horse").await.unwrap();
    let headers = HeaderMap::from_iter([(http::header::COOKIE, fresh.parse().unwrap())]);
    sign_out(&house.state, &headers).await.unwrap();
    let (status, _) = ask(&house, Request::get("/who").header("cookie", &fresh), "").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_gives_a_new_session_and_ends_the_one_before() {
    let house = House::start().await;
    add_user(&house, 1, "olive", "correct horse").await;
    let before = cookie(&house, "olive", "correct horse").await.unwrap();
    let headers = HeaderMap::from_iter([(http::header::COOKIE, before.parse().unwrap())]);
    let after = sign_in(&house.state, &address("192.0.2.1").await, &headers, "olive", "correct horse").await;
    let after = set_cookie(after.unwrap()).unwrap();
    assert!(!after.starts_with(&before));
    let (status, _) = ask(&house, Request::get("/who").header("cookie", &before), "").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_tries_lock_a_user_out_for_a_while_and_an_unknown_one_alike() {
    let house = House::start().await;
    add_user(&house, 1, "olive", "correct horse").await;
    let from = address("192.0.2.1").await;
    let try_as = async |name: &str, password: &str| {
        sign_in(&house.state, &from, &HeaderMap::new(), name, password).await
    };
    for name in ["olive", "nobody"] {
        for _ in 0..10 {
            assert!(matches!(try_as(name, "wrong").await, Ok(SignIn::No)));
        }
        // Even the right password is not tried any more, in any spelling of the name.
        let Err(ApiError::TooMany { retry_after_s }) =
            try_as(&format!(" {} ", name.to_uppercase()), "correct horse").await
        else {
            panic!("{name} may still try");
        };
        assert!((1..=900).contains(&retry_after_s));
    }
    house.clock.advance(Duration::from_mins(15));
    assert!(set_cookie(try_as("olive", "correct horse").await.unwrap()).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_taken_only_from_our_own_page() {
    let house = House::start().await;
    add_user(&house, 1, "olive", "correct horse").await;
    let cookie = cookie(&house, "olive", "correct horse").await.unwrap();
    let (_, who) = ask(&house, Request::get("/who").header("cookie", &cookie), "").await;
    let csrf = who.rsplit(' ').next().unwrap().to_owned();
    let form = || Request::post("/do").header("content-type", "application/x-www-form-urlencoded");
    let signed_in = || form().header("cookie", &cookie);
    let body = format!("csrf={csrf}&what=done");
    let own = || signed_in().header("origin", PUBLIC_URL).header("sec-fetch-site", "same-origin");

    assert_eq!(ask(&house, own(), &body).await, (StatusCode::OK, "done".to_owned()));
    let by_script = own().header("x-csrf-token", &csrf);
    assert_eq!(ask(&house, by_script, "what=done").await, (StatusCode::OK, "done".to_owned()));
    for (request, body) in [
        (own(), "what=done".to_owned()),
        (own(), "csrf=&what=done".to_owned()),
        (own(), format!("csrf={csrf}x&what=done")),
        (signed_in().header("origin", "https://evil.example"), body.clone()),
        (signed_in().header("sec-fetch-site", "cross-site"), body.clone()),
    ] {
        assert_eq!(ask(&house, request, &body).await.0, StatusCode::FORBIDDEN, "{body}");
    }
    assert_eq!(ask(&house, form(), &body).await.0, StatusCode::UNAUTHORIZED);
    let json = Request::post("/do").header("cookie", &cookie).header("content-type", "application/json");
    assert_eq!(ask(&house, json, "{}").await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}
