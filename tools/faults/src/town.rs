//! What of a run outlives every worker: the table, the queues, the school and its people.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::contact::{Contact, ContactRole, LabelledNumber, PhoneLabel, Source};
use domain::ids::{ContactId, SchoolId};
use domain::money::Pence;
use domain::page::RetryPolicy;
use domain::phone::CountryCode;
use domain::routing::{Routing, VoiceCalling};
use domain::settings::{Prices, Settings};
use runtime::{BoxFuture, Config, FileError, Files, SesConfig, Timing, TwilioConfig};
use store::{Access, ApiToken, Store};
use tokio::sync::watch;
use ulid::Ulid;

use crate::chance::Chance;
use crate::database::Weather;
use crate::gate::{Budget, Perils};
use crate::queue::{Manners, Queues};
use crate::refusals::Refusals;
use crate::scenario::Storm;
use crate::tally::Tally;

/// The table.
pub const TABLE: &str = "faults";
/// Twilio's account.
pub const ACCOUNT: &str = "AC00000000000000000000000000000000";
/// Its secret.
pub const TOKEN: &str = "token";
/// A debug build is slower, and so is everything that is measured against it.
const PACE: i64 = if cfg!(debug_assertions) { 2 } else { 1 };
/// The slowest pace of a run.
const SLOWEST: i64 = 16;
/// How long a function may run: Lambda ends it then. Between the send deadline and the lease. At pace 1, as all times.
const FUNCTION_MS: i64 = 750;
/// Refused attempts before a delivery has failed.
pub const MOST_REFUSALS: u8 = 5;

const LEASE_MS: i64 = 850;
const VISIBILITY_MS: i64 = 1_000;

/// The product's times at a pace, in their order (ARCHITECTURE §4.3): lease > function > send deadline > call.
fn timing(pace: i64) -> Timing {
    let fast = pace.unsigned_abs();
    Timing {
        lease_ms: LEASE_MS * pace,
        send_deadline_ms: 420 * fast,
        call_ms: 300 * fast,
        ask_ms: 150 * pace,
        ses_report_ms: 1_500 * pace,
        watch_ms: 150 * pace,
        fetch_ms: 4_000 * pace,
        retry: RetryPolicy { base_ms: 60, most: MOST_REFUSALS },
        ..Timing::local()
    }
}

/// The parts that all lives of a run share.
#[derive(Debug)]
pub struct Town {
    /// What befalls it.
    pub storm: Storm,
    /// Decides.
    pub chance: Arc<Chance>,
    /// Counts.
    pub tally: Arc<Tally>,
    /// What may befall the workers.
    pub perils: Arc<Perils>,
    /// What may befall the api.
    pub api_perils: Arc<Perils>,
    /// The database's manners.
    pub weather: Arc<Weather>,
    /// The queues.
    pub queues: Queues,
    /// What providers refused.
    pub refusals: Arc<Refusals>,
    /// Bodies of the jobs that a worker said had failed.
    pub failed: Mutex<BTreeSet<String>>,
    /// Moves when the machine turns out too busy for the product's times: every worker then starts anew with longer
    /// ones.
    pub pace: watch::Sender<i64>,
    /// Where the database is.
    pub database_url: String,
    /// Where the api is.
    pub url: String,
    /// Where the providers are.
    pub providers_url: String,
}

impl Town {
    /// A town in which `storm` is to come.
    pub fn new(seed: u64, storm: Storm, database_url: &str, url: &str, providers_url: &str) -> Self {
        let (chance, tally) = (Arc::new(Chance::new(seed)), Arc::new(Tally::default()));
        let perils = |deaths, holds| {
            Arc::new(Perils {
                deaths: Budget::of(deaths),
                holds: Budget::of(holds),
                hold: Duration::from_millis((LEASE_MS * PACE).unsigned_abs() * 5 / 2),
                died: AtomicI64::new(0),
            })
        };
        let visibility = Duration::from_millis((VISIBILITY_MS * PACE).unsigned_abs());
        let manners = Manners { faults: Budget::of(storm.queue), per_mille: storm.queue_per_mille };
        Self {
            storm,
            perils: perils(storm.deaths, storm.holds),
            api_perils: perils(storm.api_deaths, 0),
            weather: Arc::new(Weather::new(storm.database, 70, Arc::clone(&chance), Arc::clone(&tally))),
            queues: Queues::new(visibility, manners, Arc::clone(&chance), Arc::clone(&tally)),
            refusals: Arc::default(),
            failed: Mutex::default(),
            pace: watch::Sender::new(PACE),
            chance,
            tally,
            database_url: database_url.to_owned(),
            url: url.to_owned(),
            providers_url: providers_url.to_owned(),
        }
    }

    /// The configuration that every life starts from.
    pub fn config(&self) -> Config {
        Config {
            table_name: TABLE.to_owned(),
            queues: runtime::Queues::default(),
            files_bucket: String::new(),
            audit_bucket: String::new(),
            public_url: self.url.clone(),
            twilio: TwilioConfig {
                base_url: self.providers_url.clone(),
                account_sid: ACCOUNT.to_owned(),
                auth_token: TOKEN.to_owned(),
                per_second: 0,
            },
            ses: SesConfig {
                endpoint: Some(self.providers_url.clone()),
                configuration_set: Some("messenger".to_owned()),
                from_address: "messages@messenger.example".to_owned(),
                per_second: 0,
            },
            x: None,
            reference_key: b"a key for references in the fault campaign".to_vec(),
            timing: timing(*self.pace.borrow()),
        }
    }

    /// How long a function may run.
    pub fn function(&self) -> Duration {
        Duration::from_millis((FUNCTION_MS * *self.pace.borrow()).unsigned_abs())
    }

    /// A function ran for too long. No fault of ours did that: the machine is busy.
    pub fn timed_out(&self) {
        self.perils.died.fetch_add(1, Ordering::Relaxed);
        // Hidden for longer first, so that no worker of the new pace meets an item of the old.
        let next = (*self.pace.borrow() + 1).min(SLOWEST);
        self.queues.hide_for(Duration::from_millis((VISIBILITY_MS * next).unsigned_abs()));
        self.pace.send_replace(next);
    }

    /// The table in fair weather, for founding and for judging.
    pub fn fair_store(&self) -> Store {
        Store::new(runtime::database_at(&self.database_url), TABLE)
    }

    /// The wait for fair weather is over: no more faults from here on.
    pub fn calm(&self) {
        self.perils.deaths.close();
        self.perils.holds.close();
        self.api_perils.deaths.close();
        self.weather.faults.close();
        self.queues.close();
    }

    /// Makes the table, the school, its people and the partner's key, if they are not there.
    pub async fn found(&self, people: u64) {
        let store = self.fair_store();
        store.create_table().await.expect("a table");
        let school = store.school(Access::of_operator(school()));
        if school.settings().get().await.is_ok() {
            return;
        }
        let now_ms = jiff::Timestamp::now().as_millisecond();
        let bulk = school.book().begin_bulk("founding", 60_000, now_ms).await.expect("the book");
        bulk.upsert_contacts((0..people).map(person).collect(), now_ms).await.expect("people");
        bulk.end().await.expect("the book");
        let scopes = ["messages:write", "messages:read", "usage:read"].map(str::to_owned);
        school.api_keys().create(&key(), "Campaign", &scopes, now_ms).await.expect("a key");
        school.settings().create(&settings()).await.expect("settings");
    }
}

/// The school.
pub fn school() -> SchoolId {
    SchoolId::new(Ulid::from_parts(1_756_713_600_000, 77))
}

/// The partner's key.
pub fn key() -> ApiToken {
    ApiToken::new("campaign", "0123456789abcdef0123456789abcdef").expect("a token")
}

/// The number that texts and calls of person `n` go to. Some endings are those that the simulators treat apart: off,
/// filtered, busy, not answered.
pub fn number(n: u64) -> String {
    match n {
        3 => "+447700900903".to_owned(),
        5 => "+447700900905".to_owned(),
        6 => "+447700900906".to_owned(),
        7 => "+447700900907".to_owned(),
        n => format!("+447700901{n:03}"),
    }
}

/// The address that e-mail to person `n` goes to. Some bounce, or are late.
pub fn address(n: u64) -> String {
    match n {
        2 => "bounce+2@example.com".to_owned(),
        4 => "full+4@example.com".to_owned(),
        8 => "delay+8@example.com".to_owned(),
        n => format!("p{n}@example.com"),
    }
}

/// The group of person `n`.
pub fn group(n: u64) -> String {
    format!("Form {}", n % 3)
}

fn person(n: u64) -> Contact {
    Contact {
        id: ContactId::parse(&format!("p{n:03}")).expect("an id"),
        title: None,
        forename: "Pat".to_owned(),
        surname: format!("Number{n}"),
        role: ContactRole::Parent,
        numbers: vec![LabelledNumber { label: PhoneLabel::Mobile, number: number(n) }],
        email: Some(address(n)),
        groups: vec![group(n)],
        source: Source::Api,
        overrides: domain::contact::Overrides::default(),
        away: None,
    }
}

fn settings() -> Settings {
    Settings {
        timezone: "Europe/London".to_owned(),
        country: CountryCode::UK,
        sms_sender: "GreenAbbey".to_owned(),
        sms_header: "GA Sch".to_owned(),
        voice_caller: "+441632960000".to_owned(),
        email_from_name: "Green Abbey School".to_owned(),
        email_reply_to: "office@greenabbey.example".to_owned(),
        routing: Routing::SmsFirst,
        voice_calling: VoiceCalling::FirstOnly,
        prices: Prices {
            sms_unit: Pence::from_hundredths(375),
            voice_minute: Pence::from_hundredths(900),
            email: Pence::default(),
        },
        head_teacher: "Lindsey Oakhurst".to_owned(),
        address: "Abbey Lane, Greenmarsh, GM1 2AB".to_owned(),
        phone: "01632 960000".to_owned(),
        ..Settings::new("Green Abbey School")
    }
}

/// No files: nobody uploads anything here.
#[derive(Debug)]
pub struct NoFiles;

impl Files for NoFiles {
    fn upload_url(&self, _: &str, _: u64, _: Duration) -> BoxFuture<'_, Result<String, FileError>> {
        Box::pin(async { Err(FileError::NotFound) })
    }

    fn read(&self, _: &str) -> BoxFuture<'_, Result<Vec<u8>, FileError>> {
        Box::pin(async { Err(FileError::NotFound) })
    }

    fn remove(&self, _: &str) -> BoxFuture<'_, Result<(), FileError>> {
        Box::pin(async { Ok(()) })
    }
}
