//! The ports to the providers, with gates before and after each call. What goes wrong at a provider is the simulators'
//! doing; here it is only seen.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use channels::port::{
    BoxFuture, ChannelError, Mailer, OutgoingCall, OutgoingEmail, OutgoingSms, Record, SmsSender, VoiceCaller,
};
use dispatch::Providers;
use domain::delivery::{Answer, Evidence};

use crate::gate::{Life, Side};
use crate::town::Town;

/// What providers answered: how often each delivery was refused.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<BTreeMap<String, u32>>, AtomicU64);

impl Refusals {
    /// The most that any one delivery was refused.
    pub fn most(&self) -> u32 {
        self.0.lock().unwrap().values().copied().max().unwrap_or(0)
    }

    /// Sends whose answer said nothing.
    pub fn unclear(&self) -> u64 {
        self.1.load(Ordering::Relaxed)
    }

    fn note(&self, reference: &str) {
        // All attempts of a delivery share what comes before the attempt's number and the signature.
        let delivery = reference.rsplitn(3, '-').last().unwrap_or_default();
        *self.0.lock().unwrap().entry(delivery.to_owned()).or_insert(0) += 1;
    }
}

/// Gates around the calls of one life.
#[derive(Clone)]
pub struct Gated {
    inner: Providers,
    life: Arc<Life>,
    refusals: Arc<Refusals>,
}

/// Puts gates around these providers.
pub fn gated(inner: Providers, life: &Arc<Life>, town: &Town) -> Providers {
    let gated = Arc::new(Gated {
        inner: inner.clone(),
        life: Arc::clone(life),
        refusals: Arc::clone(&town.refusals),
    });
    Providers { sms: gated.clone(), voice: gated.clone(), mail: gated, ..inner }
}

impl Gated {
    async fn send(&self, reference: &str, sending: BoxFuture<'_, Answer>) -> Answer {
        self.life.pass("send", Side::Before).await;
        let answer = sending.await;
        match &answer {
            Answer::Refused { .. } => self.refusals.note(reference),
            Answer::Unknown => {
                self.refusals.1.fetch_add(1, Ordering::Relaxed);
            }
            Answer::Accepted { .. } => {}
        }
        self.life.pass("send", Side::After).await;
        answer
    }

    async fn ask<T>(&self, asking: BoxFuture<'_, Result<T, ChannelError>>) -> Result<T, ChannelError> {
        self.life.pass("ask", Side::Before).await;
        let answer = asking.await;
        self.life.pass("ask", Side::After).await;
        answer
    }
}

impl SmsSender for Gated {
    fn send<'a>(&'a self, sms: OutgoingSms<'a>) -> BoxFuture<'a, Answer> {
        Box::pin(async move { self.send(sms.reference, self.inner.sms.send(sms)).await })
    }

    fn find<'a>(
        &'a self,
        to: &'a str,
        from: &'a str,
        since_ms: i64,
        until_ms: i64,
    ) -> BoxFuture<'a, Result<Vec<Record>, ChannelError>> {
        Box::pin(self.ask(self.inner.sms.find(to, from, since_ms, until_ms)))
    }

    fn fetch<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Evidence>, ChannelError>> {
        Box::pin(self.ask(self.inner.sms.fetch(id)))
    }
}

impl VoiceCaller for Gated {
    fn send<'a>(&'a self, call: OutgoingCall<'a>) -> BoxFuture<'a, Answer> {
        Box::pin(async move { self.send(call.reference, self.inner.voice.send(call)).await })
    }

    fn find<'a>(
        &'a self,
        to: &'a str,
        from: &'a str,
        since_ms: i64,
        until_ms: i64,
    ) -> BoxFuture<'a, Result<Vec<Record>, ChannelError>> {
        Box::pin(self.ask(self.inner.voice.find(to, from, since_ms, until_ms)))
    }

    fn fetch<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Evidence>, ChannelError>> {
        Box::pin(self.ask(self.inner.voice.fetch(id)))
    }
}

impl Mailer for Gated {
    fn send<'a>(&'a self, email: OutgoingEmail<'a>) -> BoxFuture<'a, Answer> {
        Box::pin(async move { self.send(email.reference, self.inner.mail.send(email)).await })
    }
}
