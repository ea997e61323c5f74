//! Measures the product from outside and prints one table. `scripts/bench` builds what it needs and starts it;
//! `docs/PERFORMANCE.md` says what the figures mean.

mod arguments;
mod database;
mod error;
mod fanout;
mod latency;
mod meter;
mod one_run;
mod people;
mod product;
mod report;
mod rivals;
mod rules;
mod school;
mod server;
mod sync;

use std::process::ExitCode;

use arguments::{Command, USAGE};
use error::Result;
use report::Report;
use runtime::Clock;

#[tokio::main]
#[expect(clippy::print_stderr, reason = "a command speaks to the terminal")]
async fn main() -> ExitCode {
    let ended = match arguments::parse(std::env::args().skip(1)) {
        Ok(Command::All(programs)) => all(&programs).await,
        Ok(Command::Database { directory, metered }) => database::serve(&directory, metered).await,
        Ok(Command::Mis { pupils }) => school::serve(pupils).await,
        Ok(Command::Sync { database, mis }) => one_run::run(&database, &mis).await,
        Err(why) => {
            eprintln!("{why}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("error: {e}");
            ExitCode::FAILURE
        }
    }
}

/// Everything, one after the other, so that nothing is measured beside something else.
async fn all(programs: &arguments::Programs) -> Result<()> {
    let clock = Clock::system();
    let mut report = Report::default();
    if programs.wants("rules") {
        rules::measure(&mut report, &clock)?;
    }
    latency::measure(&mut report, programs, &clock).await?;
    fanout::units_and_memory(&mut report, programs, &clock).await?;
    let speeds = fanout::speed(&mut report, programs, &clock).await?;
    sync::measure(&mut report, programs).await?;
    rivals::measure(&mut report, programs, &speeds).await?;
    report.print();
    Ok(())
}
