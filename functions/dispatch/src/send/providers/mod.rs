//! The ways to reach people: one file for each channel.

mod email;
mod sms;
mod tweet;
mod voice;

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

use channels::port::{Access, BoxFuture, Fetched, Found};
use domain::channel::Channel;
use domain::delivery::{Answer, Reason};
use domain::settings::Settings;
use domain::texts::Rendered;
use store::School;

pub use email::EmailProvider;
pub use sms::SmsProvider;
pub use tweet::TweetProvider;
pub use voice::VoiceProvider;

/// Who carries a channel's messages.
pub trait Provider: Send + Sync {
    /// What the provider knows us as.
    fn sender<'a>(&'a self, settings: &'a Settings) -> &'a str;

    /// How many units a second a sender may have; `None` for no limit.
    fn per_second(&self) -> Option<NonZeroU32> {
        None
    }

    /// Whether the provider's records hold what was sent, so that two texts to one address can be told apart.
    fn keeps_text(&self) -> bool {
        false
    }

    /// The school's own access to the provider, where a send needs it.
    fn access<'a>(
        &'a self,
        _school: &'a School,
        _settings: &'a Settings,
    ) -> BoxFuture<'a, store::Result<Option<Access>>> {
        Box::pin(async { Ok(None) })
    }

    /// Hands one delivery to the provider, once.
    fn send<'a>(&'a self, out: Outgoing<'a>) -> BoxFuture<'a, Answer>;

    /// The provider's records between two numbers, from one time to another in milliseconds since 1970.
    fn find<'a>(&'a self, _to: &'a str, _from: &'a str, _since_ms: i64, _until_ms: i64) -> Found<'a> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// What became of a delivery, by the provider's id.
    fn fetch<'a>(&'a self, _id: &'a str) -> Fetched<'a> {
        Box::pin(async { Ok(None) })
    }
}

/// One send.
#[derive(Clone, Copy)]
pub struct Outgoing<'a> {
    /// A number or an address, as it was planned.
    pub to: &'a str,
    /// What it says.
    pub rendered: &'a Rendered,
    /// In whose name.
    pub settings: &'a Settings,
    /// The school's picture, for an e-mail that shows it.
    pub logo: Option<&'a [u8]>,
    /// What [`Provider::access`] gave.
    pub access: Option<&'a Access>,
    /// The signed reference of the attempt.
    pub reference: &'a str,
    /// The Message-ID of an e-mail, without angle brackets.
    pub message_id: &'a str,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
}

/// The provider of each channel.
#[derive(Clone, Default)]
pub struct Providers(BTreeMap<Channel, Arc<dyn Provider>>);

impl fmt::Debug for Providers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Providers {
    /// These, and one for one more channel.
    #[must_use]
    pub fn with(mut self, channel: Channel, provider: impl Provider + 'static) -> Self {
        self.0.insert(channel, Arc::new(provider));
        self
    }

    /// These, each behind something else.
    #[must_use]
    pub fn wrapped<P: Provider + 'static>(self, wrap: impl Fn(Arc<dyn Provider>) -> P) -> Self {
        let wrapped = self.0.into_iter().map(|(channel, inner)| (channel, Arc::new(wrap(inner)) as _));
        Self(wrapped.collect())
    }

    /// The channel's provider.
    pub(crate) fn of(&self, channel: Channel) -> &dyn Provider {
        self.0.get(&channel).map_or(&Missing, |provider| &**provider)
    }

    /// Whether no sender has a limit.
    pub(crate) fn are_unlimited(&self) -> bool {
        self.0.values().all(|provider| provider.per_second().is_none())
    }
}

/// Stands for the provider of a channel that the product is not set up for.
struct Missing;

impl Provider for Missing {
    fn sender<'a>(&'a self, _: &'a Settings) -> &'a str {
        ""
    }

    fn send<'a>(&'a self, _: Outgoing<'a>) -> BoxFuture<'a, Answer> {
        Box::pin(async { refused(Reason::LinkGone) })
    }
}

/// An answer before the provider was asked: it is not tried again.
const fn refused(reason: Reason) -> Answer {
    Answer::Refused { reason, code: None, again: false }
}
