//! Every page, rendered from its samples and looked through for what no page may lack.

use std::path::Path;

use askama::Template;

use crate::pages::contacts::upload;
use crate::pages::home::HomePage;
use crate::pages::kit::ask::AskPage;
use crate::pages::kit::problem::{FramedProblemPage, ProblemPage};
use crate::pages::messages::compose::{self, FoundPart};
use crate::pages::messages::message;
use crate::pages::preferences::{CodesPage, FactorPage, PreferencesPage};
use crate::pages::release_notes::ReleaseNotesPage;
use crate::pages::school::settings::mis::{FilePart, TrialPart};
use crate::pages::tools::ToolsPage;
use crate::pages::{contacts, messages, school, sign_in};

/// Pages with their names.
pub(crate) type Samples = Vec<(&'static str, String)>;

/// A page, rendered.
pub(crate) fn page(name: &'static str, template: &dyn askama::DynTemplate) -> (&'static str, String) {
    (name, template.dyn_render().unwrap())
}

fn pages() -> Samples {
    [sign_in::samples(), messages::samples(), contacts::samples(), school::samples(), others()].concat()
}

/// Pages of no group, and what the kit makes by itself.
fn others() -> Samples {
    vec![
        page("preferences", &PreferencesPage::sample()),
        page("preferences-protected", &PreferencesPage::sample_protected()),
        page("second-factor", &FactorPage::sample()),
        page("recovery-codes", &CodesPage::sample()),
        page("home", &HomePage::sample()),
        page("home-new", &HomePage::sample_new()),
        page("ask", &AskPage::sample()),
        page("tools", &ToolsPage::sample()),
        page("release-notes", &ReleaseNotesPage::sample()),
        page("problem", &ProblemPage::sample()),
        page("problem-framed", &FramedProblemPage::sample()),
        page("problem-fault", &ProblemPage::sample_fault()),
    ]
}

fn parts() -> Samples {
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
