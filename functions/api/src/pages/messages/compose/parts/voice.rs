//! The call's part of the form.

use askama::Template;
use domain::channel::Channel;
use domain::content::seconds_spoken;

use super::{ChannelPart, Measured, TOKENS, Token, Written, drawn};
use crate::pages::kit::words;

pub(super) const PART: ChannelPart = ChannelPart { channel: Channel::Voice, form, size: Some(size) };

#[derive(Template)]
#[template(path = "compose_voice.html")]
struct VoiceForm<'a> {
    text: &'a str,
    error: Option<String>,
    size: String,
    tokens: &'static [Token],
}

fn form(written: &Written<'_>) -> Option<String> {
    let voice = written.texts.voice.as_ref().filter(|_| written.has_voice)?;
    let (error, size) = (written.error("voice_text"), written.size(Channel::Voice));
    Some(drawn(&VoiceForm { text: &voice.text, error, size, tokens: &TOKENS }))
}

/// How long the call is. Nothing in it is anybody's own text.
fn size(measured: &Measured<'_>) -> String {
    let Some(voice) = &measured.message.contents.voice else { return String::new() };
    let length = match seconds_spoken(&voice.text) {
        0 => return "Nothing to say yet".to_owned(),
        s if s < 55 => format!("About {} seconds", s.div_ceil(5) * 5),
        s => format!("About {} minutes", s.div_ceil(60).max(1)).replace("About 1 minutes", "About a minute"),
    };
    let calls = measured.costing.of(Channel::Voice).filter(|calls| calls.messages > 0);
    match calls {
        Some(calls) => {
            format!("{length} · {} if all are answered", words::count(calls.billed, "minute", "minutes"))
        }
        None => length,
    }
}
