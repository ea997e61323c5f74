//! What all requests share.

use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::book::Book;
use crate::clock::{self, Millis};
use crate::config::{Config, Latency, TwilioAccount};
use crate::courier::Courier;
use crate::faults::Faults;
use crate::mis::state::Mis;
use crate::record::Record;
use crate::sid::Sids;
use crate::x::state::X;

/// Where the product listens; may be told after the start.
#[derive(Debug, Clone, Default)]
pub(crate) struct Targets {
    pub(crate) ses_events: Option<String>,
    pub(crate) inbound: Option<String>,
}

/// The simulators.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) account: TwilioAccount,
    /// The `Authorization` header that Twilio's users must send.
    pub(crate) basic: String,
    pub(crate) book: Book,
    pub(crate) sids: Sids,
    pub(crate) faults: Faults,
    pub(crate) latency: Latency,
    pub(crate) courier: Courier,
    pub(crate) mis: Mis,
    pub(crate) x: X,
    targets: RwLock<Targets>,
}

/// The simulators, shared.
pub(crate) type Shared = Arc<App>;

impl App {
    /// Opens the records and sets everything up; nothing runs yet.
    pub(crate) fn open(config: &Config, courier: Courier) -> io::Result<Self> {
        let account = config.public_signing.clone();
        let credentials = STANDARD.encode(format!("{}:{}", account.sid, account.auth_token));
        Ok(Self {
            account,
            basic: format!("Basic {credentials}"),
            book: Book::open(config.data.as_deref())?,
            sids: Sids::default(),
            faults: Faults::default(),
            latency: config.latency,
            courier,
            mis: Mis::open(config.data.as_deref(), config.mis.clone())?,
            x: X::default(),
            targets: RwLock::new(Targets {
                ses_events: config.ses_events_url.clone(),
                inbound: config.inbound_url.clone(),
            }),
        })
    }

    /// Where the product listens.
    pub(crate) fn targets(&self) -> Targets {
        self.targets.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes where the product listens.
    pub(crate) fn point_to(&self, change: impl FnOnce(&mut Targets)) {
        change(&mut self.targets.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Keeps a record, then sees to its receipts.
    pub(crate) fn accept(&self, record: &Record<'_>) -> io::Result<()> {
        let number = self.book.accept(record)?;
        self.courier.take_on(number);
        Ok(())
    }

    /// Waits as long as the providers take to answer.
    pub(crate) async fn answer_slowly(&self) {
        if !self.latency.answer.is_zero() {
            tokio::time::sleep(self.latency.answer).await;
        }
    }

    /// How many steps of its course a record has behind it.
    pub(crate) fn steps_since(&self, at: Millis) -> Millis {
        let step = i64::try_from(self.latency.step.as_millis()).unwrap_or(i64::MAX).max(1);
        (clock::now() - at) / step
    }
}
