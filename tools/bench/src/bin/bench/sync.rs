//! Sync runs of schools of three sizes against a simulated MIS: time, memory, and what they take of the table.

use std::process::Stdio;

use tokio::process::Command;

use crate::arguments::Programs;
use crate::error::{BenchError, Result, in_part};
use crate::meter::{self, Consumed};
use crate::one_run::{self, Ran};
use crate::report::{Report, megabytes, thousands};
use crate::server::Server;

const PART: &str = "sync";
/// Pupils of the schools.
const SIZES: [usize; 3] = [500, 2_000, 8_000];
/// The size that the targets are about.
const TARGET: usize = 2_000;
/// Unchanged runs that are timed: the median is told.
const TIMES: usize = 5;
/// How long a request may take.
const REQUEST_MS: u64 = 10_000;

pub(crate) async fn measure(report: &mut Report, programs: &Programs) -> Result<()> {
    if !programs.wants(PART) {
        return Ok(());
    }
    for size in SIZES {
        let name = format!("sync of {} pupils", thousands(size as f64));
        let only = |target: &'static str| if size == TARGET { target } else { "" };
        let town = Town::start(programs, size, false).await?;
        let first = town.run().await?;
        let mut again = Vec::new();
        for _ in 0..TIMES {
            again.push(town.run().await?);
        }
        town.stop().await?;
        again.sort_by(|a, b| a.ms.total_cmp(&b.ms));
        let middle = again.get(TIMES / 2).map_or(0.0, |ran| ran.ms);
        let most = again.iter().map(|ran| ran.memory).max().unwrap_or_default();
        let rows = first.changes;
        report.row(format!("{name}: people / ties written"), format!("{} / {}", rows.people, rows.ties), "");
        report.row(format!("{name}: the first run"), milliseconds(first.ms), only("≤ 5,000 ms"));
        report.row(format!("{name}: the first run, ms a pupil"), per(first.ms, size), "");
        report.row(format!("{name}: unchanged"), milliseconds(middle), only("≤ 1,000 ms"));
        let memory = format!("{} / {}", megabytes(first.memory), megabytes(most));
        report.row(format!("{name}: peak memory, first / unchanged"), memory, only("< 128 MB"));

        let town = Town::start(programs, size, true).await?;
        town.consumed().await?;
        for (run, target) in [("the first run", ""), ("unchanged", "≤ 60 / 15")] {
            town.run().await?;
            let total = town.consumed().await?;
            let units = format!("{} / {}", thousands(total.read_units), thousands(total.write_units));
            report.row(format!("{name}: read / write units, {run}"), units, only(target));
        }
        town.stop().await?;
    }
    Ok(())
}

/// A database, an MIS, and what runs the sync between them: each a process of its own.
struct Town<'p> {
    programs: &'p Programs,
    database: Server,
    mis: Server,
    http: reqwest::Client,
    _data: tempfile::TempDir,
}

impl<'p> Town<'p> {
    async fn start(programs: &'p Programs, pupils: usize, metered: bool) -> Result<Self> {
        let data = tempfile::tempdir().map_err(in_part(PART))?;
        let bench = programs.path("bench");
        let path = data.path().to_string_lossy();
        let mut arguments = vec!["database", "--data", &*path];
        arguments.extend(metered.then_some("--metered"));
        let database = Server::start(&bench, &arguments).await?;
        let mis = Server::start(&bench, &["mis", "--pupils", &pupils.to_string()]).await?;
        one_run::prepare(&database.url, &mis.url).await?;
        let http = runtime::http_client(REQUEST_MS).map_err(in_part(PART))?;
        Ok(Self { programs, database, mis, http, _data: data })
    }

    async fn run(&self) -> Result<Ran> {
        let mut command = Command::new(self.programs.path("bench"));
        command.args(["sync", "--database", &self.database.url, "--mis", &self.mis.url]);
        command.stderr(Stdio::inherit()).kill_on_drop(true);
        let ended = command.output().await.map_err(in_part(PART))?;
        if !ended.status.success() {
            return Err(BenchError::new(PART, "the run failed"));
        }
        serde_json::from_slice(&ended.stdout).map_err(in_part(PART))
    }

    /// What was consumed since it was asked last.
    async fn consumed(&self) -> Result<Consumed> {
        meter::consumed(&self.http, &self.database.url).await
    }

    async fn stop(self) -> Result<()> {
        self.database.stop().await?;
        self.mis.stop().await
    }
}

fn milliseconds(ms: f64) -> String {
    format!("{} ms", thousands(ms))
}

fn per(ms: f64, pupils: usize) -> String {
    format!("{:.2}", ms / pupils as f64)
}
