//! E-mail as its reader sees it: the parts of raw MIME.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use mail_parser::{MessageParser, MimeHeaders as _, PartType};
use serde::Serialize;

use crate::record::Record;

/// A part that is not the text.
#[derive(Debug, Serialize)]
pub(crate) struct Attachment {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) media_type: String,
    pub(crate) bytes: usize,
}

/// The parts of an e-mail.
#[derive(Debug, Default)]
pub(crate) struct Mail {
    pub(crate) subject: String,
    /// `Name <address>`, as in the header.
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) reply_to: String,
    /// Every header as it was sent, unfolded.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) text: String,
    pub(crate) html: Option<String>,
    pub(crate) attachments: Vec<Attachment>,
}

/// The raw MIME of an e-mail's record.
pub(crate) fn raw(record: &Record<'_>) -> Vec<u8> {
    STANDARD.decode(record.body.as_bytes()).unwrap_or_default()
}

/// Whether raw MIME has the headers without which SES takes nothing.
pub(crate) fn is_sendable(raw: &[u8]) -> bool {
    MessageParser::default().parse_headers(raw).is_some_and(|message| message.from().is_some())
}

fn addresses(address: Option<&mail_parser::Address<'_>>) -> String {
    let one = |addr: &mail_parser::Addr<'_>| match (addr.name(), addr.address()) {
        (Some(name), Some(address)) => format!("{name} <{address}>"),
        (None, Some(address)) => address.to_owned(),
        (name, None) => name.unwrap_or_default().to_owned(),
    };
    address.map(|list| list.iter().map(one).collect::<Vec<_>>().join(", ")).unwrap_or_default()
}

impl Mail {
    /// Takes raw MIME apart; what cannot be read is left blank.
    pub(crate) fn parse(raw: &[u8]) -> Self {
        let Some(message) = MessageParser::default().parse(raw) else {
            return Self::default();
        };
        let html = message.html_bodies().find_map(|part| match &part.body {
            PartType::Html(html) => Some(html.to_string()),
            _ => None,
        });
        let attachments = message.attachments().map(|part| Attachment {
            name: part.attachment_name().unwrap_or("unnamed").to_owned(),
            media_type: part.content_type().map_or_else(String::new, |kind| {
                format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("*"))
            }),
            bytes: part.contents().len(),
        });
        let unfold = |value: &str| value.split_whitespace().collect::<Vec<_>>().join(" ");
        Self {
            subject: message.subject().unwrap_or_default().to_owned(),
            from: addresses(message.from()),
            to: addresses(message.to()),
            reply_to: addresses(message.reply_to()),
            headers: message.headers_raw().map(|(name, value)| (name.to_owned(), unfold(value))).collect(),
            text: message.body_text(0).unwrap_or_default().into_owned(),
            html,
            attachments: attachments.collect(),
        }
    }

    /// The value of the first header of this name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}
