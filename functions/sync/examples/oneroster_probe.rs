//! Asks a OneRoster 1.2 server for everything that a sync run asks for, and says what was understood. `tests/prism`
//! points it at a strict mock: `oneroster_probe http://127.0.0.1:4010`.
#![allow(clippy::print_stdout, reason = "its words are what the test reads")]

use std::sync::Arc;

use domain::feed::Part;
use jiff::Timestamp;
use jiff::civil::Date;
use runtime::{Clock, Outside, guarded_http_client};
use sync::mis::{
    Counter, Fetcher, Mis, OneRosterConfig, OneRosterRest, Policy, Query, Secret, Sleep, Version,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).ok_or("the address of a OneRoster server is missing")?;
    let outside = Outside::InternetAndLoopback;
    let fetcher = Fetcher::new(
        guarded_http_client(10_000, outside)?,
        outside,
        Clock::system(),
        Arc::new(Sleep),
        Policy::default(),
    );
    for (what, since) in [("all", None), ("changed", Some("2026-01-12T08:00:00Z".parse::<Timestamp>()?))] {
        let config = OneRosterConfig {
            base_url: url.clone(),
            token_url: format!("{url}/token"),
            client_id: "messenger".to_owned(),
            client_secret: Secret::new("not a secret"),
            version: Version::V1p2,
            school: None,
        };
        let mis = OneRosterRest::new(fetcher.clone(), config)?;
        for part in Part::ALL.into_iter().filter(|part| mis.carries(*part)) {
            let query = Query { part, since, days: (Date::MIN, Date::MIN) };
            match mis.read(query, &Counter::default()).await {
                Ok(reading) => println!("{what} {} understood, {} rows", part.code(), reading.records.len()),
                Err(error) => println!("{what} {} not understood: {error}", part.code()),
            }
        }
    }
    Ok(())
}
