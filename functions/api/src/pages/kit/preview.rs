//! A message as the person who gets it sees or hears it.

use channels::ses::email_html;
use domain::channel::Channel;
use domain::message::Message;
use domain::phone::PhoneNumber;
use domain::plan::Planned;
use domain::settings::Settings;
use domain::texts::LOGO_CONTENT_ID;

use crate::pages::kit::words;
use crate::services::costing::SPOKEN_PER_MINUTE;

/// A bubble, a letter, a spoken text.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    /// `sms`, `voice`, `email` or `tweet`.
    pub(crate) kind: &'static str,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) subject: Option<String>,
    pub(crate) text: String,
    /// The text of an e-mail as its reader shows it; safe.
    pub(crate) html: Option<String>,
}

/// An e-mail's Markdown as its reader shows it; its headings are none of the page's own.
fn html(channel: Channel, text: &str, settings: &Settings) -> Option<String> {
    let html = (channel == Channel::Email).then(|| email_html(text))?;
    let html = match settings.logo_path() {
        Some(path) => {
            html.replace(&format!("src=\"cid:{LOGO_CONTENT_ID}\""), &format!("class=\"logo\" src=\"{path}\""))
        }
        None => html,
    };
    let plain = |html: String, n: u8| {
        html.replace(&format!("<h{n}>"), "<p><strong>").replace(&format!("</h{n}>"), "</strong></p>")
    };
    Some((1..=6).fold(html, plain))
}

impl Shown {
    /// What one delivery would show.
    pub(crate) fn planned(delivery: &Planned, settings: &Settings) -> Self {
        Self {
            kind: delivery.channel.code(),
            from: from(delivery.channel, settings),
            to: address(delivery.channel, &delivery.to),
            subject: delivery.subject.as_ref().map(ToString::to_string),
            html: html(delivery.channel, &delivery.text, settings),
            text: delivery.text.to_string(),
        }
    }

    /// What was composed, its tokens unfilled.
    pub(crate) fn composed(message: &Message, settings: &Settings) -> Vec<Self> {
        message
            .channels()
            .map(|channel| {
                let (subject, text) = match channel {
                    Channel::Sms => {
                        let sms = message.sms.as_ref();
                        let text = sms.map(|s| domain::sms::compose_sms(Some(&s.header), &s.text));
                        (None, text.unwrap_or_default())
                    }
                    Channel::Voice => {
                        (None, message.voice.as_ref().map(|v| v.text.clone()).unwrap_or_default())
                    }
                    Channel::Email => {
                        let email = message.email.as_ref();
                        (email.map(|e| e.subject.clone()), email.map(|e| e.text.clone()).unwrap_or_default())
                    }
                    Channel::Tweet => {
                        (None, message.tweet.as_ref().map(|t| t.text.clone()).unwrap_or_default())
                    }
                };
                let text = words::readable(&text);
                Self {
                    kind: channel.code(),
                    from: from(channel, settings),
                    to: String::new(),
                    subject: subject.map(|s| words::readable(&s)),
                    html: html(channel, &text, settings),
                    text,
                }
            })
            .collect()
    }
}

/// Who the phone or the mail program says it is from.
fn from(channel: Channel, settings: &Settings) -> String {
    match channel {
        Channel::Sms => settings.sms_sender.clone(),
        Channel::Voice => format!("Call from {}", address(channel, &settings.voice_caller)),
        Channel::Email => settings.email_from_name.clone(),
        Channel::Tweet => "Post on X".to_owned(),
    }
}

/// A number as people write it here, an address as it is.
pub(crate) fn address(channel: Channel, to: &str) -> String {
    match channel {
        Channel::Email => to.to_owned(),
        Channel::Tweet => format!("@{to}"),
        Channel::Sms | Channel::Voice => {
            PhoneNumber::from_e164(to).map_or_else(|_| to.to_owned(), PhoneNumber::national)
        }
    }
}

/// Whether nothing is written for a channel yet.
pub(crate) fn is_blank(message: &Message, channel: Channel) -> bool {
    match channel {
        Channel::Sms => message.sms.as_ref().is_none_or(|s| s.text.trim().is_empty()),
        Channel::Voice => message.voice.as_ref().is_none_or(|v| v.text.trim().is_empty()),
        Channel::Email => {
            message.email.as_ref().is_none_or(|e| e.text.trim().is_empty() && e.subject.trim().is_empty())
        }
        Channel::Tweet => message.tweet.as_ref().is_none_or(|t| t.text.trim().is_empty()),
    }
}

/// How long a call speaks, in seconds, at an ordinary pace.
pub(crate) fn seconds_spoken(text: &str) -> usize {
    (text.trim().chars().count() * 60).div_ceil(SPOKEN_PER_MINUTE)
}
