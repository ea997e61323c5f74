//! One run in this process: a town of its own, a storm, fair weather, judgement.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use dynoxide::Database;
use runtime::QueueName;
use serde_json::json;
use simulators::{Simulators, TwilioAccount};
use tokio::task::JoinHandle;
use usage::Usage;

use crate::judge::{self, Permits, Verdict};
use crate::life;
use crate::partner::{Partner, Sent, compose};
use crate::queue::Queues;
use crate::scenario::{STORM, Scenario, Storm, UNREADABLE};
use crate::tally::{Row, Tally};
use crate::town::{ACCOUNT, MOST_REFUSALS, TOKEN, Town, key, school};
use crate::trouble::{count_struck, order_faults, poisoned, replay};

/// Longest wait for a run to come to its end after the storm.
const PATIENCE: Duration = Duration::from_mins(5);
/// Most deliveries in a page: what one lost worker may leave unconfirmed for each page in its hands.
const PAGE: usize = 25;
/// Pages that a worker of a run can have in its hands.
const PAGES: usize = 4;

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// Which run.
    pub seed: u64,
    /// What befell it.
    pub scenario: Scenario,
    /// The judge's words.
    pub verdict: Verdict,
    /// What really happened.
    pub tally: Arc<Tally>,
    /// How long it took.
    pub took: Duration,
}

/// A task that ends with whoever holds this.
#[derive(Debug)]
pub struct Held(pub JoinHandle<()>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The runtime of what is not ours: databases and providers. They must not wait for the product, nor it for them.
pub fn elsewhere() -> &'static tokio::runtime::Handle {
    static ELSEWHERE: std::sync::OnceLock<tokio::runtime::Runtime> = std::sync::OnceLock::new();
    let start = || {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(8).thread_name("elsewhere").enable_all().build().expect("a runtime")
    };
    ELSEWHERE.get_or_init(start).handle()
}

/// Serves a database, in a file of `directory` or in memory.
pub async fn serve_database(directory: Option<&Path>) -> (String, Held) {
    let database = match directory {
        Some(directory) => Database::new(&directory.join("table.sqlite").to_string_lossy()),
        None => Database::memory(),
    };
    let database = database.expect("a database");
    let serving = elsewhere().spawn(async move {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        (url, Held(tokio::spawn(dynoxide::server::serve_on(listener, database))))
    });
    serving.await.expect("a database")
}

/// Where SNS would put SES's events into the queue: no part of the api, so it outlives it.
pub async fn serve_events(queues: Queues, listener: tokio::net::TcpListener) {
    let take = async |State(queues): State<Queues>, body: String| {
        queues.put(QueueName::Receipts, &body, Duration::ZERO);
        StatusCode::OK
    };
    let app = Router::new().route("/events", post(take)).with_state(queues);
    let _ = axum::serve(listener, app).await;
}

/// The simulators' set-up for a storm.
pub fn simulators(storm: &Storm, events: Option<String>) -> simulators::Config {
    let mut config =
        simulators::Config::new(TwilioAccount { sid: ACCOUNT.to_owned(), auth_token: TOKEN.to_owned() });
    config.ses_events_url = events;
    config.latency.step = Duration::from_millis(if storm.early { 1 } else { 40 });
    config.latency.unordered = storm.unordered;
    config
}

/// Does one run.
pub async fn run(scenario: Scenario, seed: u64) -> Outcome {
    let began = Instant::now();
    let storm = scenario.storm();
    let events = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let events_url = format!("http://{}/events", events.local_addr().expect("an address"));
    let set_up = simulators(&storm, Some(events_url));
    let providers = elsewhere().spawn(Simulators::start(set_up)).await.expect("a task").expect("simulators");
    let (database_url, _database) = serve_database(None).await;
    let (listener, url) = listen();
    let town = Arc::new(Town::new(seed, storm, &database_url, &url, providers.url()));
    let _events = Held(tokio::spawn(serve_events(town.queues.clone(), events)));
    let people = town.chance.between("people", 30, 60);
    town.found(people).await;

    let partner = Partner::new(&url, &key().reveal(), providers.url());
    let _api = life::keep_api(&town, listener);
    let mut workers: Vec<_> = (0..storm.workers).map(|n| life::keep_worker(&town, n)).collect();
    let mut wrong = Vec::new();
    order_faults(&town, &partner).await;
    poison(&town);
    let mut sent = send_all(&town, &partner, people, &mut wrong).await;
    let shown = Arc::new(Mutex::new(Vec::new()));
    let watching = Held(tokio::spawn(watch(partner.clone(), sent.clone(), Arc::clone(&shown))));
    if storm.poison {
        poisoned(&town, &mut wrong).await;
    }
    replay(&town, &partner, &mut wrong).await;
    blow_over(&town, &partner, &sent, began + STORM).await;
    if storm.skewed {
        // From here on the clocks are right but for one that is ahead, to which all that was planned is due.
        workers.truncate(1);
    }
    let mut is_quiet = quiet(&town, &partner, &sent, &mut wrong).await;
    drop(watching);
    wrong.append(&mut shown.lock().unwrap());
    if storm.resend && is_quiet {
        is_quiet = send_again(&town, &partner, &mut sent, &mut wrong).await;
    }
    let mut verdict = if is_quiet {
        judged(&town, &partner, &database_url, &sent, wrong).await
    } else {
        // What is lost or double while it is still under way is not for a judge to say.
        Verdict { wrong, ..Verdict::default() }
    };
    if !is_quiet || !verdict.is_clean() {
        keep_rows(scenario, seed, &database_url, &mut verdict.wrong).await;
    }
    drop(workers);
    Outcome { seed, scenario, verdict, tally: Arc::clone(&town.tally), took: began.elapsed() }
}

/// Where the api is reached.
fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a socket");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    (listener, url)
}

/// Puts jobs that nobody can do into the queues, if the storm has any.
fn poison(town: &Town) {
    if !town.storm.poison {
        return;
    }
    town.weather.poisoned.store(1 + town.chance.between("poisoned", 0, 1), Ordering::Relaxed);
    for queue in crate::queue::NAMES {
        town.queues.put(queue, UNREADABLE, Duration::ZERO);
    }
}

/// Lets the storm go on until then, and has nothing go wrong from there on.
async fn blow_over(town: &Town, partner: &Partner, sent: &[Sent], until: Instant) {
    weather_out(town, partner, sent, until).await;
    partner.clear_faults().await;
    count_struck(town, partner).await;
    town.calm();
}

/// The judge's word on a run that has come to rest, and what was `wrong` on the way there.
async fn judged(
    town: &Town,
    partner: &Partner,
    database_url: &str,
    sent: &[Sent],
    mut wrong: Vec<String>,
) -> Verdict {
    recount(town, &mut wrong).await;
    attempts(town, &mut wrong);
    let mut verdict = judge::judge(partner, database_url, sent, permits(town)).await;
    verdict.wrong.append(&mut wrong);
    verdict
}

/// Sends the run's messages, each request repeated until it is answered, some of them even then.
async fn send_all(town: &Arc<Town>, partner: &Partner, people: u64, wrong: &mut Vec<String>) -> Vec<Sent> {
    let mut sent = Vec::new();
    for n in 0..town.storm.messages {
        let (body, mut message) = compose(&town.chance, people);
        let key = format!("message {n}");
        match partner.send(&key, &body).await {
            Ok(id) => message.id = id,
            Err(why) => {
                wrong.push(format!("message {n} was not accepted: {why}"));
                continue;
            }
        }
        if town.chance.hits("repeat", 400) {
            match partner.send(&key, &body).await {
                Ok(again) if again == message.id => {}
                other => wrong.push(format!("message {n} repeated: {other:?} for {}", message.id)),
            }
        }
        sent.push(message);
        tokio::time::sleep(Duration::from_millis(town.chance.between("pause", 0, 250))).await;
    }
    sent
}

/// Waits until the storm has spent itself: its budgets are used up, or everything is over, or time is up.
async fn weather_out(town: &Town, partner: &Partner, sent: &[Sent], until: Instant) {
    loop {
        let open =
            [&town.perils.deaths, &town.perils.holds, &town.weather.faults].iter().any(|b| b.is_open());
        if !open || Instant::now() > until {
            return;
        }
        let mut over = true;
        for message in sent {
            let now = partner.get(&format!("/api/v1/messages/{}", message.id)).await;
            over &= now["state"] == "finished";
        }
        if over && town.queues.is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

/// Waits until nothing is left to do, redriving what died in the storm.
/// Whether it came to that in time.
async fn quiet(town: &Town, partner: &Partner, sent: &[Sent], wrong: &mut Vec<String>) -> bool {
    let began = Instant::now();
    loop {
        let owed = partner.ask("counts").await["receipts"]["pending"].as_u64().unwrap_or(1);
        if owed == 0 && town.queues.is_empty() {
            if !town.queues.dead().is_empty() {
                let before = town.queues.dead().len();
                town.queues.discard(|letter| letter.body == UNREADABLE && town.storm.poison);
                let again = town.queues.redrive();
                let excused = town.storm.loses_outcomes() || town.perils.died.load(Ordering::Relaxed) > 0;
                if !town.storm.poison && !excused {
                    wrong.push(format!("{before} dead letters"));
                }
                if again > 0 {
                    continue;
                }
            }
            if judge::unfinished(&judge::rows(&town.database_url).await, sent).is_empty() {
                return true;
            }
        }
        if began.elapsed() > PATIENCE {
            let rows = judge::rows(&town.database_url).await;
            wrong.extend(judge::unfinished(&rows, sent));
            wrong.push(format!("not quiet in time: {owed} receipts owed, {} queued", town.queues.len()));
            return false;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Looks at the deliveries again and again: what was once delivered stays so, but for e-mail that bounces later.
async fn watch(partner: Partner, sent: Vec<Sent>, wrong: Arc<Mutex<Vec<String>>>) {
    let mut known: BTreeMap<(String, String, String), String> = BTreeMap::new();
    loop {
        for message in &sent {
            for delivery in partner.deliveries(&message.id).await {
                let word = |name: &str| delivery[name].as_str().unwrap_or_default().to_owned();
                let place = (message.id.clone(), word("channel"), word("to"));
                let now = word("state");
                let before = known.insert(place.clone(), now.clone());
                let bounced = place.1 == "email" && now == "permanent_failure";
                if before.is_some_and(|b| b == "delivered") && now != "delivered" && !bounced {
                    wrong.lock().unwrap().push(format!("{place:?} went from delivered to {now}"));
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
}

/// Staff send again what failed or is not confirmed.
async fn send_again(town: &Town, partner: &Partner, sent: &mut [Sent], wrong: &mut Vec<String>) -> bool {
    for message in sent.iter_mut() {
        let totals = partner.get(&format!("/api/v1/messages/{}", message.id)).await["totals"].clone();
        let failed = ["unknown", "temporary_failure", "permanent_failure"];
        if failed.iter().any(|state| totals[*state].as_u64().unwrap_or(0) > 0) {
            let status = partner.post(&format!("/api/v1/messages/{}/resend", message.id), &json!({})).await;
            if status != 202 {
                wrong.push(format!("{}: resend was answered {status}", message.id));
            }
            message.resends += 1;
        }
    }
    // A resend opens the message before it is answered, so it is not over until this is.
    quiet(town, partner, sent, wrong).await
}

/// Nobody was tried more often than the policy has it. A death, or an outcome that was not written, may hide a refusal.
fn attempts(town: &Town, wrong: &mut Vec<String>) {
    let storm = &town.storm;
    let forgets = storm.deaths > 0 || storm.holds > 0 || storm.database > 0 || storm.resend;
    let most = town.refusals.most();
    if !forgets && town.perils.died.load(Ordering::Relaxed) == 0 && most > u32::from(MOST_REFUSALS) {
        wrong.push(format!("a delivery was refused {most} times and tried again"));
    }
}

/// Keeps the table of a run that failed: a replay meets the same faults, but not surely in the same order.
async fn keep_rows(scenario: Scenario, seed: u64, database: &str, wrong: &mut Vec<String>) {
    let path = std::env::temp_dir().join(format!("faults-{scenario}-{seed}.jsonl"));
    let lines: String = judge::rows(database).await.iter().map(|row| format!("{row}\n")).collect();
    if std::fs::write(&path, lines).is_ok() {
        wrong.push(format!("its table is kept in {}", path.display()));
    }
}

/// A recount finds nothing to mend.
async fn recount(town: &Town, wrong: &mut Vec<String>) {
    match Usage::new(town.fair_store()).recount(school()).await {
        Ok(mended) if mended.is_empty() => {}
        other => wrong.push(format!("the recount mended: {other:?}")),
    }
}

/// What of this run's end can be explained by what befell it: each worker that was lost had so many pages in its hands
/// at most; each answer that said nothing was to one delivery. A busy machine makes both happen without being told to.
pub fn permits(town: &Town) -> Permits {
    let storm = &town.storm;
    let lost = usize::try_from(town.perils.died.load(Ordering::Relaxed)).unwrap_or(0);
    let held = usize::try_from(town.tally.row(Row::Clocks)).unwrap_or(0);
    let lost_outcomes = usize::try_from(town.tally.row(Row::Database)).unwrap_or(0);
    let unanswered = usize::try_from(town.refusals.unclear()).unwrap_or(0);
    Permits {
        not_confirmed: (lost + held + lost_outcomes) * PAGE * PAGES + unanswered,
        refusals: storm.providers > 0,
        // A question that got no answer is asked again, but a send that was slow to arrive cannot be told from none.
        unanswered: unanswered > 0,
    }
}
