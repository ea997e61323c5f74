//! Every page, rendered from its samples and looked through for what no page may lack.

use std::path::Path;

use askama::Template;

use crate::pages::contacts::contact::ContactPage;
use crate::pages::contacts::list::ContactsPage;
use crate::pages::contacts::sync::SyncPage;
use crate::pages::contacts::upload;
use crate::pages::contacts::upload::{ImportPage, UploadPage};
use crate::pages::home::HomePage;
use crate::pages::kit::ask::AskPage;
use crate::pages::kit::problem::{FramedProblemPage, ProblemPage};
use crate::pages::messages::absence::AbsencePage;
use crate::pages::messages::authorise::{EditPage, OnePage, QueuePage};
use crate::pages::messages::compose::{ComposePage, ConfirmPage, FoundPart, PinPage};
use crate::pages::messages::deliveries::DeliveriesPage;
use crate::pages::messages::history::HistoryPage;
use crate::pages::messages::message::MessagePage;
use crate::pages::messages::{compose, message};
use crate::pages::preferences::{CodesPage, FactorPage, PreferencesPage};
use crate::pages::release_notes::ReleaseNotesPage;
use crate::pages::school::audit::AuditPage;
use crate::pages::school::keys::{KeyShownPage, KeysPage};
use crate::pages::school::settings::mis::{FilePage, FilePart, MisPage, TrialPart};
use crate::pages::school::settings::{ConfirmSettingsPage, GoToXPage, SettingsPage};
use crate::pages::school::usage::UsagePage;
use crate::pages::school::users::{AddUserPage, MemberPage, ProfilePage, ProfilesPage, UsersPage};
use crate::pages::sign_in::{
    CodePage, ConfirmEmailPage, ForgottenPage, PasswordPage, SaidPage, SchoolPage, SecondStepPage, SignInPage,
};
use crate::pages::tools::ToolsPage;

fn pages() -> Vec<(&'static str, String)> {
    let page = |name, template: &dyn askama::DynTemplate| (name, template.dyn_render().unwrap());
    vec![
        page("sign-in", &SignInPage::sample()),
        page("sign-in-problem", &SignInPage::sample_with_problem()),
        page("sign-in-second", &SecondStepPage::sample()),
        page("sign-in-forgotten", &ForgottenPage::sample()),
        page("sign-in-code", &CodePage::sample()),
        page("sign-in-said", &SaidPage::sample()),
        page("sign-in-confirm", &ConfirmEmailPage::sample()),
        page("password", &PasswordPage::sample()),
        page("password-unsafe", &PasswordPage::sample_unsafe()),
        page("school", &SchoolPage::sample()),
        page("preferences", &PreferencesPage::sample()),
        page("preferences-protected", &PreferencesPage::sample_protected()),
        page("second-factor", &FactorPage::sample()),
        page("recovery-codes", &CodesPage::sample()),
        page("absence", &AbsencePage::sample()),
        page("absence-stale", &AbsencePage::sample_stale()),
        page("absence-empty", &AbsencePage::sample_empty()),
        page("home", &HomePage::sample()),
        page("home-new", &HomePage::sample_new()),
        page("send", &ComposePage::sample()),
        page("send-empty", &ComposePage::sample_empty()),
        page("send-problems", &ComposePage::sample_with_problems()),
        page("confirm", &ConfirmPage::sample()),
        page("pin", &PinPage::sample()),
        page("pin-wrong", &PinPage::sample_wrong()),
        page("pin-over", &PinPage::sample_over()),
        page("authorise", &QueuePage::sample()),
        page("authorise-empty", &QueuePage::sample_empty()),
        page("authorise-one", &OnePage::sample()),
        page("authorise-problem", &OnePage::sample_with_problem()),
        page("authorise-own", &OnePage::sample_own()),
        page("authorise-edit", &EditPage::sample()),
        page("audit", &AuditPage::sample()),
        page("audit-nothing", &AuditPage::sample_nothing()),
        page("message", &MessagePage::sample()),
        page("message-sending", &MessagePage::sample_sending()),
        page("message-rejected", &MessagePage::sample_rejected()),
        page("deliveries", &DeliveriesPage::sample()),
        page("history", &HistoryPage::sample()),
        page("history-empty", &HistoryPage::sample_empty()),
        page("contacts", &ContactsPage::sample()),
        page("contacts-wrong", &ContactsPage::sample_wrong()),
        page("contacts-nobody", &ContactsPage::sample_nobody()),
        page("contacts-empty", &ContactsPage::sample_empty()),
        page("contact", &ContactPage::sample()),
        page("contact-grey", &ContactPage::sample_grey()),
        page("contact-changed", &ContactPage::sample_changed()),
        page("contact-problems", &ContactPage::sample_with_problems()),
        page("ask", &AskPage::sample()),
        page("sync", &SyncPage::sample()),
        page("sync-held", &SyncPage::sample_held()),
        page("sync-working", &SyncPage::sample_working()),
        page("upload", &UploadPage::sample()),
        page("upload-columns", &ImportPage::sample_columns()),
        page("upload-checking", &ImportPage::sample_checking()),
        page("upload-checked", &ImportPage::sample_checked()),
        page("upload-done", &ImportPage::sample_done()),
        page("upload-failed", &ImportPage::sample_failed()),
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
        page("tools", &ToolsPage::sample()),
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
        page("release-notes", &ReleaseNotesPage::sample()),
        page("problem", &ProblemPage::sample()),
        page("problem-framed", &FramedProblemPage::sample()),
        page("problem-fault", &ProblemPage::sample_fault()),
    ]
}

fn parts() -> Vec<(&'static str, String)> {
    vec![
        ("send-live", compose::LivePart::sample().render().unwrap()),
        ("send-found", FoundPart::sample().render().unwrap()),
        ("upload-live", upload::LivePart::sample().render().unwrap()),
        ("mis-file-live", FilePart::sample().render().unwrap()),
        ("mis-live", TrialPart::sample().render().unwrap()),
        ("message-live", message::LivePart::sample().render().unwrap()),
    ]
}

/// The opening tags of an element, with their attributes.
fn tags<'p>(page: &'p str, name: &str) -> Vec<&'p str> {
    let open = format!("<{name}");
    let starts = page.match_indices(&open).map(|(at, _)| &page[at + open.len()..]);
    let whole = starts.filter(|rest| rest.starts_with([' ', '>', '\n']));
    whole.map(|rest| rest.split('>').next().unwrap_or_default()).collect()
}

fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    tag.split_once(&format!(" {name}=\""))?.1.split('"').next()
}

/// What is wrong with a page's markup.
fn faults(page: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for (what, wrong) in
        [("style", " style="), ("handler", " onclick="), ("handler", " onload="), ("style", "<style")]
    {
        if page.contains(wrong) {
            faults.push(format!("inline {what}"));
        }
    }
    faults.extend(
        tags(page, "script")
            .iter()
            .filter(|t| attribute(t, "src").is_none())
            .map(|_| "inline script".to_owned()),
    );
    let mut ids: Vec<&str> =
        page.match_indices(" id=\"").filter_map(|(at, _)| page[at + 5..].split('"').next()).collect();
    ids.sort_unstable();
    faults.extend(ids.windows(2).filter(|w| w[0] == w[1]).map(|w| format!("two of id {}", w[0])));
    let labelled: Vec<&str> = tags(page, "label").iter().filter_map(|t| attribute(t, "for")).collect();
    for kind in ["input", "select", "textarea"] {
        for tag in tags(page, kind) {
            let silent = attribute(tag, "type") == Some("hidden");
            let named = attribute(tag, "aria-label").is_some()
                || attribute(tag, "id").is_some_and(|id| labelled.contains(&id))
                // Ticks and dots stand inside their labels.
                || matches!(attribute(tag, "type"), Some("checkbox" | "radio"));
            if !silent && !named {
                faults.push(format!("no label for <{kind}{tag}>"));
            }
        }
    }
    for name in ["for", "aria-describedby", "aria-labelledby", "aria-controls"] {
        let at = format!(" {name}=\"");
        let named = page.match_indices(&at).filter_map(|(i, _)| page[i + at.len()..].split('"').next());
        faults.extend(
            named
                .flat_map(str::split_whitespace)
                .filter(|id| !ids.contains(id))
                .map(|id| format!("{name}={id} leads nowhere")),
        );
    }
    faults
}

#[test]
fn every_page_is_whole() {
    for (name, page) in pages() {
        let mut faults = faults(&page);
        if tags(&page, "h1").len() != 1 {
            faults.push(format!("{} h1", tags(&page, "h1").len()));
        }
        if tags(&page, "html").first().and_then(|t| attribute(t, "lang")) != Some("en-GB") {
            faults.push("no language".to_owned());
        }
        if tags(&page, "link").iter().filter(|t| attribute(t, "rel") == Some("stylesheet")).count() != 1 {
            faults.push("more than one stylesheet".to_owned());
        }
        let posts = page.matches("method=\"post\"").count();
        if name.starts_with("sign-in") {
            // Nobody is signed in: the origin of the request is checked instead.
        } else if page.matches("name=\"csrf\"").count() != posts {
            faults.push("a form without its token".to_owned());
        }
        if page.len() > 100_000 {
            faults.push(format!("{} bytes", page.len()));
        }
        assert!(faults.is_empty(), "{name}: {faults:#?}");
    }
    for (name, part) in parts() {
        assert!(!part.contains("<html") && !part.trim().is_empty(), "{name}");
    }
}

#[test]
fn what_people_typed_is_never_markup() {
    let page = crate::pages::messages::compose::FoundPart { find: "<b>\"'&".into(), found: Vec::new() }
        .render()
        .unwrap();
    assert!(page.contains("&#60;b&#62;&#34;&#39;&#38;") && !page.contains("<b>"));
}

/// Writes the samples with their assets where a browser can look at them: `SAMPLES_DIR=DIR cargo test -p api samples`.
#[test]
#[expect(clippy::disallowed_methods, reason = "only this test is told where to write")]
fn samples_are_written_on_demand() {
    let Ok(dir) = std::env::var("SAMPLES_DIR") else { return };
    let dir = Path::new(&dir);
    for (url, data) in crate::assets::all() {
        let path = dir.join(url.trim_start_matches('/'));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, data).unwrap();
    }
    for (name, page) in pages() {
        std::fs::write(dir.join(name).with_extension("html"), page).unwrap();
    }
}
