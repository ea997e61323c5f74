//! What the letters say: one file each, its subject in the first line. Names that people typed are escaped, so that
//! nobody can put a link of theirs into a letter of ours.

use store::Edited;

use self::Value::{Ours, Typed};

/// An e-mail to somebody on the staff.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Letter {
    pub(super) subject: String,
    /// Markdown.
    pub(super) text: String,
}

/// What stands in a letter where its file has a name in braces.
#[derive(Clone, Copy)]
enum Value<'v> {
    /// Escaped in the text, as plain as it is in the subject.
    Typed(&'v str),
    /// Markdown.
    Ours(&'v str),
}

/// Fills in a letter. A paragraph that comes to nothing is left out.
fn letter(file: &str, values: &[(&str, Value<'_>)]) -> Letter {
    let value = |name: &str| values.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    let raw = |name: &str| value(name).map_or_else(String::new, |(Typed(text) | Ours(text))| text.to_owned());
    let marked = |name: &str| match value(name) {
        Some(Typed(text)) => plain(text),
        _ => raw(name),
    };
    let (subject, body) = file.split_once("\n\n").unwrap_or((file, ""));
    // A line break of the file is a space; one that a value brings along stays.
    let paragraphs = body.split("\n\n").map(|paragraph| fill(&paragraph.trim().replace('\n', " "), marked));
    let mut text = "Hello,".to_owned();
    for paragraph in paragraphs.filter(|paragraph| !paragraph.is_empty()) {
        text.push_str("\n\n");
        text.push_str(&paragraph);
    }
    Letter { subject: fill(subject, raw), text }
}

/// Replaces names in braces, each once: a value that holds braces itself is not looked at again.
fn fill(text: &str, value: impl Fn(&str) -> String) -> String {
    let mut filled = String::with_capacity(text.len() * 2);
    let mut rest = text;
    while let Some((before, (name, after))) =
        rest.split_once('{').and_then(|(before, named)| Some((before, named.split_once('}')?)))
    {
        filled.push_str(before);
        filled.push_str(&value(name));
        rest = after;
    }
    filled + rest
}

/// A text with every sign of Markdown's taken at its word.
fn plain(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars().map(|c| if c.is_control() { ' ' } else { c }) {
        if c.is_ascii_punctuation() {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

pub(super) fn welcome(school: &str, username: &str, link: &str) -> Letter {
    letter(
        include_str!("welcome.md"),
        &[("school", Typed(school)), ("username", Typed(username)), ("link", Ours(link))],
    )
}

pub(super) fn password_link(school: &str, username: &str, link: &str) -> Letter {
    letter(
        include_str!("password_link.md"),
        &[("school", Typed(school)), ("username", Typed(username)), ("link", Ours(link))],
    )
}

pub(super) fn forgotten(_school: &str, username: &str, link: &str) -> Letter {
    letter(include_str!("forgotten.md"), &[("username", Typed(username)), ("link", Ours(link))])
}

pub(super) fn linked(school: &str, username: &str, link: &str) -> Letter {
    letter(
        include_str!("linked.md"),
        &[("school", Typed(school)), ("username", Typed(username)), ("link", Ours(link))],
    )
}

pub(super) fn confirm_email(link: &str) -> Letter {
    letter(include_str!("confirm_email.md"), &[("link", Ours(link))])
}

pub(super) fn email_moved(username: &str) -> Letter {
    letter(include_str!("email_moved.md"), &[("username", Typed(username))])
}

pub(super) fn password_changed(username: &str, link: &str) -> Letter {
    letter(include_str!("password_changed.md"), &[("username", Typed(username)), ("link", Ours(link))])
}

pub(super) fn second_factor(username: &str, on: bool, link: &str) -> Letter {
    let file = if on { include_str!("second_factor_on.md") } else { include_str!("second_factor_off.md") };
    letter(file, &[("username", Typed(username)), ("link", Ours(link))])
}

pub(super) fn recovery_codes(username: &str, link: &str) -> Letter {
    letter(include_str!("recovery_codes.md"), &[("username", Typed(username)), ("link", Ours(link))])
}

pub(super) fn locked_out(username: &str, link: &str) -> Letter {
    letter(include_str!("locked_out.md"), &[("username", Typed(username)), ("link", Ours(link))])
}

pub(super) fn pin(school: &str, code: &str, link: &str) -> Letter {
    letter(include_str!("pin.md"), &[("school", Typed(school)), ("code", Ours(code)), ("link", Ours(link))])
}

/// What became of a message that waited, for its author.
pub(super) struct Decided<'d> {
    pub(super) school: &'d str,
    /// Who decided against it and why; empty if nobody did.
    pub(super) reason: &'d str,
    pub(super) edits: &'d [Edited],
    pub(super) page: &'d str,
}

impl Decided<'_> {
    /// Who changed what of it, a line each.
    fn edits(&self) -> String {
        let line = |edit: &Edited| {
            let parts: Vec<&str> = edit.parts.iter().map(|part| part.facts().words).collect();
            format!("* {}: {}", plain(&edit.by.name), parts.join(", "))
        };
        self.edits.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn letter(&self, file: &str, why: &str, edits: &str) -> Letter {
        let values = [
            ("school", Typed(self.school)),
            ("why", Ours(why)),
            ("edits", Ours(edits)),
            ("link", Ours(self.page)),
        ];
        letter(file, &values)
    }
}

pub(super) fn rejected(decided: &Decided<'_>) -> Letter {
    let why = match decided.reason {
        "" => String::new(),
        reason => format!("> {}", plain(reason)),
    };
    let edits = match decided.edits {
        [] => String::new(),
        _ => format!("Before that, it was changed:\n\n{}", decided.edits()),
    };
    decided.letter(include_str!("rejected.md"), &why, &edits)
}

pub(super) fn edited(decided: &Decided<'_>) -> Letter {
    decided.letter(include_str!("edited.md"), "", &decided.edits())
}

pub(super) fn waits_for_sync(school: &str, link: &str) -> Letter {
    letter(include_str!("waits_for_sync.md"), &[("school", Typed(school)), ("link", Ours(link))])
}

/// A text: no name in it, so that a lost phone tells nobody whose account it opens.
pub(super) fn password_code(code: &str) -> String {
    format!(
        "{code} is your Messenger code to set a new password. It works for 10 minutes. We never ask you for it by \
         phone."
    )
}

#[cfg(test)]
mod tests {
    use domain::content::Part;
    use store::Author;

    use super::*;

    fn decided<'d>(reason: &'d str, page: &'d str) -> Decided<'d> {
        Decided { school: "Hill School", reason, edits: &[], page }
    }

    #[test]
    fn an_author_reads_who_changed_what_and_why_it_was_rejected() {
        let by = Author { id: "u2".to_owned(), name: "Olive [Field](https://evil.example)".to_owned() };
        let edits = [Edited { by, at_ms: 0, revision: 2, parts: vec![Part::Text, Part::Subject] }];
        let link = "https://messenger.example.com/messages/1";
        let decided = Decided { edits: &edits, ..decided("Olive did not authorise it: *wrong* year", link) };
        let read = channels::ses::email_html(&rejected(&decided).text);
        assert!(read.contains("Olive did not authorise it: *wrong* year"), "{read}");
        for letter in [rejected(&decided), edited(&decided)] {
            let read = channels::ses::email_html(&letter.text);
            assert!(read.contains("the text message, the subject of the e-mail"), "{read}");
            assert_eq!(read.matches("<a ").count(), 1, "{read}");
        }
    }

    #[test]
    fn every_letter_says_whose_it_is_and_where_to_go() {
        let link = "https://messenger.example.com/password/abc";
        for written in [
            welcome("Hill School", "5976.joe", link),
            password_link("Hill School", "5976.joe", link),
            forgotten("Hill School", "5976.joe", link),
            linked("Hill School", "5976.joe", link),
            confirm_email(link),
            password_changed("5976.joe", link),
            second_factor("5976.joe", true, link),
            second_factor("5976.joe", false, link),
            locked_out("5976.joe", link),
            pin("Hill School", "012345", link),
            recovery_codes("5976.joe", link),
            rejected(&decided("", link)),
            rejected(&decided("Olive Field did not authorise it: wrong year", link)),
            edited(&decided("", link)),
            waits_for_sync("Hill School", link),
        ] {
            let Letter { subject, text } = written;
            assert!(text.contains(&format!("<{link}>")), "{subject}: {text}");
            assert!(text.starts_with("Hello,") && subject.len() < 60, "{subject}");
            assert!(!text.contains(['{', '}']) && !text.contains("****"), "{text}");
            let read = channels::ses::email_html(&text);
            assert!(read.contains(&format!("href=\"{link}\"")), "{read}");
        }
        assert!(password_code("012345").len() <= 160, "one unit");
    }

    #[test]
    fn a_name_cannot_bring_a_link_or_markup_along() {
        let evil = "Hill [win](https://evil.example) **x** <https://evil.example> `y`\n# z";
        let read = channels::ses::email_html(&welcome(evil, evil, "https://messenger.example.com/p").text);
        assert!(!read.contains("href=\"https://evil.example"), "{read}");
        assert_eq!(read.matches("<a ").count(), 1, "{read}");
        assert!(!read.contains("<h1>") && !read.contains("<code>"), "{read}");
    }
}
