//! Who may change whom. Pure rules over memberships of one school.
//!
//! At least one administrator always remains, and no count is needed for it: only somebody who holds `admin` may touch
//! an administrator, and nobody touches themselves. The outcome is written on the condition that both memberships are
//! still as they were read; so of two administrators who disable each other at once, one fails.

use super::role::{Role, Roles};
use crate::ids::UserId;

/// Whether a membership works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It works.
    Enabled,
    /// Kept, but nobody signs in with it.
    Disabled,
    /// Gone but for the name in the history.
    Deleted,
}

/// A member of the school, as far as these rules look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub user: UserId,
    /// Their roles in this school.
    pub roles: Roles,
    /// Whether their membership works.
    pub standing: Standing,
}

/// Why a change to a user is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAllowed {
    /// They neither manage users nor are an administrator.
    #[error("You need the role “Manage users” for this.")]
    NotAManager,
    /// They would change their own roles or standing.
    #[error("You cannot do this to yourself. Ask another administrator.")]
    Yourself,
    /// They would give, take or overrule a role that they do not hold.
    #[error("You cannot give or take “{}”, because you do not hold it.", .0.title())]
    RoleNotHeld(Role),
    /// The other holds a role that they do not.
    #[error("They hold “{}”, which you do not. Ask somebody who does.", .0.title())]
    HoldsMore(Role),
}

/// Somebody who is about to change another's membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manager(Member);

impl Manager {
    /// If they may manage users at all.
    pub fn new(member: Member) -> Result<Self, NotAllowed> {
        let roles = member.roles;
        let manages = roles.has(Role::ManageUser) || roles.has(Role::Admin);
        if member.standing == Standing::Enabled && roles.has(Role::User) && manages {
            Ok(Self(member))
        } else {
            Err(NotAllowed::NotAManager)
        }
    }

    /// Whether a new member may be given these roles, or a former one let in again with them.
    pub fn may_give(self, roles: Roles) -> Result<(), NotAllowed> {
        match roles.iter().find(|role| !self.0.roles.has(*role)) {
            Some(role) => Err(NotAllowed::RoleNotHeld(role)),
            None => Ok(()),
        }
    }

    /// Whether `of` may have `roles` instead of those that they have.
    pub fn may_set_roles(self, of: &Member, roles: Roles) -> Result<(), NotAllowed> {
        self.may_touch(of)?;
        self.may_give(of.roles.differing(roles))
    }

    /// Whether `of` may be disabled, deleted, let in again, or linked to other groups.
    pub fn may_touch(self, of: &Member) -> Result<(), NotAllowed> {
        if of.user == self.0.user {
            return Err(NotAllowed::Yourself);
        }
        match of.roles.iter().find(|role| !self.0.roles.has(*role)) {
            Some(role) => Err(NotAllowed::HoldsMore(role)),
            None => Ok(()),
        }
    }
}
