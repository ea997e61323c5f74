//! *Send a message*: who, what, and a last look, on one page.

mod advice;
mod check;
mod draft;
mod found;
mod handlers;
mod pin;
mod why;

use askama::Template;
use domain::attendance::{About, Matter, SentAllTheSame};
use domain::message::Purpose;

pub(crate) use check::{Check, expect, problems, sum_of};
pub(crate) use draft::{Chosen, Draft, ForPupils};
pub(crate) use found::{FoundPart, Hit, find};
pub(crate) use handlers::{begin, routes};
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
    /// Of which marks it tells, for the form and for people.
    about: Option<AboutForm>,
    sms: SmsForm,
    voice: VoiceForm,
    email: EmailForm,
    /// Where the user may post on X.
    tweet: Option<TweetForm>,
    tokens: [Token; 6],
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

struct SmsForm {
    on: bool,
    header: String,
    text: String,
    error: Option<String>,
}

struct VoiceForm {
    on: bool,
    text: String,
    error: Option<String>,
}

struct EmailForm {
    on: bool,
    subject: String,
    subject_error: Option<String>,
    reply_to: String,
    reply_to_error: Option<String>,
    /// Where replies go without an address here.
    school_reply_to: String,
    text: String,
    error: Option<String>,
}

struct TweetForm {
    /// The account's name.
    account: String,
    on: bool,
    text: String,
    error: Option<String>,
}

/// Something that is filled in for each person.
pub(crate) struct Token {
    code: &'static str,
    words: &'static str,
}

const TOKENS: [Token; 6] = [
    Token { code: "$pupilname|your child$", words: "Pupil" },
    Token { code: "$forename$", words: "Forename" },
    Token { code: "$surname$", words: "Surname" },
    Token { code: "$title|parent$", words: "Title" },
    Token { code: "$name$", words: "Full name" },
    Token { code: "$schoolphone$", words: "School’s phone" },
];

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
            sms: SmsForm {
                on: draft.sms.is_some(),
                header: draft.idle_sms.header.clone(),
                text: draft.idle_sms.text.clone(),
                error: error_of(&problems, "sms_text"),
            },
            voice: VoiceForm {
                on: draft.voice.is_some(),
                text: draft.idle_voice.text.clone(),
                error: error_of(&problems, "voice_text"),
            },
            email: EmailForm {
                on: draft.email.is_some(),
                subject: draft.idle_email.subject.clone(),
                subject_error: error_of(&problems, "email_subject"),
                reply_to: draft.reply_to.clone(),
                reply_to_error: error_of(&problems, "email_reply_to"),
                school_reply_to: reply_to,
                text: draft.idle_email.text.clone(),
                error: error_of(&problems, "email_text"),
            },
            tweet: account.map(|account| TweetForm {
                account,
                on: draft.tweet.is_some(),
                text: draft.idle_tweet.text.clone(),
                error: error_of(&problems, "tweet_text"),
            }),
            tokens: TOKENS,
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
