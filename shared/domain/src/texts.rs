//! A message's texts, read once and rendered for each recipient.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::channel::Channel;
use crate::contact::Contact;
use crate::message::{
    MAX_AUDIENCE, MAX_EMAIL_TEXT, MAX_HEADER, MAX_SUBJECT, MAX_VOICE_TEXT, Message, Purpose,
};
use crate::settings::Settings;
use crate::sms::{self, MAX_PARTS, compose_sms};
use crate::token::{MissingTokens, Template};
use crate::tweet;

/// Tokens that any text may use, in lower case.
pub const KNOWN_TOKENS: [&str; 9] = [
    "forename",
    "surname",
    "title",
    "name",
    PUPIL_TOKEN,
    "schoolname",
    "headteachername",
    "schooladdress",
    "schoolphone",
];

/// The pupils for whom an adult is written to, all in one text.
pub const PUPIL_TOKEN: &str = "pupilname";

/// The school's picture, in the text of an e-mail only.
pub const LOGO_TOKEN: &str = "schoollogo";
/// The name under which an e-mail carries the picture.
pub const LOGO_CONTENT_ID: &str = "schoollogo";

/// Something about a message that must be mended before it can be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which part, as the JSON API names it: `sms.text`.
    pub field: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

/// One channel's text for one recipient.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Rendered {
    /// Subject of an e-mail.
    pub subject: Option<Arc<str>>,
    /// The text, header included.
    pub text: Arc<str>,
}

/// The texts of a message.
#[derive(Debug, Clone)]
pub struct Texts {
    sms: Option<Text>,
    voice: Option<Text>,
    email: Option<Text>,
    tweet: Option<Text>,
}

#[derive(Debug, Clone)]
struct Text {
    header: String,
    subject: Option<Template>,
    body: Template,
    names: Vec<String>,
    /// What everybody gets, when there is no token to fill in.
    plain: Option<Rendered>,
}

impl Text {
    fn new(header: &str, subject: Option<&str>, body: &str) -> Self {
        let subject = subject.map(Template::parse);
        let body = Template::parse(body);
        let mut names: Vec<String> = Vec::new();
        for name in subject.iter().flat_map(Template::names).chain(body.names()) {
            if !names.iter().any(|n| n == name) {
                names.push(name.to_owned());
            }
        }
        let mut text = Self { header: header.to_owned(), subject, body, names, plain: None };
        if text.names.is_empty() {
            text.plain = text.filled(&[]).ok();
        }
        text
    }

    fn filled(&self, values: &[String]) -> Result<Rendered, MissingTokens> {
        let lookup = |name: &str| {
            self.names.iter().position(|n| n == name).and_then(|i| values.get(i)).map(String::as_str)
        };
        let subject = self.subject.as_ref().map(|s| s.render(lookup)).transpose()?;
        let body = self.body.render(lookup)?;
        let header = Some(self.header.as_str()).filter(|h| !h.is_empty());
        let text = if header.is_some() { compose_sms(header, &body) } else { body };
        Ok(Rendered { subject: subject.map(Arc::from), text: Arc::from(text) })
    }
}

impl Texts {
    /// Reads the texts of a message.
    pub fn of(message: &Message) -> Self {
        Self {
            sms: message.sms.as_ref().map(|s| Text::new(&s.header, None, &s.text)),
            voice: message.voice.as_ref().map(|v| Text::new("", None, &v.text)),
            email: message.email.as_ref().map(|e| Text::new("", Some(&e.subject), &e.text)),
            tweet: message.tweet.as_ref().map(|t| Text::new("", None, &t.text)),
        }
    }

    fn of_channel(&self, channel: Channel) -> Option<&Text> {
        match channel {
            Channel::Sms => self.sms.as_ref(),
            Channel::Voice => self.voice.as_ref(),
            Channel::Email => self.email.as_ref(),
            Channel::Tweet => self.tweet.as_ref(),
        }
    }

    /// Values of the channel's tokens for one contact, in the order in which [`Texts::render`] wants them. `pupils` are
    /// the names of those for whom they are written to.
    pub fn values(
        &self,
        channel: Channel,
        contact: &Contact,
        settings: &Settings,
        pupils: &str,
    ) -> Vec<String> {
        let names = self.of_channel(channel).map(|t| t.names.as_slice()).unwrap_or_default();
        let value = |name: &String| match name.as_str() {
            LOGO_TOKEN if channel == Channel::Email => logo(settings),
            PUPIL_TOKEN => pupils.to_owned(),
            name => value(name, contact, settings),
        };
        names.iter().map(value).collect()
    }

    /// Whether any of them names pupils.
    pub fn names_pupils(&self) -> bool {
        let texts = [&self.sms, &self.voice, &self.email].into_iter().flatten();
        texts.flat_map(|text| &text.names).any(|name| name == PUPIL_TOKEN)
    }

    /// Names of pupils among a delivery's values, where its text has them.
    pub fn pupils_in<'a>(&self, channel: Channel, values: &'a [String]) -> Option<&'a str> {
        let place = self.of_channel(channel)?.names.iter().position(|name| name == PUPIL_TOKEN)?;
        values.get(place).map(String::as_str)
    }

    /// Whether the e-mail shows the school's picture.
    pub fn shows_logo(&self) -> bool {
        self.email.as_ref().is_some_and(|text| text.names.iter().any(|name| name == LOGO_TOKEN))
    }

    /// The channel's text with these values; or the tokens that have none.
    pub fn render(&self, channel: Channel, values: &[String]) -> Result<Rendered, MissingTokens> {
        let Some(text) = self.of_channel(channel) else {
            return Ok(Rendered { subject: None, text: Arc::from("") });
        };
        match &text.plain {
            Some(plain) => Ok(plain.clone()),
            None => text.filled(values),
        }
    }

    /// Whether everybody gets the same text on this channel.
    pub fn is_plain(&self, channel: Channel) -> bool {
        self.of_channel(channel).is_none_or(|t| t.plain.is_some())
    }
}

/// The picture as the Markdown of an e-mail names it; nothing without one.
fn logo(settings: &Settings) -> String {
    let plain = |c: &char| !c.is_control() && !matches!(c, '[' | ']' | '\\');
    let name: String = settings.name.chars().filter(plain).collect();
    settings.logo.as_ref().map_or_else(String::new, |_| format!("![{name}](cid:{LOGO_CONTENT_ID})"))
}

fn value(name: &str, contact: &Contact, settings: &Settings) -> String {
    match name {
        "forename" => contact.forename.clone(),
        "surname" => contact.surname.clone(),
        "title" => contact.title.clone().unwrap_or_default(),
        "name" => contact.full_name(),
        "schoolname" => settings.name.clone(),
        "headteachername" => settings.head_teacher.clone(),
        "schooladdress" => settings.address.clone(),
        "schoolphone" => settings.phone.clone(),
        _ => String::new(),
    }
}

/// Hash of a page's texts in order, so that nobody gets another text than the one that was planned.
pub fn hash_texts<'t>(texts: impl IntoIterator<Item = &'t Rendered>) -> String {
    let mut hash = Sha256::new();
    for rendered in texts {
        let subject = rendered.subject.as_deref().unwrap_or_default();
        // Lengths keep "a" + "bc" apart from "ab" + "c".
        hash.update((subject.len() as u64).to_be_bytes());
        hash.update(subject);
        hash.update((rendered.text.len() as u64).to_be_bytes());
        hash.update(&*rendered.text);
    }
    hash.finalize()
        .iter()
        .take(12)
        .fold(String::with_capacity(24), |text, byte| text + &format!("{byte:02x}"))
}

/// What must be mended in a message before anybody is looked up. Empty if it can be sent.
pub fn check(message: &Message) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut say = |field: &'static str, message: String| problems.push(Problem { field, message });

    if message.channels().next().is_none() {
        say("channels", "Choose at least one way to send it.".to_owned());
    }
    if message.to.is_empty() && !message.is_tweet_alone() {
        say("to", "Choose at least one person or group.".to_owned());
    } else if message.to.contacts.len() + message.to.groups.len() > MAX_AUDIENCE {
        say("to", format!("Choose at most {MAX_AUDIENCE} people and groups, or everyone."));
    }
    if message.routing.is_some() && message.purpose != Purpose::Emergency {
        let words =
            "Only an emergency may be routed otherwise than the school's settings say. Leave this out.";
        say("routing", words.to_owned());
    }
    if let Some(sms) = &message.sms {
        let size = sms::count(&compose_sms(
            Some(&sms.header).filter(|h| !h.is_empty()).map(String::as_str),
            &sms.text,
        ));
        if sms.text.trim().is_empty() {
            say("sms.text", "Write the text message.".to_owned());
        } else if size.is_too_long() {
            say(
                "sms.text",
                format!(
                    "The text takes {} parts; at most {} can be sent. Shorten it.",
                    size.parts, MAX_PARTS
                ),
            );
        }
        if sms.header.chars().count() > MAX_HEADER || sms.header.chars().any(char::is_control) {
            say("sms.header", format!("Use at most {MAX_HEADER} characters on one line."));
        }
        unknown_tokens("sms.text", &sms.text, &mut say);
    }
    if let Some(email) = &message.email {
        if email.subject.trim().is_empty() {
            say("email.subject", "Write a subject.".to_owned());
        } else if email.subject.chars().count() > MAX_SUBJECT || email.subject.chars().any(char::is_control) {
            say("email.subject", format!("Use at most {MAX_SUBJECT} characters on one line."));
        }
        if email.text.trim().is_empty() {
            say("email.text", "Write the e-mail.".to_owned());
        } else if email.text.len() > MAX_EMAIL_TEXT {
            say(
                "email.text",
                format!(
                    "Use at most {MAX_EMAIL_TEXT} bytes; put longer documents on the website and link to them."
                ),
            );
        }
        unknown_tokens("email.subject", &email.subject, &mut say);
        let known: Vec<&str> = KNOWN_TOKENS.into_iter().chain([LOGO_TOKEN]).collect();
        if let Err(unknown) = Template::parse(&email.text).check(&known) {
            say("email.text", unknown.to_string());
        }
    }
    if let Some(voice) = &message.voice {
        if voice.text.trim().is_empty() {
            say("voice.text", "Write what the call says.".to_owned());
        } else if voice.text.chars().count() > MAX_VOICE_TEXT {
            say("voice.text", format!("Use at most {MAX_VOICE_TEXT} characters: nobody listens longer."));
        }
        unknown_tokens("voice.text", &voice.text, &mut say);
    }
    if let Some(tweet) = &message.tweet {
        let weight = tweet::weight(&tweet.text);
        if tweet.text.trim().is_empty() {
            say("tweet.text", "Write the post.".to_owned());
        } else if weight > tweet::MAX_WEIGHT {
            let most = tweet::MAX_WEIGHT;
            say(
                "tweet.text",
                format!("The post is {weight} long as X counts, and {most} is the most. Shorten it."),
            );
        }
        if let Some(name) = Template::parse(&tweet.text).names().first() {
            let words = format!("A post is the same for everybody. Take ${name}$ out.");
            say("tweet.text", words);
        }
    }
    problems
}

fn unknown_tokens(field: &'static str, text: &str, say: &mut impl FnMut(&'static str, String)) {
    let template = Template::parse(text);
    if template.names().contains(&LOGO_TOKEN) {
        say(
            field,
            "A picture can be shown in the text of an e-mail only. Take $schoollogo$ out here.".to_owned(),
        );
    } else if let Err(unknown) = template.check(&KNOWN_TOKENS) {
        say(field, unknown.to_string());
    }
}
