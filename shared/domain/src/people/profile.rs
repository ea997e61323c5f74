//! Profiles: named sets of roles that the add-user wizard offers.

use serde::{Deserialize, Serialize};

use super::role::{Role, Roles};

/// A named set of roles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// As the wizard shows it.
    pub name: String,
    /// What it gives.
    pub roles: Roles,
}

/// Those that every school has: name and roles, from the guide's scenarios.
pub const BUILT_IN: [(&str, &[Role]); 5] = [
    ("Minimum user", &[Role::User, Role::ComposeMessage, Role::EditMessageText]),
    (
        "Teacher who sends",
        &[
            Role::User,
            Role::ComposeMessage,
            Role::AddGroup,
            Role::EditGroup,
            Role::EditMessageText,
            Role::AuthoriseMessage,
            Role::DocumentManagement,
            Role::Tweet,
        ],
    ),
    ("Office authoriser", &[Role::User, Role::AuthoriseMessage, Role::MessageHistory]),
    (
        "Administrator",
        &[
            Role::User,
            Role::ComposeMessage,
            Role::AddContact,
            Role::EditContact,
            Role::AddGroup,
            Role::EditGroup,
            Role::MessageLibrary,
            Role::EditMessageText,
            Role::AuthoriseMessage,
            Role::MessageHistory,
            Role::Preferences,
            Role::DocumentManagement,
            Role::Tweet,
        ],
    ),
    ("Super-user", Role::ALL),
];

impl Profile {
    /// The built-in profiles.
    pub fn built_in() -> Vec<Self> {
        let profile = |(name, roles): &(&str, &[Role])| Self {
            name: (*name).to_owned(),
            roles: roles.iter().copied().collect(),
        };
        BUILT_IN.iter().map(profile).collect()
    }
}
