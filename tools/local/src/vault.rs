//! Credentials of the schools' MIS in a file beside the data that only its owner may read, or in memory.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::ids::SchoolId;
use runtime::{Kept, SecretText, Vault, VaultError, vault_key};

use crate::error::StartError;
use crate::secrets::write_private;

/// Name of the file.
const FILE: &str = "mis-credentials.json";

/// The vault of a local installation.
pub(crate) struct LocalVault {
    path: Option<PathBuf>,
    held: Mutex<BTreeMap<String, String>>,
}

impl LocalVault {
    /// The vault of the installation in `directory`; without one nothing outlives the process.
    pub(crate) fn load(directory: Option<&Path>) -> Result<Self, StartError> {
        let path = directory.map(|d| d.join(FILE));
        let held = match path.as_ref().map(std::fs::read) {
            Some(Ok(bytes)) => serde_json::from_slice(&bytes)
                .map_err(|_| StartError::new("MIS credentials", "the file is not what was written"))?,
            Some(Err(e)) if e.kind() != std::io::ErrorKind::NotFound => {
                return Err(StartError::new("MIS credentials", e));
            }
            _ => BTreeMap::new(),
        };
        Ok(Self { path, held: Mutex::new(held) })
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the file while nobody else changes what is in it; it is a few hundred bytes.
    fn change(&self, change: impl FnOnce(&mut BTreeMap<String, String>)) -> Result<(), VaultError> {
        let mut held = self.held();
        let mut after = held.clone();
        change(&mut after);
        if let Some(path) = &self.path {
            let failed = |e: std::io::Error| VaultError::Failed(e.kind().to_string());
            let text = serde_json::to_vec(&after).map_err(|e| failed(e.into()))?;
            write_private(path, &text).map_err(failed)?;
        }
        *held = after;
        Ok(())
    }
}

impl fmt::Debug for LocalVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocalVault")
    }
}

impl Vault for LocalVault {
    fn put<'a>(&'a self, school: SchoolId, name: &'a str, text: &'a SecretText) -> Kept<'a> {
        Box::pin(async move {
            let key = vault_key(school, name)?;
            self.change(|held| drop(held.insert(key, text.expose().to_owned())))
        })
    }

    fn get<'a>(&'a self, school: SchoolId, name: &'a str) -> Kept<'a, Option<SecretText>> {
        Box::pin(async move { Ok(self.held().get(&vault_key(school, name)?).map(SecretText::new)) })
    }

    fn remove<'a>(&'a self, school: SchoolId, name: &'a str) -> Kept<'a> {
        Box::pin(async move {
            let key = vault_key(school, name)?;
            self.change(|held| drop(held.remove(&key)))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[tokio::test]
    async fn credentials_outlive_a_restart_in_a_file_for_its_owner_alone() {
        let data = tempfile::tempdir().unwrap();
        let [own, other] = [1, 2].map(|n| SchoolId::new(ulid::Ulid::from_parts(1_700_000_000_000, n)));
        let vault = LocalVault::load(Some(data.path())).unwrap();
        vault.put(own, "a", &SecretText::new("{\"token\":\"t\"}")).await.unwrap();
        vault.put(own, "b", &SecretText::new("{}")).await.unwrap();
        vault.remove(own, "b").await.unwrap();
        drop(vault);
        let again = LocalVault::load(Some(data.path())).unwrap();
        let kept = again.get(own, "a").await.unwrap();
        assert_eq!(kept.as_ref().map(SecretText::expose), Some("{\"token\":\"t\"}"));
        assert_eq!(again.get(own, "b").await.unwrap(), None, "it was removed");
        assert_eq!(again.get(other, "a").await.unwrap(), None, "it is another school's");
        let mode = std::fs::metadata(data.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[tokio::test]
    async fn a_damaged_file_is_said_and_not_written_over() {
        let data = tempfile::tempdir().unwrap();
        std::fs::write(data.path().join(FILE), "half a fi").unwrap();
        assert!(LocalVault::load(Some(data.path())).is_err());
        assert_eq!(std::fs::read(data.path().join(FILE)).unwrap(), b"half a fi");
    }
}
