//! A message's texts, read once and rendered for each recipient.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::channel::Channel;
use crate::contact::Contact;
use crate::content::{Content, Contents, LOGO_CONTENT_ID, LOGO_TOKEN, PUPIL_TOKEN};
use crate::settings::Settings;
use crate::sms::compose_sms;
use crate::token::{MissingTokens, Template};

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
pub struct Texts(BTreeMap<Channel, Text>);

#[derive(Debug, Clone)]
struct Text {
    header: Option<String>,
    subject: Option<Template>,
    body: Template,
    names: Vec<String>,
    /// What everybody gets, when there is no token to fill in.
    plain: Option<Rendered>,
}

impl Text {
    fn new(content: &dyn Content) -> Self {
        let subject = content.subject().map(Template::parse);
        let body = Template::parse(content.text());
        let mut names: Vec<String> = Vec::new();
        for name in subject.iter().flat_map(Template::names).chain(body.names()) {
            if !names.iter().any(|n| n == name) {
                names.push(name.to_owned());
            }
        }
        let header = content.header().map(str::to_owned);
        let mut text = Self { header, subject, body, names, plain: None };
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
        let header = self.header.as_deref();
        let text = if header.is_some() { compose_sms(header, &body) } else { body };
        Ok(Rendered { subject: subject.map(Arc::from), text: Arc::from(text) })
    }

    fn uses(&self, token: &str) -> bool {
        self.names.iter().any(|name| name == token)
    }
}

impl Texts {
    /// Reads the texts of a message.
    pub fn of(contents: &Contents) -> Self {
        Self(contents.all().map(|content| (content.channel(), Text::new(content))).collect())
    }

    /// Values of the channel's tokens for one contact, in the order in which [`Texts::render`] wants them. `pupils` are
    /// the names of those that they are written to about.
    pub fn values(
        &self,
        channel: Channel,
        contact: &Contact,
        settings: &Settings,
        pupils: &str,
    ) -> Vec<String> {
        let names = self.0.get(&channel).map(|t| t.names.as_slice()).unwrap_or_default();
        let value = |name: &String| match name.as_str() {
            LOGO_TOKEN if channel == Channel::Email => logo(settings),
            PUPIL_TOKEN => pupils.to_owned(),
            name => value(name, contact, settings),
        };
        names.iter().map(value).collect()
    }

    /// Whether any of them names pupils.
    pub fn names_pupils(&self) -> bool {
        self.0.values().any(|text| text.uses(PUPIL_TOKEN))
    }

    /// Names of pupils among a delivery's values, where its text has them.
    pub fn pupils_in<'a>(&self, channel: Channel, values: &'a [String]) -> Option<&'a str> {
        let place = self.0.get(&channel)?.names.iter().position(|name| name == PUPIL_TOKEN)?;
        values.get(place).map(String::as_str)
    }

    /// Whether the e-mail shows the school's picture.
    pub fn shows_logo(&self) -> bool {
        self.0.get(&Channel::Email).is_some_and(|text| text.uses(LOGO_TOKEN))
    }

    /// The channel's text with these values; or the tokens that have none.
    pub fn render(&self, channel: Channel, values: &[String]) -> Result<Rendered, MissingTokens> {
        let Some(text) = self.0.get(&channel) else {
            return Ok(Rendered { subject: None, text: Arc::from("") });
        };
        match &text.plain {
            Some(plain) => Ok(plain.clone()),
            None => text.filled(values),
        }
    }

    /// Whether everybody gets the same text on this channel.
    pub fn is_plain(&self, channel: Channel) -> bool {
        self.0.get(&channel).is_none_or(|t| t.plain.is_some())
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
