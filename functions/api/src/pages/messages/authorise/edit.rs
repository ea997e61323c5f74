//! The texts of a waiting message, to be mended by whoever authorises it. Who gets it stays as its author chose.

use askama::Template;
use domain::message::Message;
use store::Meta;

use crate::forms::FormFields;
use crate::pages::kit::form::{Field, Problem, error_of};
use crate::pages::kit::frame::Frame;

/// The form of its texts.
#[derive(Template)]
#[template(path = "authorise_edit.html")]
pub(crate) struct EditPage {
    frame: Frame,
    problems: Vec<Problem>,
    id: String,
    revision: u32,
    author: String,
    sms: Option<(Field, Area)>,
    voice: Option<Area>,
    email: Option<(Field, Area)>,
    tweet: Option<Area>,
}

/// A text of several lines.
pub(crate) struct Area {
    name: &'static str,
    label: &'static str,
    value: String,
    rows: u8,
    error: Option<String>,
}

impl EditPage {
    pub(super) fn new(frame: Frame, meta: &Meta, message: &Message, problems: Vec<Problem>) -> Self {
        let area = |name, label, value: &str, rows| Area {
            name,
            label,
            value: value.to_owned(),
            rows,
            error: error_of(&problems, name),
        };
        let field = |name, label, value: &str| Field::new(name, label, value).checked(&problems);
        Self {
            frame,
            id: meta.id.to_string(),
            revision: meta.revision,
            author: meta.author.name.clone(),
            sms: message.contents.sms.as_ref().map(|sms| {
                let header = field("sms_header", "Header of the text", &sms.header).optional();
                (header, area("sms_text", "What the text says", &sms.text, 5))
            }),
            voice: message
                .contents
                .voice
                .as_ref()
                .map(|v| area("voice_text", "What the call says", &v.text, 5)),
            tweet: message
                .contents
                .tweet
                .as_ref()
                .map(|t| area("tweet_text", "What the post on X says", &t.text, 5)),
            email: message.contents.email.as_ref().map(|email| {
                let subject = field("email_subject", "Subject of the e-mail", &email.subject);
                (subject, area("email_text", "What the e-mail says", &email.text, 10))
            }),
            problems,
        }
    }
}

/// The message with the texts of the form: channels that it does not use stay unused.
pub(super) fn read(form: &FormFields, before: &Message) -> Message {
    let text = |name: &str, before: &str| {
        form.get(name).map_or_else(|| before.to_owned(), |text| text.replace("\r\n", "\n"))
    };
    let mut message = before.clone();
    if let Some(sms) = &mut message.contents.sms {
        text("sms_header", &sms.header).trim().clone_into(&mut sms.header);
        sms.text = text("sms_text", &sms.text);
    }
    if let Some(voice) = &mut message.contents.voice {
        voice.text = text("voice_text", &voice.text);
    }
    if let Some(tweet) = &mut message.contents.tweet {
        tweet.text = text("tweet_text", &tweet.text);
    }
    if let Some(email) = &mut message.contents.email {
        text("email_subject", &email.subject).trim().clone_into(&mut email.subject);
        email.text = text("email_text", &email.text);
    }
    message
}
