//! X: linking a school's account by OAuth 1.0a, and posts over its API v2.

mod errors;
mod link;
mod oauth;
mod post;

use std::fmt;
use std::time::Duration;

use reqwest::Url;

use crate::address::{self, BadAddress};
use crate::exchange::{Exchange, exchange};
use oauth::{Once, Signer};

/// How to reach X.
#[derive(Clone)]
pub struct XConfig {
    /// The product's key at X.
    pub consumer_key: String,
    /// Its secret.
    pub consumer_secret: String,
    /// `https://api.x.com`, or a simulator. Plain HTTP only on loopback.
    pub base_url: String,
    /// How long one request may take.
    pub deadline: Duration,
}

impl fmt::Debug for XConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("XConfig").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

/// X's configuration cannot work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadXConfig {
    /// The key or its secret is empty.
    #[error("X's consumer key or secret is missing")]
    Key,
    /// Not an address.
    #[error("X's address: {0}")]
    Address(#[from] BadAddress),
}

/// The product as X knows it.
#[derive(Clone)]
pub struct X {
    http: reqwest::Client,
    base: Url,
    consumer_key: String,
    consumer_secret: String,
    deadline: Duration,
}

impl fmt::Debug for X {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("X").field("base_url", &self.base.as_str()).finish_non_exhaustive()
    }
}

impl X {
    /// An adapter that uses `http`, which must neither follow redirects nor retry.
    pub fn new(http: reqwest::Client, config: &XConfig) -> Result<Self, BadXConfig> {
        if config.consumer_key.is_empty() || config.consumer_secret.is_empty() {
            return Err(BadXConfig::Key);
        }
        Ok(Self {
            http,
            base: address::check(&config.base_url)?,
            consumer_key: config.consumer_key.clone(),
            consumer_secret: config.consumer_secret.clone(),
            deadline: config.deadline,
        })
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        url
    }

    /// A signed POST, made once.
    async fn ask(
        &self,
        path: &str,
        token: Option<(&str, &str)>,
        extra: &[(&str, &str)],
        once: Once<'_>,
        json: Option<String>,
    ) -> Exchange {
        let url = self.url(path);
        let signer =
            Signer { consumer_key: &self.consumer_key, consumer_secret: &self.consumer_secret, token };
        let header = oauth::header(signer, &url, extra, once);
        let request = self.http.post(url).header("authorization", header);
        let request = match json {
            Some(json) => request.header("content-type", "application/json").body(json),
            None => request,
        };
        exchange(request, self.deadline).await
    }
}
