//! What befalls a run: one kind of fault alone, or all together.

use std::fmt;
use std::time::Duration;

/// Longest storm: faults that have met nothing by then are left out.
pub const STORM: Duration = Duration::from_secs(20);
/// An item that no program can read.
pub const UNREADABLE: &str = "{\"job\":\"page\"}";

/// The kinds of runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scenario {
    /// Workers and the api end before and after effects.
    Deaths,
    /// The queue delivers again and again.
    Queue,
    /// Providers misbehave.
    Providers,
    /// The database misbehaves.
    Database,
    /// Some jobs cannot be done.
    Poison,
    /// Clocks are up to five minutes wrong; workers sleep past their lease.
    Clocks,
    /// Receipts are forged, doubled, early, out of order.
    Receipts,
    /// All of it at once, but for poison.
    Combined,
    /// The whole product in a process of its own, ended by SIGKILL.
    Killed,
}

impl Scenario {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Deaths,
        Self::Queue,
        Self::Providers,
        Self::Database,
        Self::Poison,
        Self::Clocks,
        Self::Receipts,
        Self::Combined,
        Self::Killed,
    ];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deaths => "deaths",
            Self::Queue => "queue",
            Self::Providers => "providers",
            Self::Database => "database",
            Self::Poison => "poison",
            Self::Clocks => "clocks",
            Self::Receipts => "receipts",
            Self::Combined => "combined",
            Self::Killed => "killed",
        }
    }

    /// The scenario of a name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.name() == name)
    }

    /// How much of what.
    pub const fn storm(self) -> Storm {
        let calm = Storm::CALM;
        match self {
            Self::Deaths => Storm { deaths: 14, api_deaths: 4, messages: 5, ..calm },
            Self::Killed => Storm { deaths: 20, messages: 5, ..calm },
            Self::Queue => Storm { queue: 60, queue_per_mille: 350, workers: 2, messages: 5, ..calm },
            Self::Providers => Storm { providers: 60, messages: 5, resend: true, ..calm },
            Self::Database => Storm { database: 70, workers: 2, messages: 5, ..calm },
            Self::Poison => Storm { poison: true, messages: 3, ..calm },
            Self::Clocks => Storm { holds: 8, skewed: true, workers: 3, ..calm },
            Self::Receipts => Storm { replays: 24, early: true, unordered: true, ..calm },
            Self::Combined => Storm {
                deaths: 5,
                api_deaths: 2,
                queue: 15,
                queue_per_mille: 150,
                providers: 15,
                database: 15,
                replays: 6,
                unordered: true,
                workers: 2,
                ..calm
            },
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How much of what befalls a run, at most.
#[derive(Debug, Clone, Copy)]
pub struct Storm {
    /// Workers at once.
    pub workers: u64,
    /// Messages that are sent.
    pub messages: u64,
    /// Deaths of workers.
    pub deaths: i64,
    /// Deaths of the api.
    pub api_deaths: i64,
    /// Sleeps past the lease.
    pub holds: i64,
    /// Whether each worker's clock is wrong.
    pub skewed: bool,
    /// Copies of jobs and failed sends.
    pub queue: i64,
    /// How likely those are.
    pub queue_per_mille: u64,
    /// Faults of the database.
    pub database: i64,
    /// Faults ordered from the providers.
    pub providers: u64,
    /// Whether staff send again, at the end, what failed.
    pub resend: bool,
    /// Whether there are jobs that cannot be done.
    pub poison: bool,
    /// Receipts that are repeated or forged.
    pub replays: u64,
    /// Whether receipts come before the provider's answer.
    pub early: bool,
    /// Whether receipts come in the wrong order.
    pub unordered: bool,
}

impl Storm {
    /// Nothing.
    const CALM: Self = Self {
        workers: 1,
        messages: 4,
        deaths: 0,
        api_deaths: 0,
        holds: 0,
        skewed: false,
        queue: 0,
        queue_per_mille: 0,
        database: 0,
        providers: 0,
        resend: false,
        poison: false,
        replays: 0,
        early: false,
        unordered: false,
    };

    /// Whether anything may leave a worker's send without an outcome.
    pub const fn loses_outcomes(&self) -> bool {
        self.deaths > 0 || self.holds > 0 || self.database > 0 || self.providers > 0
    }
}
