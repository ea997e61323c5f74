//! AWS clients, built in one place.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use crate::config::{ConfigError, SesConfig, required, variable};

/// One try of a call to the database or a queue: their answers take milliseconds.
const ATTEMPT_TIME_OUT: Duration = Duration::from_secs(3);
/// Such a call with all its tries. After the last send of a function (`Timing`) there is this much time to write the
/// outcome.
pub(crate) const OPERATION_TIME_OUT: Duration = Duration::from_secs(9);
/// The first byte of an answer from the store of files, and the whole of one: uploads may be large.
const FILE_READ_TIME_OUT: Duration = Duration::from_secs(5);
const FILE_OPERATION_TIME_OUT: Duration = Duration::from_secs(30);

/// Without these, one answer that never comes holds a function until it is ended, and all that it knows is lost.
fn time_outs() -> TimeoutConfig {
    TimeoutConfig::builder()
        .operation_attempt_timeout(ATTEMPT_TIME_OUT)
        .operation_timeout(OPERATION_TIME_OUT)
        .build()
}

fn file_time_outs() -> TimeoutConfig {
    TimeoutConfig::builder()
        .read_timeout(FILE_READ_TIME_OUT)
        .operation_timeout(FILE_OPERATION_TIME_OUT)
        .build()
}

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
    /// Region and credentials as the `aws` command finds them, profiles and roles included: for operators' tools.
    pub async fn from_env() -> Self {
        let config = aws_config::defaults(BehaviorVersion::latest()).http_client(https()).load().await;
        Self { config }
    }

    /// Region and credentials that Lambda puts into the environment, and `AWS_ENDPOINT_URL` if it is set. The many
    /// other places where an SDK looks for them would be a tenth of a function's binary.
    pub fn in_lambda() -> Result<Self, ConfigError> {
        let session = variable("AWS_SESSION_TOKEN");
        let credentials = Credentials::from_keys(
            required("AWS_ACCESS_KEY_ID")?,
            required("AWS_SECRET_ACCESS_KEY")?,
            session,
        );
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(required("AWS_REGION")?))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(https());
        config.set_endpoint_url(variable("AWS_ENDPOINT_URL"));
        Ok(Self { config: config.build() })
    }

    /// No AWS at all: for the product on one machine, where only SES's wire format is spoken, to a simulator.
    pub fn local() -> Self {
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("local"))
            .credentials_provider(SharedCredentialsProvider::new(local_credentials()))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build();
        Self { config }
    }

    /// The database. The SDK's retries are on: every write is made to bear them.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let config = aws_sdk_dynamodb::config::Builder::from(&self.config).timeout_config(time_outs());
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// The queues.
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        let config = aws_sdk_sqs::config::Builder::from(&self.config).timeout_config(time_outs());
        aws_sdk_sqs::Client::from_conf(config.build())
    }

    /// The store of files.
    pub fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.config).timeout_config(file_time_outs());
        aws_sdk_s3::Client::from_conf(config.build())
    }

    /// The store of secrets.
    pub fn secrets(&self) -> aws_sdk_secretsmanager::Client {
        let config = aws_sdk_secretsmanager::config::Builder::from(&self.config).timeout_config(time_outs());
        aws_sdk_secretsmanager::Client::from_conf(config.build())
    }

    /// SES, with the SDK's retries off: whether a send may be repeated is for the protocol to say (ARCHITECTURE §4.4).
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

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    /// A server that takes connections and requests, and never answers.
    async fn mute() -> (tokio::net::TcpListener, String) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        (listener, url)
    }

    fn reaching(url: &str) -> Aws {
        let mut config = Aws::local().config.into_builder();
        config.set_endpoint_url(Some(url.to_owned()));
        Aws { config: config.build() }
    }

    #[tokio::test(flavor = "multi_thread")]
    #[expect(clippy::disallowed_methods, reason = "real time is what is measured")]
    async fn an_answer_that_never_comes_does_not_hold_a_function_until_it_is_ended() {
        let (_listener, url) = mute().await;
        let aws = reaching(&url);
        let began = Instant::now();
        let (table, queue, files) = tokio::join!(
            aws.dynamodb().describe_table().table_name("t").send(),
            aws.sqs().get_queue_attributes().queue_url(format!("{url}/q")).send(),
            aws.s3().get_object().bucket("b").key("k").send(),
        );
        assert!(table.is_err() && queue.is_err() && files.is_err());
        // Three times five seconds and the pauses between them, for files.
        assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
    }

    #[tokio::test(flavor = "multi_thread")]
    #[expect(clippy::disallowed_methods, reason = "real time is what is measured")]
    async fn a_write_whose_answer_is_lost_is_tried_again_and_given_up_in_time() {
        let (listener, url) = mute().await;
        let connections = tokio::spawn(async move {
            let mut kept = Vec::new();
            while let Ok(Ok((socket, _))) =
                tokio::time::timeout(OPERATION_TIME_OUT + Duration::from_secs(2), listener.accept()).await
            {
                kept.push(socket);
            }
            kept.len()
        });
        let began = Instant::now();
        let update = reaching(&url).dynamodb().update_item().table_name("t").send().await;
        assert!(update.is_err() && began.elapsed() < OPERATION_TIME_OUT + Duration::from_secs(1));
        assert!(connections.await.unwrap() > 1, "one try alone could be one lost packet");
    }
}
