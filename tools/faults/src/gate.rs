//! A worker's life: every effect of it passes a gate, where it may end, or sleep past its lease.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

use crate::chance::Chance;
use crate::tally::{Row, Tally};

/// When, beside an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// It has not happened.
    Before,
    /// It has, and nobody here knows yet.
    After,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::Before { "before" } else { "after" })
    }
}

/// So many faults and no more: what remains of a run is fair weather, in which everything must come to its end.
#[derive(Debug)]
pub struct Budget(AtomicI64);

impl Budget {
    /// So many.
    pub fn of(count: i64) -> Self {
        Self(AtomicI64::new(count))
    }

    /// Takes one, if there is one left.
    pub fn take(&self) -> bool {
        self.0.fetch_sub(1, Ordering::Relaxed) > 0
    }

    /// Whether any is left.
    pub fn is_open(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    /// No more from now on.
    pub fn close(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// How likely, in a thousand, a death is on either side of an effect. What happens once to a message is more dangerous
/// than what happens to each delivery, so that all points are met about as often.
pub fn danger(point: &str) -> u64 {
    match point {
        "accept" => 350,
        "finish" | "history" => 130,
        "begin plan" | "epoch" => 120,
        "plan write" => 90,
        "try plan" => 40,
        "claim" | "outcome" | "mark finished" => 100,
        "enqueue" | "ask" => 70,
        "receipt merge" | "receipt queued" | "look again" => 40,
        "watch" | "settle" | "drop orphans" | "history line" | "acknowledge" => 30,
        "send" => 14,
        "read" => 0,
        _ => 15,
    }
}

/// What may befall the workers of a run.
#[derive(Debug)]
pub struct Perils {
    /// Deaths still to come.
    pub deaths: Budget,
    /// Long sleeps still to come.
    pub holds: Budget,
    /// How long such a sleep lasts.
    pub hold: Duration,
    /// All deaths so far.
    pub died: AtomicI64,
}

/// Where a worker may sleep past its lease: after these it looks at the clock or at the fence before it sends. (Between
/// its last look and the send itself it must not: that is what the function's time-out is for.)
fn may_hold(point: &str, side: Side) -> bool {
    matches!((point, side), ("claim" | "send" | "read", Side::After) | ("outcome" | "receipt merge", _))
}

type Dying = Box<dyn Fn(&str) + Send + Sync>;

/// One life, from a start to a death.
pub struct Life {
    dead: AtomicBool,
    died: Notify,
    chance: Arc<Chance>,
    perils: Arc<Perils>,
    tally: Arc<Tally>,
    dying: Option<Dying>,
}

impl fmt::Debug for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Life").field("dead", &self.dead).finish_non_exhaustive()
    }
}

impl Life {
    /// A new life among these perils.
    pub fn new(chance: Arc<Chance>, perils: Arc<Perils>, tally: Arc<Tally>) -> Self {
        Self { dead: AtomicBool::new(false), died: Notify::new(), chance, perils, tally, dying: None }
    }

    /// A life whose end somebody else brings about: `dying` is told where.
    pub fn ended_by(mut self, dying: Dying) -> Self {
        self.dying = Some(dying);
        self
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    /// Ends it: nothing passes any more.
    pub fn end(&self) {
        self.dead.store(true, Ordering::SeqCst);
        self.died.notify_one();
    }

    /// Waits until it is over.
    pub async fn over(&self) {
        if !self.is_over() {
            self.died.notified().await;
        }
    }

    /// Passes an effect. Whoever is dead waits here for ever.
    pub async fn pass(&self, point: &str, side: Side) {
        if self.is_over() {
            std::future::pending::<()>().await;
        }
        let place = format!("{side} {point}");
        let perils = &self.perils;
        if perils.deaths.is_open() && self.chance.hits(&place, danger(point)) && perils.deaths.take() {
            perils.died.fetch_add(1, Ordering::Relaxed);
            self.tally.add(Row::Deaths, place.clone());
            if let Some(dying) = &self.dying {
                dying(&place);
            }
            self.end();
            std::future::pending::<()>().await;
        }
        if perils.holds.is_open()
            && may_hold(point, side)
            && self.chance.hits(&format!("hold {place}"), 60)
            && perils.holds.take()
        {
            self.tally.add(Row::Clocks, format!("woke after its lease, {place}"));
            tokio::time::sleep(perils.hold).await;
            if self.is_over() {
                std::future::pending::<()>().await;
            }
        }
    }
}
