//! The token that opens the lists, fetched when the one at hand is about to expire.

use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::XporterConfig;
use crate::mis::fetch::Ask;
use crate::mis::{Fetcher, MisError};

/// A token is not used in its last minute.
const SPARE_MS: i64 = 60_000;

pub(super) struct Token {
    url: Url,
    config: XporterConfig,
    held: Mutex<Option<(HeaderValue, i64)>>,
}

#[derive(Deserialize)]
struct Issued {
    token: Option<String>,
    expires: Option<Timestamp>,
}

impl Token {
    pub(super) fn new(fetcher: &Fetcher, config: XporterConfig) -> Result<Self, MisError> {
        let mut url = fetcher.base(&config.token_url)?;
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(Self { url, config, held: Mutex::new(None) })
    }

    /// The `Authorization` header, of a new token if `anew`.
    pub(super) async fn header(&self, fetcher: &Fetcher, anew: bool) -> Result<HeaderValue, MisError> {
        let mut held = self.held.lock().await;
        let now = fetcher.clock().now_ms();
        if let Some((header, until)) = held.as_ref()
            && !anew
            && *until > now + SPARE_MS
        {
            return Ok(header.clone());
        }
        let (header, until) = self.issue(fetcher).await?;
        *held = Some((header.clone(), until));
        Ok(header)
    }

    async fn issue(&self, fetcher: &Fetcher) -> Result<(HeaderValue, i64), MisError> {
        let body = serde_json::json!({
            "relyingParty": self.config.relying_party,
            "thirdPartyId": "XporterOnDemand",
            "estab": self.config.estab,
            "password": self.config.password.expose(),
        });
        let ask = Ask {
            method: Method::POST,
            url: self.url.clone(),
            headers: HeaderMap::new(),
            body: Some(("application/json", body.to_string())),
        };
        let issued: Issued = fetcher.fetch(&ask).await?.json()?;
        // Whatever the reason, there is no token: the words that come with it are about the credentials.
        let token = issued.token.filter(|t| !t.is_empty()).ok_or(MisError::Unauthorised { status: 200 })?;
        let mut header = HeaderValue::try_from(format!("Idaas {token}"))
            .map_err(|_| MisError::Malformed("a token that fits no header".to_owned()))?;
        header.set_sensitive(true);
        let until = issued.expires.map_or(i64::MAX, Timestamp::as_millisecond);
        Ok((header, until))
    }
}
