//! Passwords: argon2id, a few at once.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use domain::password::{LONGEST_BYTES, normal};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::error::{ApiError, Result};

/// Memory of one hash in KiB, passes, lanes.
const COST: (u32, u32, u32) = (19 * 1_024, 2, 1);
/// Longer passwords are not tried: nobody types them, and they cost time.
const LONGEST: usize = LONGEST_BYTES;
/// Hashes that are made at once: each takes 19 MiB.
const AT_ONCE: usize = 4;

/// Of no password that anybody could type: makes an unknown user cost as much time as a known one.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZSBzYWx0IG9mIG91cnM$MoZbDpMqEKEDhTPnnNyHFHFZiDU3JxWoS9LmsL4zUFs";

fn argon2() -> Result<Argon2<'static>> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).map_err(ApiError::internal)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// The hash of a password in the PHC format, with 16 fresh random bytes as salt.
pub fn hash_password(password: &str, salt: [u8; 16]) -> Result<String> {
    let hash: argon2::password_hash::phc::PasswordHash =
        argon2()?.hash_password_with_salt(normal(password).as_bytes(), &salt).map_err(ApiError::internal)?;
    Ok(hash.to_string())
}

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
        let _turn = self.0.acquire().await.map_err(ApiError::internal)?;
        let password = password.to_owned();
        spawn_blocking(move || hash_password(&password, salt)).await.map_err(ApiError::internal)?
    }

    /// Whether the password is the one of the hash. Without a hash the answer is no, after the same time.
    pub(crate) async fn is_right(&self, password: &str, hash: Option<&str>) -> Result<bool> {
        let _turn = self.0.acquire().await.map_err(ApiError::internal)?;
        let known = hash.is_some() && password.len() <= LONGEST;
        let hash = hash.filter(|_| known).unwrap_or(NOBODY).to_owned();
        let password = if known { password.to_owned() } else { String::from("-") };
        let fits = spawn_blocking(move || -> Result<bool> {
            let hash = PasswordHash::new(&hash).map_err(ApiError::internal)?;
            Ok(argon2()?.verify_password(normal(&password).as_bytes(), &hash).is_ok())
        });
        Ok(fits.await.map_err(ApiError::internal)?? && known)
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

    #[test]
    fn the_hash_of_nobody_costs_what_a_real_one_costs() {
        let nobody = PasswordHash::new(NOBODY).unwrap();
        let real = hash_password("x", [1; 16]).unwrap();
        assert_eq!(nobody.params.to_string(), PasswordHash::new(&real).unwrap().params.to_string());
        assert!(argon2().unwrap().verify_password(b"-", &nobody).is_err());
    }
}
