//! AWS clients, built in one place.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_credential_types::Credentials;
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use crate::config::SesConfig;

/// Clients of the services that the product uses.
#[derive(Debug, Clone)]
pub struct Aws {
    config: SdkConfig,
}

fn https() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().tls_provider(tls::Provider::Rustls(CryptoMode::Ring)).build_https()
}

/// A database on this machine, which takes any credentials.
pub fn database_at(url: &str) -> aws_sdk_dynamodb::Client {
    aws_sdk_dynamodb::Client::from_conf(
        aws_sdk_dynamodb::Config::builder()
            .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::latest())
            .region(Region::from_static("local"))
            .credentials_provider(local_credentials())
            .endpoint_url(url)
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build(),
    )
}

/// The client that reaches a database on this machine, for a wrapper that makes it fail.
pub fn plain_http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().build_http()
}

/// As [`database_at`], through `http_client`. The first retry comes after up to `first_wait`.
pub fn database_with(
    url: &str,
    http_client: SharedHttpClient,
    first_wait: Duration,
) -> aws_sdk_dynamodb::Client {
    let conf = database_at(url).config().to_builder().http_client(http_client);
    let retries = RetryConfig::standard().with_initial_backoff(first_wait);
    aws_sdk_dynamodb::Client::from_conf(conf.retry_config(retries).build())
}

fn local_credentials() -> Credentials {
    Credentials::from_keys("local", "local", None)
}

impl Aws {
    /// Region and credentials from the environment, as Lambda gives them.
    pub async fn from_env() -> Self {
        let config = aws_config::defaults(BehaviorVersion::latest()).http_client(https()).load().await;
        Self { config }
    }

    /// No AWS at all: for the product on one machine, where only SES's wire format is spoken, to a simulator.
    pub fn local() -> Self {
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("local"))
            .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(
                local_credentials(),
            ))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build();
        Self { config }
    }

    /// The database. The SDK's retries are on: every write is made to bear them.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.config)
    }

    /// The queues.
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.config)
    }

    /// The store of files.
    pub fn s3(&self) -> aws_sdk_s3::Client {
        aws_sdk_s3::Client::new(&self.config)
    }

    /// SES, with the SDK's retries off: whether a send may be repeated is for the protocol to say (DESIGN §4.4).
    pub fn ses(&self, ses: &SesConfig, call_ms: u64) -> aws_sdk_sesv2::Client {
        let timeouts = TimeoutConfig::builder().operation_timeout(Duration::from_millis(call_ms)).build();
        let mut config = aws_sdk_sesv2::config::Builder::from(&self.config)
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts);
        if let Some(endpoint) = &ses.endpoint {
            config = config.endpoint_url(endpoint);
        }
        aws_sdk_sesv2::Client::from_conf(config.build())
    }
}
