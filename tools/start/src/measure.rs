//! One start of one binary.

use std::io::{Cursor, Write};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::Command;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::StartError;
use crate::functions::{Function, Request, environment};
use crate::host::{Host, Said, now};

/// After which a process that says nothing is given up.
const PATIENCE: Duration = Duration::from_secs(20);

/// A binary and what was seen of it.
#[derive(Debug)]
pub(crate) struct Measured {
    /// Which one.
    pub(crate) function: Function,
    /// Bytes of the binary.
    pub(crate) bytes: u64,
    /// Bytes of the zip file that Lambda is given.
    pub(crate) zip_bytes: u64,
    /// Starts.
    pub(crate) samples: Vec<Sample>,
    path: PathBuf,
}

/// What one start took.
#[derive(Debug)]
pub(crate) struct Sample {
    /// From the start of the process to its first call of the Runtime API.
    pub(crate) poll: Duration,
    /// From each event to its answer.
    pub(crate) answers: Vec<Duration>,
    /// Kilobytes of memory at the first call.
    pub(crate) rss_at_poll: u64,
    /// The most kilobytes up to the last answer.
    pub(crate) rss_peak: u64,
}

impl Measured {
    /// Sizes of the binary at `path`.
    pub(crate) fn new(function: Function, path: PathBuf) -> Result<Self, StartError> {
        let io = |e| StartError::Io(path.display().to_string(), e);
        let content = std::fs::read(&path).map_err(io)?;
        let zip_bytes = zipped(&content).map_err(io)?;
        Ok(Self { function, bytes: content.len() as u64, zip_bytes, samples: Vec::new(), path })
    }

    /// Starts it once.
    pub(crate) async fn run(&self) -> Result<Sample, StartError> {
        let io = |e| StartError::Io(self.path.display().to_string(), e);
        let mut host = Host::open().await.map_err(io)?;
        let mut command = Command::new(&self.path);
        command
            .env_clear()
            .envs(environment(self.function, &host.address()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let started = now();
        let mut process = command.spawn().map_err(io)?;
        let id = process.id().unwrap_or_default();
        let poll = self.ready(&mut host).await?.duration_since(started);
        let rss_at_poll = memory(id, "VmRSS:").map_err(io)?;
        let mut answers = Vec::new();
        for request in (self.function.requests)() {
            answers.push(self.ask(&mut host, request).await?);
            self.ready(&mut host).await?;
        }
        let rss_peak = memory(id, "VmHWM:").map_err(io)?;
        process.kill().await.map_err(io)?;
        Ok(Sample { poll, answers, rss_at_poll, rss_peak })
    }

    /// When it asks for the next event.
    async fn ready(&self, host: &mut Host) -> Result<Instant, StartError> {
        match self.hear(host).await? {
            (at, Said::Next) => Ok(at),
            (_, said) => Err(self.wrong(format!("{said}, when it should have asked for an event"))),
        }
    }

    /// How long an answer takes.
    async fn ask(&self, host: &mut Host, request: Request) -> Result<Duration, StartError> {
        let asked = now();
        host.hand(request.event);
        match self.hear(host).await? {
            (at, Said::Answer(answer)) if answer.pointer(request.pointer) == Some(&request.expected) => {
                Ok(at.duration_since(asked))
            }
            (_, said) => Err(self.wrong(said.to_string())),
        }
    }

    async fn hear(&self, host: &mut Host) -> Result<(Instant, Said), StartError> {
        let heard = tokio::time::timeout(PATIENCE, host.hear()).await;
        heard.ok().flatten().ok_or_else(|| self.wrong(format!("silent for {} s", PATIENCE.as_secs())))
    }

    fn wrong(&self, problem: String) -> StartError {
        StartError::Wrong { function: self.function.name, problem }
    }
}

/// A line of the process's status, in kilobytes.
fn memory(process: u32, line: &str) -> std::io::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let value = status.lines().find_map(|l| l.strip_prefix(line)?.split_whitespace().next()?.parse().ok());
    value.ok_or_else(|| std::io::Error::other(format!("no {line} in its status")))
}

/// Bytes of a zip file with this as its `bootstrap`.
fn zipped(content: &[u8]) -> std::io::Result<u64> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("bootstrap", SimpleFileOptions::default().unix_permissions(0o755))?;
    zip.write_all(content)?;
    Ok(zip.finish()?.into_inner().len() as u64)
}
