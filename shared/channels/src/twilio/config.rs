//! How to reach Twilio, checked once.

use std::fmt;
use std::time::Duration;

use reqwest::Url;

use super::is_sid;

/// How to reach Twilio, and how Twilio reaches us.
#[derive(Clone)]
pub struct TwilioConfig {
    /// The account: `AC` and 32 hexadecimal digits.
    pub account_sid: String,
    /// Its secret.
    pub auth_token: String,
    /// Scheme and host of the API, such as `https://api.twilio.com`. Plain HTTP only on loopback.
    pub base_url: String,
    /// Scheme and host under which Twilio reaches our webhooks. Plain HTTP only on loopback.
    pub public_url: String,
    /// How long one request may take.
    pub deadline: Duration,
}

impl fmt::Debug for TwilioConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TwilioConfig")
            .field("base_url", &self.base_url)
            .field("public_url", &self.public_url)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

/// Twilio's configuration cannot work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadConfig {
    /// Not an account id.
    #[error("the Twilio account must be AC and 32 hexadecimal digits")]
    Account,
    /// Empty.
    #[error("the Twilio auth token is missing")]
    Token,
    /// An address that is not HTTPS (or plain HTTP on loopback), or that is more than scheme, host and path.
    #[error("the {0} must be an https address without query or password")]
    Address(&'static str),
}

#[derive(Clone)]
pub(super) struct Checked {
    pub(super) base: Url,
    pub(super) account: String,
    pub(super) token: String,
    pub(super) public_url: String,
    pub(super) deadline: Duration,
}

impl TwilioConfig {
    pub(super) fn check(&self) -> Result<Checked, BadConfig> {
        if !is_sid(&self.account_sid, &["AC"]) {
            return Err(BadConfig::Account);
        }
        if self.auth_token.is_empty() {
            return Err(BadConfig::Token);
        }
        let public_url = address(&self.public_url, "public address")?;
        Ok(Checked {
            base: address(&self.base_url, "Twilio address")?,
            account: self.account_sid.clone(),
            token: self.auth_token.clone(),
            public_url: public_url.as_str().trim_end_matches('/').to_owned(),
            deadline: self.deadline,
        })
    }
}

fn address(text: &str, what: &'static str) -> Result<Url, BadConfig> {
    crate::address::check(text).map_err(|_| BadConfig::Address(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> TwilioConfig {
        TwilioConfig {
            account_sid: format!("AC{}", "0".repeat(32)),
            auth_token: "s3cret".to_owned(),
            base_url: "https://api.twilio.com".to_owned(),
            public_url: "https://messenger.example.com/".to_owned(),
            deadline: Duration::from_secs(10),
        }
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        for (url, fine) in [
            ("https://api.twilio.com", true),
            ("http://127.0.0.1:9000", true),
            ("http://[::1]:9000", true),
            ("http://localhost:9000/", true),
            ("http://api.twilio.com", false),
            ("http://127.0.0.1.example.com", false),
            ("https://user:pass@api.twilio.com", false),
            ("https://api.twilio.com/?x=1", false),
            ("ftp://127.0.0.1", false),
            ("api.twilio.com", false),
            ("", false),
        ] {
            let checked = TwilioConfig { base_url: url.to_owned(), ..config() }.check();
            assert_eq!(checked.is_ok(), fine, "{url}");
            let checked = TwilioConfig { public_url: url.to_owned(), ..config() }.check();
            assert_eq!(checked.is_ok(), fine, "{url}");
        }
    }

    #[test]
    fn secrets_are_needed_and_never_shown() {
        assert!(matches!(
            TwilioConfig { account_sid: "AC1".into(), ..config() }.check(),
            Err(BadConfig::Account)
        ));
        assert!(matches!(
            TwilioConfig { auth_token: String::new(), ..config() }.check(),
            Err(BadConfig::Token)
        ));
        assert!(!format!("{:?}", config()).contains("s3cret"));
    }
}
