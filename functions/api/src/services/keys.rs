//! The school's API keys: made, given another secret, taken away.

use domain::audit::{Act, Change};
use domain::people::Scope;
use store::{ApiKey, ApiToken, KeyKind, KeyTerms, StoreError};

use crate::auth::SignedIn;
use crate::error::{ApiError, FieldError, Result};
use crate::forms::FormFields;
use crate::state::ApiState;

/// Longest name, in characters.
const LONGEST_NAME: usize = 60;
/// Most keys of a school.
const MOST_KEYS: usize = 50;
/// Highest cap that can be set; more than that is no cap.
const HIGHEST_CAP: u32 = 1_000_000;
/// How long the secret before a rotation works on, in milliseconds: a day, so that nobody has to hurry.
pub const FORMER_WORKS_MS: i64 = 24 * 3_600_000;

/// Reads the terms of a key from a form, or says everything that is wrong.
pub fn terms(form: &FormFields) -> std::result::Result<KeyTerms, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut say = |field: &str, message: &str| errors.push(FieldError::new(field, message));
    let name = form.text("name");
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        say("name", "Name the system that will use the key, in at most 60 characters.");
    }
    let scopes: Option<Vec<Scope>> = form.all("scope").map(Scope::from_code).collect();
    let scopes = scopes.unwrap_or_default();
    if scopes.is_empty() {
        say("scope", "Tick what the key may be used for, at least one of the list.");
    }
    let kind = KeyKind::from_code(form.text("kind"));
    if kind.is_none() {
        say("kind", "Choose whose system the key is for.");
    }
    let cap = match form.text("cap") {
        "" => Some(None),
        typed => typed.parse::<u32>().ok().filter(|cap| (1..=HIGHEST_CAP).contains(cap)).map(Some),
    };
    if cap.is_none() {
        say("cap", "Give a whole number from 1 to 1000000, or leave it blank for no limit.");
    }
    match (kind, cap) {
        (Some(kind), Some(cap)) if errors.is_empty() => {
            let mut codes: Vec<String> = Vec::new();
            for scope in Scope::ALL.into_iter().filter(|scope| scopes.contains(scope)) {
                codes.push(scope.code().to_owned());
            }
            Ok(KeyTerms { name: name.to_owned(), scopes: codes, kind, cap })
        }
        _ => Err(errors),
    }
}

/// Why whoever asks cannot have a secret with these scopes, a sentence each; none if they can.
pub fn withheld(by: &SignedIn, scopes: impl IntoIterator<Item = Scope>) -> Vec<String> {
    let roles = by.rights().roles();
    scopes.into_iter().filter_map(|scope| scope.withheld(roles)).collect()
}

/// What a key may be used for.
pub fn scopes_of(key: &ApiKey) -> impl Iterator<Item = Scope> {
    Scope::ALL.into_iter().filter(|scope| key.has_scope(scope.code()))
}

/// 403 unless whoever asks may do what the scopes allow: a secret that they are shown is theirs to use.
fn may_hold(by: &SignedIn, scopes: impl IntoIterator<Item = Scope>) -> Result<()> {
    let withheld = withheld(by, scopes);
    if withheld.is_empty() { Ok(()) } else { Err(ApiError::Forbidden(withheld.join(" "))) }
}

/// Makes a key. The token is told once and kept nowhere. 403 for a scope that whoever asks may not give.
pub async fn create(state: &ApiState, by: &SignedIn, terms: KeyTerms) -> Result<(ApiKey, ApiToken)> {
    may_hold(by, terms.scopes.iter().filter_map(|code| Scope::from_code(code)))?;
    if by.school.api_keys().list().await?.len() >= MOST_KEYS {
        let words = format!("A school may have {MOST_KEYS} keys. Revoke one that is no longer used.");
        return Err(ApiError::field("name", words));
    }
    let token = fresh(state, &hex::encode(state.ids().bytes::<8>()))?;
    let shown = [
        ("name", terms.name.clone()),
        ("scopes", terms.scopes.join(" ")),
        ("kind", terms.kind.code().to_owned()),
        ("cap", terms.cap.map_or_else(String::new, |cap| cap.to_string())),
    ];
    let changes = shown.iter().filter_map(|(field, value)| Change::of(field, "", value)).collect();
    let event = by.audit_event(Act::KeyCreated, token.id(), changes);
    let key = by.school.api_keys().create_recorded(&token, terms, &event, state.now_ms()).await?;
    Ok((key, token))
}

/// One of the school's keys. 404 for another school's.
pub async fn known(by: &SignedIn, id: &str) -> Result<ApiKey> {
    by.school.api_keys().get(id).await?.ok_or(ApiError::NotFound)
}

/// 403 unless whoever asks may be shown a secret of this key.
pub fn may_replace(by: &SignedIn, key: &ApiKey) -> Result<()> {
    may_hold(by, scopes_of(key))
}

/// Gives a key another secret. The one before works for a day. 403 unless they may be shown it.
pub async fn rotate(state: &ApiState, by: &SignedIn, key: &ApiKey) -> Result<ApiToken> {
    may_replace(by, key)?;
    let token = fresh(state, key.id())?;
    let now_ms = state.now_ms();
    let event = by.audit_event(Act::KeyRotated, key.id(), Vec::new());
    by.school.api_keys().rotate(key, &token, now_ms + FORMER_WORKS_MS, &event, now_ms).await?;
    Ok(token)
}

/// Takes a key away at once.
pub async fn revoke(state: &ApiState, by: &SignedIn, key: &ApiKey) -> Result<()> {
    let changes = Change::of("name", key.name(), "").into_iter().collect();
    let event = by.audit_event(Act::KeyRevoked, key.id(), changes);
    match by.school.api_keys().revoke(key, &event, state.now_ms()).await {
        // Two who revoke the same key at once both have what they wanted.
        Err(StoreError::Conflict) if by.school.api_keys().get(key.id()).await?.is_none() => Ok(()),
        done => Ok(done?),
    }
}

fn fresh(state: &ApiState, id: &str) -> Result<ApiToken> {
    ApiToken::new(id, &hex::encode(state.ids().bytes::<32>()))
        .ok_or_else(|| ApiError::internal(StoreError::NotFound("well-formed token")))
}
