//! Runs in which the whole product is a process, and dies by SIGKILL.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::chance::Chance;
use crate::judge::{self, Permits, Verdict};
use crate::partner::{Partner, Sent, compose};
use crate::run::Outcome;
use crate::scenario::Scenario;
use crate::tally::{Row, Tally};
use crate::town::key;

/// Longest wait for a process to come to the point where it dies; then it is killed wherever it is.
const PATIENCE: Duration = Duration::from_secs(8);
/// Lines that say that nothing is queued, after which nothing will be.
const IDLE_LINES: u32 = 40;
/// How it ends where the machine is too busy for a function to end in its time; that is no fault of ours.
const OF_ITSELF: &str = "of itself";
/// How these deaths are named.
pub const KILL: &str = "SIGKILL";
/// Longest wait for the end.
const LONGEST: Duration = Duration::from_mins(5);
/// What one killed process may leave unconfirmed: its lanes' pages.
const IN_HAND: usize = 100;

struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    said: String,
}

impl Process {
    /// Starts it and waits until it is ready; again, if somebody else has its port just then.
    async fn start(program: &Path, args: &[String]) -> Self {
        loop {
            let mut child = Command::new(program)
                .args(args)
                .env("RUST_LOG", "off")
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .kill_on_drop(true)
                .spawn()
                .expect("the program starts");
            let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
            if let Ok(Some(line)) = lines.next_line().await
                && let Some(said) = line.strip_prefix("ready ")
            {
                let said = said.to_owned();
                return Self { child, lines, said };
            }
            let _ = child.kill().await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn kill(mut self) {
        // One that has ended of itself cannot be killed.
        let _ = self.child.kill().await;
    }
}

struct Stage<'a> {
    program: &'a Path,
    data: &'a Path,
    port: u16,
    providers: String,
    seed: u64,
}

impl Stage<'_> {
    async fn victim(&self, generation: u64, lives: bool) -> Process {
        let seed = self.seed.wrapping_mul(1_000).wrapping_add(generation);
        let mut args = vec!["as-victim".to_owned(), self.data.to_string_lossy().into_owned()];
        args.extend([self.port.to_string(), self.providers.clone(), seed.to_string(), lives.to_string()]);
        Process::start(self.program, &args).await
    }
}

/// Two ports that are free now, one after the other. Not of those that the system gives to whoever asks for any: while
/// the product is dead its ports must stay free, or the messages of this run go to another's simulators.
fn free_ports(seed: u64) -> u16 {
    let free = |port: u16| std::net::TcpListener::bind(("127.0.0.1", port)).is_ok();
    let first = u16::try_from(seed % 5_000).unwrap_or(0);
    let mut ports = (0..5_000).map(|step| 20_000 + (first + step) % 5_000 * 2);
    ports.find(|port| free(*port) && free(port + 1)).expect("two ports")
}

/// Does one run.
pub async fn run(seed: u64, program: &Path) -> Outcome {
    let began = Instant::now();
    let storm = Scenario::Killed.storm();
    let (tally, chance) = (Arc::new(Tally::default()), Arc::new(Chance::new(seed)));
    let data = tempfile::tempdir().expect("a directory");
    let port = free_ports(seed);
    let events = format!("http://127.0.0.1:{}/events", port + 1);
    let providers = Process::start(program, &["as-providers".to_owned(), events]).await;
    let stage = Stage { program, data: data.path(), port, providers: providers.said.clone(), seed };
    let url = format!("http://127.0.0.1:{port}");
    let partner = Partner::new(&url, &key().reveal(), &stage.providers);
    let sending = tokio::spawn(send_all(partner.clone(), Arc::clone(&chance), storm.messages));

    let kills = kill_again_and_again(&stage, storm.deaths, || sending.is_finished(), &tally).await;
    let mut last = stage.victim(9_999, true).await;
    let (sent, mut wrong) = sending.await.expect("the messages");
    let until = Instant::now() + LONGEST;
    loop {
        let Some(idle) = until_idle(&mut last, until).await else {
            last = stage.victim(9_999, true).await;
            continue;
        };
        let owed = partner.ask("counts").await["receipts"]["pending"].as_u64().unwrap_or(1);
        let rows = judge::rows(&last.said).await;
        if idle && owed == 0 && judge::unfinished(&rows, &sent).is_empty() {
            break;
        }
        tracing::info!(owed, idle, "waiting");
        if Instant::now() > until {
            wrong.extend(judge::unfinished(&rows, &sent));
            wrong.push(format!("not quiet in time: {owed} receipts owed, idle: {idle}"));
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    if !wrong.is_empty() {
        let verdict = Verdict { wrong, ..Verdict::default() };
        return Outcome { seed, scenario: Scenario::Killed, verdict, tally, took: began.elapsed() };
    }
    let permits = Permits { not_confirmed: kills * IN_HAND, refusals: false, unanswered: true };
    let mut verdict = judge::judge(&partner, &last.said, &sent, permits).await;
    verdict.wrong.append(&mut wrong);
    last.kill().await;
    providers.kill().await;
    Outcome { seed, scenario: Scenario::Killed, verdict, tally, took: began.elapsed() }
}

/// Kills the product up to so often, as long as there is something to send. Says how often.
async fn kill_again_and_again(
    stage: &Stage<'_>,
    deaths: i64,
    is_sent: impl Fn() -> bool,
    tally: &Tally,
) -> usize {
    let mut kills = 0;
    for generation in 0..deaths.unsigned_abs() * 2 {
        if kills == usize::try_from(deaths).unwrap_or(0) {
            break;
        }
        let mut process = stage.victim(generation, false).await;
        let place = until_death(&mut process, &is_sent).await;
        process.kill().await;
        let Some(place) = place else { break };
        if place == OF_ITSELF {
            continue;
        }
        kills += 1;
        tracing::info!(generation, place, "killed");
        tally.add(Row::Deaths, format!("{KILL} {place}"));
    }
    kills
}

async fn send_all(partner: Partner, chance: Arc<Chance>, messages: u64) -> (Vec<Sent>, Vec<String>) {
    let (mut sent, mut wrong) = (Vec::new(), Vec::new());
    for n in 0..messages {
        let (body, mut message) = compose(&chance, 40);
        match partner.send(&format!("message {n}"), &body).await {
            Ok(id) => {
                message.id = id;
                sent.push(message);
            }
            Err(why) => wrong.push(format!("message {n} was not accepted: {why}")),
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    (sent, wrong)
}

/// Waits until it says that it is where it dies; `None` if there is nothing left to die of.
async fn until_death(process: &mut Process, all_sent: impl Fn() -> bool) -> Option<String> {
    let mut idle = 0;
    let reading = async {
        while let Ok(Some(line)) = process.lines.next_line().await {
            if let Some(place) = line.strip_prefix("at ") {
                return Some(place.to_owned());
            }
            idle = if line == "idle" && all_sent() { idle + 1 } else { 0 };
            if idle > IDLE_LINES {
                return None;
            }
        }
        Some(OF_ITSELF.to_owned())
    };
    tokio::time::timeout(PATIENCE, reading).await.unwrap_or_else(|_| Some("anywhere".to_owned()))
}

/// Reads on until it says that nothing is queued; `None` if it has ended.
async fn until_idle(process: &mut Process, until: Instant) -> Option<bool> {
    let reading = async {
        // What it said long ago says nothing about now.
        let fresh = Instant::now() + Duration::from_millis(150);
        while let Ok(Some(line)) = process.lines.next_line().await {
            if line == "idle" && Instant::now() > fresh {
                return Some(true);
            }
        }
        None
    };
    tokio::time::timeout_at(until.into(), reading).await.unwrap_or(Some(false))
}
