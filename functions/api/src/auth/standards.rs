//! What is asked of a sign-in by the schools that somebody works for, and choosing a password that fits it.

use domain::password::{self, Lacks};
use domain::people::Role;
use domain::security::Security;
use store::{Access, Account, Membership, Owes, User};

use super::memberships::working;
use crate::error::Result;
use crate::state::ApiState;

/// Hashes of earlier passwords that are kept, beside the present one: as many as the strictest policy looks at.
const FORMER: usize = 4;

/// The rules for somebody's password: one password opens all their schools, so the strictest holds.
pub(crate) async fn security_of(state: &ApiState, user: &User) -> Result<Security> {
    let mut strictest: Option<Security> = None;
    for membership in working(state, user).await? {
        let security = state.store().school(Access::of_member(&membership)).settings().get().await?.security;
        strictest = Some(strictest.map_or(security, |s| s.strictest(security)));
    }
    Ok(strictest.unwrap_or_default())
}

/// What a member must do before anything else opens in their school.
pub(crate) fn owes(security: Security, user: &User, membership: &Membership, now_ms: i64) -> Option<Owes> {
    let set_ms = user.account.password_set_ms.max(user.created_ms);
    let exempt = membership.roles().has(Role::PasswordNeverExpires);
    if !exempt && security.has_expired(set_ms, now_ms) {
        return Some(Owes::Password);
    }
    let must = security.require_second_factor_for_admin && membership.roles().has(Role::Admin);
    (must && user.account.second_factor.is_none()).then_some(Owes::SecondFactor)
}

/// What came of a password that was chosen.
#[derive(Debug)]
pub(crate) enum Chosen {
    /// It will do: the user with it, still to be written.
    Fits(Box<User>),
    /// It will not: what to say at which field.
    Refused(Vec<(&'static str, String)>),
    /// The school allows it, but it is unsafe: to be said before it is taken.
    Unsafe(Vec<String>),
}

/// A password as it was typed, twice.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Typed<'a> {
    pub(crate) password: &'a str,
    pub(crate) again: &'a str,
    /// They were told that it is unsafe and want it all the same.
    pub(crate) sure: bool,
}

/// Judges a password and puts it into the user's row as it will be. Every session of theirs ends with it.
pub(crate) async fn choose(state: &ApiState, user: &User, typed: Typed<'_>) -> Result<Chosen> {
    let security = security_of(state, user).await?;
    let about = [&*user.username, user.email.as_str(), &*user.forename, &*user.surname];
    let verdict = password::judge(typed.password, security.strength, &about);
    let mut refused: Vec<(&'static str, String)> = lines("password", &verdict.lacks);
    if refused.is_empty() && typed.password != typed.again {
        refused.push(("again", "The two are not the same. Type the new password again.".to_owned()));
    }
    if refused.is_empty() && was_used(state, user, typed.password, security).await? {
        let words = match security.policy.remembered() {
            1 => "This is your present password. Choose another.".to_owned(),
            n => format!("This is one of your last {n} passwords. Choose one that you have not used before."),
        };
        refused.push(("password", words));
    }
    if !refused.is_empty() {
        return Ok(Chosen::Refused(refused));
    }
    if !typed.sure && !verdict.warnings.is_empty() {
        return Ok(Chosen::Unsafe(verdict.warnings.iter().map(ToString::to_string).collect()));
    }
    let hash = state.passwords().hash(typed.password, state.ids().bytes()).await?;
    let former = [user.password_hash.clone()].into_iter().chain(user.account.former_hashes.iter().cloned());
    let account = Account {
        password_set_ms: state.now_ms(),
        former_hashes: former.filter(|hash| !hash.is_empty()).take(FORMER).collect(),
        epoch: user.account.epoch.wrapping_add(1),
        ..user.account.clone()
    };
    Ok(Chosen::Fits(Box::new(User { password_hash: hash, account, ..user.clone() })))
}

fn lines(field: &'static str, lacks: &[Lacks]) -> Vec<(&'static str, String)> {
    lacks.iter().map(|lack| (field, lack.to_string())).collect()
}

/// Whether the password is one that the policy looks back at.
async fn was_used(state: &ApiState, user: &User, password: &str, security: Security) -> Result<bool> {
    let hashes = std::iter::once(&user.password_hash).chain(&user.account.former_hashes);
    for hash in hashes.filter(|hash| !hash.is_empty()).take(security.policy.remembered()) {
        if state.passwords().is_right(password, Some(hash)).await? {
            return Ok(true);
        }
    }
    Ok(false)
}
