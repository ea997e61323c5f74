//! Many runs at once, until enough has happened; and the table of what came of them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::killed;
use crate::run::{self, Outcome};
use crate::scenario::Scenario;
use crate::tally::{Row, Tally};

/// How much is to happen.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Injections of each row.
    pub wanted: Vec<(Row, u64)>,
    /// Of the deaths, those that are to be the SIGKILL of a real process.
    pub kills: u64,
    /// Runs with everything at once, before all others.
    pub combined: u64,
    /// Runs at once.
    pub at_once: usize,
    /// The first run's seed.
    pub seed: u64,
    /// The program that has the product in it, for real kills.
    pub program: PathBuf,
}

/// Runs with processes of their own at once.
const KILLED_AT_ONCE: usize = 3;

/// The injections of the long run.
pub const LONG: [(Row, u64); 7] = [
    (Row::Deaths, 5_000),
    (Row::Queue, 2_000),
    (Row::Providers, 2_000),
    (Row::Database, 2_000),
    (Row::Poison, 500),
    (Row::Clocks, 500),
    (Row::Receipts, 1_000),
];

/// The injections of the short run.
pub const SHORT: [(Row, u64); 7] = [
    (Row::Deaths, 90),
    (Row::Queue, 120),
    (Row::Providers, 100),
    (Row::Database, 120),
    (Row::Poison, 30),
    (Row::Clocks, 14),
    (Row::Receipts, 100),
];

/// What came of the runs of one kind.
#[derive(Debug, Default, Clone)]
struct Line {
    runs: u64,
    lost: usize,
    twice: usize,
    not_confirmed: usize,
    rejected: usize,
    usage: i64,
    wrong: usize,
    seconds: f64,
}

/// What came of all.
#[derive(Debug, Default)]
pub struct Report {
    /// What really happened.
    pub tally: Arc<Tally>,
    lines: BTreeMap<Scenario, Line>,
    /// What happened in runs of a row's own kind: what it is measured by.
    own: BTreeMap<Row, u64>,
    /// Runs in which a promise was broken.
    pub failures: Vec<String>,
    took: Duration,
}

/// The runs that make a row happen.
const fn scenario_of(row: Row) -> Scenario {
    match row {
        Row::Deaths => Scenario::Deaths,
        Row::Queue => Scenario::Queue,
        Row::Providers => Scenario::Providers,
        Row::Database => Scenario::Database,
        Row::Poison => Scenario::Poison,
        Row::Clocks => Scenario::Clocks,
        Row::Receipts => Scenario::Receipts,
    }
}

/// The row that runs make happen; all of them, where everything happens at once.
fn row_of(scenario: Scenario) -> Option<Row> {
    let killed = (scenario == Scenario::Killed).then_some(Row::Deaths);
    killed.or_else(|| Row::ALL.into_iter().find(|row| scenario_of(*row) == scenario))
}

/// The first line of the table.
const HEAD: &str =
    "row        injections   runs   lost  twice  not confirmed  rejected  usage  other  seconds\n";

impl Report {
    /// Injections of a row in runs of its own kind.
    pub fn own(&self, row: Row) -> u64 {
        self.own.get(&row).copied().unwrap_or(0)
    }

    fn take(&mut self, outcome: &Outcome) {
        let verdict = &outcome.verdict;
        let line = self.lines.entry(outcome.scenario).or_default();
        line.runs += 1;
        line.lost += verdict.lost.len();
        line.twice += verdict.twice.len();
        line.not_confirmed += verdict.not_confirmed;
        line.rejected += verdict.rejected;
        line.usage += verdict.usage.iter().map(|n| n.abs()).sum::<i64>();
        line.wrong += verdict.wrong.len();
        line.seconds += outcome.took.as_secs_f64();
        self.tally.absorb(&outcome.tally);
        if let Some(row) = row_of(outcome.scenario) {
            *self.own.entry(row).or_default() += outcome.tally.row(row);
        }
        if !verdict.is_clean() {
            let mut text = format!("make faults SCENARIO={} SEED={}", outcome.scenario, outcome.seed);
            let found = verdict.lost.iter().map(|l| format!("lost: {l}"));
            let found = found.chain(verdict.twice.iter().map(|l| format!("twice: {l}")));
            let found: Vec<String> = found.chain(verdict.wrong.iter().cloned()).collect();
            if verdict.usage != [0; 4] {
                let _ = write!(
                    text,
                    "\n  usage less what was seen (e-mails, texts, units, minutes): {:?}",
                    verdict.usage
                );
            }
            for one in found.iter().take(6) {
                let _ = write!(text, "\n  {one}");
            }
            if found.len() > 6 {
                let _ = write!(text, "\n  and {} more", found.len() - 6);
            }
            self.failures.push(text);
        }
    }

    /// The table, then what happened by kind, then what was found.
    pub fn table(&self, by_kind: bool) -> String {
        let mut out = HEAD.to_owned();
        for (scenario, line) in &self.lines {
            let row = Row::ALL.into_iter().find(|row| scenario_of(*row) == *scenario);
            let injections = row.map_or_else(|| "-".to_owned(), |row| self.own(row).to_string());
            let _ = writeln!(
                out,
                "{:<10} {:>10} {:>6} {:>6} {:>6} {:>14} {:>9} {:>6} {:>6} {:>8.0}",
                scenario.name(),
                injections,
                line.runs,
                line.lost,
                line.twice,
                line.not_confirmed,
                line.rejected,
                line.usage,
                line.wrong,
                line.seconds
            );
        }
        if by_kind {
            for ((row, kind), count) in self.tally.kinds() {
                let _ = writeln!(out, "  {:<10} {kind:<44} {count:>6}", row.name());
            }
        }
        let all: u64 = Row::ALL.into_iter().map(|row| self.tally.row(row)).sum();
        let _ = writeln!(
            out,
            "{all} injections in {:.0} s; {} runs failed",
            self.took.as_secs_f64(),
            self.failures.len()
        );
        for failure in &self.failures {
            let _ = writeln!(out, "{failure}");
        }
        out
    }
}

/// Does it all.
pub async fn campaign(plan: Plan, progress: impl Fn(&Outcome)) -> Report {
    let began = Instant::now();
    let mut report = Report::default();
    let mut under_way: JoinSet<Outcome> = JoinSet::new();
    let (mut seed, mut combined, mut killing) = (plan.seed, plan.combined, 0);
    let mut in_work: BTreeMap<Row, u64> = BTreeMap::new();
    loop {
        while under_way.len() < plan.at_once {
            let scenario = if killing < KILLED_AT_ONCE && plan.kills > kills(&report) {
                killing += 1;
                Scenario::Killed
            } else if combined > 0 {
                combined -= 1;
                Scenario::Combined
            } else {
                let Some(row) = lacking(&plan, &report, &in_work) else { break };
                *in_work.entry(row).or_default() += 1;
                scenario_of(row)
            };
            let (this, program) = (seed, plan.program.clone());
            seed += 1;
            under_way.spawn(async move {
                match scenario {
                    Scenario::Killed => killed::run(this, &program).await,
                    other => run::run(other, this).await,
                }
            });
        }
        let Some(ended) = under_way.join_next().await else { break };
        match ended {
            Ok(outcome) => {
                killing -= usize::from(outcome.scenario == Scenario::Killed);
                if let Some(row) = Row::ALL.into_iter().find(|row| scenario_of(*row) == outcome.scenario) {
                    in_work.entry(row).and_modify(|n| *n = n.saturating_sub(1));
                }
                progress(&outcome);
                report.take(&outcome);
            }
            Err(e) => report.failures.push(format!("a run broke off: {e}")),
        }
    }
    report.took = began.elapsed();
    report
}

/// How often the product was killed.
fn kills(report: &Report) -> u64 {
    let kinds = report.tally.kinds();
    kinds.iter().filter(|((_, kind), _)| kind.starts_with(killed::KILL)).map(|(_, n)| n).sum()
}

/// The row that lacks most, reckoning that each run under way makes up for some; `None` where none lacks any.
fn lacking(plan: &Plan, report: &Report, in_work: &BTreeMap<Row, u64>) -> Option<Row> {
    let lack = |(row, wanted): &(Row, u64)| {
        let coming = in_work.get(row).copied().unwrap_or(0) * guess(report, *row);
        wanted.saturating_sub(report.own(*row) + coming) * 1_000 / wanted.max(&1)
    };
    plan.wanted.iter().max_by_key(|w| lack(w)).filter(|w| lack(w) > 0).map(|(row, _)| *row)
}

/// What one run of a row comes to, going by those that have been.
fn guess(report: &Report, row: Row) -> u64 {
    let runs = report.lines.get(&scenario_of(row)).map_or(0, |line| line.runs);
    report.own(row).checked_div(runs).unwrap_or(10).max(1)
}
