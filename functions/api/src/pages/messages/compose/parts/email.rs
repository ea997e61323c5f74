//! The e-mail's part of the form.

use askama::Template;
use domain::channel::Channel;
use domain::content::EmailContent;

use super::{ChannelPart, TOKENS, Token, Written, drawn};

pub(super) const PART: ChannelPart = ChannelPart { channel: Channel::Email, form, size: None };

#[derive(Template)]
#[template(path = "compose_email.html")]
struct EmailForm<'a> {
    email: &'a EmailContent,
    subject_error: Option<String>,
    error: Option<String>,
    reply_to: &'a str,
    reply_to_error: Option<String>,
    school_reply_to: &'a str,
    tokens: &'static [Token],
}

fn form(written: &Written<'_>) -> Option<String> {
    Some(drawn(&EmailForm {
        email: written.texts.email.as_ref()?,
        subject_error: written.error("email_subject"),
        error: written.error("email_text"),
        reply_to: written.reply_to,
        reply_to_error: written.error("email_reply_to"),
        school_reply_to: written.school_reply_to,
        tokens: &TOKENS,
    }))
}
