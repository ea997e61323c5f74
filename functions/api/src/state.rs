//! What every handler is given.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use channels::port::AccountLinker;
use channels::reference::{ReferenceKey, WeakSecret};
use channels::twilio::signature::Signatures;
use domain::phone::NumberMode;
use runtime::{Clock, Files, Ids, Outside, Queue, Vault};
use store::{BookCache, Store};

use crate::auth::Passwords;
use crate::status_cache::StatusCache;

/// What the product is told about itself. No `Debug`: it holds secrets.
#[derive(Clone)]
pub struct ApiConfig {
    /// Where browsers and providers reach the product, without a closing slash. `https:` makes cookies secure.
    pub public_url: String,
    /// Whether Ofcom's drama numbers are as good as any.
    pub numbers: NumberMode,
    /// Twilio's account.
    pub twilio_account_sid: String,
    /// Signs Twilio's webhooks.
    pub twilio_auth_token: String,
    /// Signs references in callbacks; at least 32 bytes.
    pub reference_key: Vec<u8>,
    /// Scheme and host that browsers upload files to, where that is not `public_url`.
    pub upload_origin: Option<String>,
    /// Links accounts on X; `None` where the product has no key for it.
    pub x: Option<Arc<dyn AccountLinker>>,
}

/// The ports that the handlers work with.
#[derive(Debug, Clone)]
pub struct Ports {
    /// The table.
    pub store: Store,
    /// Jobs for the other functions.
    pub queue: Arc<dyn Queue>,
    /// Uploads.
    pub files: Arc<dyn Files>,
    /// Credentials of the schools' MIS: this function writes them and never reads them.
    pub vault: Arc<dyn Vault>,
    /// Time.
    pub clock: Clock,
    /// Ids and secrets.
    pub ids: Ids,
}

/// Scheme and host of the URLs that these files give out for uploads. Signing one needs no network.
pub async fn upload_origin(files: &dyn Files) -> Option<String> {
    let url = files.upload_url("uploads/origin", 1, Duration::from_secs(1)).await.ok()?;
    let host_begins = url.find("://")? + 3;
    let host_ends = url[host_begins..].find('/').map_or(url.len(), |i| host_begins + i);
    Some(url[..host_ends].to_owned())
}

/// State of the router; cheap to clone.
#[derive(Clone)]
pub struct ApiState(Arc<Inner>);

struct Inner {
    ports: Ports,
    config: ApiConfig,
    references: ReferenceKey,
    twilio: Signatures,
    books: BookCache,
    statuses: StatusCache,
    passwords: Passwords,
}

impl fmt::Debug for ApiState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiState")
    }
}

impl ApiState {
    /// The state of one process. The reference key must have at least 32 bytes.
    pub fn new(ports: Ports, config: ApiConfig) -> Result<Self, WeakSecret> {
        let references = ReferenceKey::new(&config.reference_key)?;
        let twilio = Signatures::new(&config.twilio_auth_token, &config.public_url);
        let books = BookCache::new(config.numbers);
        let (statuses, passwords) = (StatusCache::default(), Passwords::default());
        Ok(Self(Arc::new(Inner { ports, config, references, twilio, books, statuses, passwords })))
    }

    /// The table.
    pub fn store(&self) -> &Store {
        &self.0.ports.store
    }

    /// Jobs for the other functions.
    pub fn queue(&self) -> &dyn Queue {
        &*self.0.ports.queue
    }

    /// Uploads.
    pub fn files(&self) -> &dyn Files {
        &*self.0.ports.files
    }

    /// Credentials of the schools' MIS.
    pub(crate) fn vault(&self) -> &dyn Vault {
        &*self.0.ports.vault
    }

    /// Which addresses a school may name: this machine's too where every provider is a simulator.
    pub(crate) fn outside(&self) -> Outside {
        match self.numbers() {
            NumberMode::Simulated => Outside::InternetAndLoopback,
            NumberMode::Live => Outside::Internet,
        }
    }

    /// Time.
    pub fn clock(&self) -> &Clock {
        &self.0.ports.clock
    }

    /// Ids and secrets.
    pub fn ids(&self) -> &Ids {
        &self.0.ports.ids
    }

    /// Milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        self.clock().now_ms()
    }

    /// Whether Ofcom's drama numbers are as good as any.
    pub fn numbers(&self) -> NumberMode {
        self.0.config.numbers
    }

    /// Where browsers and providers reach the product, without a closing slash.
    pub fn public_url(&self) -> &str {
        &self.0.config.public_url
    }

    /// Whether people reach the product over TLS only: then cookies are `Secure`.
    pub fn is_secure(&self) -> bool {
        self.public_url().starts_with("https:")
    }

    /// Scheme and host that browsers upload files to, where that is not ours.
    pub fn upload_origin(&self) -> Option<&str> {
        self.0.config.upload_origin.as_deref()
    }

    /// Links accounts on X; `None` where the product has no key for it.
    pub(crate) fn x(&self) -> Option<&dyn AccountLinker> {
        self.0.config.x.as_deref()
    }

    /// Address books last read.
    pub fn books(&self) -> &BookCache {
        &self.0.books
    }

    /// Where messages stood just now.
    pub(crate) fn statuses(&self) -> &StatusCache {
        &self.0.statuses
    }

    /// Checks passwords.
    pub(crate) fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    /// Signs and checks what providers give back.
    pub(crate) fn references(&self) -> &ReferenceKey {
        &self.0.references
    }

    /// Checks Twilio's signatures.
    pub(crate) fn twilio(&self) -> &Signatures {
        &self.0.twilio
    }

    /// Twilio's account.
    pub(crate) fn twilio_account_sid(&self) -> &str {
        &self.0.config.twilio_account_sid
    }
}
