//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::config::{Config, TwilioAccount};

/// What `--help` says.
pub const USAGE: &str = "\
simulators: Twilio, SES and an MIS on one address, with an Outbox page and the MIS's

  --listen ADDRESS      where to listen (127.0.0.1:0, a free port)
  --data DIRECTORY      keep records in DIRECTORY/simulators.jsonl and mis.json; else in memory
  --account-sid SID     the Twilio account (AC and 32 zeros)
  --auth-token TOKEN    its token, which also signs callbacks (token)
  --ses-events URL      where SES events go
  --inbound URL         where texts from phones go
  --step-ms N           time between receipts (400)
  --answer-ms N         time before each answer (0)
  --unordered           receipts of about half the records in the wrong order
  --no-callbacks        no receipts at all
  --quiet               do not print the address
";

/// The command line, understood.
#[derive(Debug)]
pub struct Args {
    /// The set-up.
    pub config: Config,
    /// Do not print the address.
    pub quiet: bool,
}

/// What is wrong with a command line.
#[derive(Debug, thiserror::Error)]
pub enum ArgsError {
    /// Not wrong: help was asked for.
    #[error("{USAGE}")]
    Help,
    /// There is no such option.
    #[error("unknown option {0}\n\n{USAGE}")]
    Unknown(String),
    /// An option lacks its value, or the value is not of its kind.
    #[error("{0} needs a value that fits\n\n{USAGE}")]
    Value(String),
}

/// Reads the command line, without the program's name.
pub fn parse(args: impl IntoIterator<Item = String>) -> Result<Args, ArgsError> {
    let mut config =
        Config::new(TwilioAccount { sid: format!("AC{}", "0".repeat(32)), auth_token: "token".to_owned() });
    let mut quiet = false;
    let mut args = args.into_iter();
    while let Some(option) = args.next() {
        let mut value = || args.next().ok_or_else(|| ArgsError::Value(option.clone()));
        match option.as_str() {
            "--listen" => config.listen = read::<SocketAddr>(&option, &value()?)?,
            "--data" => config.data = Some(PathBuf::from(value()?)),
            "--account-sid" => config.public_signing.sid = value()?,
            "--auth-token" => config.public_signing.auth_token = value()?,
            "--ses-events" => config.ses_events_url = Some(value()?),
            "--inbound" => config.inbound_url = Some(value()?),
            "--step-ms" => config.latency.step = Duration::from_millis(read(&option, &value()?)?),
            "--answer-ms" => config.latency.answer = Duration::from_millis(read(&option, &value()?)?),
            "--unordered" => config.latency.unordered = true,
            "--no-callbacks" => config.callbacks = false,
            "--quiet" => quiet = true,
            "--help" | "-h" => return Err(ArgsError::Help),
            _ => return Err(ArgsError::Unknown(option)),
        }
    }
    Ok(Args { config, quiet })
}

fn read<T: std::str::FromStr>(option: &str, value: &str) -> Result<T, ArgsError> {
    value.parse().map_err(|_| ArgsError::Value(option.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Result<Args, ArgsError> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_reach_the_set_up() {
        let args =
            of("--listen 127.0.0.1:9 --data d --unordered --step-ms 5 --no-callbacks --quiet").unwrap();
        assert_eq!(args.config.listen.port(), 9);
        assert_eq!(args.config.latency.step, Duration::from_millis(5));
        assert!(args.config.latency.unordered && !args.config.callbacks && args.quiet);
    }

    #[test]
    fn mistakes_are_named() {
        assert!(matches!(of("--bogus"), Err(ArgsError::Unknown(option)) if option == "--bogus"));
        assert!(matches!(of("--listen here"), Err(ArgsError::Value(_))));
        assert!(matches!(of("--data"), Err(ArgsError::Value(_))));
        assert!(matches!(of("-h"), Err(ArgsError::Help)));
    }
}
