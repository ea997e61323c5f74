//! A message as it was composed, and where it stands as a whole.

use serde::{Deserialize, Serialize};

use crate::attendance::About;
use crate::audience::SendTo;
use crate::channel::Channel;
use crate::ids::ContactId;
use crate::limit::Limit;
use crate::routing::Routing;

/// Longest subject, in characters.
pub const MAX_SUBJECT: usize = 200;
/// Longest text of an e-mail, in bytes: the text is stored beside the message, not in a file.
pub const MAX_EMAIL_TEXT: usize = 100_000;
/// Longest spoken text, in characters: about four minutes.
pub const MAX_VOICE_TEXT: usize = 3_000;
/// Longest header of a text, in characters.
pub const MAX_HEADER: usize = 30;
/// Most ids and names in one audience.
pub const MAX_AUDIENCE: usize = 20_000;

/// What a message is for (FEATURES §6.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// The ordinary business of the school.
    Service,
    /// A child is not in school.
    Attendance,
    /// Cannot wait: goes before everything else.
    Emergency,
    /// May be refused by the person.
    Marketing,
}

impl Purpose {
    /// Every purpose, in the order in which pages list them.
    pub const ALL: [Self; 4] = [Self::Service, Self::Attendance, Self::Emergency, Self::Marketing];

    /// The word used in JSON and forms.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Attendance => "attendance",
            Self::Emergency => "emergency",
            Self::Marketing => "marketing",
        }
    }

    /// The purpose of a word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.code() == code)
    }
}

/// Who a message is for. Resolved when it is previewed and again when it is sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audience {
    /// Single people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<ContactId>,
    /// Names of groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// The whole address book.
    #[serde(default)]
    pub everyone: bool,
    /// Single pupils, whose adults are meant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pupils: Vec<ContactId>,
    /// Which adults of a pupil. Without it a group of pupils, or everyone, stands for the people themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_to: Option<SendTo>,
    /// Whom of all these its author may message at all. It stays with the message: whoever is outside is not there.
    #[serde(default, skip_serializing_if = "Limit::is_none")]
    pub within: Limit,
    /// What of its pupils' registers the message is about: each pupil's mark is read again before it goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<About>,
}

impl Audience {
    /// Whether nobody was chosen.
    pub const fn is_empty(&self) -> bool {
        self.contacts.is_empty() && self.groups.is_empty() && self.pupils.is_empty() && !self.everyone
    }
}

/// What a text says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmsContent {
    /// Put before the text; empty for none.
    pub header: String,
    /// May hold tokens.
    pub text: String,
}

/// What an e-mail says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailContent {
    /// May hold tokens.
    pub subject: String,
    /// Markdown; may hold tokens.
    pub text: String,
}

/// What a call says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoiceContent {
    /// Spoken; may hold tokens.
    pub text: String,
}

/// What a post on X says: to everybody, so without tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TweetContent {
    /// Up to [`crate::tweet::MAX_WEIGHT`] as X counts.
    pub text: String,
}

/// A composed message: what, how and to whom. A channel is used if its content is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// What it is for.
    pub purpose: Purpose,
    /// Who gets it.
    pub to: Audience,
    /// The text message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sms: Option<SmsContent>,
    /// The call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<VoiceContent>,
    /// The e-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<EmailContent>,
    /// The post on X.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tweet: Option<TweetContent>,
    /// Routing of this message alone, instead of the school's: an emergency may go both ways at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routing: Option<Routing>,
}

impl Message {
    /// The channels in use.
    pub fn channels(&self) -> impl Iterator<Item = Channel> + '_ {
        Channel::ALL.into_iter().filter(|c| match c {
            Channel::Sms => self.sms.is_some(),
            Channel::Voice => self.voice.is_some(),
            Channel::Email => self.email.is_some(),
            Channel::Tweet => self.tweet.is_some(),
        })
    }

    /// What of it says something else in `other`, each with both versions; a channel that only one of them uses counts too.
    pub fn parts_changed<'m>(&'m self, other: &'m Self) -> Vec<(Part, &'m str, &'m str)> {
        let both = Part::ALL.into_iter().map(|part| (part, self.part(part), other.part(part)));
        both.filter(|(_, before, after)| before != after).collect()
    }

    fn part(&self, part: Part) -> &str {
        let text = match part {
            Part::Header => self.sms.as_ref().map(|sms| &sms.header),
            Part::Text => self.sms.as_ref().map(|sms| &sms.text),
            Part::Call => self.voice.as_ref().map(|voice| &voice.text),
            Part::Subject => self.email.as_ref().map(|email| &email.subject),
            Part::Email => self.email.as_ref().map(|email| &email.text),
            Part::Post => self.tweet.as_ref().map(|tweet| &tweet.text),
        };
        text.map_or("", String::as_str)
    }

    /// Whether it goes to nobody in particular.
    pub fn is_tweet_alone(&self) -> bool {
        self.channels().eq([Channel::Tweet])
    }

    /// A line for lists: the subject if there is one, else the start of what is said.
    pub fn headline(&self) -> String {
        let text = self
            .email
            .as_ref()
            .map(|e| e.subject.as_str())
            .or_else(|| self.sms.as_ref().map(|s| s.text.as_str()))
            .or_else(|| self.voice.as_ref().map(|v| v.text.as_str()))
            .or_else(|| self.tweet.as_ref().map(|t| t.text.as_str()))
            .unwrap_or_default();
        let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if line.chars().count() <= 80 { line } else { line.chars().take(79).chain(['…']).collect() }
    }
}

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

impl Part {
    /// Every part.
    pub const ALL: [Self; 6] = [Self::Header, Self::Text, Self::Call, Self::Subject, Self::Email, Self::Post];

    /// For people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Header => "the header of the text message",
            Self::Text => "the text message",
            Self::Call => "the call",
            Self::Subject => "the subject of the e-mail",
            Self::Email => "the e-mail",
            Self::Post => "the post on X",
        }
    }
}

/// Where a message stands (Contract 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// Accepted; somebody has to authorise it before anything happens.
    AwaitingAuthorisation,
    /// Accepted; its pages are not written yet.
    Queued,
    /// Its pages are written and being sent.
    Sending,
    /// No delivery is queued or sending. Receipts go on refining the totals.
    Finished,
    /// Staff stopped it.
    Stopped,
    /// Nobody would authorise it, or it could not be planned: see its reason.
    Rejected,
}

impl MessageState {
    /// Every state.
    pub const ALL: [Self; 6] = [
        Self::AwaitingAuthorisation,
        Self::Queued,
        Self::Sending,
        Self::Finished,
        Self::Stopped,
        Self::Rejected,
    ];

    /// The word of the JSON API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::AwaitingAuthorisation => "awaiting_authorisation",
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Finished => "finished",
            Self::Stopped => "stopped",
            Self::Rejected => "rejected",
        }
    }
}
