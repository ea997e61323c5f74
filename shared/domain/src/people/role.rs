//! Roles by the codes of the guide.

use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! roles {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $title:literal, $meaning:literal;)*) => {
        /// A role. Each allows what its meaning says and nothing else; without [`Role::User`] none works.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Role {
            $($(#[$doc])* $name,)*
        }

        impl Role {
            /// Every role, in the order in which pages list them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The code, as stored, exported and audited.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }

            /// A few words for people.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title),* }
            }

            /// What it allows, in a sentence for the person who gives it.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning),* }
            }
        }
    };
}

roles! {
    /// Signing in.
    User = "user", "Sign in", "Can sign in and change their own preferences. Without it no other role works.";
    /// Writing messages.
    ComposeMessage = "composeMessage", "Write messages", "Can write messages. Without “Send and authorise” each waits for somebody to authorise it.";
    /// Adding contacts by hand.
    AddContact = "addContact", "Add contacts", "Can add people to the address book by hand.";
    /// Changing and deleting contacts.
    EditContact = "editContact", "Edit contacts", "Can change and delete people in the address book. Give it with care: the MIS may disagree.";
    /// Making groups.
    AddGroup = "addGroup", "Add groups", "Can make new groups.";
    /// Making and changing groups.
    EditGroup = "editGroup", "Edit groups", "Can make groups, and change and delete them.";
    /// The voice library.
    MessageLibrary = "messageLibrary", "Voice library", "Can record and change what calls are put together from.";
    /// Templates.
    EditMessageText = "editMessageText", "Edit templates", "Can make and change message and letter templates.";
    /// Sending, and authorising what others wrote.
    AuthoriseMessage = "authoriseMessage", "Send and authorise", "Can authorise what others wrote and, together with “Write messages”, send their own.";
    /// All messages that were sent.
    MessageHistory = "messageHistory", "Message history", "Can see every message that was sent, the replies, and usage.";
    /// Every page.
    Admin = "admin", "Access to all areas", "Can open every page, manage users and read the audit log. It does nothing for which they lack the role.";
    /// Other users.
    ManageUser = "manageUser", "Manage users", "Can add users and change what they may do, up to the roles that they hold themselves.";
    /// Spreadsheets of contacts.
    UploadData = "uploadData", "Upload data", "Can bring in contacts from a spreadsheet.";
    /// The school's settings.
    Preferences = "preferences", "Account settings", "Can change the school's settings.";
    /// Attachments.
    DocumentManagement = "documentManagement", "Attach documents", "Can attach documents to e-mails.";
    /// No expiry of the password.
    PasswordNeverExpires = "passwordNeverExpires", "Password never expires", "Their password is not subject to the school's expiry.";
    /// Posts on the school's X account.
    Tweet = "tweet", "Post on X", "Can post messages on the school's X account.";
    /// The parental payments page.
    ManagePayments = "managePayments", "Parental payments", "Can open the parental payments page.";
}

impl Role {
    /// The role of a code, exactly as spelled.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|role| role.code() == code)
    }

    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// A set of roles. As JSON and in the table: a list of codes in the order of [`Role::ALL`]; codes that this version
/// does not know are dropped, which takes rights away and never gives any.
#[derive(Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Roles(u32);

impl Roles {
    /// No role.
    pub const NONE: Self = Self(0);

    /// Every role.
    pub fn all() -> Self {
        Role::ALL.iter().copied().collect()
    }

    /// Those that reach every person of the school, by a page, a file, a key or another user. They do not work for
    /// somebody who is linked to groups.
    pub const WIDE: Self =
        Self::NONE.with(Role::Admin).with(Role::ManageUser).with(Role::UploadData).with(Role::Preferences);

    /// Whether the role is among them.
    pub const fn has(self, role: Role) -> bool {
        self.0 & role.bit() != 0
    }

    /// Whether all of `other` are among them.
    pub const fn has_all(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// With one more.
    pub const fn with(self, role: Role) -> Self {
        Self(self.0 | role.bit())
    }

    /// Without one.
    pub const fn without(self, role: Role) -> Self {
        Self(self.0 & !role.bit())
    }

    /// Without any of `other`.
    pub const fn without_all(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Those that are in both.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those that are in only one of the two sets.
    pub const fn differing(self, other: Self) -> Self {
        Self(self.0 ^ other.0)
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// One after the other.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.iter().copied().filter(move |role| self.has(*role))
    }

    /// The roles of these codes; unknown ones are dropped.
    pub fn of_codes<'a>(codes: impl IntoIterator<Item = &'a str>) -> Self {
        codes.into_iter().filter_map(Role::from_code).collect()
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        roles.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Debug for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Role::code)).finish()
    }
}

impl Serialize for Roles {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Role::code))
    }
}

impl<'de> Deserialize<'de> for Roles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Codes;
        impl<'de> Visitor<'de> for Codes {
            type Value = Roles;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of role codes")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut codes: A) -> Result<Roles, A::Error> {
                let mut roles = Roles::NONE;
                while let Some(code) = codes.next_element::<String>()? {
                    roles = Role::from_code(&code).map_or(roles, |role| roles.with(role));
                }
                Ok(roles)
            }
        }
        deserializer.deserialize_seq(Codes)
    }
}
