//! The school itself: its settings and keys, its users, and what they did and used.

pub(crate) mod audit;
pub(crate) mod keys;
pub(crate) mod settings;
pub(crate) mod usage;
pub(crate) mod users;

use axum::Router;

use crate::state::ApiState;

/// Routes of these pages.
pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .merge(audit::routes())
        .merge(keys::routes())
        .merge(settings::routes())
        .merge(usage::routes())
        .merge(users::routes())
}

/// Each of these pages as it can look, rendered.
#[cfg(test)]
pub(crate) fn samples() -> crate::pages::tests::Samples {
    use self::audit::AuditPage;
    use self::keys::{KeyShownPage, KeysPage};
    use self::settings::mis::{FilePage, MisPage};
    use self::settings::{ConfirmSettingsPage, GoToXPage, SettingsPage};
    use self::usage::UsagePage;
    use self::users::{AddUserPage, MemberPage, ProfilePage, ProfilesPage, UsersPage};
    use crate::pages::tests::page;

    vec![
        page("audit", &AuditPage::sample()),
        page("audit-nothing", &AuditPage::sample_nothing()),
        page("usage", &UsagePage::sample()),
        page("usage-empty", &UsagePage::sample_empty()),
        page("users", &UsersPage::sample()),
        page("users-nobody", &UsersPage::sample_nobody()),
        page("user", &MemberPage::sample()),
        page("user-holds-more", &MemberPage::sample_holds_more()),
        page("user-yourself", &MemberPage::sample_yourself()),
        page("user-new", &AddUserPage::sample()),
        page("user-new-name", &AddUserPage::sample_name()),
        page("user-new-roles", &AddUserPage::sample_roles()),
        page("profiles", &ProfilesPage::sample()),
        page("profiles-empty", &ProfilesPage::sample_empty()),
        page("profile", &ProfilePage::sample()),
        page("profile-grey", &ProfilePage::sample_grey()),
        page("settings", &SettingsPage::sample()),
        page("settings-problems", &SettingsPage::sample_with_problems()),
        page("settings-confirm", &ConfirmSettingsPage::sample()),
        page("mis", &MisPage::sample()),
        page("mis-none", &MisPage::sample_none()),
        page("mis-problems", &MisPage::sample_with_problems()),
        page("mis-report", &MisPage::sample_report()),
        page("mis-file-columns", &FilePage::sample_columns()),
        page("mis-file-looking", &FilePage::sample_looking()),
        page("mis-file-lost", &FilePage::sample_lost()),
        page("mis-file-good", &FilePage::sample_good()),
        page("mis-file-wrong", &FilePage::sample_wrong()),
        page("settings-x", &GoToXPage::sample()),
        page("keys", &KeysPage::sample()),
        page("keys-problems", &KeysPage::sample_with_problems()),
        page("key-shown", &KeyShownPage::sample()),
    ]
}
