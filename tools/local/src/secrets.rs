//! Secrets of a local installation, made at its first start and kept beside its data.

use std::path::Path;

use runtime::Ids;
use serde::{Deserialize, Serialize};

use crate::error::StartError;

/// What must survive a restart: references in callbacks are signed with it, and people know the sign-ins.
#[derive(Serialize, Deserialize)]
pub(crate) struct Secrets {
    pub(crate) reference_key: String,
    pub(crate) twilio_sid: String,
    pub(crate) twilio_token: String,
    pub(crate) password: String,
    pub(crate) api_key_id: String,
    pub(crate) api_key_secret: String,
}

impl Secrets {
    fn new(ids: &Ids) -> Self {
        Self {
            reference_key: ids.secret(),
            twilio_sid: format!("AC{}", hex::encode(ids.bytes::<16>())),
            twilio_token: hex::encode(ids.bytes::<16>()),
            password: format!("demo-{}", hex::encode(ids.bytes::<5>())),
            api_key_id: hex::encode(ids.bytes::<8>()),
            api_key_secret: hex::encode(ids.bytes::<32>()),
        }
    }

    /// The secrets of the installation in `directory`, made if there are none.
    pub(crate) fn load(directory: Option<&Path>, ids: &Ids) -> Result<Self, StartError> {
        let Some(directory) = directory else { return Ok(Self::new(ids)) };
        let path = directory.join("secrets.json");
        match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|e| StartError::new("secrets", e)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                let secrets = Self::new(ids);
                let text = serde_json::to_vec_pretty(&secrets).map_err(|e| StartError::new("secrets", e))?;
                write_private(&path, &text).map_err(|e| StartError::new("secrets", e))?;
                Ok(secrets)
            }
            Err(e) => Err(StartError::new("secrets", e)),
        }
    }
}

/// Writes a file that only its owner may read.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;

    let partial = path.with_extension("partial");
    let mut file =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
    file.write_all(bytes)?;
    std::fs::rename(partial, path)
}
