//! What an API key may be used for, and who may give it.

use super::{Role, Roles};

/// What a key may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Adding and changing contacts.
    ContactsWrite,
    /// Previewing, sending, stopping and resending messages.
    MessagesWrite,
    /// Reading the status of messages.
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

    /// What it allows, for the person who makes a key.
    pub const fn words(self) -> &'static str {
        match self {
            Self::ContactsWrite => "Add and change contacts",
            Self::MessagesWrite => "Preview, send, stop and resend messages",
            Self::MessagesRead => "See the status of messages",
            Self::UsageRead => "See usage",
            Self::SyncRun => "Refresh from the school’s MIS, and see the result",
        }
    }

    /// The roles that a user needs to give it: nobody gets more through a key than they may do themselves.
    pub const fn needs(self) -> Roles {
        match self {
            Self::ContactsWrite => Roles::NONE.with(Role::AddContact).with(Role::EditContact),
            Self::MessagesWrite => Roles::NONE.with(Role::ComposeMessage).with(Role::AuthoriseMessage),
            Self::MessagesRead | Self::UsageRead => Roles::NONE.with(Role::MessageHistory),
            Self::SyncRun => Roles::NONE.with(Role::User),
        }
    }

    /// Why a user with these roles cannot give it; `None` if they can.
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
