//! Passwords: a few at once, apart from the threads that serve.

use runtime::{HashError, hash_password, password_fits};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::error::{ApiError, Result};

/// Hashes that are made at once: each takes 19 MiB.
const AT_ONCE: usize = 4;

/// Checks passwords without blocking the process or filling its memory.
#[derive(Debug)]
pub(crate) struct Passwords(Semaphore);

impl Default for Passwords {
    fn default() -> Self {
        Self(Semaphore::new(AT_ONCE))
    }
}

impl Passwords {
    /// The hash of a new password.
    pub(crate) async fn hash(&self, password: &str, salt: [u8; 16]) -> Result<String> {
        let password = password.to_owned();
        self.apart(move || hash_password(&password, salt)).await
    }

    /// Whether the password is the one of the hash. Without a hash the answer is no, after the same time.
    pub(crate) async fn is_right(&self, password: &str, hash: Option<&str>) -> Result<bool> {
        let (password, hash) = (password.to_owned(), hash.map(str::to_owned));
        self.apart(move || password_fits(&password, hash.as_deref())).await
    }

    async fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> std::result::Result<T, HashError> + Send + 'static,
    ) -> Result<T> {
        let _turn = self.0.acquire().await.map_err(ApiError::internal)?;
        spawn_blocking(work).await.map_err(ApiError::internal)?.map_err(ApiError::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_fits() {
        let hash = hash_password("correct horse", [7; 16]).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let passwords = Passwords::default();
        assert!(passwords.is_right("correct horse", Some(&hash)).await.unwrap());
        for (password, hash) in [
            ("Correct horse", Some(hash.as_str())),
            ("", Some(&hash)),
            ("correct horse", None),
            ("-", None),
            (&"x".repeat(2_000), Some(&hash)),
        ] {
            assert!(!passwords.is_right(password, hash).await.unwrap(), "{password}");
        }
    }
}
