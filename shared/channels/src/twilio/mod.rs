//! Twilio: texts and calls over its REST API of 2010-04-01, and what it posts to our webhooks.

pub mod callback;
mod calls;
mod config;
pub mod errors;
mod http;
mod messages;
mod records;
pub mod signature;
mod status;
mod twiml;

use std::fmt;

pub use config::{BadConfig, TwilioConfig};

use config::Checked;

/// Twilio's *connection override* on a callback's URL: the most retries it allows, after server errors and after
/// time-outs while connecting and reading.
pub(crate) const RETRIES: &str = "#rc=5&rp=5xx,ct,rt";

/// The account through which texts and calls go.
#[derive(Clone)]
pub struct Twilio {
    http: reqwest::Client,
    config: Checked,
}

impl fmt::Debug for Twilio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Twilio").field("base_url", &self.config.base.as_str()).finish_non_exhaustive()
    }
}

impl Twilio {
    /// An adapter that uses `http`, which must neither follow redirects nor retry: a request that may have been taken
    /// must never be repeated.
    pub fn new(http: reqwest::Client, config: &TwilioConfig) -> Result<Self, BadConfig> {
        Ok(Self { http, config: config.check()? })
    }

    /// Where Twilio posts how an attempt ends. The fragment has it try again, within 15 seconds, after an error of
    /// ours or no answer; by itself it would do so only where it cannot connect.
    pub fn status_url(&self, reference: &str) -> String {
        format!("{}/hooks/twilio/status/{reference}{RETRIES}", self.config.public_url)
    }
}

/// Whether a text is one of Twilio's ids with one of these prefixes.
fn is_sid(text: &str, prefixes: &[&str]) -> bool {
    prefixes
        .iter()
        .filter_map(|p| text.strip_prefix(p))
        .any(|hex| hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}
