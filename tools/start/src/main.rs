//! How large the Lambda binaries are, how fast they start, and what they take.
//!
//! `start [--runs N] EMPTY FOLDER` takes the binary `EMPTY`, which does nothing, and `api`, `dispatch` and `usage` of
//! the folder in turn, N times over, so that a busy machine slows all of them alike. Each is started with the
//! environment that `template.yaml` gives it and finds, on loopback, Lambda's Runtime API and a database in which there
//! is nothing. The table it prints is Markdown.

mod functions;
mod host;
mod measure;
mod table;

use std::path::{Path, PathBuf};

use functions::{EMPTY, FUNCTIONS};
use measure::Measured;

/// Starts of each binary, unless said otherwise.
const RUNS: usize = 25;

/// Something could not be measured.
#[derive(Debug, thiserror::Error)]
enum StartError {
    /// The command line is not understood.
    #[error("usage: start [--runs N] EMPTY FOLDER")]
    Usage,
    /// A file or a process.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
    /// The binary does not do what it is there for.
    #[error("{function}: {problem}")]
    Wrong {
        /// Which one.
        function: &'static str,
        /// What it did.
        problem: String,
    },
}

#[tokio::main]
async fn main() -> Result<(), StartError> {
    let (runs, empty, folder) = arguments()?;
    let mut measured = vec![Measured::new(EMPTY, empty)?];
    for function in FUNCTIONS {
        measured.push(Measured::new(function, binary(&folder, function.name))?);
    }
    for run in 0..=runs {
        for one in &mut measured {
            let sample = one.run().await?;
            // The first start of each reads the file from disk.
            if run > 0 {
                one.samples.push(sample);
            }
        }
    }
    println(&table::markdown(&measured));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the table is what the program is for")]
fn println(text: &str) {
    print!("{text}");
}

/// As cargo writes it, or as `cargo lambda` does.
fn binary(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    if path.is_dir() { path.join("bootstrap") } else { path }
}

fn arguments() -> Result<(usize, PathBuf, PathBuf), StartError> {
    let mut runs = RUNS;
    let mut paths = Vec::new();
    let mut arguments = std::env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--runs" {
            let number = arguments.next().and_then(|n| n.to_str()?.parse().ok());
            runs = number.filter(|n| *n > 0).ok_or(StartError::Usage)?;
        } else {
            paths.push(PathBuf::from(argument));
        }
    }
    let [empty, folder] = paths.try_into().map_err(|_| StartError::Usage)?;
    Ok((runs, empty, folder))
}
