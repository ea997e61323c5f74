//! Credentials of the schools' MIS: kept apart from the table, written by one function and read by another.
//!
//! In AWS each set is a secret of Secrets Manager. SSM's parameters would cost nothing where a secret costs 40 cents a
//! month, but its SDK is several times as large to build, and a parameter that was removed by mistake is gone, where a
//! secret can be brought back for a week.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_sdk_secretsmanager::error::SdkError;
use domain::ids::SchoolId;

use crate::BoxFuture;

/// Longest name of a set of credentials, in bytes.
const LONGEST_NAME: usize = 64;
/// For how many days somebody with the right to do so can bring a removed secret back.
const RECOVERY_DAYS: i64 = 7;

/// The text of a set of credentials, a JSON object. It has no way into a log.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(String);

impl SecretText {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the connector that signs in with it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText")
    }
}

/// Credentials were not kept or not read. The message holds none of them.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The name is not one: 1 to 64 letters, digits and hyphens.
    #[error("not a name for credentials")]
    Name,
    /// The store of secrets failed.
    #[error("secrets: {0}")]
    Failed(String),
}

/// What a vault answers.
pub type Kept<'a, T = ()> = BoxFuture<'a, Result<T, VaultError>>;

/// A store of credentials. A name is used once: what is kept under it is read and removed, never changed.
pub trait Vault: Send + Sync + fmt::Debug {
    /// Keeps a set of credentials of a school under a new name.
    fn put<'a>(&'a self, school: SchoolId, name: &'a str, text: &'a SecretText) -> Kept<'a>;

    /// The set of that name; `None` if there is none, or it was removed.
    fn get<'a>(&'a self, school: SchoolId, name: &'a str) -> Kept<'a, Option<SecretText>>;

    /// Removes the set of that name; one that is not there is no error.
    fn remove<'a>(&'a self, school: SchoolId, name: &'a str) -> Kept<'a>;
}

/// Where a set is kept: under the school, so that no name leads to another school's. `Err` for a text that is not a
/// name.
pub fn vault_key(school: SchoolId, name: &str) -> Result<String, VaultError> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    let good = (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(plain);
    if good { Ok(format!("{school}/{name}")) } else { Err(VaultError::Name) }
}

/// In memory, for one process: local runs that keep nothing, and tests.
#[derive(Default)]
pub struct MemoryVault(Mutex<BTreeMap<String, SecretText>>);

impl MemoryVault {
    fn held(&self) -> MutexGuard<'_, BTreeMap<String, SecretText>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many sets are kept.
    pub fn len(&self) -> usize {
        self.held().len()
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.held().is_empty()
    }
}

impl fmt::Debug for MemoryVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryVault")
    }
}

impl Vault for MemoryVault {
    fn put<'a>(&'a self, school: SchoolId, name: &'a str, text: &'a SecretText) -> Kept<'a> {
        Box::pin(async move {
            self.held().insert(vault_key(school, name)?, text.clone());
            Ok(())
        })
    }

    fn get<'a>(&'a self, school: SchoolId, name: &'a str) -> Kept<'a, Option<SecretText>> {
        Box::pin(async move { Ok(self.held().get(&vault_key(school, name)?).cloned()) })
    }

    fn remove<'a>(&'a self, school: SchoolId, name: &'a str) -> Kept<'a> {
        Box::pin(async move {
            self.held().remove(&vault_key(school, name)?);
            Ok(())
        })
    }
}

/// Secrets Manager.
#[derive(Debug, Clone)]
pub struct SecretsManager {
    client: aws_sdk_secretsmanager::Client,
    /// Names begin with it: the functions may use no others.
    prefix: String,
}

impl SecretsManager {
    /// Secrets whose names begin with `prefix` and a slash.
    pub const fn new(client: aws_sdk_secretsmanager::Client, prefix: String) -> Self {
        Self { client, prefix }
    }

    fn id(&self, school: SchoolId, name: &str) -> Result<String, VaultError> {
        Ok(format!("{}/{}", self.prefix, vault_key(school, name)?))
    }
}

/// What went wrong in the SDK's few words: an answer's body is not among them.
fn failed<E: std::error::Error, R: fmt::Debug>(error: &SdkError<E, R>) -> VaultError {
    VaultError::Failed(error.to_string())
}

impl Vault for SecretsManager {
    fn put<'a>(&'a self, school: SchoolId, name: &'a str, text: &'a SecretText) -> Kept<'a> {
        Box::pin(async move {
            let create = self.client.create_secret().name(self.id(school, name)?);
            create.secret_string(text.expose()).send().await.map_err(|e| failed(&e))?;
            Ok(())
        })
    }

    fn get<'a>(&'a self, school: SchoolId, name: &'a str) -> Kept<'a, Option<SecretText>> {
        Box::pin(async move {
            match self.client.get_secret_value().secret_id(self.id(school, name)?).send().await {
                Ok(found) => Ok(found.secret_string.map(SecretText::new)),
                // One that was removed answers with *invalid request* until it is gone for good.
                Err(e)
                    if e.as_service_error().is_some_and(|e| {
                        e.is_resource_not_found_exception() || e.is_invalid_request_exception()
                    }) =>
                {
                    Ok(None)
                }
                Err(e) => Err(failed(&e)),
            }
        })
    }

    fn remove<'a>(&'a self, school: SchoolId, name: &'a str) -> Kept<'a> {
        Box::pin(async move {
            let delete = self.client.delete_secret().secret_id(self.id(school, name)?);
            match delete.recovery_window_in_days(RECOVERY_DAYS).send().await {
                Ok(_) => Ok(()),
                Err(e)
                    if e.as_service_error().is_some_and(|e| {
                        e.is_resource_not_found_exception() || e.is_invalid_request_exception()
                    }) =>
                {
                    Ok(())
                }
                Err(e) => Err(failed(&e)),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_the_schools_own_secrets_only() {
        let school = SchoolId::new(ulid::Ulid::from_parts(1, 1));
        assert_eq!(vault_key(school, "xporter-1").unwrap(), format!("{school}/xporter-1"));
        for wrong in ["", "..", "a/b", "../other", "a b", "a\0", &"x".repeat(65)] {
            assert!(matches!(vault_key(school, wrong), Err(VaultError::Name)), "{wrong:?}");
        }
    }

    #[test]
    fn a_secret_has_no_way_into_a_log() {
        assert_eq!(format!("{:?}", Some(SecretText::new("hush"))), "Some(SecretText)");
    }
}
