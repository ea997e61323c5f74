//! The second factor: a code of an authenticator app, or a recovery code in its place.

use domain::totp::TotpSecret;
use sha2::{Digest, Sha256};
use store::{SecondFactor, StoreError, User};
use subtle::ConstantTimeEq;

use crate::error::{ApiError, Result};
use crate::state::ApiState;

/// Recovery codes that are made at once.
pub(crate) const RECOVERY_CODES: usize = 10;
/// Letters and digits of a recovery code that nobody mistakes for each other.
const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
/// Characters of a recovery code: 80 bits.
const RECOVERY_LENGTH: usize = 16;

/// What a code was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Factor {
    Right,
    /// One of the recovery codes, which is used up now.
    Recovery,
    Wrong,
}

/// Checks a code and uses it up: neither kind works twice, and of two uses at once one works. The caller counts tries.
pub(crate) async fn check(state: &ApiState, user: &User, typed: &str) -> Result<Factor> {
    let used = user.account.second_factor.as_ref().and_then(|factor| used(factor, typed, state.now_ms()));
    use_up(state, user, used).await
}

/// As [`check`], but for codes of the app only: a recovery code is for signing in, and stays unused.
pub(crate) async fn check_app(state: &ApiState, user: &User, typed: &str) -> Result<bool> {
    let shown = |factor| Some((shown_by_app(factor, typed, state.now_ms())?, Factor::Right));
    let used = user.account.second_factor.as_ref().and_then(shown);
    Ok(use_up(state, user, used).await? == Factor::Right)
}

async fn use_up(state: &ApiState, user: &User, used: Option<(SecondFactor, Factor)>) -> Result<Factor> {
    let Some((after, what)) = used else { return Ok(Factor::Wrong) };
    let mut changed = user.clone();
    changed.account.second_factor = Some(after);
    match state.store().change_user(user, &changed).await {
        Ok(()) => Ok(what),
        Err(StoreError::Conflict) => Ok(Factor::Wrong),
        Err(e) => Err(e.into()),
    }
}

/// The factor after its app's code was used, if it is that.
fn shown_by_app(factor: &SecondFactor, typed: &str, now_ms: i64) -> Option<SecondFactor> {
    let last_step = TotpSecret::from_hex(&factor.secret)?.check(typed, now_ms, factor.last_step)?;
    Some(SecondFactor { last_step, ..factor.clone() })
}

fn used(factor: &SecondFactor, typed: &str, now_ms: i64) -> Option<(SecondFactor, Factor)> {
    if let Some(after) = shown_by_app(factor, typed, now_ms) {
        return Some((after, Factor::Right));
    }
    let mut after = factor.clone();
    let hash = recovery_hash(typed);
    let fits = |kept: &String| bool::from(kept.as_bytes().ct_eq(hash.as_bytes()));
    let at = factor.recovery.iter().position(fits)?;
    after.recovery.remove(at);
    Some((after, Factor::Recovery))
}

/// Fresh recovery codes: as they are shown, once, and the hashes that are kept.
pub(crate) fn recovery_codes(state: &ApiState) -> (Vec<String>, Vec<String>) {
    let code = || {
        let bytes = state.ids().bytes::<RECOVERY_LENGTH>();
        let letters: Vec<u8> = bytes.iter().map(|byte| LETTERS[usize::from(byte % 32)]).collect();
        letters.chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join("-")
    };
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| code()).collect();
    let hashes = codes.iter().map(|code| recovery_hash(code)).collect();
    (codes, hashes)
}

/// Spaces, hyphens and capitals make no difference. Enough for 80 random bits.
fn recovery_hash(typed: &str) -> String {
    let plain: String = typed
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .take(2 * RECOVERY_LENGTH)
        .collect();
    hex::encode(Sha256::digest(plain))
}

/// The secret of a page on which a second factor is set up, sealed for the user: nothing is stored before it is proven.
pub(crate) fn seal(state: &ApiState, user: &User, secret: &TotpSecret) -> String {
    state.references().seal(&purpose(user), &secret.hex())
}

/// The secret that was sealed for the user.
pub(crate) fn open(state: &ApiState, user: &User, sealed: &str) -> Result<TotpSecret> {
    let stale =
        || ApiError::Conflict("This page is out of date. Load it again and repeat what you did.".to_owned());
    let hex = state.references().open(&purpose(user), sealed).map_err(|_| stale())?;
    TotpSecret::from_hex(&hex).ok_or_else(stale)
}

/// With the account's version: a page from before a change sets nothing up.
fn purpose(user: &User) -> String {
    format!("second factor {} {}", user.id, user.account.epoch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recovery_code_is_taken_however_it_is_typed_and_once() {
        let secret = TotpSecret::new([7; 20]);
        let factor = SecondFactor {
            secret: secret.hex(),
            last_step: 0,
            recovery: vec![recovery_hash("abcd-efgh-jkmn-pqrs"), recovery_hash("2222-3333-4444-5555")],
        };
        let (after, what) = used(&factor, " ABCD efgh jkmnpqrs", 0).unwrap();
        assert_eq!((what, after.recovery.len()), (Factor::Recovery, 1));
        assert!(used(&after, "abcd-efgh-jkmn-pqrs", 0).is_none());
        let shown = secret.code_at(60_000);
        let (after, what) = used(&factor, &shown, 60_000).unwrap();
        assert_eq!((what, after.recovery.len()), (Factor::Right, 2));
        assert!(used(&after, &shown, 60_000).is_none(), "a code works once");
        assert!(used(&factor, "", 0).is_none());
    }
}
