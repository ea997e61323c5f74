//! An e-mail as it goes over the wire.

use mail_builder::MessageBuilder;
use mail_builder::headers::date::Date;
use mail_builder::headers::raw::Raw;
use mail_builder::headers::url::URL;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::markdown::{self, Frame};
use crate::escape::one_line;
use crate::port::OutgoingEmail;

/// What may not stand as it is between the angle brackets of a header.
const UNSAFE: &AsciiSet = &CONTROLS.add(b' ').add(b'<').add(b'>').add(b'"').add(b',');

/// The whole message: plain text and HTML as alternatives, files beside them.
pub(super) fn message(email: &OutgoingEmail<'_>) -> Vec<u8> {
    let (from_name, subject) = (one_line(email.from_name), one_line(email.subject));
    let unsubscribe = email.unsubscribe_url.map(|url| utf8_percent_encode(url, UNSAFE).to_string());
    let frame = Frame { subject: &subject, from_name: &from_name, unsubscribe_url: unsubscribe.as_deref() };
    let mut message = MessageBuilder::new()
        .from((from_name.as_str(), email.from_address.as_str()))
        .to(email.to.as_str())
        .subject(subject.as_str())
        .date(Date::new(email.at_ms.div_euclid(1_000)))
        .message_id(utf8_percent_encode(email.message_id, UNSAFE).to_string())
        .text_body(markdown::plain(email.text, frame))
        .html_body(markdown::html(email.text, frame));
    if let Some(reply_to) = email.reply_to {
        message = message.reply_to(reply_to.as_str());
    }
    if let Some(url) = &unsubscribe {
        // RFC 8058: one POST to the address, without a page in between.
        message = message
            .header("List-Unsubscribe", URL::new(url.as_str()))
            .header("List-Unsubscribe-Post", Raw::new("List-Unsubscribe=One-Click"));
    }
    for file in email.attachments {
        message = match file.content_id {
            Some(id) => message.inline(media_type(file.mime), one_line(id), file.bytes),
            None => message.attachment(media_type(file.mime), one_line(file.name), file.bytes),
        };
    }
    let mut bytes = Vec::new();
    message.serialize(&mut bytes);
    bytes
}

/// A media type without parameters; anything else is bytes.
fn media_type(text: &str) -> &str {
    let token =
        |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b));
    match text.split_once('/') {
        Some((kind, sub)) if token(kind) && token(sub) => text,
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use domain::email::EmailAddress;
    use mail_parser::{MessageParser, MimeHeaders};

    use super::*;
    use crate::port::Attachment;

    struct Parts {
        to: EmailAddress,
        from: EmailAddress,
        reply: EmailAddress,
    }

    fn parts() -> Parts {
        let address = |text| EmailAddress::parse(text).unwrap();
        Parts {
            to: address("parent@mail.example"),
            from: address("messages@messenger.example"),
            reply: address("office@school.example"),
        }
    }

    fn email<'a>(parts: &'a Parts, subject: &'a str, from_name: &'a str, text: &'a str) -> OutgoingEmail<'a> {
        OutgoingEmail {
            to: &parts.to,
            from_name,
            from_address: &parts.from,
            reply_to: Some(&parts.reply),
            subject,
            text,
            attachments: &[],
            unsubscribe_url: None,
            reference: "ref",
            message_id: "01ABC@messenger.example",
            at_ms: 1_750_000_000_123,
        }
    }

    #[test]
    fn both_forms_of_the_text_and_every_header_arrive() {
        let parts = parts();
        let raw =
            message(&email(&parts, "Trip – tomorrow’s plans", "Škola & Söhne", "Dear **Zoë**,\nsee you 🎒"));
        assert!(raw.is_ascii());
        let mail = MessageParser::new().parse(&raw).unwrap();
        assert_eq!(mail.subject(), Some("Trip – tomorrow’s plans"));
        let from = mail.from().and_then(|f| f.first()).unwrap();
        assert_eq!(
            (from.name(), from.address()),
            (Some("Škola & Söhne"), Some("messages@messenger.example"))
        );
        assert_eq!(mail.to().and_then(|t| t.first()).and_then(|t| t.address()), Some("parent@mail.example"));
        assert_eq!(
            mail.reply_to().and_then(|t| t.first()).and_then(|t| t.address()),
            Some("office@school.example")
        );
        assert_eq!(mail.message_id(), Some("01ABC@messenger.example"));
        assert_eq!(mail.date().map(mail_parser::DateTime::to_timestamp), Some(1_750_000_000));
        assert!(mail.content_type().is_some_and(|t| t.subtype() == Some("alternative")));
        assert!(mail.body_text(0).is_some_and(|t| t.contains("Dear Zoë,\nsee you 🎒") || t.contains("Dear Zoë,\r\nsee you 🎒")));
        assert!(mail.body_html(0).is_some_and(|t| t.contains("<strong>Zoë</strong>")));
        assert!(mail.header("List-Unsubscribe").is_none());
    }

    #[test]
    fn nobody_can_slip_in_a_header() {
        let parts = parts();
        let evil = "Trip\r\nBcc: other@mail.example\r\n\r\n<html>";
        let mut email = email(&parts, evil, evil, "x");
        email.message_id = "a\r\nBcc: other@mail.example";
        email.unsubscribe_url = Some("https://m.example/u>\r\nBcc: other@mail.example");
        let name = [Attachment {
            name: evil,
            mime: "text/plain\r\nBcc: other@mail.example",
            bytes: b"x",
            content_id: None,
        }];
        email.attachments = &name;
        let raw = String::from_utf8(message(&email)).unwrap();
        assert!(!raw.to_lowercase().contains("\nbcc:"), "{raw}");
        let mail = MessageParser::new().parse(raw.as_bytes()).unwrap();
        assert!(mail.bcc().is_none());
        assert_eq!(mail.subject(), Some("Trip Bcc: other@mail.example <html>"));
        assert_eq!(mail.attachment_count(), 1);
    }

    #[test]
    fn one_click_stops_when_asked_for() {
        let parts = parts();
        let mut email = email(&parts, "s", "n", "t");
        email.unsubscribe_url = Some("https://messenger.example/u/abc");
        let raw = String::from_utf8(message(&email)).unwrap();
        assert!(raw.contains("List-Unsubscribe: <https://messenger.example/u/abc>\r\n"), "{raw}");
        assert!(raw.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"), "{raw}");
    }

    #[test]
    fn files_go_along_unchanged() {
        let parts = parts();
        let bytes: Vec<u8> = (0..=255).collect();
        let files = [
            Attachment { name: "Höhenplan.pdf", mime: "application/pdf", bytes: &bytes, content_id: None },
            Attachment { name: "x", mime: "nonsense", bytes: b"", content_id: None },
        ];
        let mut email = email(&parts, "s", "n", "t");
        email.attachments = &files;
        let raw = message(&email);
        let mail = MessageParser::new().parse(&raw).unwrap();
        let first = mail.attachment(0).unwrap();
        assert_eq!((first.attachment_name(), first.contents()), (Some("Höhenplan.pdf"), &bytes[..]));
        assert_eq!(
            mail.attachment(1).and_then(|a| a.content_type()).and_then(|t| t.subtype()),
            Some("octet-stream")
        );
        assert!(mail.body_html(0).is_some() && mail.body_text(0).is_some());
    }

    #[test]
    fn a_picture_that_the_text_shows_goes_inside_it() {
        let parts = parts();
        let files = [Attachment {
            name: "logo.png",
            mime: "image/png",
            bytes: b"PNG",
            content_id: Some("schoollogo"),
        }];
        let mut email = email(&parts, "s", "n", "![Hillview](cid:schoollogo)\n\nHello");
        email.attachments = &files;
        let raw = message(&email);
        let mail = MessageParser::new().parse(&raw).unwrap();
        assert!(mail.body_html(0).is_some_and(|t| t.contains(r#"<img src="cid:schoollogo" alt="Hillview""#)));
        let picture = mail.attachment(0).unwrap();
        assert_eq!((picture.content_id(), picture.contents()), (Some("schoollogo"), &b"PNG"[..]));
        assert!(picture.content_disposition().is_some_and(mail_parser::ContentType::is_inline));
    }
}
