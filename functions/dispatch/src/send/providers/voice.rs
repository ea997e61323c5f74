//! Calls.

use std::num::NonZeroU32;
use std::sync::Arc;

use channels::port::{BoxFuture, Fetched, Found, OutgoingCall, VoiceCaller};
use domain::delivery::{Answer, Reason};
use domain::phone::PhoneNumber;
use domain::settings::Settings;

use super::{Outgoing, Provider, refused};

/// Calls people from the school's number and speaks the text.
pub struct VoiceProvider {
    /// The adapter.
    pub port: Arc<dyn VoiceCaller>,
    /// Calls a second for each number; `None` for no limit.
    pub per_second: Option<NonZeroU32>,
}

impl Provider for VoiceProvider {
    fn sender<'a>(&'a self, settings: &'a Settings) -> &'a str {
        &settings.voice_caller
    }

    fn per_second(&self) -> Option<NonZeroU32> {
        self.per_second
    }

    fn send<'a>(&'a self, out: Outgoing<'a>) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            let Ok(to) = PhoneNumber::from_e164(out.to) else { return refused(Reason::NoSuchAddress) };
            let (from, text) = (self.sender(out.settings), &*out.rendered.text);
            self.port.send(OutgoingCall { to: &to, from, text, reference: out.reference }).await
        })
    }

    fn find<'a>(&'a self, to: &'a str, from: &'a str, since_ms: i64, until_ms: i64) -> Found<'a> {
        self.port.find(to, from, since_ms, until_ms)
    }

    fn fetch<'a>(&'a self, id: &'a str) -> Fetched<'a> {
        self.port.fetch(id)
    }
}
