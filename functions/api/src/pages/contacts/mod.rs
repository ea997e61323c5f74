//! Whom messages go to: the address book, and where it comes from.

pub(crate) mod contact;
pub(crate) mod list;
pub(crate) mod sync;
pub(crate) mod upload;

use axum::Router;

use crate::state::ApiState;

/// Routes of these pages.
pub(crate) fn routes() -> Router<ApiState> {
    Router::new().merge(contact::routes()).merge(list::routes()).merge(sync::routes()).merge(upload::routes())
}

/// Each of these pages as it can look, rendered.
#[cfg(test)]
pub(crate) fn samples() -> crate::pages::tests::Samples {
    use self::contact::ContactPage;
    use self::list::ContactsPage;
    use self::sync::SyncPage;
    use self::upload::{ImportPage, UploadPage};
    use crate::pages::tests::page;

    vec![
        page("contacts", &ContactsPage::sample()),
        page("contacts-wrong", &ContactsPage::sample_wrong()),
        page("contacts-nobody", &ContactsPage::sample_nobody()),
        page("contacts-empty", &ContactsPage::sample_empty()),
        page("contact", &ContactPage::sample()),
        page("contact-grey", &ContactPage::sample_grey()),
        page("contact-changed", &ContactPage::sample_changed()),
        page("contact-problems", &ContactPage::sample_with_problems()),
        page("sync", &SyncPage::sample()),
        page("sync-held", &SyncPage::sample_held()),
        page("sync-working", &SyncPage::sample_working()),
        page("upload", &UploadPage::sample()),
        page("upload-columns", &ImportPage::sample_columns()),
        page("upload-checking", &ImportPage::sample_checking()),
        page("upload-checked", &ImportPage::sample_checked()),
        page("upload-done", &ImportPage::sample_done()),
        page("upload-failed", &ImportPage::sample_failed()),
    ]
}
