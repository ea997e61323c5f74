//! Building the dispatcher from its configuration.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use channels::reference::ReferenceKey;
use channels::ses::SesMailer;
use channels::twilio::{Twilio, TwilioConfig};
use channels::x::X;
use domain::channel::Channel;
use domain::email::EmailAddress;
use runtime::{Aws, Clock, Config, Files, Ids, Queue, S3Files, SqsQueue, XConfig, http_client};
use store::{BookCache, Store};

use crate::dispatch::Dispatch;
use crate::send::bodies::Bodies;
use crate::send::providers::{EmailProvider, Providers, SmsProvider, TweetProvider, VoiceProvider};

/// Something that the dispatcher needs could not be built.
#[derive(Debug, thiserror::Error)]
#[error("cannot start: {0}")]
pub struct StartError(String);

#[expect(clippy::needless_pass_by_value, reason = "reads better in map_err")]
fn not_built(error: impl ToString) -> StartError {
    StartError(error.to_string())
}

/// The product as X knows it.
fn product_at_x(config: &XConfig, call_ms: u64) -> channels::x::XConfig {
    channels::x::XConfig {
        consumer_key: config.consumer_key.clone(),
        consumer_secret: config.consumer_secret.clone(),
        base_url: config.base_url.clone(),
        deadline: Duration::from_millis(call_ms),
    }
}

/// The dispatcher as it runs in AWS.
pub fn connect(config: &Config) -> Result<Dispatch, StartError> {
    let aws = Aws::in_lambda().map_err(not_built)?;
    let queue = Arc::new(SqsQueue::new(aws.sqs(), config.queues.clone()));
    let files = Arc::new(S3Files::new(aws.s3(), config.files_bucket.clone(), config.audit_bucket.clone()));
    let store = Store::new(aws.dynamodb(), &config.table_name);
    build(config, &aws, store, queue, files, Clock::system(), Ids::system())
}

/// The dispatcher on these parts; providers are reached as the configuration says.
pub fn build(
    config: &Config,
    aws: &Aws,
    store: Store,
    queue: Arc<dyn Queue>,
    files: Arc<dyn Files>,
    clock: Clock,
    ids: Ids,
) -> Result<Dispatch, StartError> {
    Ok(Dispatch {
        store,
        books: BookCache::new(config.number_mode()),
        providers: providers(config, aws)?,
        queue,
        files,
        clock,
        ids,
        timing: config.timing,
        references: ReferenceKey::new(&config.reference_key).map_err(not_built)?,
        bodies: Bodies::default(),
        public_url: config.public_url.clone(),
    })
}

/// The provider of each channel, as the configuration has them.
fn providers(config: &Config, aws: &Aws) -> Result<Providers, StartError> {
    let call_ms = config.timing.call_ms;
    let deadline = Duration::from_millis(call_ms);
    let http = http_client(call_ms).map_err(not_built)?;
    let account = TwilioConfig {
        base_url: config.twilio.base_url.clone(),
        account_sid: config.twilio.account_sid.clone(),
        auth_token: config.twilio.auth_token.clone(),
        public_url: config.public_url.clone(),
        deadline,
    };
    let twilio = Arc::new(Twilio::new(http.clone(), &account).map_err(not_built)?);
    let per_second = NonZeroU32::new(config.twilio.per_second);
    let mail = SesMailer::new(aws.ses(&config.ses, call_ms), config.ses.configuration_set.clone(), deadline);
    let email = EmailProvider {
        port: Arc::new(mail),
        from: EmailAddress::parse(&config.ses.from_address).map_err(not_built)?,
        per_second: NonZeroU32::new(config.ses.per_second),
    };
    let mut providers = Providers::default()
        .with(Channel::Sms, SmsProvider { port: twilio.clone(), per_second })
        .with(Channel::Voice, VoiceProvider { port: twilio, per_second })
        .with(Channel::Email, email);
    if let Some(x) = &config.x {
        let x = X::new(http, &product_at_x(x, call_ms)).map_err(not_built)?;
        providers = providers.with(Channel::Tweet, TweetProvider { port: Arc::new(x) });
    }
    Ok(providers)
}
