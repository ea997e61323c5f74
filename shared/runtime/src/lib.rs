//! What a function needs from the world: configuration, time, ids, queues, files, AWS clients, logs.
//!
//! Nothing else in the house reads the environment, the clock or randomness.

mod aws;
pub mod batch;
mod clock;
mod config;
mod files;
mod guard;
mod http;
mod ids;
mod passwords;
mod queue;
mod telemetry;
mod vault;

use std::future::Future;
use std::pin::Pin;

pub use aws::{Aws, database_at, database_with, plain_http_client};
pub use batch::{Causes, JobError};
pub use clock::Clock;
pub use config::{
    Config, ConfigError, Queues, SesConfig, Timing, TwilioConfig, XConfig, audit_bucket, emergency_queue,
    files_bucket, mis_secrets, public_url, queues, ses_endpoint, table_name, twilio_account, twilio_base_url,
};
pub use domain::job::QueueName;
pub use files::{FileError, Filed, Files, MemoryFiles, S3Files};
pub use guard::{Blocked, Outside, is_public};
pub use http::{guarded_http_client, http_client};
pub use ids::Ids;
pub use passwords::{HashError, hash_password, password_fits};
pub use queue::{Queue, QueueError, SqsQueue};
pub use telemetry::start_logging;
pub use vault::{Kept, MemoryVault, SecretText, SecretsManager, Vault, VaultError, vault_key};

/// A boxed future, so that ports can be trait objects.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
