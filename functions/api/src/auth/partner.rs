//! A partner's system, by its API key.

use axum::extract::FromRequestParts;
use domain::audit::{Act, Deed, Who};
use domain::people::{Role, Roles};
use http::header::AUTHORIZATION;
use http::request::Parts;
use store::{ApiKey, ApiToken, Author, KeyKind, School};

use crate::address::ClientAddress;
use crate::error::{ApiError, Result};
use crate::state::ApiState;

/// What a key may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Adding and changing contacts.
    ContactsWrite,
    /// Previewing, sending, stopping and resending messages.
    MessagesWrite,
    /// Reading where messages stand.
    MessagesRead,
    /// Reading usage figures.
    UsageRead,
    /// Asking for sync runs, and reading how they went.
    SyncRun,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 5] =
        [Self::ContactsWrite, Self::MessagesWrite, Self::MessagesRead, Self::UsageRead, Self::SyncRun];

    /// What it allows, for whoever makes a key.
    pub const fn words(self) -> &'static str {
        match self {
            Self::ContactsWrite => "Add and change contacts",
            Self::MessagesWrite => "Preview, send, stop and resend messages",
            Self::MessagesRead => "See the status of messages",
            Self::UsageRead => "See usage",
            Self::SyncRun => "Refresh from the school’s MIS, and see the result",
        }
    }

    /// The roles that somebody needs to give it: a key does nothing that whoever holds its secret may not do.
    pub const fn needs(self) -> Roles {
        match self {
            Self::ContactsWrite => Roles::NONE.with(Role::AddContact).with(Role::EditContact),
            Self::MessagesWrite => Roles::NONE.with(Role::ComposeMessage).with(Role::AuthoriseMessage),
            Self::MessagesRead | Self::UsageRead => Roles::NONE.with(Role::MessageHistory),
            Self::SyncRun => Roles::NONE.with(Role::User),
        }
    }

    /// Why somebody with these roles cannot give it, if they cannot.
    pub fn withheld(self, roles: Roles) -> Option<String> {
        let lacking: Vec<String> =
            self.needs().without_all(roles).iter().map(|role| format!("“{}”", role.title())).collect();
        let words = self.words();
        let (last, before) = lacking.split_last()?;
        Some(match before {
            [] => format!("“{words}” can be given only by a user with the role {last}."),
            before => {
                format!(
                    "“{words}” can be given only by a user with the roles {} and {last}.",
                    before.join(", ")
                )
            }
        })
    }

    /// The scope of a word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.code() == code)
    }

    /// The word that a key's row holds.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ContactsWrite => "contacts:write",
            Self::MessagesWrite => "messages:write",
            Self::MessagesRead => "messages:read",
            Self::UsageRead => "usage:read",
            Self::SyncRun => "sync:run",
        }
    }
}

/// Whoever holds an API key that was checked.
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
    pub fn deed(&self, act: Act, on: &str) -> Deed {
        let who = Who::Key(self.key.id().to_owned());
        Deed { who, from: self.from.clone(), act, on: on.to_owned(), changes: Vec::new() }
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
