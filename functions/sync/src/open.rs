//! From a school's settings to its MIS: which connector, at which address, with which credentials.

use std::sync::Arc;
use std::time::Duration;

use domain::ids::SchoolId;
use domain::phone::NumberMode;
use domain::settings::Settings;
use domain::sync::MisSettings;
use runtime::{
    Aws, BoxFuture, Clock, ConfigError, Ids, Outside, SqsQueue, guarded_http_client, mis_credentials, queues,
    table_name,
};
use serde::Deserialize;
use serde_json::Value;
use store::Store;

use crate::mis::{Fetcher, Mis, MisError, Policy, Secret, Sleep, Xporter, XporterConfig};
use crate::{Connectors, Syncer};

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
    /// The credentials are not the JSON that they should be.
    #[error("MIS_CREDENTIALS is not a JSON object")]
    Credentials,
}

/// Credentials of every school's MIS, by the name that its settings hold. They are shown nowhere.
#[derive(Clone, Default)]
pub struct Credentials(serde_json::Map<String, Value>);

impl Credentials {
    /// Reads `{"<name>": {...}, ...}`; an empty text has none.
    pub fn read(text: &str) -> Result<Self, StartError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_str(text).map(Self).map_err(|_| StartError::Credentials)
    }

    fn of<T: for<'de> Deserialize<'de>>(&self, settings: &MisSettings) -> Result<T, MisError> {
        let value = self.0.get(&settings.secret).cloned().unwrap_or(Value::Null);
        // What the parser says could quote a secret.
        serde_json::from_value(value).map_err(|_| MisError::Unauthorised { status: 0 })
    }
}

/// Opens connectors over HTTP.
pub struct Opener {
    fetcher: Fetcher,
    credentials: Credentials,
}

/// What Xporter's credentials hold.
#[derive(Deserialize)]
struct XporterCredentials {
    token_url: String,
    relying_party: String,
    password: Secret,
}

impl Opener {
    /// `outside` says which addresses schools may name.
    pub fn new(outside: Outside, clock: Clock, credentials: Credentials) -> Result<Self, StartError> {
        let http = guarded_http_client(CALL_MS, outside)?;
        let fetcher = Fetcher::new(http, outside, clock, Arc::new(Sleep), Policy::default());
        Ok(Self { fetcher, credentials })
    }
}

impl Connectors for Opener {
    fn open<'a>(
        &'a self,
        _: SchoolId,
        settings: &'a Settings,
    ) -> BoxFuture<'a, Result<Option<Arc<dyn Mis>>, MisError>> {
        let mis = &settings.mis;
        Box::pin(async move {
            match mis.kind.as_str() {
                "" => Ok(None),
                "xporter" => {
                    let known: XporterCredentials = self.credentials.of(mis)?;
                    let config = XporterConfig {
                        base_url: mis.address.clone(),
                        token_url: known.token_url,
                        estab: mis.school.clone(),
                        relying_party: known.relying_party,
                        password: known.password,
                    };
                    let xporter: Arc<dyn Mis> = Arc::new(Xporter::new(self.fetcher.clone(), config)?);
                    Ok(Some(xporter))
                }
                _ => Err(MisError::Malformed("an unknown kind of MIS".to_owned())),
            }
        })
    }
}

/// The sync as it is in AWS.
pub fn connect() -> Result<Syncer, StartError> {
    let aws = Aws::in_lambda().map_err(|e| StartError::Aws(e.to_string()))?;
    let clock = Clock::system();
    let credentials = Credentials::read(&mis_credentials())?;
    Ok(Syncer {
        store: Store::new(aws.dynamodb(), &table_name()?),
        connectors: Arc::new(Opener::new(Outside::Internet, clock.clone(), credentials)?),
        queue: Arc::new(SqsQueue::new(aws.sqs(), queues())),
        clock,
        ids: Ids::system(),
        numbers: NumberMode::Live,
        turn: TURN,
    })
}
