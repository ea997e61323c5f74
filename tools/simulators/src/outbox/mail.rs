//! One e-mail: as its reader sees it, its plain text, and its source.

use std::collections::HashSet;

use askama::Template;

use super::words::{self, State};
use crate::app::App;
use crate::clock;
use crate::kind::Kind;
use crate::mail::{self, Attachment, Mail};
use crate::record::Record;

/// The page.
#[derive(Template)]
#[template(path = "mail.html")]
pub(super) struct Page {
    mail: Mail,
    to: String,
    when: String,
    state: State,
    /// A whole document for the sandboxed frame.
    frame: Option<String>,
    source: String,
}

/// The page of an e-mail, or `None` for any other record.
pub(super) fn page(app: &App, record: &Record<'_>) -> Option<Page> {
    if record.kind != Kind::Email {
        return None;
    }
    let raw = mail::raw(record);
    let mail = Mail::parse(&raw);
    Some(Page {
        frame: mail.html.as_deref().map(framed),
        to: record.recipients().collect::<Vec<_>>().join(", "),
        when: words::moment(record.at, clock::now()),
        state: words::of(app, record),
        source: String::from_utf8_lossy(&raw).into_owned(),
        mail,
    })
}

/// Sanitised HTML in a document of its own. The frame runs nothing and loads nothing besides.
fn framed(html: &str) -> String {
    let layout = HashSet::from([
        "align",
        "valign",
        "width",
        "height",
        "bgcolor",
        "border",
        "cellpadding",
        "cellspacing",
    ]);
    let mut cleaner = ammonia::Builder::default();
    cleaner.add_generic_attributes(["style"]).add_url_schemes(["data"]);
    for tag in ["table", "tr", "td", "th"] {
        cleaner.add_tag_attributes(tag, layout.iter().copied());
    }
    let clean = cleaner.clean(html);
    format!(
        "<!doctype html><html lang=\"en-GB\"><meta charset=\"utf-8\"><title>E-mail</title>\
         <style>body{{margin:16px;background:#fff;color:#16211f;font:16px/1.5 system-ui,sans-serif;\
         overflow-wrap:anywhere}}img{{max-width:100%}}</style>{clean}</html>"
    )
}

/// `12 KB`.
fn size(attachment: &Attachment) -> String {
    match attachment.bytes {
        bytes @ ..1024 => format!("{bytes} bytes"),
        bytes @ ..1_048_576 => format!("{} KB", bytes / 1024),
        bytes => format!("{} MB", bytes / 1_048_576),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_active_gets_into_the_frame() {
        let page = framed(
            "<p style=\"color:red\" onclick=\"x()\">Hi</p><script>x()</script><iframe src=x></iframe>\
             <a href=\"javascript:x()\">y</a><form action=z><input></form>",
        );
        assert!(page.contains("Hi") && page.contains("color:red"));
        for bad in ["onclick", "<script", "<iframe", "javascript:", "<form", "<input"] {
            assert!(!page.contains(bad), "{bad} in {page}");
        }
    }
}
