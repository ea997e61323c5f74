//! The parts that somebody writes, and what every channel's content has to say about itself.

use serde::{Deserialize, Serialize};

use crate::channel::Channel;
use crate::settings::Settings;

/// A part of what a message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// What stands before the text message.
    Header,
    /// The text message.
    Text,
    /// What a call says.
    Call,
    /// The subject of the e-mail.
    Subject,
    /// What the e-mail says.
    Email,
    /// The post on X.
    Post,
}

/// What is known of a part in advance.
#[derive(Debug, PartialEq, Eq)]
pub struct PartFacts {
    /// As the JSON API names it: `sms.text`.
    pub field: &'static str,
    /// Its input in forms: `sms_text`.
    pub input: &'static str,
    /// For people, in a sentence.
    pub words: &'static str,
    /// What a form writes above its input.
    pub label: &'static str,
    /// Lines of its input; one for a part that is a single line.
    pub lines: u8,
    /// Whether it may be left empty.
    pub is_optional: bool,
}

impl PartFacts {
    const fn new(
        [field, input]: [&'static str; 2],
        words: &'static str,
        label: &'static str,
        lines: u8,
    ) -> Self {
        Self { field, input, words, label, lines, is_optional: false }
    }
}

impl Part {
    /// Every part, by channel, in the order of a form.
    pub const ALL: [Self; 6] = [Self::Header, Self::Text, Self::Call, Self::Subject, Self::Email, Self::Post];

    /// What is known of it.
    pub const fn facts(self) -> &'static PartFacts {
        const HEADER: PartFacts = PartFacts {
            is_optional: true,
            ..PartFacts::new(
                ["sms.header", "sms_header"],
                "the header of the text message",
                "Header of the text",
                1,
            )
        };
        const TEXT: PartFacts =
            PartFacts::new(["sms.text", "sms_text"], "the text message", "What the text says", 5);
        const CALL: PartFacts =
            PartFacts::new(["voice.text", "voice_text"], "the call", "What the call says", 5);
        const SUBJECT: PartFacts = PartFacts::new(
            ["email.subject", "email_subject"],
            "the subject of the e-mail",
            "Subject of the e-mail",
            1,
        );
        const EMAIL: PartFacts =
            PartFacts::new(["email.text", "email_text"], "the e-mail", "What the e-mail says", 10);
        const POST: PartFacts =
            PartFacts::new(["tweet.text", "tweet_text"], "the post on X", "What the post on X says", 5);
        match self {
            Self::Header => &HEADER,
            Self::Text => &TEXT,
            Self::Call => &CALL,
            Self::Subject => &SUBJECT,
            Self::Email => &EMAIL,
            Self::Post => &POST,
        }
    }
}

/// Something about a message that must be put right before it can be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which part, as the JSON API names it: `sms.text`.
    pub field: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

impl Problem {
    /// With a field of the message.
    pub fn new(field: &'static str, message: impl Into<String>) -> Self {
        Self { field, message: message.into() }
    }

    /// With a part of what it says.
    pub fn of(part: Part, message: impl Into<String>) -> Self {
        Self::new(part.facts().field, message)
    }
}

/// What a message says on one channel.
pub trait Content {
    /// The channel.
    fn channel(&self) -> Channel;

    /// Its parts as they were written.
    fn parts(&self) -> Vec<(Part, &str)>;

    /// Its parts, to be written.
    fn parts_mut(&mut self) -> Vec<(Part, &mut String)>;

    /// What stands before the text, if anything.
    fn header(&self) -> Option<&str> {
        None
    }

    /// Its subject, where the channel has one.
    fn subject(&self) -> Option<&str> {
        None
    }

    /// The text.
    fn text(&self) -> &str;

    /// What is wrong with it before anybody is looked up.
    fn problems(&self) -> Vec<Problem>;

    /// What the school lacks to send it.
    fn lacks(&self, _settings: &Settings) -> Option<Problem> {
        None
    }

    /// Who the phone or the mail program says that it is from.
    fn sender(&self, settings: &Settings) -> String;

    /// The school's account to which it goes, on a channel that goes to nobody in particular.
    fn account<'a>(&self, _settings: &'a Settings) -> Option<&'a str> {
        None
    }

    /// Whether nothing is written yet.
    fn is_blank(&self) -> bool {
        self.text().trim().is_empty() && self.subject().unwrap_or_default().trim().is_empty()
    }
}
