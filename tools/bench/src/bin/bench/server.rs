//! Processes that are measured or help to measure. Each ends with its handle.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use bench::read_ready_line;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::error::{BenchError, Result, in_part};

/// How long a process may take to be ready.
const STARTS_WITHIN: Duration = Duration::from_secs(20);

/// A running process.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) url: String,
    /// Kept open, so that what it prints later does not break it.
    _output: Lines<BufReader<ChildStdout>>,
}

impl Server {
    /// Starts a program that prints [`bench::ready_line`], and waits for that line.
    pub(crate) async fn start(program: &Path, arguments: &[&str]) -> Result<Self> {
        let part = in_part("a helping process");
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(&part)?;
        let output = child.stdout.take().ok_or_else(|| BenchError::new("a helping process", "no output"))?;
        let mut lines = BufReader::new(output).lines();
        let first = tokio::time::timeout(STARTS_WITHIN, lines.next_line()).await.map_err(in_part("start"))?;
        let line = first.map_err(in_part("start"))?.unwrap_or_default();
        let url = read_ready_line(&line)
            .ok_or_else(|| BenchError::new("start", format!("{} printed {line:?}", program.display())))?;
        Ok(Self { child, url: url.to_owned(), _output: lines })
    }

    /// Ends it.
    pub(crate) async fn stop(mut self) -> Result<()> {
        self.child.kill().await.map_err(in_part("stopping a process"))
    }
}

/// Most memory that a process ever had in RAM, in bytes (`VmHWM`).
pub(crate) fn peak_memory(process: u32) -> Result<u64> {
    let status =
        std::fs::read_to_string(format!("/proc/{process}/status")).map_err(in_part("peak memory"))?;
    let kilobytes = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
    Ok(kilobytes.ok_or_else(|| BenchError::new("peak memory", "no VmHWM"))? * 1_024)
}
