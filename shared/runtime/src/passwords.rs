//! Passwords as they are kept: argon2id in the PHC format.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use domain::password::{LONGEST_BYTES, normal};

/// A hash could not be made or read.
#[derive(Debug, thiserror::Error)]
#[error("password hash: {0}")]
pub struct HashError(String);

impl HashError {
    #[expect(clippy::needless_pass_by_value, reason = "reads better in map_err")]
    fn of(error: impl ToString) -> Self {
        Self(error.to_string())
    }
}

/// Memory of one hash in KiB, passes, lanes.
const COST: (u32, u32, u32) = (19 * 1_024, 2, 1);
/// Longer passwords are not tried: nobody types them, and they cost time.
const LONGEST: usize = LONGEST_BYTES;
/// Of no password that anybody could type: makes an unknown user cost as much time as a known one.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZSBzYWx0IG9mIG91cnM$MoZbDpMqEKEDhTPnnNyHFHFZiDU3JxWoS9LmsL4zUFs";

fn argon2() -> Result<Argon2<'static>, HashError> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).map_err(HashError::of)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// The hash of a password in the PHC format, with 16 fresh random bytes as salt.
pub fn hash_password(password: &str, salt: [u8; 16]) -> Result<String, HashError> {
    let hash: PasswordHash =
        argon2()?.hash_password_with_salt(normal(password).as_bytes(), &salt).map_err(HashError::of)?;
    Ok(hash.to_string())
}

/// Whether the password is the one of the hash. Without a hash the answer is no, after the same time.
pub fn password_fits(password: &str, hash: Option<&str>) -> Result<bool, HashError> {
    let known = hash.is_some() && password.len() <= LONGEST;
    let hash = PasswordHash::new(hash.filter(|_| known).unwrap_or(NOBODY)).map_err(HashError::of)?;
    let password = normal(if known { password } else { "-" });
    Ok(argon2()?.verify_password(password.as_bytes(), &hash).is_ok() && known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_nobody_costs_what_a_real_one_costs() {
        let nobody = PasswordHash::new(NOBODY).unwrap();
        let real = hash_password("x", [1; 16]).unwrap();
        assert_eq!(nobody.params.to_string(), PasswordHash::new(&real).unwrap().params.to_string());
        assert!(argon2().unwrap().verify_password(b"-", &nobody).is_err());
    }
}
