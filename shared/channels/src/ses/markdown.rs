//! An e-mail's text: Markdown in, HTML and plain text out.
//!
//! What staff type is a text, never mark-up of its own: tags stand there as they were typed, and a new line is a new
//! line.

use std::fmt::Write as _;
use std::sync::LazyLock;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html};

use crate::escape::{markup, one_line};

const BODY: &str = "margin:0;padding:24px 16px;background:#f4f5f7;color:#1b1f24;\
    font:16px/1.5 -apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const CARD: &str = "max-width:36em;margin:0 auto;padding:24px;background:#ffffff;border-radius:8px";
const FOOT: &str = "max-width:36em;margin:16px auto 0;padding:0 24px;color:#57606a;font-size:14px";

/// What may stand in an e-mail; a picture that goes along has an address of its own kind.
static SAFE: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let mut safe = ammonia::Builder::default();
    safe.add_url_schemes(["cid"]);
    safe
});

/// What surrounds the text.
#[derive(Clone, Copy)]
pub(super) struct Frame<'a> {
    /// Title of the document.
    pub(super) subject: &'a str,
    /// Who sends it.
    pub(super) from_name: &'a str,
    /// Where to stop such e-mails.
    pub(super) unsubscribe_url: Option<&'a str>,
}

/// What the text of an e-mail looks like, as safe HTML without the document around it: for a preview.
pub fn email_html(text: &str) -> String {
    let mut inner = String::with_capacity(text.len() * 2);
    html::push_html(&mut inner, events(text));
    SAFE.clean(&inner).to_string()
}

/// A whole HTML document.
pub(super) fn html(text: &str, frame: Frame<'_>) -> String {
    let inner = email_html(text);
    let title = markup(&one_line(frame.subject));
    let mut foot = markup(&one_line(frame.from_name));
    if let Some(url) = frame.unsubscribe_url {
        let _ =
            write!(foot, "<br><a href=\"{}\" style=\"color:#57606a\">Stop these e-mails</a>", markup(url));
    }
    format!(
        "<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>{title}</title>\n</head>\n\
         <body style=\"{BODY}\">\n<div style=\"{CARD}\">\n{inner}</div>\n<div style=\"{FOOT}\">{foot}</div>\n\
         </body>\n</html>\n"
    )
}

/// The same without mark-up, for readers that show no HTML.
pub(super) fn plain(text: &str, frame: Frame<'_>) -> String {
    let mut out = Plain::default();
    events(text).for_each(|event| out.event(event));
    let mut text = out.text.trim().to_owned();
    let _ = write!(text, "\n\n-- \n{}\n", one_line(frame.from_name));
    if let Some(url) = frame.unsubscribe_url {
        let _ = writeln!(text, "Stop these e-mails: {url}");
    }
    text
}

fn events(text: &str) -> impl Iterator<Item = Event<'_>> {
    Parser::new_ext(text, Options::empty()).map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::SoftBreak => Event::HardBreak,
        event => event,
    })
}

/// Writes events as plain text.
#[derive(Default)]
struct Plain {
    text: String,
    /// For each open list, the number of its next item; `None` where items have no numbers.
    lists: Vec<Option<u64>>,
    /// Where each open link leads, and where its text begins.
    links: Vec<(String, usize)>,
}

impl Plain {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Text(text) | Event::Code(text) => self.text.push_str(&text),
            Event::SoftBreak | Event::HardBreak => self.line(),
            Event::Rule => self.text.push_str("* * *\n\n"),
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::List(first) => {
                if !self.lists.is_empty() {
                    self.text.push('\n');
                }
                self.lists.push(first);
            }
            Tag::Item => {
                let depth = self.lists.len().saturating_sub(1);
                self.text.push_str(&"  ".repeat(depth));
                match self.lists.last_mut() {
                    Some(Some(number)) => {
                        let _ = write!(self.text, "{number}. ");
                        *number = number.saturating_add(1);
                    }
                    _ => self.text.push_str("- "),
                }
            }
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.links.push((dest_url.into_string(), self.text.len()));
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::CodeBlock | TagEnd::HtmlBlock => {
                let break_ = if self.lists.is_empty() { "\n\n" } else { "\n" };
                self.text.truncate(self.text.trim_end_matches('\n').len());
                self.text.push_str(break_);
            }
            TagEnd::Item if !self.text.ends_with('\n') => self.text.push('\n'),
            TagEnd::List(_) => {
                self.lists.pop();
                if self.lists.is_empty() {
                    self.text.push('\n');
                }
            }
            TagEnd::Link | TagEnd::Image => {
                if let Some((url, begins)) = self.links.pop()
                    && self.text.get(begins..).is_some_and(|shown| shown != url && !url.is_empty())
                {
                    let _ = write!(self.text, " <{url}>");
                }
            }
            _ => {}
        }
    }

    fn line(&mut self) {
        self.text.push('\n');
        self.text.push_str(&"  ".repeat(self.lists.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Frame<'_> =
        Frame { subject: "Trip <b>", from_name: "Anytown & District School", unsubscribe_url: None };

    #[test]
    fn markdown_becomes_html_and_new_lines_stay() {
        let html = html(
            "# Trip\n\nDear parent,\nbring **boots**:\n\n- one\n- two\n\n[Map](https://maps.example.com/x)",
            FRAME,
        );
        for part in [
            "<html lang=\"en-GB\">",
            "<title>Trip &lt;b&gt;</title>",
            "<h1>Trip</h1>",
            "Dear parent,<br>",
            "<strong>boots</strong>",
            "<li>two</li>",
            "<a href=\"https://maps.example.com/x\"",
            "Anytown &amp; District School",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
    }

    #[test]
    fn tags_are_text_and_scripts_do_not_survive() {
        let hostile = "Hi <script>alert(1)</script> <img src=x onerror=alert(1)>\n\n<div onclick=\"x()\">\n\n\
                       [go](javascript:alert(1)) ![x](data:text/html;base64,AAAA)";
        let html = html(hostile, FRAME);
        let body = html.split_once("<div").unwrap().1;
        for bad in ["<script", "<img src=\"x\"", "<img src=x", "javascript:", "data:text", "<div onclick"] {
            assert!(!body.contains(bad), "{bad} in {body}");
        }
        assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{html}");
    }

    #[test]
    fn plain_text_reads_well_without_marks() {
        let text = "# Trip\n\nDear parent,\nbring **boots** and `a coat` & more:\n\n1. one\n2. two\n   - inner\n\n---\n\n\
                    See [the map](https://maps.example.com/x) or <https://school.example.com>.";
        assert_eq!(
            plain(text, Frame { unsubscribe_url: Some("https://messenger.example.com/u/1"), ..FRAME }),
            "Trip\n\nDear parent,\nbring boots and a coat & more:\n\n1. one\n2. two\n  - inner\n\n* * *\n\n\
             See the map <https://maps.example.com/x> or https://school.example.com.\n\n\
             -- \nAnytown & District School\nStop these e-mails: https://messenger.example.com/u/1\n"
        );
    }

    #[test]
    fn the_way_to_stop_stands_in_the_html() {
        let html =
            html("x", Frame { unsubscribe_url: Some("https://messenger.example.com/u?a=1&b=\"2"), ..FRAME });
        assert!(html.contains("href=\"https://messenger.example.com/u?a=1&amp;b=&quot;2\""), "{html}");
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_either_form(text in "([#*>`\\[\\]()<\\-0-9. \n]|[a-z&]){0,80}") {
            proptest::prop_assert!(html(&text, FRAME).ends_with("</html>\n"));
            proptest::prop_assert!(plain(&text, FRAME).ends_with("School\n"));
        }
    }
}
