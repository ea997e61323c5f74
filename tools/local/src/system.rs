//! Putting the process together, and taking it apart.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use api::{ApiConfig, ApiState, Ports};
use dispatch::Dispatch;
use runtime::{
    Aws, Clock, Config, Ids, QueueName, Queues, SesConfig, Timing, TwilioConfig, Vault, XConfig, database_at,
    ses_endpoint, twilio_account, twilio_base_url,
};
use simulators::{Simulators, TwilioAccount};
use store::Store;
use sync::Syncer;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tracing::warn;
use usage::Usage;

use crate::access::Access;
use crate::database;
use crate::demo;
use crate::error::StartError;
use crate::files::LocalFiles;
use crate::mis;
use crate::queue::{Handler, LocalQueue, Mapping};
use crate::secrets::{Secrets, write_private};
use crate::vault::LocalVault;
use crate::web;

/// Name of the table in the embedded database.
const TABLE: &str = "messenger";
/// Between two looks at the schools' schedules.
const TICK: Duration = Duration::from_mins(1);
/// Between two sweeps.
const SWEEP: Duration = Duration::from_millis(500);

/// How the process is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where everything is kept; `None` keeps nothing.
    pub data: Option<PathBuf>,
    /// A school without people.
    pub empty: bool,
    /// Where to write the sign-ins, if not beside the data.
    pub access: Option<PathBuf>,
    /// Providers other than the built-in simulators, and a database other than the embedded one.
    pub providers: ProviderUrls,
}

/// Where providers are that somebody else runs.
#[derive(Debug, Clone, Default)]
pub struct ProviderUrls {
    /// Twilio.
    pub twilio: Option<String>,
    /// SES.
    pub ses: Option<String>,
    /// Twilio's account and its secret.
    pub account: Option<(String, String)>,
    /// A database that speaks DynamoDB's wire protocol, on loopback; `None` for the embedded one.
    pub database: Option<String>,
    /// What each sender may send in a second, whatever the channel; 0 for no limit.
    pub per_second: u32,
}

impl ProviderUrls {
    /// What the environment says.
    pub fn from_env() -> Self {
        Self { twilio: twilio_base_url(), ses: ses_endpoint(), account: twilio_account(), ..Self::default() }
    }
}

/// A running product.
#[derive(Debug)]
pub struct System {
    access: Access,
    store: Store,
    queue: LocalQueue,
    database: database::Running,
    simulators: simulators::Running,
    tasks: Vec<JoinHandle<()>>,
}

impl System {
    /// Starts everything; when this returns the product takes requests.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        if let Some(directory) = &options.data {
            std::fs::create_dir_all(directory).map_err(|e| StartError::new("data directory", e))?;
        }
        let data = options.data.as_deref();
        let (clock, ids) = (Clock::system(), Ids::system());
        let secrets = Secrets::load(data, &ids)?;
        let listener =
            TcpListener::bind(options.listen).await.map_err(|e| StartError::new("listen address", e))?;
        let address = listener.local_addr().map_err(|e| StartError::new("listen address", e))?;
        let url = format!("http://{address}");

        let simulators = start_simulators(&options, &secrets, &url, address).await?;
        let database = match &options.providers.database {
            Some(url) => database::Running::elsewhere(url),
            None => database::start(data).await?,
        };
        let store = Store::new(database_at(&database.url), TABLE);
        store.create_table().await.map_err(|e| StartError::new("database", e))?;
        let school = demo::ensure(&store, &secrets, options.empty, clock.now_ms())
            .await
            .map_err(|e| StartError::new("demo school", e))?;

        let config = configuration(&options, &secrets, &url, simulators.url());
        let queue = LocalQueue::new(clock.clone());
        let files =
            Arc::new(LocalFiles::new(data.map(|d| d.join("files")), url.clone(), clock.clone(), ids.clone()));
        let vault: Arc<dyn Vault> = Arc::new(LocalVault::load(data)?);
        let dispatch = dispatch::build(
            &config,
            &Aws::local(),
            store.clone(),
            Arc::new(queue.clone()),
            files.clone(),
            clock.clone(),
            ids.clone(),
        )
        .map_err(|e| StartError::new("dispatch", e))?;
        let mut tasks = workers(&queue, Arc::new(dispatch), Usage::new(store.clone()));
        mis::keep_credentials(&*vault, school, simulators.url()).await?;
        let around_it = (clock.clone(), ids.clone());
        let syncer = mis::syncer(
            store.clone(),
            queue.clone(),
            files.clone(),
            simulators.url(),
            Arc::clone(&vault),
            around_it,
        )?;
        tasks.extend(syncs(&queue, syncer));

        let product = api::router(api_state(&config, &store, &queue, files.clone(), vault, clock, ids)?);
        let around = files.routes().merge(web::ses_events(queue.clone()));
        tasks.push(web::serve(listener, product, around));

        let access = Access {
            outbox_url: format!("{}/outbox", simulators.url()),
            twilio_url: config.twilio.base_url,
            ses_url: config.ses.endpoint.unwrap_or_default(),
            username: demo::USERNAME.to_owned(),
            users: if options.empty { Vec::new() } else { demo::listed() },
            password: secrets.password.clone(),
            api_key: demo::api_token(&secrets).map_err(|e| StartError::new("demo school", e))?.reveal(),
            school_id: school.to_string(),
            url,
        };
        write_access(&options, &access)?;
        Ok(Self { access, store, queue, database, simulators, tasks })
    }

    /// How to get in.
    pub const fn access(&self) -> &Access {
        &self.access
    }

    /// The table, for tests that judge what is in it.
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// The queues, for tests that deliver a job twice.
    pub const fn queue(&self) -> &LocalQueue {
        &self.queue
    }

    /// Stops at once. What was accepted stands in the table and goes on at the next start.
    pub async fn stop(self) {
        for task in &self.tasks {
            task.abort();
        }
        for task in self.tasks {
            // Aborted on purpose: how it ended says nothing.
            let _ = task.await;
        }
        self.simulators.stop().await;
        self.database.stop();
    }
}

/// The simulators get the port after the product's, so that the Outbox is where it was yesterday.
async fn start_simulators(
    options: &Options,
    secrets: &Secrets,
    url: &str,
    address: SocketAddr,
) -> Result<simulators::Running, StartError> {
    let account = TwilioAccount { sid: secrets.twilio_sid.clone(), auth_token: secrets.twilio_token.clone() };
    let mut config = simulators::Config::new(account);
    config.mis = demo::mis::school();
    config.data.clone_from(&options.data);
    config.ses_events_url = Some(format!("{url}/_local/ses-events"));
    config.inbound_url = Some(format!("{url}/hooks/twilio/inbound"));
    if options.listen.port() != 0 {
        config.listen = SocketAddr::new(address.ip(), address.port().wrapping_add(1));
        match Simulators::start(config.clone()).await {
            Ok(running) => return Ok(running),
            Err(_) => config.listen.set_port(0),
        }
    }
    Simulators::start(config).await.map_err(|e| StartError::new("simulators", e))
}

fn configuration(options: &Options, secrets: &Secrets, url: &str, simulators: &str) -> Config {
    let providers = &options.providers;
    let built_in = (secrets.twilio_sid.clone(), secrets.twilio_token.clone());
    let (account_sid, auth_token) = providers.account.clone().unwrap_or(built_in);
    Config {
        table_name: TABLE.to_owned(),
        queues: Queues::default(),
        files_bucket: String::new(),
        audit_bucket: String::new(),
        public_url: url.to_owned(),
        twilio: TwilioConfig {
            base_url: providers.twilio.clone().unwrap_or_else(|| simulators.to_owned()),
            account_sid,
            auth_token,
            per_second: providers.per_second,
        },
        ses: SesConfig {
            endpoint: Some(providers.ses.clone().unwrap_or_else(|| simulators.to_owned())),
            configuration_set: Some("messenger".to_owned()),
            from_address: "messages@messenger.example".to_owned(),
            per_second: providers.per_second,
        },
        x: Some(XConfig {
            base_url: simulators.to_owned(),
            consumer_key: simulators::X_CONSUMER_KEY.to_owned(),
            consumer_secret: simulators::X_CONSUMER_SECRET.to_owned(),
        }),
        reference_key: secrets.reference_key.clone().into_bytes(),
        timing: Timing::local(),
    }
}

fn api_state(
    config: &Config,
    store: &Store,
    queue: &LocalQueue,
    files: Arc<LocalFiles>,
    vault: Arc<dyn Vault>,
    clock: Clock,
    ids: Ids,
) -> Result<ApiState, StartError> {
    let ports = Ports { store: store.clone(), queue: Arc::new(queue.clone()), files, vault, clock, ids };
    let api = ApiConfig {
        public_url: config.public_url.clone(),
        numbers: config.number_mode(),
        twilio_account_sid: config.twilio.account_sid.clone(),
        twilio_auth_token: config.twilio.auth_token.clone(),
        reference_key: config.reference_key.clone(),
        upload_origin: None,
        x: api::x_linker(config).map_err(|e| StartError::new("X", e))?,
    };
    ApiState::new(ports, api).map_err(|e| StartError::new("api", e))
}

/// One mapping for each queue, as in `template.yaml`, and the sweep.
fn workers(queue: &LocalQueue, dispatch: Arc<Dispatch>, usage: Usage) -> Vec<JoinHandle<()>> {
    let sweeper = Arc::clone(&dispatch);
    let dispatching: Handler = Arc::new(move |event| {
        let dispatch = Arc::clone(&dispatch);
        Box::pin(async move { dispatch.handle(event).await })
    });
    let counting: Handler = Arc::new(move |event| {
        let usage = usage.clone();
        Box::pin(async move { usage.handle(event).await })
    });
    let now = Duration::ZERO;
    let mut tasks = Vec::new();
    let routine = Mapping { queue: QueueName::Routine, batch: 10, window: now, workers: 2 };
    tasks.extend(queue.serve(routine, &dispatching));
    tasks.extend(queue.serve(Mapping { queue: QueueName::Emergency, ..routine }, &dispatching));
    let gathered = Duration::from_millis(200);
    let receipts = Mapping { queue: QueueName::Receipts, batch: 1_000, window: gathered, workers: 1 };
    tasks.extend(queue.serve(receipts, &dispatching));
    tasks.extend(queue.serve(Mapping { queue: QueueName::Finished, workers: 1, ..routine }, &counting));
    tasks.push(tokio::spawn(async move {
        loop {
            tokio::time::sleep(SWEEP).await;
            if let Err(e) = sweeper.sweep().await {
                warn!(error = %e, "sweep failed");
            }
        }
    }));
    tasks
}

/// Runs of the sync, and the schedule that begins them.
fn syncs(queue: &LocalQueue, syncer: Syncer) -> Vec<JoinHandle<()>> {
    let ticking = syncer.clone();
    let syncing: Handler = Arc::new(move |event| {
        let syncer = syncer.clone();
        Box::pin(async move { syncer.handle(event).await })
    });
    let mapping = Mapping { queue: QueueName::Sync, batch: 1, window: Duration::ZERO, workers: 1 };
    let mut tasks = queue.serve(mapping, &syncing);
    tasks.push(tokio::spawn(async move {
        loop {
            if let Err(e) = ticking.tick().await {
                warn!(error = %e, "schedules not looked at");
            }
            tokio::time::sleep(TICK).await;
        }
    }));
    tasks
}

fn write_access(options: &Options, access: &Access) -> Result<(), StartError> {
    let beside_data = options.data.as_deref().map(|d: &Path| d.join("access.json"));
    let Some(path) = options.access.clone().or(beside_data) else { return Ok(()) };
    let text = serde_json::to_vec_pretty(access).map_err(|e| StartError::new("access file", e))?;
    write_private(&path, &text).map_err(|e| StartError::new("access file", e))
}
