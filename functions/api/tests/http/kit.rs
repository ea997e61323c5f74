//! One school, its key, and a router to ask.

use std::ops::Deref;
use std::sync::Arc;

use api::auth::session_cookie;
use api::{ApiConfig, ApiState, Ports};
use axum::Router;
use axum::body::Body;
use domain::job::Job;
use domain::money::Pence;
use domain::people::{Roles, Scope};
use domain::phone::NumberMode;
use domain::settings::{Prices, Settings};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use runtime::{Ids, QueueName};
use serde_json::Value;
use store::{Access, ApiToken, Lifetime, School, Store, User};
use testkit::{FakeX, World, school_id};
use tower::ServiceExt;

pub(crate) use testkit::NOON;

pub(crate) const PUBLIC_URL: &str = "https://messenger.example.com";
pub(crate) const TWILIO_TOKEN: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const TWILIO_SID: &str = "AC0123456789abcdef0123456789abcdef";
pub(crate) const REFERENCE_KEY: [u8; 32] = [7; 32];

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|v| v.to_str().unwrap()).unwrap_or_default()
    }

    /// Checks that this is a complete problem of that status, and gives the fields that it names.
    pub(crate) fn problem(&self, status: u16) -> Vec<String> {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let problem = self.json();
        for text in ["type", "title", "detail"] {
            assert!(problem[text].as_str().is_some_and(|t| !t.is_empty()), "{text}: {problem}");
        }
        assert_eq!(problem["status"], status);
        let errors = problem["errors"].as_array().unwrap();
        for error in errors {
            assert!(error["message"].as_str().is_some_and(|m| m.len() > 10), "{error}");
        }
        errors.iter().map(|e| e["field"].as_str().unwrap().to_owned()).collect()
    }
}

/// The whole of what a test needs.
pub(crate) struct House {
    world: World,
    pub(crate) app: Router,
    pub(crate) state: ApiState,
    /// A key with every scope.
    pub(crate) key: String,
}

impl Deref for House {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

pub(crate) fn settings() -> Settings {
    Settings {
        prices: Prices {
            sms_unit: Pence::from_hundredths(375),
            voice_minute: Pence::from_hundredths(800),
            email: Pence::from_hundredths(5),
        },
        head_teacher: String::new(),
        ..testkit::settings()
    }
}

impl House {
    pub(crate) async fn start() -> Self {
        Self::start_as(PUBLIC_URL, NumberMode::Simulated).await
    }

    pub(crate) async fn start_as(public_url: &str, numbers: NumberMode) -> Self {
        let world = World::start().await;
        world.queue.expect_left(|_| true);
        let ports = Ports {
            store: world.store.clone(),
            queue: world.queue.clone(),
            files: world.files.clone(),
            vault: world.vault.clone(),
            clock: world.clock.clone(),
            ids: Ids::system(),
        };
        let config = ApiConfig {
            public_url: public_url.to_owned(),
            numbers,
            twilio_account_sid: TWILIO_SID.to_owned(),
            twilio_auth_token: TWILIO_TOKEN.to_owned(),
            reference_key: REFERENCE_KEY.to_vec(),
            upload_origin: Some("https://files.example.com".to_owned()),
            x: Some(Arc::new(FakeX::default())),
        };
        let state = ApiState::new(ports, config).unwrap();
        let app = api::router(state.clone());
        let (_, key) = add_school(&world.store, 1, &Scope::ALL.map(Scope::code)).await;
        Self { world, app, state, key }
    }

    /// Another school, and a key for it with these scopes.
    pub(crate) async fn another(&self, number: u128, scopes: &[&str]) -> (School, String) {
        add_school(&self.store, number, scopes).await
    }

    /// Makes the user a member of the school with these roles and signs them in: their cookie. Of two schools they
    /// may be a member, and are the same user.
    pub(crate) async fn cookie_of(
        &self,
        school: &School,
        user: &User,
        roles: Roles,
        token: &str,
        lifetime: Lifetime,
    ) -> String {
        if self.store.user(user.id).await.unwrap().is_none() {
            self.store.create_user(user).await.unwrap();
        }
        school.members().add(user.id, roles).await.unwrap();
        let member = school.members().get(user.id).await.unwrap().unwrap();
        self.store.create_session(token, &member, "csrf", lifetime, NOON).await.unwrap();
        let set = session_cookie(&self.state, token).unwrap();
        set.to_str().unwrap().split(';').next().unwrap().to_owned()
    }

    /// What was queued since the last time, and where.
    pub(crate) fn queued(&self) -> Vec<(QueueName, Job)> {
        self.queue.take().into_iter().map(|(queue, job, _)| (queue, job)).collect()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            // A workbook is no text; what is asserted on it is its status.
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path).body(Body::empty()).unwrap()).await
    }

    /// Posts JSON with the school's key.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_with(path, &[], body).await
    }

    pub(crate) async fn post_with(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let mut request = self.request("POST", path).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// A request with the school's key.
    pub(crate) fn request(&self, method: &str, path: &str) -> http::request::Builder {
        Request::builder().method(method).uri(path).header("authorization", format!("Bearer {}", self.key))
    }

    /// Adds contacts through the API.
    pub(crate) async fn contacts(&self, contacts: Value) {
        let answer = self.post("/api/v1/contacts/batch", &serde_json::json!({ "contacts": contacts })).await;
        assert_eq!(answer.json()["errors"], serde_json::json!([]), "{answer:?}");
    }
}

async fn add_school(store: &Store, number: u128, scopes: &[&str]) -> (School, String) {
    let school = store.school(Access::of_operator(school_id(number)));
    // A second key for a school that is there is no error.
    let _ = school.settings().create(&settings()).await;
    let id = format!("Key{number}x{}", scopes.len());
    let token = ApiToken::new(&id, &format!("{number:0>40}")).unwrap();
    let scopes: Vec<String> = scopes.iter().map(ToString::to_string).collect();
    school.api_keys().create(&token, "Partner", &scopes, NOON).await.unwrap();
    (school, token.reveal())
}
