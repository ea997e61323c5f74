//! The HTTP client that talks to providers.

use std::time::Duration;

/// A client with a time-out for each call, no redirects and no retries: whether a send may be repeated is for the
/// protocol to say (DESIGN §4.4).
#[expect(clippy::disallowed_methods, reason = "the one place that builds a client")]
pub fn http_client(call_ms: u64) -> Result<reqwest::Client, reqwest::Error> {
    // A second call finds the provider installed; that is no error.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .timeout(Duration::from_millis(call_ms))
        .connect_timeout(Duration::from_millis(call_ms.min(5_000)))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .pool_max_idle_per_host(512)
        .no_proxy()
        .user_agent("messenger")
        .build()
}
