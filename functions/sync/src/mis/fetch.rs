//! Asking an MIS over HTTP: addresses are checked, answers bounded, busy servers waited for, and only reads repeated.

use std::sync::Arc;
use std::time::Duration;

use jiff::fmt::rfc2822;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Method, StatusCode, Url};
use runtime::{BoxFuture, Clock, Outside};
use serde::de::DeserializeOwned;

use super::MisError;

/// Waits; a test does not.
pub trait Pause: Send + Sync {
    /// Waits so long.
    fn pause(&self, time: Duration) -> BoxFuture<'_, ()>;
}

/// Waits by the system's timer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sleep;

impl Pause for Sleep {
    fn pause(&self, time: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(time))
    }
}

/// How much is asked of an MIS, and of us.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// How often one request is made before it has failed.
    pub attempts: u32,
    /// The first wait; each one after it is twice as long.
    pub first_wait: Duration,
    /// The longest wait, also where the MIS asks for a longer one: then the run ends and comes back.
    pub longest_wait: Duration,
    /// Bytes of one answer.
    pub answer_bytes: usize,
    /// Pages of one list.
    pub pages: u32,
    /// Rows of one list.
    pub rows: usize,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            attempts: 4,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(30),
            answer_bytes: 32 << 20,
            pages: 2_000,
            rows: 500_000,
        }
    }
}

/// A request that changes nothing at the MIS, so that it may be made again.
#[derive(Clone)]
pub struct Ask {
    /// GET, or POST for a token.
    pub method: Method,
    /// Checked again before each request.
    pub url: Url,
    /// Credentials among them.
    pub headers: HeaderMap,
    /// A body and its content type, for the posts that fetch a token.
    pub body: Option<(&'static str, String)>,
}

impl Ask {
    /// A read of this address.
    pub fn get(url: Url, headers: HeaderMap) -> Self {
        Self { method: Method::GET, url, headers, body: None }
    }
}

/// A whole answer with status 200, or an empty one with 204.
#[derive(Debug)]
pub struct Answer {
    /// Where some kinds of MIS say how many rows there are.
    pub headers: HeaderMap,
    /// To its end.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON of this form.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, MisError> {
        serde_json::from_slice(&self.body).map_err(|e| MisError::of_json(&e))
    }

    /// A header's text, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Makes requests to one school's MIS.
#[derive(Clone)]
pub struct Fetcher {
    http: reqwest::Client,
    outside: Outside,
    clock: Clock,
    pause: Arc<dyn Pause>,
    /// How much is asked for.
    pub policy: Policy,
}

impl Fetcher {
    /// With a client that [`runtime::guarded_http_client`] made for the same `outside`.
    pub fn new(
        http: reqwest::Client,
        outside: Outside,
        clock: Clock,
        pause: Arc<dyn Pause>,
        policy: Policy,
    ) -> Self {
        Self { http, outside, clock, pause, policy }
    }

    /// The time, for tokens that expire.
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// A base address that may be called, with a closing slash, so that paths can be joined to it.
    pub fn base(&self, address: &str) -> Result<Url, MisError> {
        let mut url = self.outside.check(address)?;
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        Ok(url)
    }

    /// The whole answer to a request, which is made again after a fault that may pass.
    pub async fn fetch(&self, ask: &Ask) -> Result<Answer, MisError> {
        let mut wait = self.policy.first_wait;
        let mut attempt = 1;
        loop {
            let (error, told) = match self.once(ask).await {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            let pause = told.unwrap_or(wait);
            if attempt >= self.policy.attempts || !error.passes() || pause > self.policy.longest_wait {
                return Err(error);
            }
            tracing::info!(attempt, cause = error.code(), "the MIS is asked again");
            self.pause.pause(pause).await;
            wait = (wait * 2).min(self.policy.longest_wait);
            attempt += 1;
        }
    }

    /// One request; on failure also how long the MIS asks us to wait.
    async fn once(&self, ask: &Ask) -> Result<Answer, (MisError, Option<Duration>)> {
        // The address of each page is checked: some come out of an answer.
        self.outside.check(ask.url.as_str()).map_err(|e| (e.into(), None))?;
        let mut request = self.http.request(ask.method.clone(), ask.url.clone()).headers(ask.headers.clone());
        if let Some((kind, body)) = &ask.body {
            request = request.header(reqwest::header::CONTENT_TYPE, *kind).body(body.clone());
        }
        let response = request.send().await.map_err(|e| (MisError::of_request(&e), None))?;
        let status = response.status();
        let headers = response.headers().clone();
        // 204 has an empty body: of a list, there is no such page.
        if matches!(status, StatusCode::OK | StatusCode::NO_CONTENT) {
            let body = self.body(response).await.map_err(|e| (e, None))?;
            return Ok(Answer { headers, body });
        }
        let told = self.retry_after(&headers);
        let error = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                MisError::Unauthorised { status: status.as_u16() }
            }
            StatusCode::TOO_MANY_REQUESTS => {
                MisError::TooManyRequests { retry_after_s: told.map(|wait| wait.as_secs()) }
            }
            _ if status.is_server_error() => MisError::Unreachable(format!("status {}", status.as_u16())),
            // A redirect is not followed: it could lead anywhere.
            _ => MisError::Refused { status: status.as_u16(), said: String::new() },
        };
        Err((error, told))
    }

    async fn body(&self, mut response: reqwest::Response) -> Result<Vec<u8>, MisError> {
        let most = self.policy.answer_bytes;
        let announced = response.content_length().and_then(|n| usize::try_from(n).ok()).unwrap_or_default();
        if announced > most {
            return Err(MisError::TooLarge("an answer"));
        }
        let mut body = Vec::with_capacity(announced);
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > most => {
                    return Err(MisError::TooLarge("an answer"));
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => return Ok(body),
                Err(e) if e.is_timeout() => {
                    return Err(MisError::Unreachable("no answer in time".to_owned()));
                }
                Err(_) => return Err(MisError::Truncated("the connection ended early")),
            }
        }
    }

    /// The wait that an answer asks for, in seconds or as a date.
    fn retry_after(&self, headers: &HeaderMap) -> Option<Duration> {
        let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        if let Ok(seconds) = text.parse::<u64>() {
            return Some(Duration::from_secs(seconds));
        }
        let then = rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
        let ms = then.as_millisecond().saturating_sub(self.clock.now_ms());
        Some(Duration::from_millis(u64::try_from(ms).unwrap_or_default()))
    }
}
