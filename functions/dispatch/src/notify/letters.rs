//! What the letters say. Markdown, as in every e-mail; names that people typed are escaped, so that nobody can put a
//! link of theirs into a letter of ours.

use store::Edited;

/// An e-mail to somebody on the staff.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Letter {
    pub(super) subject: String,
    /// Markdown.
    pub(super) text: String,
}

fn letter(subject: impl Into<String>, text: impl Into<String>) -> Letter {
    Letter { subject: subject.into(), text: text.into() }
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
        format!("Your sign-in for Messenger at {school}"),
        format!(
            "Hello,\n\n{} has added you to Messenger, which it uses to write to parents and staff.\n\n\
             Your username is **{}**\n\n\
             Choose a password here: <{link}>\n\n\
             The link works once, for seven days. After that, ask for a new one with *Forgotten your password?* on the \
             sign-in page.\n\n\
             If you did not expect this, you need do nothing.",
            plain(school),
            plain(username)
        ),
    )
}

pub(super) fn password_link(school: &str, username: &str, link: &str) -> Letter {
    letter(
        "A link to set your Messenger password",
        format!(
            "Hello,\n\nan administrator at {} has sent you a link to set a new password.\n\n\
             Your username is **{}**\n\n\
             Choose a password here: <{link}>\n\n\
             The link works once, for seven days. Your present password, if you have one, works until you have chosen \
             a new one.",
            plain(school),
            plain(username)
        ),
    )
}

pub(super) fn forgotten(_school: &str, username: &str, link: &str) -> Letter {
    letter(
        "Set a new Messenger password",
        format!(
            "Hello,\n\nsomebody asked for a new password for your username **{}**.\n\n\
             If it was you, choose one here: <{link}>\n\n\
             The link works once, for one hour.\n\n\
             If it was not you, do nothing: your password stays as it is, and nobody but you has this link.",
            plain(username)
        ),
    )
}

pub(super) fn linked(school: &str, username: &str, sign_in: &str) -> Letter {
    letter(
        format!("You can now use Messenger at {school}"),
        format!(
            "Hello,\n\n{} has linked you to its Messenger. You already have a username and a password, and they work \
             here too.\n\n\
             As a reminder, your username is **{}**\n\n\
             Sign in here: <{sign_in}>\n\n\
             If you work for more than one school you are asked which one after you have signed in.",
            plain(school),
            plain(username)
        ),
    )
}

pub(super) fn confirm_email(link: &str) -> Letter {
    letter(
        "Confirm your e-mail address for Messenger",
        format!(
            "Hello,\n\nplease confirm that e-mail to this address reaches you: <{link}>\n\n\
             The link works for two days. Until then Messenger sends no codes to this address.\n\n\
             If you do not use Messenger, do nothing: somebody mistyped their address."
        ),
    )
}

pub(super) fn email_moved(username: &str) -> Letter {
    letter(
        "Your Messenger account has another e-mail address",
        format!(
            "Hello,\n\nthe e-mail address of your username **{}** was changed just now. Messenger writes to the new one from \
             now on, and not to this one.\n\n\
             If it was you, there is nothing to do.\n\n\
             If it was not you, tell an administrator of your school at once: they can disable the account. There is no \
             link in this e-mail that changes anything.",
            plain(username)
        ),
    )
}

pub(super) fn password_changed(username: &str, forgotten: &str) -> Letter {
    letter(
        "Your Messenger password was changed",
        format!(
            "Hello,\n\nthe password of your username **{}** was changed just now, and every other browser was signed \
             out.\n\n\
             If it was you, there is nothing to do.\n\n\
             If it was not you, set a new one at once: <{forgotten}> and tell an administrator of your school.",
            plain(username)
        ),
    )
}

pub(super) fn second_factor(username: &str, on: bool, page: &str) -> Letter {
    let (subject, what) = if on {
        ("A second step protects your Messenger sign-in", "now also takes a code from an authenticator app")
    } else {
        (
            "The second step of your Messenger sign-in is off",
            "no longer takes a code from an authenticator app",
        )
    };
    letter(
        subject,
        format!(
            "Hello,\n\nsigning in with your username **{}** {what}.\n\n\
             If it was you who changed this, there is nothing to do.\n\n\
             If it was not you, change your password at once: <{page}> and tell an administrator of your school.",
            plain(username)
        ),
    )
}

pub(super) fn recovery_codes(username: &str, page: &str) -> Letter {
    letter(
        "You have new Messenger recovery codes",
        format!(
            "Hello,\n\nnew recovery codes were made just now for your username **{}**. The old ones no longer work.\n\n\
             If it was you, there is nothing to do.\n\n\
             If it was not you, change your password at once: <{page}> and tell an administrator of your school.",
            plain(username)
        ),
    )
}

pub(super) fn locked_out(username: &str, forgotten: &str) -> Letter {
    letter(
        "Too many tries to sign in as you",
        format!(
            "Hello,\n\nsomebody has tried too many times to sign in with your username **{}** and a wrong password. \
             Browsers that you have not used before must wait for up to 15 minutes; one that you have used can still \
             sign in.\n\n\
             If it was you and you forgot your password, set a new one here: <{forgotten}>\n\n\
             If it was not you, your password has kept them out. You need do nothing.",
            plain(username)
        ),
    )
}

pub(super) fn pin(school: &str, code: &str, page: &str) -> Letter {
    letter(
        format!("{code} is your Messenger PIN"),
        format!(
            "Hello,\n\nyou are about to send a large message for {}. To send it, enter this PIN:\n\n# {code}\n\n\
             It works once, for ten minutes, for this message only: <{page}>\n\n\
             If you are not sending a message, tell an administrator of your school: somebody is signed in as you.",
            plain(school)
        ),
    )
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
            format!("* {}: {}\n", plain(&edit.by.name), parts.join(", "))
        };
        self.edits.iter().map(line).collect()
    }
}

pub(super) fn rejected(decided: &Decided<'_>) -> Letter {
    let why = match decided.reason {
        "" => String::new(),
        reason => format!("> {}\n\n", plain(reason)),
    };
    let edits = match decided.edits {
        [] => String::new(),
        _ => format!("Before that, it was changed:\n\n{}\n", decided.edits()),
    };
    letter(
        "Your message was not authorised",
        format!(
            "Hello,\n\na message that you wrote for {} was not authorised. Nothing was sent.\n\n\
             {why}{edits}The message is here: <{}>",
            plain(decided.school),
            decided.page
        ),
    )
}

pub(super) fn edited(decided: &Decided<'_>) -> Letter {
    letter(
        "Your message was changed and authorised",
        format!(
            "Hello,\n\na message that you wrote for {} was authorised, and goes out with another text than you wrote. It was \
             changed by:\n\n{}\nWhat it says now is here: <{}>",
            plain(decided.school),
            decided.edits(),
            decided.page
        ),
    )
}

pub(super) fn waits_for_sync(school: &str, page: &str) -> Letter {
    letter(
        "Your message has not gone yet",
        format!(
            "Hello,\n\na message that you wrote for {} waits: the address book was being refreshed from the MIS when you \
             sent it, and the refresh did not finish.\n\n\
             It goes by itself once a later refresh has finished. You can also send it all the same, here: <{page}>",
            plain(school)
        ),
    )
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
        ] {
            let Letter { subject, text } = written;
            assert!(text.contains(&format!("<{link}>")), "{subject}: {text}");
            assert!(text.starts_with("Hello,") && subject.len() < 60, "{subject}");
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
