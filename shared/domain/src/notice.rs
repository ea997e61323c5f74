//! E-mails and texts that the product itself sends to staff. A notice names ids only: the worker that carries it out
//! makes the one-time link or code and looks up the address, so that no queue holds a secret.

use serde::{Deserialize, Serialize};

use crate::email::EmailAddress;
use crate::ids::{MessageId, UserId};

/// What somebody on the staff is told.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "snake_case")]
pub enum Notice {
    /// To a new user: their username, and a link to set a password.
    Welcome {
        /// Who.
        user: UserId,
    },
    /// A link to set a password, sent at somebody else's wish.
    PasswordLink {
        /// Who.
        user: UserId,
    },
    /// To a known user who was linked to one more school: a reminder of their username.
    Linked {
        /// Who.
        user: UserId,
    },
    /// Somebody says that they are this user and forgot the password. Holds what they typed, because looking them up
    /// before answering would tell whether there is such a user.
    ForgottenPassword {
        /// As typed.
        username: String,
        /// As typed: nothing is sent unless it is the user's.
        email: String,
        /// They want a code by text, if they have a mobile.
        by_sms: bool,
    },
    /// A link that shows that mail to their address reaches them.
    ConfirmEmail {
        /// Who.
        user: UserId,
    },
    /// Their e-mail address is another now: told to the one before, in case it was not they who did.
    EmailMoved {
        /// Who.
        user: UserId,
        /// The address before, which the user's row does not hold any more.
        before: EmailAddress,
    },
    /// Their password was changed: in case it was not they who did.
    PasswordChanged {
        /// Who.
        user: UserId,
    },
    /// Their second step was switched on or off: in case it was not they who did.
    SecondFactor {
        /// Who.
        user: UserId,
        /// Whether it is on now.
        on: bool,
    },
    /// Their recovery codes are others now: in case it was not they who did.
    RecoveryCodes {
        /// Who.
        user: UserId,
    },
    /// Somebody tried too often to sign in under this name, which need not be anybody's.
    LockedOut {
        /// As typed.
        username: String,
    },
    /// The code that a large message needs before it is sent.
    Pin {
        /// Who sends it.
        user: UserId,
        /// The message.
        message: MessageId,
    },
    /// Their message was authorised, and says something else than they wrote.
    Edited {
        /// Who wrote it.
        user: UserId,
        /// The message.
        message: MessageId,
    },
    /// Their message was not authorised.
    Rejected {
        /// Who wrote it.
        user: UserId,
        /// The message.
        message: MessageId,
    },
    /// Their message waits for a sync run that did not finish.
    WaitsForSync {
        /// Who wrote it.
        user: UserId,
        /// The message.
        message: MessageId,
    },
}

/// The kind only, because debug output ends up in logs.
impl std::fmt::Debug for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.kind())
    }
}

impl Notice {
    /// Who is told; `None` where a stranger typed a name that need not be anybody's.
    pub const fn user(&self) -> Option<UserId> {
        match self {
            Self::ForgottenPassword { .. } | Self::LockedOut { .. } => None,
            Self::Welcome { user }
            | Self::PasswordLink { user }
            | Self::Linked { user }
            | Self::ConfirmEmail { user }
            | Self::EmailMoved { user, .. }
            | Self::PasswordChanged { user }
            | Self::SecondFactor { user, .. }
            | Self::RecoveryCodes { user }
            | Self::Pin { user, .. }
            | Self::Edited { user, .. }
            | Self::Rejected { user, .. }
            | Self::WaitsForSync { user, .. } => Some(*user),
        }
    }

    /// A word for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Welcome { .. } => "welcome",
            Self::PasswordLink { .. } => "password link",
            Self::Linked { .. } => "linked",
            Self::ForgottenPassword { .. } => "forgotten password",
            Self::ConfirmEmail { .. } => "confirm e-mail",
            Self::EmailMoved { .. } => "e-mail moved",
            Self::PasswordChanged { .. } => "password changed",
            Self::SecondFactor { .. } => "second factor",
            Self::RecoveryCodes { .. } => "recovery codes",
            Self::LockedOut { .. } => "locked out",
            Self::Pin { .. } => "pin",
            Self::Edited { .. } => "edited",
            Self::Rejected { .. } => "rejected",
            Self::WaitsForSync { .. } => "waits for sync",
        }
    }
}
