//! Roles as boxes to tick, and as words.

use domain::people::{Profile, Role, Roles};

use crate::forms::FormFields;
use crate::pages::kit::words;

/// Titles of roles in the table before it says how many more there are.
const NAMED: usize = 3;

/// A role to give or not.
#[derive(Debug, Clone)]
pub(crate) struct RoleBox {
    pub(crate) code: &'static str,
    pub(crate) title: &'static str,
    pub(crate) meaning: &'static str,
    pub(crate) on: bool,
    /// Why it cannot be given or taken; empty where it can.
    pub(crate) locked: &'static str,
    /// Whether what it opens exists in this school; who holds it keeps it in any case.
    pub(crate) offered: bool,
}

/// Why a role's box is grey.
const NOT_YOURS: &str = "You do not hold this role, so you cannot give it.";

/// Every role, ticked where it is among `on`; those that whoever gives them lacks are locked. `payments`: the school
/// has parental payments enabled.
pub(crate) fn boxes(on: Roles, held: Roles, payments: bool) -> Vec<RoleBox> {
    let role = |role: &Role| RoleBox {
        code: role.code(),
        title: role.title(),
        meaning: role.meaning(),
        on: on.has(*role),
        locked: if held.has(*role) { "" } else { NOT_YOURS },
        offered: payments || *role != Role::ManagePayments,
    };
    Role::ALL.iter().map(role).collect()
}

/// The same, none of which can be changed here.
pub(crate) fn locked_boxes(on: Roles, payments: bool) -> Vec<RoleBox> {
    boxes(on, Roles::all(), payments).into_iter().map(|role| RoleBox { locked: " ", ..role }).collect()
}

/// The ticked roles; codes that are none give nothing.
pub(crate) fn ticked(form: &FormFields) -> Roles {
    Roles::of_codes(form.all("role"))
}

/// The profile that they are, or the first of them.
pub(crate) fn in_words(roles: Roles, profiles: &[Profile]) -> String {
    if roles.is_empty() {
        return "No roles".to_owned();
    }
    if let Some(profile) = profiles.iter().find(|profile| profile.roles == roles) {
        return profile.name.clone();
    }
    let others = roles.without(Role::User);
    let titles: Vec<String> = others.iter().take(NAMED).map(|role| role.title().to_owned()).collect();
    match others.iter().count().saturating_sub(NAMED) {
        0 if titles.is_empty() => Role::User.title().to_owned(),
        0 => words::list(&titles),
        more => format!("{} and {more} more", titles.join(", ")),
    }
}

/// Roles by their titles, for a sentence; empty for none.
pub(crate) fn titles(roles: Roles) -> String {
    words::list(&roles.iter().map(|role| format!("“{}”", role.title())).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_named_by_their_profile_or_one_by_one() {
        let said = |codes: &str| in_words(Roles::of_codes(codes.split(' ')), &Profile::built_in());
        assert_eq!(said("user authoriseMessage messageHistory"), "Office authoriser");
        assert_eq!(said("user tweet"), "Post on X");
        assert_eq!(said("user"), "Sign in");
        assert_eq!(said(""), "No roles");
        assert_eq!(
            said("user admin manageUser tweet uploadData"),
            "Access to all areas, Manage users, Upload data and 1 more"
        );
    }
}
