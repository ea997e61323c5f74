//! The product in a process of its own, to be killed: the same worker and api on a database in a file and a queue with
//! a journal. Where it is to die it says so, does nothing more, and waits for its end.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use simulators::Simulators;

use crate::gate::Life;
use crate::life;
use crate::run::{serve_database, serve_events, simulators};
use crate::scenario::Scenario;
use crate::town::Town;

/// What a victim is told.
#[derive(Debug)]
pub struct Orders {
    /// Where everything is kept.
    pub data: PathBuf,
    /// Where the api listens; SES's events come in one port further.
    pub port: u16,
    /// Where the providers are.
    pub providers: String,
    /// Decides where it dies.
    pub seed: u64,
    /// Whether it is to live.
    pub lives: bool,
}

/// Runs until it is killed.
pub async fn victim(orders: Orders) {
    let mut storm = Scenario::Killed.storm();
    storm.deaths = i64::from(!orders.lives);
    let (database_url, _database) = serve_database(Some(&orders.data)).await;
    let url = format!("http://127.0.0.1:{}", orders.port);
    let town = Arc::new(Town::new(orders.seed, storm, &database_url, &url, &orders.providers));
    town.queues.journal(&orders.data.join("queue.jsonl")).expect("a journal");
    town.found(40).await;
    let events = tokio::net::TcpListener::bind(("127.0.0.1", orders.port + 1)).await.expect("the next port");
    tokio::spawn(serve_events(town.queues.clone(), events));
    let listener = TcpListener::bind(("127.0.0.1", orders.port)).expect("the port");
    listener.set_nonblocking(true).expect("a socket");
    println!("ready {database_url}");
    if orders.lives {
        let _kept = (life::keep_api(&town, listener), life::keep_worker(&town, 0));
        return tell(&town).await;
    }
    // One life for both: when it ends nothing of the process has any further effect.
    let life = Life::new(Arc::clone(&town.chance), Arc::clone(&town.perils), Arc::clone(&town.tally));
    let life = Arc::new(life.ended_by(Box::new(|place| println!("at {place}"))));
    let _living = (life::api(&town, Arc::clone(&life), &listener), life::worker(&town, Arc::clone(&life), 0));
    tokio::select! {
        () = tell(&town) => {}
        () = life.over() => {
            if town.perils.deaths.is_open() {
                // The function's time-out ended it, as it may on a busy machine.
                std::process::exit(1);
            }
            std::future::pending::<()>().await;
        }
    }
}

/// Says again and again whether anything is queued.
async fn tell(town: &Town) {
    loop {
        println!("{}", if town.queues.is_empty() { "idle" } else { "busy" });
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The providers in a process of their own, which sees every victim come and go.
pub async fn providers(events: String) {
    let running = Simulators::start(simulators(&Scenario::Killed.storm(), Some(events))).await;
    println!("ready {}", running.as_ref().expect("simulators").url());
    std::future::pending::<()>().await;
}
