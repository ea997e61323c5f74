//! Workers and the api, each in a runtime of its own that ends with it, and whoever starts the next.

use std::collections::BTreeSet;
use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use api::{ApiConfig, ApiState, Ports};
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use runtime::{Aws, Clock, Ids, QueueName};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use usage::Usage;

use crate::database;
use crate::gate::{Life, Side};
use crate::providers::gated;
use crate::queue::{NAMES, Sender};
use crate::tally::Row;
use crate::town::{NoFiles, Town};

/// Between two looks into an empty queue.
const IDLE: Duration = Duration::from_millis(15);
/// Between two sweeps.
const SWEEP: Duration = Duration::from_millis(500);
/// The furthest that a clock is wrong, in milliseconds.
const SKEW_MS: u64 = 300_000;

type Handler = Arc<dyn Fn(SqsEvent) -> Pin<Box<dyn Future<Output = SqsBatchResponse> + Send>> + Send + Sync>;

/// A runtime with one life in it.
#[derive(Debug)]
pub struct Living {
    life: Arc<Life>,
    runtime: Option<Runtime>,
}

impl Living {
    fn start(life: Arc<Life>, work: impl Future<Output = ()> + Send + 'static) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        runtime.spawn(work);
        Self { life, runtime: Some(runtime) }
    }
}

impl Drop for Living {
    fn drop(&mut self) {
        self.life.end();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A worker: dispatch and usage on every queue, and the sweep. `ahead_ms` is how far its clock is wrong.
pub fn worker(town: &Arc<Town>, life: Arc<Life>, ahead_ms: i64) -> Living {
    let (town, mine) = (Arc::clone(town), Arc::clone(&life));
    Living::start(life, async move { work(town, mine, ahead_ms).await })
}

async fn work(town: Arc<Town>, life: Arc<Life>, ahead_ms: i64) {
    let store = database::store(&town.database_url, crate::town::TABLE, &life, &town.weather);
    let clock = Clock::ahead_by(ahead_ms);
    let sender = Arc::new(Sender { queues: town.queues.clone(), life: Arc::clone(&life) });
    let built = dispatch::build(
        &town.config(),
        &Aws::local(),
        store.clone(),
        sender,
        Arc::new(NoFiles),
        clock,
        Ids::system(),
    );
    let mut dispatch = built.expect("a dispatcher");
    dispatch.providers = gated(dispatch.providers, &life, &town);
    let dispatch = Arc::new(dispatch);
    let usage = Usage::new(store);
    let sweeper = Arc::clone(&dispatch);
    let dispatching: Handler = Arc::new(move |event| {
        let dispatch = Arc::clone(&dispatch);
        Box::pin(async move { dispatch.handle(event).await })
    });
    let counting: Handler = Arc::new(move |event| {
        let usage = usage.clone();
        Box::pin(async move { usage.handle(event).await })
    });
    for queue in NAMES {
        let handler = if queue == QueueName::Finished { &counting } else { &dispatching };
        let (most, lanes) = match queue {
            QueueName::Routine => (10, 2),
            QueueName::Receipts => (100, 1),
            _ => (10, 1),
        };
        for _ in 0..lanes {
            tokio::spawn(serve(Arc::clone(&town), Arc::clone(&life), queue, most, Arc::clone(handler)));
        }
    }
    while !life.is_over() {
        tokio::time::sleep(SWEEP).await;
        // A sweep that fails is made up for by the next.
        let _ = sweeper.sweep().await;
    }
}

async fn serve(town: Arc<Town>, life: Arc<Life>, queue: QueueName, most: usize, handler: Handler) {
    while !life.is_over() {
        let Some(batch) = town.queues.receive(queue, most) else {
            tokio::time::sleep(IDLE).await;
            continue;
        };
        let working = handler(batch.event.clone());
        // Whoever is to sleep past the lease must not be ended by the function's time-out.
        let allowed = if town.storm.holds > 0 { Duration::from_mins(5) } else { town.function() };
        let Ok(response) = tokio::time::timeout(allowed, working).await else {
            town.timed_out();
            life.end();
            return;
        };
        let failed: BTreeSet<String> =
            response.batch_item_failures.into_iter().map(|f| f.item_identifier).collect();
        if town.storm.poison && !failed.is_empty() {
            town.failed.lock().unwrap().extend(town.queues.bodies(&failed));
        }
        life.pass("acknowledge", Side::Before).await;
        town.queues.settle(&batch, &failed);
        life.pass("acknowledge", Side::After).await;
    }
}

/// The api, on a listener that outlives it.
pub fn api(town: &Arc<Town>, life: Arc<Life>, listener: &TcpListener) -> Living {
    let (town, mine) = (Arc::clone(town), Arc::clone(&life));
    let listener = listener.try_clone().expect("a listener");
    Living::start(life, async move {
        let config = town.config();
        let ports = Ports {
            store: database::store(&town.database_url, crate::town::TABLE, &mine, &town.weather),
            queue: Arc::new(Sender { queues: town.queues.clone(), life: mine }),
            files: Arc::new(NoFiles),
            vault: Arc::new(runtime::MemoryVault::default()),
            clock: Clock::system(),
            ids: Ids::system(),
        };
        let api = ApiConfig {
            public_url: config.public_url.clone(),
            numbers: config.number_mode(),
            twilio_account_sid: config.twilio.account_sid.clone(),
            twilio_auth_token: config.twilio.auth_token.clone(),
            reference_key: config.reference_key.clone(),
            upload_origin: None,
            x: None,
        };
        let state = ApiState::new(ports, api).expect("a key that is long enough");
        let app = api::router(state).into_make_service_with_connect_info::<SocketAddr>();
        let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
        let _ = axum::serve(listener, app).await;
    })
}

/// Whatever keeps lives going: dropped, it ends them.
#[derive(Debug)]
pub struct Keeper(JoinHandle<()>);

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Keeps worker `number` going, one life after the other.
pub fn keep_worker(town: &Arc<Town>, number: u64) -> Keeper {
    let town = Arc::clone(town);
    Keeper(tokio::spawn(async move {
        loop {
            let life = Life::new(Arc::clone(&town.chance), Arc::clone(&town.perils), Arc::clone(&town.tally));
            let life = Arc::new(life);
            let _living = worker(&town, Arc::clone(&life), skew(&town, number));
            let mut pace = town.pace.subscribe();
            // Where clocks are wrong another machine, with another clock, takes its place after a while.
            let term = if town.storm.skewed { Duration::from_millis(1_500) } else { Duration::from_hours(1) };
            tokio::select! {
                () = life.over() => {}
                _ = pace.changed() => {}
                () = tokio::time::sleep(term) => {}
            }
        }
    }))
}

/// How far the next worker's clock is wrong. The first is always as far ahead as may be: a look that it planned is due
/// to nobody who is behind.
fn skew(town: &Town, number: u64) -> i64 {
    if !town.storm.skewed {
        return 0;
    }
    if number == 0 {
        return i64::try_from(SKEW_MS).unwrap_or(0);
    }
    let off = i64::try_from(town.chance.between("skew", 0, 2 * SKEW_MS)).unwrap_or(0);
    if town.perils.holds.is_open() {
        town.tally.add(Row::Clocks, "a worker with a wrong clock");
    }
    off - i64::try_from(SKEW_MS).unwrap_or(0)
}

/// Keeps the api going.
pub fn keep_api(town: &Arc<Town>, listener: TcpListener) -> Keeper {
    let town = Arc::clone(town);
    Keeper(tokio::spawn(async move {
        loop {
            let perils = Arc::clone(&town.api_perils);
            let life = Arc::new(Life::new(Arc::clone(&town.chance), perils, Arc::clone(&town.tally)));
            let _living = api(&town, Arc::clone(&life), &listener);
            life.over().await;
        }
    }))
}
