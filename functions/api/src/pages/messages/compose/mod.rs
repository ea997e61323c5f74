//! *Send a message*: who, what, and a last look, on one page.

mod check;
mod draft;
mod found;
mod handlers;
mod parts;
mod pin;
mod reach;
mod why;

use askama::Template;
use domain::attendance::{About, Matter, SentAllTheSame};
use domain::message::Purpose;

pub(crate) use check::{Check, expect, problems, sum_of};
pub(crate) use draft::{Chosen, Draft, ForPupils};
pub(crate) use found::{FoundPart, Hit, find};
pub(crate) use handlers::{begin, routes};
pub(crate) use parts::read as read_texts;
use parts::{Offered, Written, offered};
pub(crate) use pin::PinPage;

use crate::pages::kit::book::PageBook;
use crate::pages::kit::form::{Choice, Problem, error_of};
use crate::pages::kit::frame::Frame;
use crate::pages::kit::words;

/// The page on which a message is written.
#[derive(Template)]
#[template(path = "compose.html")]
pub(crate) struct ComposePage {
    frame: Frame,
    problems: Vec<Problem>,
    /// Makes sending twice harmless.
    key: String,
    find: String,
    who_error: Option<String>,
    found: Vec<Hit>,
    chips: Vec<Chip>,
    everyone: String,
    groups: Vec<Hit>,
    /// Who is written to for a pupil; only where the school knows families.
    for_pupils: Option<[Choice; 5]>,
    /// The attendance marks that it reports, for the form and for people.
    about: Option<AboutForm>,
    channels: Vec<Offered>,
    purposes: [Choice; 4],
    both: bool,
    check: Check,
}

/// Everything that changes while one writes, for the script.
#[derive(Template)]
#[template(path = "compose_live.html")]
pub(crate) struct LivePart {
    pub(crate) check: Check,
}

/// The last look before a message goes.
#[derive(Template)]
#[template(path = "confirm.html")]
pub(crate) struct ConfirmPage {
    pub(crate) frame: Frame,
    /// What is not as it was when the button was pressed.
    pub(crate) changed: Option<String>,
    pub(crate) fields: Vec<(&'static str, String)>,
    pub(crate) audience: String,
    /// Who is written to for a pupil; only where the school knows families.
    pub(crate) for_pupils: Option<&'static str>,
    pub(crate) purpose: &'static str,
    pub(crate) check: Check,
}

/// The marks that a message is about.
struct AboutForm {
    value: String,
    all_the_same: Option<&'static str>,
    words: String,
}

impl AboutForm {
    fn new(about: About) -> Self {
        let of = match about.matter {
            Matter::Absence => "Absent",
            Matter::Late => "Late",
            Matter::AllClear => "In school after all",
        };
        let session = about.session.words().to_lowercase();
        Self {
            value: draft::about_value(about),
            all_the_same: about.all_the_same.map(SentAllTheSame::code),
            words: format!("{of}, {session} of {}", about.date.strftime("%A %-d %B")),
        }
    }
}

/// A chosen person or group.
pub(crate) struct Chip {
    value: String,
    words: String,
    sub: String,
}

/// What staff call a purpose.
pub(crate) const fn purpose_words(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Service => "School business",
        Purpose::Attendance => "Attendance",
        Purpose::Emergency => "Emergency: goes first",
        Purpose::Marketing => "Marketing: people may opt out",
    }
}

/// What the page is made of, besides its frame.
pub(crate) struct Parts<'a> {
    pub(crate) book: &'a PageBook,
    pub(crate) draft: &'a Draft,
    pub(crate) key: String,
    pub(crate) find: String,
    pub(crate) check: Check,
    pub(crate) problems: Vec<Problem>,
    /// Where replies to the school's e-mail go.
    pub(crate) reply_to: String,
    /// The account on X on which the user may post.
    pub(crate) account: Option<String>,
}

impl ComposePage {
    pub(crate) fn new(frame: Frame, parts: Parts<'_>) -> Self {
        let Parts { book, draft, key, find: asked, check, problems, reply_to, account } = parts;
        let chip = |chosen: &Chosen| {
            let (words, sub) = chosen.words(book);
            Chip { value: chosen.value(), words, sub }
        };
        let written = Written {
            texts: &draft.texts,
            problems: &problems,
            sizes: &check.sizes,
            has_voice: frame.rights.has_voice(),
            account: account.as_deref(),
            reply_to: &draft.reply_to,
            school_reply_to: &reply_to,
        };
        let channels = offered(&written, &draft.on);
        Self {
            frame,
            key,
            found: if asked.is_empty() { Vec::new() } else { find(book, &asked) },
            find: asked,
            who_error: error_of(&problems, "find"),
            chips: draft.to.iter().map(chip).collect(),
            everyone: words::number(book.len() as u64),
            groups: found::all_groups(book),
            for_pupils: draft.has_families.then(|| {
                ForPupils::ALL
                    .map(|choice| Choice::new(choice.code(), choice.words(), choice == draft.for_pupils))
            }),
            about: draft.about.map(AboutForm::new),
            channels,
            purposes: Purpose::ALL.map(|p| Choice::new(p.code(), purpose_words(p), p == draft.purpose)),
            both: draft.both,
            problems,
            check,
        }
    }
}

impl ConfirmPage {
    pub(crate) fn new(frame: Frame, parts: Parts<'_>, changed: Option<String>) -> Self {
        let chosen: Vec<String> = parts.draft.to.iter().map(|c| c.words(parts.book).0).collect();
        let mut fields = parts.draft.fields();
        fields.push(("key", parts.key));
        Self {
            frame,
            changed,
            fields,
            audience: words::list(&chosen),
            for_pupils: parts.draft.has_families.then(|| parts.draft.for_pupils.words()),
            purpose: purpose_words(parts.draft.purpose),
            check: parts.check,
        }
    }
}

#[cfg(test)]
pub(crate) mod samples;
