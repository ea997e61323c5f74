//! A message as the person who gets it sees or hears it.

use channels::ses::email_html;
use domain::channel::{Address, Channel};
use domain::content::{Content, LOGO_CONTENT_ID};
use domain::message::Message;
use domain::phone::PhoneNumber;
use domain::plan::Planned;
use domain::settings::Settings;
use domain::sms::compose_sms;

use crate::pages::kit::words;

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
    pub(crate) fn planned(delivery: &Planned, content: &dyn Content, settings: &Settings) -> Self {
        Self {
            kind: delivery.channel.code(),
            from: content.sender(settings),
            to: address(delivery.channel, &delivery.to),
            subject: delivery.subject.as_ref().map(ToString::to_string),
            html: html(delivery.channel, &delivery.text, settings),
            text: delivery.text.to_string(),
        }
    }

    /// What was composed, its tokens unfilled.
    pub(crate) fn composed(message: &Message, settings: &Settings) -> Vec<Self> {
        message
            .contents
            .all()
            .map(|content| {
                let channel = content.channel();
                let text = words::readable(&compose_sms(content.header(), content.text()));
                Self {
                    kind: channel.code(),
                    from: content.sender(settings),
                    to: String::new(),
                    subject: content.subject().map(words::readable),
                    html: html(channel, &text, settings),
                    text,
                }
            })
            .collect()
    }
}

/// A number as people write it here, an address as it is.
pub(crate) fn address(channel: Channel, to: &str) -> String {
    match channel.facts().address {
        Address::Email => to.to_owned(),
        Address::Account => format!("@{to}"),
        Address::Mobile | Address::Phone => {
            PhoneNumber::from_e164(to).map_or_else(|_| to.to_owned(), PhoneNumber::national)
        }
    }
}
