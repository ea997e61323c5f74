//! One school, its key, and a router to ask.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::auth::Scope;
use api::{ApiConfig, ApiState, Ports};
use axum::Router;
use axum::body::Body;
use domain::ids::SchoolId;
use domain::job::Job;
use domain::money::Pence;
use domain::phone::{CountryCode, NumberMode};
use domain::routing::{Routing, VoiceCalling};
use domain::settings::{Prices, Settings};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use runtime::{
    BoxFuture, Clock, FileError, Files, Ids, MemoryVault, Queue, QueueError, QueueName, Vault, database_at,
};
use serde_json::Value;
use store::{Access, ApiToken, School, Store};
use tokio::sync::oneshot;
use tower::ServiceExt;
use ulid::Ulid;

use crate::fake_x;

/// Noon of 1 September 2026 in London.
pub(crate) const NOON: i64 = 1_788_260_400_000;
pub(crate) const PUBLIC_URL: &str = "https://messenger.example.com";
pub(crate) const TWILIO_TOKEN: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const TWILIO_SID: &str = "AC0123456789abcdef0123456789abcdef";
pub(crate) const REFERENCE_KEY: [u8; 32] = [7; 32];

/// Remembers jobs, or refuses them.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    sent: Mutex<Vec<(QueueName, Job)>>,
    broken: AtomicBool,
}

impl Recorder {
    /// What was queued since the last time.
    pub(crate) fn take(&self) -> Vec<(QueueName, Job)> {
        std::mem::take(&mut self.sent.lock().unwrap())
    }

    pub(crate) fn break_down(&self) {
        self.broken.store(true, Ordering::SeqCst);
    }

    pub(crate) fn mend(&self) {
        self.broken.store(false, Ordering::SeqCst);
    }
}

impl Queue for Recorder {
    fn send(&self, queue: QueueName, jobs: Vec<(Job, i64)>) -> BoxFuture<'_, Result<(), QueueError>> {
        Box::pin(async move {
            if self.broken.load(Ordering::SeqCst) {
                return Err(QueueError("down".to_owned()));
            }
            self.sent.lock().unwrap().extend(jobs.into_iter().map(|(job, _)| (queue, job)));
            Ok(())
        })
    }
}

/// Uploads go elsewhere; what the product itself writes is kept.
#[derive(Debug, Default)]
struct Shelf(Mutex<BTreeMap<String, Vec<u8>>>);

impl Files for Shelf {
    fn upload_url(&self, key: &str, _: u64, _: Duration) -> BoxFuture<'_, Result<String, FileError>> {
        let url = format!("https://files.example.com/{key}?signed");
        Box::pin(async { Ok(url) })
    }

    fn read(&self, key: &str) -> BoxFuture<'_, Result<Vec<u8>, FileError>> {
        let found = self.0.lock().unwrap().get(key).cloned();
        Box::pin(async { found.ok_or(FileError::NotFound) })
    }

    fn write<'a>(
        &'a self,
        key: &'a str,
        bytes: &'a [u8],
        _: &'a str,
    ) -> BoxFuture<'a, Result<(), FileError>> {
        self.0.lock().unwrap().insert(key.to_owned(), bytes.to_vec());
        Box::pin(async { Ok(()) })
    }

    fn remove(&self, _: &str) -> BoxFuture<'_, Result<(), FileError>> {
        Box::pin(async { Ok(()) })
    }
}

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
    pub(crate) app: Router,
    pub(crate) state: ApiState,
    pub(crate) store: Store,
    pub(crate) school: School,
    pub(crate) queue: Arc<Recorder>,
    pub(crate) vault: Arc<MemoryVault>,
    pub(crate) clock: Clock,
    /// A key with every scope.
    pub(crate) key: String,
    _database: oneshot::Sender<()>,
}

pub(crate) fn settings() -> Settings {
    Settings {
        timezone: "Europe/London".to_owned(),
        country: CountryCode::UK,
        sms_sender: "Hillview".to_owned(),
        sms_header: "Hillview".to_owned(),
        voice_caller: "+441632960100".to_owned(),
        email_from_name: "Hillview School".to_owned(),
        email_reply_to: "office@hillview.example".to_owned(),
        routing: Routing::SmsFirst,
        voice_calling: VoiceCalling::FirstOnly,
        prices: Prices {
            sms_unit: Pence::from_hundredths(375),
            voice_minute: Pence::from_hundredths(800),
            email: Pence::from_hundredths(5),
        },
        head_teacher: String::new(),
        address: "1 Hill Road".to_owned(),
        phone: "01632 960100".to_owned(),
        ..Settings::new("Hillview School")
    }
}

impl House {
    pub(crate) async fn start() -> Self {
        Self::start_as(PUBLIC_URL, NumberMode::Simulated).await
    }

    pub(crate) async fn start_as(public_url: &str, numbers: NumberMode) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let database = dynoxide::Database::memory().unwrap();
        tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, async {
            let _ = stopped.await;
        }));
        let store = Store::new(database_at(&url), "messenger");
        store.create_table().await.unwrap();
        let queue = Arc::new(Recorder::default());
        let clock = Clock::set_to(NOON);
        let vault = Arc::new(MemoryVault::default());
        let ports = Ports {
            store: store.clone(),
            queue: Arc::clone(&queue) as Arc<dyn Queue>,
            files: Arc::new(Shelf::default()),
            vault: Arc::clone(&vault) as Arc<dyn Vault>,
            clock: clock.clone(),
            ids: Ids::system(),
        };
        let config = ApiConfig {
            public_url: public_url.to_owned(),
            numbers,
            twilio_account_sid: TWILIO_SID.to_owned(),
            twilio_auth_token: TWILIO_TOKEN.to_owned(),
            reference_key: REFERENCE_KEY.to_vec(),
            upload_origin: Some("https://files.example.com".to_owned()),
            x: Some(Arc::new(fake_x::FakeX::default())),
        };
        let state = ApiState::new(ports, config).unwrap();
        let app = api::router(state.clone());
        let (school, key) = add_school(&store, 1, &Scope::ALL.map(Scope::code)).await;
        Self { app, state, store, school, queue, vault, clock, key, _database: stop }
    }

    /// Another school, and a key for it with these scopes.
    pub(crate) async fn another(&self, number: u128, scopes: &[&str]) -> (School, String) {
        add_school(&self.store, number, scopes).await
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
    let id = SchoolId::new(Ulid::from_parts(1_700_000_000_000, number));
    let school = store.school(Access::of_operator(id));
    // A second key for a school that is there is no error.
    let _ = school.settings().create(&settings()).await;
    let id = format!("Key{number}x{}", scopes.len());
    let token = ApiToken::new(&id, &format!("{number:0>40}")).unwrap();
    let scopes: Vec<String> = scopes.iter().map(ToString::to_string).collect();
    school.api_keys().create(&token, "Partner", &scopes, NOON).await.unwrap();
    (school, token.reveal())
}
