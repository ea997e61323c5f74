//! `cargo run`: starts the product, says where it is, and runs until it is told to stop.

use std::process::ExitCode;

use local::{System, arguments};
use runtime::start_logging;
use tokio::signal::unix::{SignalKind, signal};

/// Requests, answers and rows are many small texts: the system's allocator takes a quarter of all the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command speaks to the terminal")]
async fn main() -> ExitCode {
    start_logging();
    let options = match arguments::parse(std::env::args().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            println!("{}", arguments::USAGE);
            return ExitCode::SUCCESS;
        }
        Err(why) => {
            eprintln!("{why}\n\n{}", arguments::USAGE);
            return ExitCode::from(2);
        }
    };
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        eprintln!("cannot listen for signals");
        return ExitCode::FAILURE;
    };
    match System::start(options).await {
        Ok(system) => {
            println!("{}", system.access());
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            system.stop().await;
            ExitCode::SUCCESS
        }
        Err(e) => {
            eprintln!("Messenger did not start: {e}");
            ExitCode::FAILURE
        }
    }
}
