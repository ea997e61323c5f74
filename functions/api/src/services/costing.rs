//! The costing summary: what a message takes, what that costs, and how it could cost less.

use domain::channel::Channel;
use domain::content::{Contents, SmsContent, minutes_spoken};
use domain::message::Message;
use domain::money::Pence;
use domain::plan::{Plan, Planned};
use domain::settings::Settings;
use domain::sms::{self, Encoding, Hint};
use domain::texts::Texts;

/// What a message takes and costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Costing {
    /// People who get at least one delivery.
    pub recipients: usize,
    /// People in the audience who cannot be reached in the chosen ways.
    pub unreachable: usize,
    /// Texts, if chosen.
    pub sms: Option<SmsCosting>,
    /// Calls, if chosen.
    pub voice: Option<VoiceCosting>,
    /// E-mails, if chosen.
    pub email: Option<EmailCosting>,
    /// Posts on X, if chosen: one, or none where no account is linked. They cost nothing.
    pub posts: Option<u64>,
}

/// What the texts take and cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmsCosting {
    /// Texts.
    pub messages: u64,
    /// Units of all of them.
    pub units: u64,
    /// UCS-2 if any of them needs it.
    pub encoding: Encoding,
    /// Units of the shortest and of the longest; zeros if there are none.
    pub units_each: (u32, u32),
    /// Price of all units.
    pub money: Pence,
    /// Characters of header and text as composed that need UCS-2.
    pub hints: Vec<Hint>,
    /// The same with plain characters, if that takes fewer units.
    pub mended: Option<Mended>,
}

/// The text with plain characters instead of typographic ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mended {
    /// The header.
    pub header: String,
    /// The text.
    pub text: String,
    /// Units of all texts.
    pub units: u64,
    /// What this send would cost less.
    pub saves: Pence,
}

/// What the calls take and cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VoiceCosting {
    /// Calls.
    pub messages: u64,
    /// Minutes of all of them, each started one counted; reckoned from the length of the text.
    pub minutes: u64,
    /// Price if all are answered and heard to the end.
    pub money: Pence,
}

/// What the e-mails take and cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmailCosting {
    /// E-mails.
    pub messages: u64,
    /// Price of all of them.
    pub money: Pence,
}

impl Costing {
    /// Price of everything.
    pub fn total(&self) -> Pence {
        let sms = self.sms.as_ref().map(|c| c.money);
        let others = [self.voice.map(|c| c.money), self.email.map(|c| c.money)];
        sms.into_iter().chain(others.into_iter().flatten()).sum()
    }
}

/// Reckons a plan up.
pub fn cost(plan: &Plan, message: &Message, settings: &Settings) -> Costing {
    let of = |channel| plan.deliveries.iter().filter(move |d| d.channel == channel);
    Costing {
        recipients: plan.recipients,
        unreachable: plan.unreachable.len(),
        sms: message.contents.sms.as_ref().map(|sms| {
            let texts: Vec<&Planned> = of(Channel::Sms).collect();
            sms_costing(&texts, sms, settings)
        }),
        voice: message.contents.voice.is_some().then(|| {
            let each = of(Channel::Voice).map(|d| minutes_spoken(&d.text));
            let (messages, minutes) = each.fold((0, 0), |(n, sum), minutes| (n + 1, sum + minutes));
            VoiceCosting { messages, minutes, money: settings.prices.voice_minute.times(minutes) }
        }),
        email: message.contents.email.is_some().then(|| {
            let messages = of(Channel::Email).count() as u64;
            EmailCosting { messages, money: settings.prices.email.times(messages) }
        }),
        posts: message.contents.tweet.is_some().then(|| of(Channel::Tweet).count() as u64),
    }
}

fn sms_costing(texts: &[&Planned], sms: &SmsContent, settings: &Settings) -> SmsCosting {
    let each = || texts.iter().map(|d| d.units.0);
    let units: u64 = each().map(u64::from).sum();
    let ucs2 = texts.iter().any(|d| sms::count(&d.text).encoding == Encoding::Ucs2);
    SmsCosting {
        messages: texts.len() as u64,
        units,
        encoding: if ucs2 { Encoding::Ucs2 } else { Encoding::Gsm7 },
        units_each: (each().min().unwrap_or(0), each().max().unwrap_or(0)),
        money: settings.prices.sms_unit.times(units),
        hints: sms::coach(&sms.composed()),
        mended: mended(texts, sms, units, settings),
    }
}

/// What plain characters would save. People's names stay as they are spelled.
fn mended(texts: &[&Planned], sms: &SmsContent, units: u64, settings: &Settings) -> Option<Mended> {
    let plain = sms.with_plain_characters();
    if plain == *sms {
        return None;
    }
    let reader = Texts::of(&Contents { sms: Some(plain.clone()), ..Contents::default() });
    let parts = |delivery: &&Planned| {
        let rendered = reader.render(Channel::Sms, &delivery.values).ok()?;
        Some(u64::from(sms::count(&rendered.text).parts.0))
    };
    let after: u64 = texts.iter().map(parts).sum::<Option<u64>>()?;
    let saved = units.checked_sub(after).filter(|saved| *saved > 0)?;
    Some(Mended {
        header: plain.header,
        text: plain.text,
        units: after,
        saves: settings.prices.sms_unit.times(saved),
    })
}
