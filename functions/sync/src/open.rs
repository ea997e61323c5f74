//! From a school's settings to its MIS: which connector, at which address, with which credentials.

use std::sync::Arc;
use std::time::Duration;

use domain::ids::SchoolId;
use domain::phone::NumberMode;
use domain::settings::Settings;
use domain::sync::{Connector, MisSettings};
use runtime::{
    Aws, Clock, ConfigError, Ids, Outside, S3Files, SecretsManager, SqsQueue, Vault, files_bucket,
    guarded_http_client, mis_secrets, queues, table_name,
};
use serde::Deserialize;
use store::Store;
use tracing::warn;

use crate::mis::{
    Fetcher, Mis, MisError, OneRosterConfig, OneRosterRest, Policy, Secret, Sif, SifConfig, Sleep, Version,
    Wonde, WondeConfig, Xporter, XporterConfig,
};
use crate::{Connectors, Opening, Syncer};

/// Longest that one request to an MIS may take, in milliseconds.
const CALL_MS: u64 = 30_000;
/// How long an invocation writes: the function has fifteen minutes.
const TURN: Duration = Duration::from_mins(10);

/// The sync function did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It is not configured.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// AWS.
    #[error("AWS: {0}")]
    Aws(String),
    /// No client for HTTP.
    #[error(transparent)]
    Http(#[from] reqwest::Error),
}

/// Opens connectors over HTTP, with credentials from the vault.
pub struct Opener {
    fetcher: Fetcher,
    vault: Arc<dyn Vault>,
}

#[derive(Deserialize)]
struct XporterCredentials {
    token_url: String,
    relying_party: String,
    password: Secret,
}

#[derive(Deserialize)]
struct WondeCredentials {
    token: Secret,
}

#[derive(Deserialize)]
struct OneRosterCredentials {
    token_url: String,
    client_id: String,
    client_secret: Secret,
}

#[derive(Deserialize)]
struct SifCredentials {
    session_token: Secret,
    shared_secret: Secret,
}

impl Opener {
    /// `outside` says which addresses schools may name.
    pub fn new(outside: Outside, clock: Clock, vault: Arc<dyn Vault>) -> Result<Self, StartError> {
        let http = guarded_http_client(CALL_MS, outside)?;
        let fetcher = Fetcher::new(http, outside, clock, Arc::new(Sleep), Policy::default());
        Ok(Self { fetcher, vault })
    }

    async fn credentials<T: for<'de> Deserialize<'de>>(
        &self,
        school: SchoolId,
        mis: &MisSettings,
    ) -> Result<T, MisError> {
        const NONE: MisError = MisError::Unauthorised { status: 0 };
        let found = self.vault.get(school, &mis.secret).await.map_err(|e| {
            warn!(%school, error = %e, "credentials not read");
            MisError::Unreachable("the store of credentials".to_owned())
        })?;
        // What the parser says could quote a secret.
        serde_json::from_str(found.ok_or(NONE)?.expose()).map_err(|_| NONE)
    }

    async fn connect(&self, school: SchoolId, mis: &MisSettings) -> Result<Arc<dyn Mis>, MisError> {
        let fetcher = self.fetcher.clone();
        let address = mis.address.clone();
        let kind = Connector::from_code(&mis.kind)
            .ok_or_else(|| MisError::Malformed("an unknown kind of MIS".to_owned()))?;
        Ok(match kind {
            Connector::Xporter => {
                let known: XporterCredentials = self.credentials(school, mis).await?;
                let config = XporterConfig {
                    base_url: address,
                    token_url: known.token_url,
                    estab: mis.school.clone(),
                    relying_party: known.relying_party,
                    password: known.password,
                };
                Arc::new(Xporter::new(fetcher, config)?)
            }
            Connector::Wonde => {
                let known: WondeCredentials = self.credentials(school, mis).await?;
                let config =
                    WondeConfig { base_url: address, school: mis.school.clone(), token: known.token };
                Arc::new(Wonde::new(fetcher, &config)?)
            }
            Connector::OneRoster12 | Connector::OneRoster11 => {
                let known: OneRosterCredentials = self.credentials(school, mis).await?;
                let version = if kind == Connector::OneRoster12 { Version::V1p2 } else { Version::V1p1 };
                let config = OneRosterConfig {
                    base_url: address,
                    token_url: known.token_url,
                    client_id: known.client_id,
                    client_secret: known.client_secret,
                    version,
                    school: Some(mis.school.clone()).filter(|school| !school.is_empty()),
                };
                Arc::new(OneRosterRest::new(fetcher, config)?)
            }
            Connector::Sif => {
                let known: SifCredentials = self.credentials(school, mis).await?;
                let config = SifConfig {
                    base_url: address,
                    session_token: known.session_token,
                    shared_secret: known.shared_secret,
                };
                Arc::new(Sif::new(fetcher, &config)?)
            }
            // These are handed in, and opened for the run that reads them.
            Connector::Report | Connector::OneRosterCsv => return Err(MisError::NotCarried),
        })
    }
}

impl Connectors for Opener {
    fn open<'a>(&'a self, school: SchoolId, settings: &'a Settings) -> Opening<'a> {
        Box::pin(async move {
            if settings.mis.is_on() { self.connect(school, &settings.mis).await.map(Some) } else { Ok(None) }
        })
    }
}

/// The sync as it is in AWS.
pub fn connect() -> Result<Syncer, StartError> {
    let aws = Aws::in_lambda().map_err(|e| StartError::Aws(e.to_string()))?;
    let clock = Clock::system();
    let vault = Arc::new(SecretsManager::new(aws.secrets(), mis_secrets()?));
    Ok(Syncer {
        store: Store::new(aws.dynamodb(), &table_name()?),
        files: Arc::new(S3Files::new(aws.s3(), files_bucket()?, String::new())),
        connectors: Arc::new(Opener::new(Outside::Internet, clock.clone(), vault)?),
        queue: Arc::new(SqsQueue::new(aws.sqs(), queues())),
        clock,
        ids: Ids::system(),
        numbers: NumberMode::Live,
        turn: TURN,
    })
}
