//! The courier of receipts: where their jobs are left, progress is counted, and requests are posted.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Serialize;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;

use crate::book::Number;

/// A request ready to be posted.
pub(crate) type Parcel = Request<Full<Bytes>>;

/// Requests under way at once.
pub(crate) const AT_ONCE: usize = 48;
const TIME_OUT: Duration = Duration::from_secs(15);

/// The next receipt of one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Job {
    pub(crate) due: Instant,
    pub(crate) number: Number,
    /// When the record's course began.
    pub(crate) start: Instant,
    /// Which of its receipts.
    pub(crate) step: usize,
    pub(crate) tries: u32,
    /// When this receipt was first due.
    pub(crate) first: Instant,
}

/// How many receipts are owed, delivered and given up.
#[derive(Debug, Serialize)]
pub(crate) struct ReceiptCounts {
    /// Records that are still owed receipts.
    pub(crate) pending: u64,
    pub(crate) delivered: u64,
    pub(crate) given_up: u64,
    pub(crate) paused: bool,
}

/// Where receipts are handed in to be delivered, and how far they are.
#[derive(Debug)]
pub(crate) struct Courier {
    /// `None` when receipts are switched off.
    jobs: Option<UnboundedSender<Job>>,
    pub(crate) paused: AtomicBool,
    pub(crate) wake: Notify,
    pub(crate) pending: AtomicU64,
    pub(crate) delivered: AtomicU64,
    pub(crate) given_up: AtomicU64,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Courier {
    /// A courier, and where its jobs come out for [`run`](crate::delivery::run); none when receipts are switched off.
    pub(crate) fn new(on: bool) -> (Self, Option<UnboundedReceiver<Job>>) {
        let (jobs, inbox) = on.then(unbounded_channel).unzip();
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(Duration::from_secs(5)));
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(AT_ONCE).build(connector);
        let courier = Self {
            jobs,
            paused: AtomicBool::new(false),
            wake: Notify::new(),
            pending: AtomicU64::new(0),
            delivered: AtomicU64::new(0),
            given_up: AtomicU64::new(0),
            client,
        };
        (courier, inbox)
    }

    /// Sees to all receipts of a record.
    pub(crate) fn take_on(&self, number: Number) {
        if let Some(jobs) = &self.jobs {
            let now = Instant::now();
            let job = Job { due: now, number, start: now, step: 0, tries: 0, first: now };
            if jobs.send(job).is_ok() {
                self.pending.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Whether receipts are sent at all.
    pub(crate) const fn is_on(&self) -> bool {
        self.jobs.is_some()
    }

    /// Leaves word of what comes next.
    pub(crate) fn leave(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            let _ = jobs.send(job);
        }
    }

    /// Holds all receipts back, or lets them go again.
    pub(crate) fn pause(&self, paused: bool) {
        self.paused.store(paused, Ordering::Release);
        self.wake.notify_one();
    }

    /// How many receipts are owed, delivered and given up.
    pub(crate) fn counts(&self) -> ReceiptCounts {
        ReceiptCounts {
            pending: self.pending.load(Ordering::Relaxed),
            delivered: self.delivered.load(Ordering::Relaxed),
            given_up: self.given_up.load(Ordering::Relaxed),
            paused: self.paused.load(Ordering::Acquire),
        }
    }

    /// Posts once; `None` when there was no answer.
    pub(crate) async fn post(&self, parcel: Parcel) -> Option<StatusCode> {
        let whole = async {
            let answer = self.client.request(parcel).await.ok()?;
            let status = answer.status();
            // Read to its end, so that the connection can be used again.
            Limited::new(answer.into_body(), 1 << 16).collect().await.ok()?;
            Some(status)
        };
        tokio::time::timeout(TIME_OUT, whole).await.ok()?
    }
}
