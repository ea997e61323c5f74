//! The ways to the providers, with gates before and after each call. What goes wrong at a provider is the simulators'
//! doing; here it is only seen.

use std::num::NonZeroU32;
use std::sync::Arc;

use channels::port::{Access, BoxFuture, ChannelError, Fetched, Found};
use dispatch::{Outgoing, Provider, Providers};
use domain::delivery::Answer;
use domain::settings::Settings;
use store::School;

use crate::gate::{Life, Side};
use crate::refusals::Refusals;
use crate::town::Town;

/// Gates around the calls of one life.
struct Gated {
    inner: Arc<dyn Provider>,
    life: Arc<Life>,
    refusals: Arc<Refusals>,
}

/// Puts gates around these providers.
pub fn gated(inner: Providers, life: &Arc<Life>, town: &Town) -> Providers {
    inner.wrapped(|inner| Gated { inner, life: Arc::clone(life), refusals: Arc::clone(&town.refusals) })
}

impl Gated {
    async fn ask<T>(&self, asking: BoxFuture<'_, Result<T, ChannelError>>) -> Result<T, ChannelError> {
        self.life.pass("ask", Side::Before).await;
        let answer = asking.await;
        self.life.pass("ask", Side::After).await;
        answer
    }
}

impl Provider for Gated {
    fn sender<'a>(&'a self, settings: &'a Settings) -> &'a str {
        self.inner.sender(settings)
    }

    fn per_second(&self) -> Option<NonZeroU32> {
        self.inner.per_second()
    }

    fn keeps_text(&self) -> bool {
        self.inner.keeps_text()
    }

    fn access<'a>(
        &'a self,
        school: &'a School,
        settings: &'a Settings,
    ) -> BoxFuture<'a, store::Result<Option<Access>>> {
        self.inner.access(school, settings)
    }

    fn send<'a>(&'a self, out: Outgoing<'a>) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            self.life.pass("send", Side::Before).await;
            let answer = self.inner.send(out).await;
            match &answer {
                Answer::Refused { .. } => self.refusals.note(out.reference),
                Answer::Unknown => self.refusals.note_unclear(),
                Answer::Accepted { .. } => {}
            }
            self.life.pass("send", Side::After).await;
            answer
        })
    }

    fn find<'a>(&'a self, to: &'a str, from: &'a str, since_ms: i64, until_ms: i64) -> Found<'a> {
        Box::pin(self.ask(self.inner.find(to, from, since_ms, until_ms)))
    }

    fn fetch<'a>(&'a self, id: &'a str) -> Fetched<'a> {
        Box::pin(self.ask(self.inner.fetch(id)))
    }
}
