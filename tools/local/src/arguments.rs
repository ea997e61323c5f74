//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::system::{Options, ProviderUrls};

/// What the command line takes.
pub const USAGE: &str = "\
Messenger, the whole product in one process.

  --listen ADDRESS   where to listen               (127.0.0.1:8080)
  --data DIRECTORY   where everything is kept      (./data)
  --memory           keep nothing
  --empty            a school without people
  --access FILE      where to write the sign-ins   (DIRECTORY/access.json)
  --database URL     a DynamoDB in another process (the embedded one)

TWILIO_BASE_URL and SES_ENDPOINT_URL point to other simulators than the built-in ones.";

/// Reads the arguments; `None` asks for help.
pub fn parse(arguments: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
    let mut options = Options {
        listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
        data: Some(PathBuf::from("data")),
        empty: false,
        access: None,
        providers: ProviderUrls::from_env(),
    };
    let mut arguments = arguments;
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value."));
        match argument.as_str() {
            "--listen" => {
                let text = value()?;
                options.listen =
                    text.parse().map_err(|_| format!("{text} is not an address such as 127.0.0.1:8080."))?;
            }
            "--data" => options.data = Some(PathBuf::from(value()?)),
            "--access" => options.access = Some(PathBuf::from(value()?)),
            "--database" => options.providers.database = Some(value()?),
            "--memory" => options.data = None,
            "--empty" => options.empty = true,
            "--help" | "-h" => return Ok(None),
            unknown => return Err(format!("{unknown} is not an option.")),
        }
    }
    Ok(Some(options))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Option<Options>, String> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn the_command_line_of_the_contract_is_understood() {
        let options = parsed("--listen 127.0.0.1:0 --memory --empty --access /tmp/a.json").unwrap().unwrap();
        assert_eq!((options.listen.port(), options.data, options.empty), (0, None, true));
        assert_eq!(options.access, Some(PathBuf::from("/tmp/a.json")));
        assert_eq!(parsed("").unwrap().unwrap().listen.port(), 8080);
        let elsewhere = parsed("--database http://127.0.0.1:8000").unwrap().unwrap();
        assert_eq!(elsewhere.providers.database.as_deref(), Some("http://127.0.0.1:8000"));
        assert!(parsed("--help").unwrap().is_none());
    }

    #[test]
    fn a_wrong_argument_is_named() {
        for (line, named) in [("--listen", "--listen"), ("--listen here", "here"), ("--datta x", "--datta")] {
            assert!(parsed(line).unwrap_err().contains(named), "{line}");
        }
    }
}
