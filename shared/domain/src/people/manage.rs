//! Who may change whom (FEATURES §1.3, §1.5, §1.6). Pure rules over memberships of one school; whoever writes the
//! outcome must do so on the condition that what was read still holds, because two admins may act at once.

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

impl Member {
    /// Whether the school counts on them as an administrator.
    pub fn is_working_admin(&self) -> bool {
        self.standing == Standing::Enabled && self.roles.has(Role::User) && self.roles.has(Role::Admin)
    }
}

/// Why a change to a user is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAllowed {
    /// They neither manage users nor are an administrator.
    #[error("You need the role “Manage users” for this.")]
    NotAManager,
    /// They would change their own roles or standing.
    #[error("You cannot change your own roles. Ask another administrator.")]
    Yourself,
    /// They would give, take or overrule a role that they do not hold.
    #[error("You cannot give or take “{}”, because you do not hold it.", .0.title())]
    RoleNotHeld(Role),
    /// The other holds a role that they do not.
    #[error("They hold “{}”, which you do not. Ask somebody who does.", .0.title())]
    HoldsMore(Role),
    /// Nobody would be left who can put things right.
    #[error("They are the last administrator. Make somebody else one first.")]
    LastAdmin,
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

    /// Whether `of` may have `roles` instead of those that they have. `admins`: how many working administrators the
    /// school has, `of` included.
    pub fn may_set_roles(self, of: &Member, roles: Roles, admins: usize) -> Result<(), NotAllowed> {
        self.may_touch(of)?;
        self.may_give(of.roles.differing(roles))?;
        let after = Member { roles, ..*of };
        keeps_an_admin(of, &after, admins)
    }

    /// Whether `of` may be disabled, deleted or let in again. `admins` as in [`Self::may_set_roles`].
    pub fn may_set_standing(self, of: &Member, standing: Standing, admins: usize) -> Result<(), NotAllowed> {
        self.may_touch(of)?;
        let after = Member { standing, ..*of };
        keeps_an_admin(of, &after, admins)
    }

    /// Whether what belongs to `of` in this school, such as the groups they are linked to, may be changed.
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

fn keeps_an_admin(before: &Member, after: &Member, admins: usize) -> Result<(), NotAllowed> {
    if before.is_working_admin() && !after.is_working_admin() && admins <= 1 {
        return Err(NotAllowed::LastAdmin);
    }
    Ok(())
}
