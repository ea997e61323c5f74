//! The text message's part of the form.

use askama::Template;
use domain::channel::Channel;
use domain::content::SmsContent;
use domain::sms;

use super::advice::{Advice, advice};
use super::{ChannelPart, Measured, TOKENS, Token, Written, drawn};
use crate::pages::kit::words;

pub(super) const PART: ChannelPart = ChannelPart { channel: Channel::Sms, form, size: Some(size) };

#[derive(Template)]
#[template(path = "compose_sms.html")]
struct SmsForm<'a> {
    sms: &'a SmsContent,
    error: Option<String>,
    size: String,
    tokens: &'static [Token],
}

fn form(written: &Written<'_>) -> Option<String> {
    let sms = written.texts.sms.as_ref()?;
    let (error, size) = (written.error("sms_text"), written.size(Channel::Sms));
    Some(drawn(&SmsForm { sms, error, size, tokens: &TOKENS }))
}

/// How long the text is.
#[derive(Default, Template)]
#[template(path = "compose_sms_size.html")]
struct SmsSize {
    places: String,
    each: String,
    over: bool,
    advice: Option<Advice>,
}

fn size(measured: &Measured<'_>) -> String {
    let sms = measured.message.contents.sms.as_ref();
    drawn(&sms.map(|sms| sized(sms, measured)).unwrap_or_default())
}

fn sized(content: &SmsContent, measured: &Measured<'_>) -> SmsSize {
    let Measured { plan, costing, settings, .. } = measured;
    let composed = content.composed();
    let texts = || plan.deliveries.iter().filter(|d| d.channel == Channel::Sms && d.missing.is_empty());
    let longest = texts()
        .max_by_key(|d| (d.units, d.text.len()))
        .map_or_else(|| composed.clone(), |d| d.text.to_string());
    let size = sms::count(&longest);
    let parts = size.parts.0.max(1);
    let room = if parts == 1 { size.encoding.single() } else { parts * size.encoding.each() };
    let (least, most) = costing.sms.as_ref().map_or((0, 0), |c| c.units_each);
    let each = match (least, most) {
        (0, _) => format!("{} each", words::count(u64::from(parts), "text", "texts")),
        (least, most) if least == most => format!("{} each", words::count(u64::from(most), "text", "texts")),
        (least, most) => format!("{least} to {most} texts each"),
    };
    SmsSize {
        places: format!("{} / {room}", size.used),
        each,
        over: size.is_too_long(),
        advice: advice(&composed, content, texts(), costing, settings),
    }
}
