//! The HTTP clients that talk to providers and to schools' systems.

use std::time::Duration;

use crate::guard::{Outside, Resolver};

/// A client with a time-out for each call, no redirects and no retries: whether a send may be repeated is for the
/// protocol to say (ARCHITECTURE §4.4).
pub fn http_client(call_ms: u64) -> Result<reqwest::Client, reqwest::Error> {
    builder(call_ms).pool_max_idle_per_host(512).build()
}

/// A client for addresses that schools type in: the same, and it connects to nothing that `outside` does not allow.
/// The URL itself must have passed [`Outside::check`], because a host written as a number is never resolved.
pub fn guarded_http_client(call_ms: u64, outside: Outside) -> Result<reqwest::Client, reqwest::Error> {
    builder(call_ms).dns_resolver(Resolver(outside)).build()
}

#[expect(clippy::disallowed_methods, reason = "the one place that builds a client")]
fn builder(call_ms: u64) -> reqwest::ClientBuilder {
    // A second call finds the provider installed; that is no error.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .timeout(Duration::from_millis(call_ms))
        .connect_timeout(Duration::from_millis(call_ms.min(5_000)))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .user_agent("messenger")
}
