//! The table of role × page and role × action, and the rules of managing.

use proptest::prelude::*;
use ulid::Ulid;

use super::*;
use crate::ids::UserId;

const ON: Switches = Switches { voice: true, payments: true };

fn roles(codes: &str) -> Roles {
    Roles::of_codes(codes.split_whitespace())
}

fn rights(codes: &str) -> Rights {
    Rights::new(roles(codes), ON)
}

/// Who opens each page by role; `admin` comes on top.
const PAGES: &[(Page, &str)] = &[
    (Page::Own, "user"),
    (Page::Compose, "composeMessage"),
    (Page::Authorise, "authoriseMessage"),
    (Page::History, "messageHistory"),
    (Page::Contacts, "addContact editContact"),
    (Page::Groups, "addGroup editGroup"),
    (Page::VoiceLibrary, "messageLibrary"),
    (Page::Templates, "editMessageText"),
    (Page::Upload, "uploadData"),
    (Page::DataQuality, "editContact uploadData"),
    (Page::Users, "manageUser"),
    (Page::Settings, "preferences"),
    (Page::Usage, "messageHistory"),
    (Page::Audit, ""),
    (Page::Payments, "managePayments"),
];

/// What each action takes: any of the alternatives, each of which is a set of roles that must all be held.
const ACTIONS: &[(Action, &[&str])] = &[
    (Action::ChangeOwnPreferences, &["user"]),
    (Action::Compose, &["composeMessage"]),
    (Action::SendOwn, &["composeMessage authoriseMessage"]),
    (Action::AuthoriseOthers, &["authoriseMessage"]),
    (Action::ControlSending, &["authoriseMessage"]),
    (Action::Attach, &["composeMessage documentManagement"]),
    (Action::Tweet, &["composeMessage tweet"]),
    (Action::AuthoriseTweet, &["authoriseMessage tweet"]),
    (Action::Refresh, &["user"]),
    (Action::DecideSync, &["preferences", "admin"]),
    (Action::AddContact, &["addContact"]),
    (Action::EditContact, &["editContact"]),
    (Action::AddGroup, &["addGroup", "editGroup"]),
    (Action::EditGroup, &["editGroup"]),
    (Action::EditTemplates, &["editMessageText"]),
    (Action::EditVoiceLibrary, &["messageLibrary"]),
    (Action::Upload, &["uploadData"]),
    (Action::ManageUsers, &["manageUser", "admin"]),
    (Action::ChangeSettings, &["preferences"]),
    (Action::SeeUsage, &["messageHistory", "admin"]),
    (Action::ManagePayments, &["managePayments"]),
];

#[test]
fn each_role_opens_its_pages_and_admin_opens_all() {
    for (page, openers) in PAGES {
        for role in Role::ALL {
            let held = Rights::new(Roles::NONE.with(Role::User).with(*role), ON);
            let opens = *role == Role::Admin
                || *page == Page::Own
                || openers.split_whitespace().any(|code| code == role.code());
            assert_eq!(held.may_open(*page), opens, "{page:?} with {}", role.code());
        }
    }
}

proptest! {
    #[test]
    fn an_action_takes_its_roles_and_no_others_give_it(
        bits in proptest::collection::vec(any::<bool>(), Role::ALL.len())
    ) {
        let held: Roles = Role::ALL.iter().zip(&bits).filter(|(_, on)| **on).map(|(role, _)| *role).collect();
        let rights = Rights::new(held, ON);
        for (action, alternatives) in ACTIONS {
            let wanted = held.has(Role::User) && alternatives.iter().any(|all| held.has_all(roles(all)));
            prop_assert_eq!(rights.may(*action), wanted, "{:?} with {:?}", action, held);
        }
    }

    #[test]
    fn whoever_is_linked_to_groups_gets_at_nobody_else(
        bits in proptest::collection::vec(any::<bool>(), Role::ALL.len())
    ) {
        let held: Roles = Role::ALL.iter().zip(&bits).filter(|(_, on)| **on).map(|(role, _)| *role).collect();
        let (free, linked) = (Rights::new(held.without_all(Roles::WIDE), ON), Rights::new(held, ON).linked(true));
        for (page, _) in PAGES {
            prop_assert_eq!(linked.may_open(*page), free.may_open(*page) && *page != Page::Authorise, "{:?}", page);
        }
        for (action, _) in ACTIONS {
            let others = matches!(
                action,
                Action::AuthoriseOthers | Action::AuthoriseTweet | Action::ControlSending
            );
            prop_assert_eq!(linked.may(*action), free.may(*action) && !others, "{:?}", action);
        }
        let member = Member { user: UserId::new(ulid::Ulid(1)), roles: linked.roles(), standing: Standing::Enabled };
        prop_assert!(Manager::new(member).is_err());
    }

    #[test]
    fn without_user_no_role_works(bits in proptest::collection::vec(any::<bool>(), Role::ALL.len())) {
        let held: Roles = Role::ALL.iter().zip(&bits).filter(|(_, on)| **on).map(|(role, _)| *role).collect();
        let rights = Rights::new(held.without(Role::User), ON);
        prop_assert!(PAGES.iter().all(|(page, _)| !rights.may_open(*page)));
        prop_assert!(ACTIONS.iter().all(|(action, _)| !rights.may(*action)));
    }

    #[test]
    fn nobody_ends_with_more_than_the_manager_holds(
        mine in proptest::collection::vec(any::<bool>(), Role::ALL.len()),
        theirs in proptest::collection::vec(any::<bool>(), Role::ALL.len()),
        wanted in proptest::collection::vec(any::<bool>(), Role::ALL.len()),
    ) {
        let set = |bits: &[bool]| -> Roles {
            Role::ALL.iter().zip(bits).filter(|(_, on)| **on).map(|(role, _)| *role).collect()
        };
        let (mine, theirs, wanted) = (set(&mine), set(&theirs), set(&wanted));
        let Ok(manager) = Manager::new(member(1, mine)) else { return Ok(()) };
        if manager.may_set_roles(&member(2, theirs), wanted).is_ok() {
            prop_assert!(mine.has_all(wanted));
            prop_assert!(mine.has_all(theirs));
        }
    }
}

#[test]
fn pages_that_the_school_has_not_switched_on_are_not_there_for_anybody() {
    let all = Rights::new(Roles::all(), Switches::default());
    for page in [Page::VoiceLibrary, Page::Payments] {
        assert!(!all.may_open(page), "{page:?}");
    }
    assert!(!all.may(Action::ManagePayments) && !all.may(Action::EditVoiceLibrary));
}

#[test]
fn an_administrator_without_the_role_does_not_send() {
    let admin = rights("user admin composeMessage");
    assert!(admin.may_open(Page::Authorise) && admin.may(Action::Compose));
    assert!(!admin.may(Action::SendOwn) && !admin.may(Action::AuthoriseOthers));
}

fn member(n: u128, roles: Roles) -> Member {
    Member { user: UserId::new(Ulid::from(n)), roles, standing: Standing::Enabled }
}

#[test]
fn managing_stops_where_ones_own_roles_stop() {
    let manager = Manager::new(member(1, roles("user manageUser composeMessage"))).unwrap();
    let of = |codes| member(2, roles(codes));
    for (them, wanted, answer) in [
        ("user", "user composeMessage", Ok(())),
        ("user composeMessage", "user", Ok(())),
        ("user", "user authoriseMessage", Err(NotAllowed::RoleNotHeld(Role::AuthoriseMessage))),
        ("user admin", "user", Err(NotAllowed::HoldsMore(Role::Admin))),
        ("user admin", "user admin composeMessage", Err(NotAllowed::HoldsMore(Role::Admin))),
    ] {
        assert_eq!(manager.may_set_roles(&of(them), roles(wanted)), answer, "{them} → {wanted}");
    }
    assert_eq!(manager.may_touch(&of("user admin")), Err(NotAllowed::HoldsMore(Role::Admin)));
    assert_eq!(manager.may_give(roles("user admin")), Err(NotAllowed::RoleNotHeld(Role::Admin)));
}

#[test]
fn nobody_changes_their_own_roles_or_standing() {
    let me = member(1, Roles::all());
    let manager = Manager::new(me).unwrap();
    assert_eq!(manager.may_set_roles(&me, roles("user")), Err(NotAllowed::Yourself));
    assert_eq!(manager.may_touch(&me), Err(NotAllowed::Yourself));
}

#[test]
fn only_a_working_manager_manages() {
    for codes in ["user", "user preferences", "manageUser", "admin"] {
        assert_eq!(Manager::new(member(1, roles(codes))), Err(NotAllowed::NotAManager), "{codes}");
    }
    let away = Member { standing: Standing::Disabled, ..member(1, Roles::all()) };
    assert_eq!(Manager::new(away), Err(NotAllowed::NotAManager));
}

#[test]
fn codes_that_are_not_known_give_nothing() {
    let read: Roles = serde_json::from_str(r#"["admin","god","user","Admin"]"#).unwrap();
    assert_eq!(read, roles("user admin"));
    assert_eq!(serde_json::to_string(&read).unwrap(), r#"["user","admin"]"#);
}
