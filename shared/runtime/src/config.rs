//! Configuration, read once from the environment when a process starts.

use std::net::IpAddr;

use domain::page::RetryPolicy;
use domain::phone::NumberMode;

/// A setting is missing or not usable.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It is not set.
    #[error("{0} is not set")]
    Missing(&'static str),
    /// It is set to something else than it should be.
    #[error("{name} must be {wanted}")]
    Wrong {
        /// The variable.
        name: &'static str,
        /// What it should hold.
        wanted: &'static str,
    },
}

/// Everything that a function is told from outside.
#[derive(Clone)]
pub struct Config {
    /// Name of the table.
    pub table_name: String,
    /// URLs of the queues.
    pub queues: Queues,
    /// Bucket for uploads.
    pub files_bucket: String,
    /// Bucket whose objects are locked, for anchors of audit logs.
    pub audit_bucket: String,
    /// Where browsers and providers reach the product, without a closing slash.
    pub public_url: String,
    /// Twilio's account.
    pub twilio: TwilioConfig,
    /// SES.
    pub ses: SesConfig,
    /// The product at X; `None` where schools cannot link an account.
    pub x: Option<XConfig>,
    /// Secret that signs references in callbacks.
    pub reference_key: Vec<u8>,
    /// How long things may take.
    pub timing: Timing,
}

/// URLs of the queues.
#[derive(Debug, Clone, Default)]
pub struct Queues {
    /// Ordinary sends.
    pub routine: String,
    /// Emergencies.
    pub emergency: String,
    /// What providers report.
    pub receipts: String,
    /// Messages to count.
    pub finished: String,
    /// Sync runs.
    pub sync: String,
}

/// Twilio's account.
#[derive(Clone)]
pub struct TwilioConfig {
    /// `https://api.twilio.com`, or a simulator on loopback.
    pub base_url: String,
    /// `AC…`.
    pub account_sid: String,
    /// Secret; also signs webhooks.
    pub auth_token: String,
    /// Texts' units and calls per second for each sender; 0 for no limit.
    pub per_second: u32,
}

/// The product as X knows it. No `Debug`.
#[derive(Clone)]
pub struct XConfig {
    /// `https://api.x.com`, or a simulator on loopback.
    pub base_url: String,
    /// The product's key.
    pub consumer_key: String,
    /// Its secret.
    pub consumer_secret: String,
}

/// SES.
#[derive(Debug, Clone)]
pub struct SesConfig {
    /// A simulator on loopback; `None` for AWS.
    pub endpoint: Option<String>,
    /// Configuration set whose events reach the receipts queue.
    pub configuration_set: Option<String>,
    /// Verified address that e-mail comes from.
    pub from_address: String,
    /// E-mails per second; 0 for no limit.
    pub per_second: u32,
}

/// How long things may take, in milliseconds (ARCHITECTURE §4.3): lease > function > send deadline + call, so that a
/// worker declared lost sends no more.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// After which a page that is still at the same fence has lost its worker.
    pub lease_ms: i64,
    /// After which a function starts no more sends, counted from its start; it claims no page after half of it.
    pub send_deadline_ms: u64,
    /// One call to a provider.
    pub call_ms: u64,
    /// Between two questions to a provider about the same attempt.
    pub ask_ms: i64,
    /// How long SES may take to report a send.
    pub ses_report_ms: i64,
    /// Between two looks at a message in progress.
    pub watch_ms: i64,
    /// After which an accepted delivery without a receipt is fetched by id.
    pub fetch_ms: i64,
    /// After which it has expired.
    pub expire_ms: i64,
    /// When refused deliveries are tried again.
    pub retry: RetryPolicy,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            lease_ms: 90_000,
            send_deadline_ms: 40_000,
            call_ms: 10_000,
            ask_ms: 60_000,
            ses_report_ms: 600_000,
            watch_ms: 5_000,
            fetch_ms: 3_600_000,
            expire_ms: 72 * 3_600_000,
            retry: RetryPolicy { base_ms: 30_000, most: 5 },
        }
    }
}

impl Timing {
    /// For the whole product in one process: a lost worker is noticed in seconds.
    pub fn local() -> Self {
        Self {
            lease_ms: 6_000,
            send_deadline_ms: 3_000,
            call_ms: 2_000,
            ask_ms: 1_000,
            ses_report_ms: 10_000,
            watch_ms: 500,
            retry: RetryPolicy { base_ms: 500, most: 5 },
            ..Self::default()
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
pub(crate) fn variable(name: &'static str) -> Option<String> {
    std::env::var(name).ok().filter(|v| !v.is_empty())
}

pub(crate) fn required(name: &'static str) -> Result<String, ConfigError> {
    variable(name).ok_or(ConfigError::Missing(name))
}

fn whole_number<T: std::str::FromStr>(name: &'static str) -> Result<Option<T>, ConfigError> {
    variable(name)
        .map(|text| text.parse().map_err(|_| ConfigError::Wrong { name, wanted: "a whole number" }))
        .transpose()
}

impl Config {
    /// Reads what `template.yaml` sets.
    pub fn from_env() -> Result<Self, ConfigError> {
        let mut timing = Timing::default();
        if let Some(seconds) = whole_number::<i64>("LEASE_SECONDS")? {
            timing.lease_ms = seconds.saturating_mul(1_000);
        }
        let reference_key = required("REFERENCE_KEY")?.into_bytes();
        if reference_key.len() < 32 {
            return Err(ConfigError::Wrong { name: "REFERENCE_KEY", wanted: "at least 32 characters" });
        }
        Ok(Self {
            table_name: required("TABLE_NAME")?,
            queues: queues(),
            files_bucket: files_bucket().unwrap_or_default(),
            audit_bucket: audit_bucket().unwrap_or_default(),
            public_url: required("PUBLIC_URL")?.trim_end_matches('/').to_owned(),
            twilio: TwilioConfig {
                base_url: twilio_base_url().unwrap_or_else(|| "https://api.twilio.com".to_owned()),
                account_sid: required("TWILIO_ACCOUNT_SID")?,
                auth_token: required("TWILIO_AUTH_TOKEN")?,
                per_second: whole_number("TWILIO_PER_SECOND")?.unwrap_or(0),
            },
            ses: SesConfig {
                endpoint: ses_endpoint(),
                configuration_set: variable("SES_CONFIGURATION_SET"),
                from_address: required("SES_FROM_ADDRESS")?,
                per_second: whole_number("SES_PER_SECOND")?.unwrap_or(0),
            },
            x: x_config(),
            reference_key,
            timing,
        })
    }

    /// *Simulated* only while every provider is on loopback: then drama numbers are as good as any (ARCHITECTURE §9).
    pub fn number_mode(&self) -> NumberMode {
        let simulated = is_loopback(&self.twilio.base_url)
            && self.ses.endpoint.as_deref().is_some_and(is_loopback)
            && self.x.as_ref().is_none_or(|x| is_loopback(&x.base_url));
        if simulated { NumberMode::Simulated } else { NumberMode::Live }
    }
}

/// Bucket of files that are handed in.
pub fn files_bucket() -> Result<String, ConfigError> {
    required("FILES_BUCKET")
}

/// Bucket whose objects are locked, for anchors of audit logs.
pub fn audit_bucket() -> Result<String, ConfigError> {
    required("AUDIT_BUCKET")
}

/// The table, for a function that needs nothing else.
pub fn table_name() -> Result<String, ConfigError> {
    required("TABLE_NAME")
}

/// The queue for what cannot wait, for the operator's command, if the environment names it.
pub fn emergency_queue() -> Option<String> {
    variable("EMERGENCY_QUEUE_URL")
}

/// Where the product is reached, without a closing slash, for the operator's command, if the environment says so.
pub fn public_url() -> Option<String> {
    variable("PUBLIC_URL").map(|url| url.trim_end_matches('/').to_owned())
}

/// The queues that the environment names; what is not named is empty.
pub fn queues() -> Queues {
    Queues {
        routine: variable("ROUTINE_QUEUE_URL").unwrap_or_default(),
        emergency: variable("EMERGENCY_QUEUE_URL").unwrap_or_default(),
        receipts: variable("RECEIPTS_QUEUE_URL").unwrap_or_default(),
        finished: variable("FINISHED_QUEUE_URL").unwrap_or_default(),
        sync: variable("SYNC_QUEUE_URL").unwrap_or_default(),
    }
}

/// The product at X, if the environment names its key and secret.
fn x_config() -> Option<XConfig> {
    let (consumer_key, consumer_secret) = variable("X_CONSUMER_KEY").zip(variable("X_CONSUMER_SECRET"))?;
    let base_url = variable("X_BASE_URL").unwrap_or_else(|| "https://api.x.com".to_owned());
    Some(XConfig { base_url: base_url.trim_end_matches('/').to_owned(), consumer_key, consumer_secret })
}

/// How the names of the secrets begin that hold the credentials of the schools' MIS.
pub fn mis_secrets() -> Result<String, ConfigError> {
    required("MIS_SECRETS_PREFIX")
}

/// Where Twilio is, if the environment says so; also asked by the local product.
pub fn twilio_base_url() -> Option<String> {
    variable("TWILIO_BASE_URL").map(|url| url.trim_end_matches('/').to_owned())
}

/// Where SES is, if the environment says so; also asked by the local product.
pub fn ses_endpoint() -> Option<String> {
    variable("SES_ENDPOINT_URL").map(|url| url.trim_end_matches('/').to_owned())
}

/// The account that the environment names for Twilio, for a local run against somebody else's simulator.
pub fn twilio_account() -> Option<(String, String)> {
    variable("TWILIO_ACCOUNT_SID").zip(variable("TWILIO_AUTH_TOKEN"))
}

/// Whether a URL's host is this machine.
fn is_loopback(url: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(url) else { return false };
    let Some(host) = url.host_str() else { return false };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_is_declared_lost_has_long_stopped_sending() {
        const FUNCTION_MS: i64 = 60_000;
        let last_send = |t: Timing| t.send_deadline_ms.cast_signed() + t.call_ms.cast_signed();
        let (deployed, local) = (Timing::default(), Timing::local());
        assert!(deployed.lease_ms > FUNCTION_MS && local.lease_ms >= last_send(local) + 1_000);
        let outcome_ms = crate::aws::OPERATION_TIME_OUT.as_millis();
        assert!(
            last_send(deployed) + i64::try_from(outcome_ms).unwrap() < FUNCTION_MS,
            "the outcome is written in time"
        );
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for here in ["http://127.0.0.1:8081", "http://localhost", "http://[::1]:9/x", "http://127.9.9.9"] {
            assert!(is_loopback(here), "{here}");
        }
        for elsewhere in [
            "https://api.twilio.com",
            "http://127.0.0.1.example.com",
            "http://10.0.0.1",
            "localhost",
            "http://128.0.0.1",
        ] {
            assert!(!is_loopback(elsewhere), "{elsewhere}");
        }
    }
}
