//! Simulators of Twilio and SES in a process of their own.

use std::io::{self, Write as _};
use std::process::ExitCode;

use simulators::{Simulators, args};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            let _ = writeln!(io::stderr(), "{why}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let args = args::parse(std::env::args().skip(1))?;
    let running = Simulators::start(args.config).await?;
    if !args.quiet {
        let mut out = io::stdout();
        writeln!(out, "listening {}", running.url())?;
        out.flush()?;
    }
    tokio::signal::ctrl_c().await?;
    running.stop().await;
    Ok(())
}
