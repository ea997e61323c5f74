//! Simulators of Twilio, SES v2, X and an MIS on one address that speak the products' wire formats, with a page that
//! shows the traffic as phones and a mailbox would. They know nothing of the product: what they saw is evidence.
//!
//! # How a message ends
//!
//! The last three digits of a number decide:
//!
//! | digits | a text | a call |
//! |---|---|---|
//! | 901 | refused, 21211: the number does not exist | failed |
//! | 902 | refused, 21610: opted out | answered |
//! | 903 | undelivered, 30003: the phone is off | answered |
//! | 904 | undelivered, 30005: unknown phone | answered |
//! | 905 | undelivered, 30007: filtered | answered |
//! | 906 | delivered | busy |
//! | 907 | delivered | no answer |
//! | any other | delivered | answered, for 10 + (FNV-1a of the number mod 100) seconds |
//!
//! Of an e-mail address, the part before the `@` (and before a `+`): `bounce`, `nobody` and `nobody.*` bounce for
//! good, `full` bounces for now, `complaint` is delivered and then complained of, `delay` comes late.
//!
//! # Routes
//!
//! - Twilio: `POST` and `GET /2010-04-01/Accounts/{sid}/Messages.json` and `Calls.json`, `GET` of one by id.
//! - SES: `POST /v2/email/outbound-emails`, raw content only.
//!   Callbacks and events go out over plain HTTP only; any other `StatusCallback` is refused, 21609.
//! - `GET /_control/log?kind=sms|call|email|tweet|inbound&to=&limit=`: all that was accepted, oldest first, each
//!   `{"kind","sid","from","to","also"?,"at","reference"?,"outcome","callback"?}` with `body` and `units` of a text,
//!   `body` (what is said) of a call, `subject`, `text`, `html`, `attachments` of an e-mail.
//! - `GET /_control/counts`: sums, receipts pending, delivered and given up, and the faults that have struck, by kind.
//! - `POST /_control/faults` `{"target":"sms|call|email|tweet|any","kind":…,"on":"send|read"?,"code"?,"count"?,
//!   "every"?,"seed"?,"delay_ms"?}`, kind one of `429 500 502 503 reset timeout garbage slow refuse_code
//!   accept_then_timeout accept_then_reset accept_then_500 accept_then_garbage`; `DELETE` clears all.
//! - `POST /_control/pause`, `/_control/resume`: receipts.
//! - `POST /_control/replay` `{"sid","status","times"?,"forge"?}`: receipts at once, doubled, forged.
//! - `POST /_control/inbound` `{"from","to","body","url"?}`: a text from a phone.
//! - `POST /_control/targets` `{"ses_events"?,"inbound"?}`: where the product listens now.
//! - `GET /` or `/outbox?phone=…`: the page.
//! - X: `POST /oauth/request_token`, `GET /oauth/authorize` (a page with *Allow* and *Deny*),
//!   `POST /oauth/access_token`, `POST /2/tweets`, all signed with [`X_CONSUMER_KEY`]; `POST /_control/x/revoke`
//!   `{"account"}` takes access back.
//! - MIS: `POST /idaas/sts/STS/GetToken` (password [`MIS_PASSWORD`]) and `GET /api/v1/School/{estab}/` with
//!   `SchoolInfo`, `Students`, `Contacts`, `StudentContacts`, `Staff`, `Groups`, `AttendanceForDate`, as Xporter on
//!   Demand.
//! - `GET /mis`: its pages, to change a mobile (`POST /mis/mobile`), a mark (`POST /mis/mark`), or to break the feed
//!   (`POST /mis/feed` with `breakage` one of `none half empty truncated duplicates error200 dies_on_page2
//!   unauthorised waits`; `waits` keeps every answer of a list back until the feed is set otherwise, 20 seconds at
//!   most, so that a run takes as long as a test needs). What is changed is kept in `mis.json`.

mod app;
pub mod args;
mod book;
mod clock;
mod config;
mod control;
mod courier;
mod delivery;
mod faults;
mod journal;
mod kind;
mod mail;
mod mis;
mod outbox;
mod outcome;
mod record;
mod segments;
mod server;
mod ses;
mod sid;
pub mod signature;
mod twilio;
mod x;

use std::io;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use config::{Config, Latency, TwilioAccount};
pub use mis::{MIS_PASSWORD, MisAdult, MisPupil, MisSchool, MisTie};
pub use x::{X_CONSUMER_KEY, X_CONSUMER_SECRET};

use app::{App, Shared};
use courier::Courier;

/// Starts simulators.
#[derive(Debug)]
pub struct Simulators;

/// Simulators at work. They stop when this is dropped.
#[derive(Debug)]
pub struct Running {
    url: String,
    app: Shared,
    tasks: Vec<JoinHandle<()>>,
}

impl Simulators {
    /// Reads the records, listens, and takes up the receipts that were owed. To be called within a Tokio runtime.
    pub async fn start(config: Config) -> io::Result<Running> {
        let (courier, inbox) = Courier::new(config.callbacks);
        let listener = TcpListener::bind(config.listen).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let app = Arc::new(App::open(&config, courier)?);
        delivery::resume(&app);
        let router = twilio::routes()
            .merge(ses::routes())
            .merge(control::routes())
            .merge(outbox::routes())
            .merge(mis::routes())
            .merge(x::routes())
            .with_state(Arc::clone(&app));
        let mut tasks = vec![tokio::spawn(server::serve(listener, router))];
        tasks.extend(inbox.map(|inbox| tokio::spawn(delivery::run(Arc::clone(&app), inbox))));
        Ok(Running { url, app, tasks })
    }
}

impl Running {
    /// Where they listen: `http://address:port`, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Says where the product takes SES events (wrapped as by SNS).
    pub fn set_ses_events_url(&self, url: impl Into<String>) {
        self.app.point_to(|targets| targets.ses_events = Some(url.into()));
    }

    /// Stops, and returns when the address is free again. What was accepted is kept; receipts under way are sent
    /// again after the next start.
    pub async fn stop(mut self) {
        for task in std::mem::take(&mut self.tasks) {
            task.abort();
            let _ = task.await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}
