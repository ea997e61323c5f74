//! Keys of users and what leads to them, sessions, API keys, and counters that hold back.

use domain::ids::{SchoolId, UserId};

use crate::keys::school::school_pk;
use crate::keys::{Key, key};

pub(crate) const MEMBERSHIP_PREFIX: &str = "USER#";

pub(crate) fn membership(school: SchoolId, user: UserId) -> Key {
    key(school_pk(school), format!("{MEMBERSHIP_PREFIX}{user}"))
}

pub(crate) const PROFILE_PREFIX: &str = "PROFILE#";

pub(crate) fn profile(school: SchoolId, profile: ulid::Ulid) -> Key {
    key(school_pk(school), format!("{PROFILE_PREFIX}{profile}"))
}

pub(crate) fn user_pk(user: UserId) -> String {
    format!("U#{user}")
}

pub(crate) fn user(user: UserId) -> Key {
    key(user_pk(user), "USER")
}

/// By what a username looks like, so that two that look alike are one.
pub(crate) fn username(skeleton: &str) -> Key {
    key(format!("NAME#{skeleton}"), "USER")
}

/// By the address's [`domain::email::EmailAddress::dedupe_key`].
pub(crate) fn email(address: &str) -> Key {
    key(format!("EMAIL#{address}"), "USER")
}

/// A one-time token, by its hash.
pub(crate) fn one_time(hash: &str) -> Key {
    key(format!("TOKEN#{hash}"), "TOKEN")
}

/// Which one-time token of a kind is the user's newest: no other works.
pub(crate) fn newest_one_time(user: UserId, kind: &str) -> Key {
    key(user_pk(user), format!("TOKEN#{kind}"))
}

/// The code that a user was last sent to set a password with.
pub(crate) fn code(user: UserId) -> Key {
    key(user_pk(user), "CODE#password".to_owned())
}

pub(crate) const SESSION_PREFIX: &str = "SESS#";

pub(crate) fn session(hash: &str) -> Key {
    key(format!("{SESSION_PREFIX}{hash}"), "SESSION")
}

pub(crate) const SESSION_OF_PREFIX: &str = "SESS#";

/// Lists a session among the user's.
pub(crate) fn session_of(user: UserId, hash: &str) -> Key {
    key(user_pk(user), format!("{SESSION_OF_PREFIX}{hash}"))
}

pub(crate) fn api_key(id: &str) -> Key {
    key(format!("KEY#{id}"), "KEY")
}

pub(crate) const KEY_PREFIX: &str = "KEY#";

/// That a key is the school's: the key itself is found by what its holder sends.
pub(crate) fn key_of_school(school: SchoolId, id: &str) -> Key {
    key(school_pk(school), format!("{KEY_PREFIX}{id}"))
}

pub(crate) fn rate(what: &str) -> Key {
    key(format!("RATE#{what}"), "RATE")
}

pub(crate) fn bucket(sender: &str) -> Key {
    key(format!("BUCKET#{sender}"), "BUCKET")
}
