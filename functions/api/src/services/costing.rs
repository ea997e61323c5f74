//! The costing summary: what a message takes, what that costs, and how it could cost less.

use domain::channel::{Billed, Channel};
use domain::content::{Contents, SmsContent, minutes_spoken};
use domain::message::Message;
use domain::money::Pence;
use domain::plan::{Plan, Planned};
use domain::settings::{Prices, Settings};
use domain::sms::{self, Encoding};
use domain::texts::Texts;

/// What a message takes and costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Costing {
    /// People who get at least one delivery.
    pub recipients: usize,
    /// People in the audience who cannot be reached in the chosen ways.
    pub unreachable: usize,
    /// What each chosen channel takes, in the order of [`Channel::ALL`].
    pub channels: Vec<ChannelCosting>,
    /// How the texts are, if chosen.
    pub sms: Option<SmsCosting>,
}

/// What one channel takes and costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelCosting {
    /// The channel.
    pub channel: Channel,
    /// Deliveries.
    pub messages: u64,
    /// Of what is billed, as many; minutes are reckoned from the length of the text, each started one counted.
    pub billed: u64,
    /// Price of each.
    pub price: Pence,
    /// Price of all; of calls, if all are answered and heard to the end.
    pub money: Pence,
}

/// How the texts are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmsCosting {
    /// UCS-2 if any of them needs it.
    pub encoding: Encoding,
    /// Units of the shortest and of the longest; zeros if there are none.
    pub units_each: (u32, u32),
    /// The same with plain characters, if that takes fewer units.
    pub mended: Option<Mended>,
}

/// What plain characters instead of typographic ones come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mended {
    /// Units of all texts.
    pub units: u64,
    /// What this send would cost less.
    pub saves: Pence,
}

impl Costing {
    /// What one channel takes, if it was chosen.
    pub fn of(&self, channel: Channel) -> Option<&ChannelCosting> {
        self.channels.iter().find(|c| c.channel == channel)
    }

    /// Deliveries of all channels that are billed alike, and as many of what is billed.
    pub fn billed(&self, billed: Billed) -> (u64, u64) {
        let alike = self.channels.iter().filter(|c| c.channel.facts().billed == billed);
        alike.fold((0, 0), |(messages, all), c| (messages + c.messages, all + c.billed))
    }

    /// Price of everything.
    pub fn total(&self) -> Pence {
        self.channels.iter().map(|c| c.money).sum()
    }
}

/// Reckons a plan up.
pub fn cost(plan: &Plan, message: &Message, settings: &Settings) -> Costing {
    let of_channel = |channel| {
        let deliveries = plan.deliveries.iter().filter(|d| d.channel == channel);
        let (messages, billed) = deliveries.fold((0, 0), |(n, sum), d| (n + 1, sum + billed(d)));
        let price = price(channel, &settings.prices);
        ChannelCosting { channel, messages, billed, price, money: price.times(billed) }
    };
    Costing {
        recipients: plan.recipients,
        unreachable: plan.unreachable.len(),
        channels: message.contents.channels().map(of_channel).collect(),
        sms: message.contents.sms.as_ref().map(|sms| sms_costing(plan, sms, settings)),
    }
}

/// As much of what is billed as one delivery takes.
fn billed(delivery: &Planned) -> u64 {
    match delivery.channel.facts().billed {
        Billed::Units => delivery.units.0.into(),
        Billed::Minutes => minutes_spoken(&delivery.text),
        Billed::Emails | Billed::Nothing => 1,
    }
}

const fn price(channel: Channel, prices: &Prices) -> Pence {
    match channel.facts().billed {
        Billed::Units => prices.sms_unit,
        Billed::Minutes => prices.voice_minute,
        Billed::Emails => prices.email,
        Billed::Nothing => Pence::from_hundredths(0),
    }
}

fn sms_costing(plan: &Plan, sms: &SmsContent, settings: &Settings) -> SmsCosting {
    let texts: Vec<&Planned> = plan.deliveries.iter().filter(|d| d.channel == Channel::Sms).collect();
    let each = || texts.iter().map(|d| d.units.0);
    let ucs2 = texts.iter().any(|d| sms::count(&d.text).encoding == Encoding::Ucs2);
    SmsCosting {
        encoding: if ucs2 { Encoding::Ucs2 } else { Encoding::Gsm7 },
        units_each: (each().min().unwrap_or(0), each().max().unwrap_or(0)),
        mended: mended(&texts, sms, settings),
    }
}

/// What plain characters would save. People's names stay as they are spelled.
fn mended(texts: &[&Planned], sms: &SmsContent, settings: &Settings) -> Option<Mended> {
    let plain = sms.with_plain_characters();
    if plain == *sms {
        return None;
    }
    let reader = Texts::of(&Contents { sms: Some(plain), ..Contents::default() });
    let parts = |delivery: &&Planned| {
        let rendered = reader.render(Channel::Sms, &delivery.values).ok()?;
        Some(u64::from(sms::count(&rendered.text).parts.0))
    };
    let before: u64 = texts.iter().map(|d| u64::from(d.units.0)).sum();
    let after: u64 = texts.iter().map(parts).sum::<Option<u64>>()?;
    let saved = before.checked_sub(after).filter(|saved| *saved > 0)?;
    Some(Mended { units: after, saves: settings.prices.sms_unit.times(saved) })
}
