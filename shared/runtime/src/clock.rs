//! Time. A test sets it; everything else asks the system through here.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;

/// Wall-clock and elapsed time.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System { started: Instant, ahead_ms: i64 },
    Set { now_ms: Arc<AtomicI64> },
}

impl Clock {
    /// The machine's clock.
    #[expect(clippy::disallowed_methods, reason = "the one place that may ask the system")]
    pub fn system() -> Self {
        Self(Source::System { started: Instant::now(), ahead_ms: 0 })
    }

    /// A clock that goes wrong by so many milliseconds, as a machine's may: behind if negative. For tests.
    #[expect(clippy::disallowed_methods, reason = "the one place that may ask the system")]
    pub fn ahead_by(ahead_ms: i64) -> Self {
        Self(Source::System { started: Instant::now(), ahead_ms })
    }

    /// A clock that stands still until it is moved.
    pub fn set_to(now_ms: i64) -> Self {
        Self(Source::Set { now_ms: Arc::new(AtomicI64::new(now_ms)) })
    }

    /// Moves a clock made by [`Clock::set_to`]; the system's clock is not moved.
    pub fn advance(&self, by: Duration) {
        if let Source::Set { now_ms } = &self.0 {
            now_ms.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
        }
    }

    /// Milliseconds since 1970.
    #[expect(clippy::disallowed_methods, reason = "the one place that may ask the system")]
    pub fn now_ms(&self) -> i64 {
        match &self.0 {
            Source::System { ahead_ms, .. } => Timestamp::now().as_millisecond().saturating_add(*ahead_ms),
            Source::Set { now_ms } => now_ms.load(Ordering::SeqCst),
        }
    }

    /// The time as a timestamp.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now_ms()).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Time that only ever goes forward, for deadlines.
    pub fn elapsed(&self) -> Duration {
        match &self.0 {
            Source::System { started, .. } => started.elapsed(),
            Source::Set { now_ms } => {
                Duration::from_millis(u64::try_from(now_ms.load(Ordering::SeqCst)).unwrap_or_default())
            }
        }
    }
}
