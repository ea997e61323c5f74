//! A small HTTP client that knows the account, and simulators to talk to.

use std::path::Path;
use std::time::Duration;

use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use simulators::{Config, Latency, Running, Simulators, TwilioAccount};

pub(crate) const SID: &str = "AC0123456789abcdef0123456789abcdef";
pub(crate) const TOKEN: &str = "a token";
/// base64 of `SID:TOKEN`.
const BASIC: &str = "Basic QUMwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjphIHRva2Vu";
pub(crate) const SIGV4: &str = "AWS4-HMAC-SHA256 Credential=AKID/20250101/eu-west-2/ses/aws4_request, \
     SignedHeaders=host;x-amz-date, Signature=00";
pub(crate) const SCHOOL: &str = "+441632960000";

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }
}

#[derive(Clone)]
pub(crate) struct Browser {
    pub(crate) url: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Browser {
    pub(crate) fn at(url: &str) -> Self {
        Self { url: url.to_owned(), client: Client::builder(TokioExecutor::new()).build_http() }
    }

    /// `None` where the connection ended without an answer.
    pub(crate) async fn ask(&self, method: &str, path: &str, kind: &str, body: String) -> Option<Answer> {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("content-type", kind)
            .header("authorization", if path.starts_with("/v2/") { SIGV4 } else { BASIC })
            .header("x-amz-date", "20250101T000000Z")
            .body(Full::from(body))
            .unwrap();
        let answer = self.client.request(request).await.ok()?;
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        Some(Answer { status: parts.status, headers: parts.headers, body })
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "", String::new()).await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, json: Value) -> Answer {
        self.ask("POST", path, "application/json", json.to_string()).await.unwrap()
    }

    pub(crate) async fn try_form(&self, path: &str, form: &[(&str, &str)]) -> Option<Answer> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let path = format!("/2010-04-01/Accounts/{SID}/{path}");
        self.ask("POST", &path, "application/x-www-form-urlencoded", body).await
    }

    pub(crate) async fn form(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.try_form(path, form).await.unwrap()
    }

    /// Sends a text and tells its sid.
    pub(crate) async fn text(&self, to: &str, body: &str, callback: &str) -> String {
        let form = [("To", to), ("From", SCHOOL), ("Body", body), ("StatusCallback", callback)];
        let answer = self.form("Messages.json", &form).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.json()["sid"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn log(&self, kind: &str) -> Vec<Value> {
        let Value::Array(log) = self.get(&format!("/_control/log?kind={kind}")).await.json() else {
            panic!()
        };
        log
    }
}

pub(crate) fn config() -> Config {
    let mut config = Config::new(TwilioAccount { sid: SID.to_owned(), auth_token: TOKEN.to_owned() });
    config.latency = Latency { step: Duration::from_millis(20), ..Latency::default() };
    config
}

pub(crate) async fn start(config: Config) -> (Running, Browser) {
    let running = Simulators::start(config).await.unwrap();
    let browser = Browser::at(running.url());
    (running, browser)
}

pub(crate) async fn kept_in(directory: &Path) -> (Running, Browser) {
    let mut config = config();
    config.data = Some(directory.to_owned());
    start(config).await
}
