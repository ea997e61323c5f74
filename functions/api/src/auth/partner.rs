//! A partner's system, by its API key.

use axum::extract::FromRequestParts;
use domain::audit::{Act, AuditEvent, Who};
use domain::people::Scope;
use http::header::AUTHORIZATION;
use http::request::Parts;
use store::{ApiKey, ApiToken, Author, KeyKind, School};

use crate::address::ClientAddress;
use crate::error::{ApiError, Result};
use crate::state::ApiState;

/// A partner whose API key was checked.
#[derive(Debug, Clone)]
pub struct Partner {
    school: School,
    key: ApiKey,
    /// Network address that the request came from.
    from: String,
}

impl Partner {
    /// The school's rows, if the key has the scope.
    pub fn may(&self, scope: Scope) -> Result<&School> {
        if self.key.has_scope(scope.code()) {
            Ok(&self.school)
        } else {
            Err(ApiError::Forbidden(format!("This API key lacks the scope `{}`.", scope.code())))
        }
    }

    /// Most deliveries of one message; `None` for no limit.
    pub const fn cap(&self) -> Option<u32> {
        self.key.cap()
    }

    /// Something that it did to `on`, for the log.
    pub fn audit_event(&self, act: Act, on: &str) -> AuditEvent {
        let who = Who::Key(self.key.id().to_owned());
        AuditEvent { who, from: self.from.clone(), act, on: on.to_owned(), changes: Vec::new() }
    }

    /// As the history names it.
    pub fn author(&self) -> Author {
        Author { id: self.key.id().to_owned(), name: self.key.name().to_owned() }
    }
}

impl FromRequestParts<ApiState> for Partner {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self> {
        let token = parts.headers.get(AUTHORIZATION).and_then(|value| {
            let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
            if scheme.eq_ignore_ascii_case("bearer") { ApiToken::parse(token) } else { None }
        });
        let token = token.ok_or(ApiError::NoKey)?;
        let key = state.store().verify_api_key(&token, state.now_ms()).await?.ok_or(ApiError::NoKey)?;
        let school = state.store().school(key.access());
        if key.kind() != KeyKind::Own && !key.kind().is_let_in(&school.settings().get().await?) {
            return Err(ApiError::Forbidden(format!(
                "This school has not switched {} on. Ask the school to do so in its account settings.",
                key.kind().words()
            )));
        }
        let Ok(address) = ClientAddress::from_request_parts(parts, state).await;
        let from = address.as_str().to_owned();
        Ok(Self { school, key, from })
    }
}
