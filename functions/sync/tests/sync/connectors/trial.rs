//! *Test connection* and the opener: from the settings and the vault to a school's name, or to what is wrong.

use std::ops::Deref;
use std::sync::Arc;

use domain::ids::RunId;
use domain::job::Job;
use domain::settings::Settings;
use domain::sync::{Connector, MisSettings, Trial, TrialState};
use runtime::{Clock, MemoryVault, Outside, SecretText, Vault};
use simulators::{Config, MIS_PASSWORD, Running, Simulators, TwilioAccount};
use sync::mis::MisError;
use sync::{Connectors, Opener, Syncer};
use testkit::{NOON as NOW, World, batch_of, school_id};
use ulid::Ulid;

use crate::kit::syncer;

struct Town {
    world: World,
    sync: Syncer,
    mis: Running,
}

impl Deref for Town {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl Town {
    async fn start(outside: Outside) -> Self {
        let world = World::start_at(NOW).await;
        let account = TwilioAccount { sid: format!("AC{}", "0".repeat(32)), auth_token: "t".to_owned() };
        let mis = Simulators::start(Config::new(account)).await.unwrap();
        let vault = Arc::clone(&world.vault) as Arc<dyn Vault>;
        let opener = Opener::new(outside, world.clock.clone(), vault).unwrap();
        let sync = syncer(&world, Arc::new(opener));
        Self { world, sync, mis }
    }

    /// Saves an MIS with these credentials, and the school under this name.
    async fn save(&self, name: &str, address: &str, estab: &str, password: &str) {
        let text = serde_json::json!({
            "token_url": format!("{}/idaas/sts/STS/GetToken", self.mis.url()),
            "relying_party": "messenger.example.org",
            "password": password,
        });
        self.vault.put(self.school.id(), "xporter-1", &SecretText::new(text.to_string())).await.unwrap();
        let mis = MisSettings {
            kind: "xporter".to_owned(),
            address: address.to_owned(),
            school: estab.to_owned(),
            secret: "xporter-1".to_owned(),
            ..MisSettings::default()
        };
        self.school.settings().create(&Settings { mis, ..Settings::new(name) }).await.unwrap();
    }

    /// Does a trial as the queue brings it; what it says.
    async fn trial(&self, number: u128) -> Trial {
        let trial = Trial::new(RunId::new(Ulid::from_parts(NOW as u64, number)), NOW);
        self.school.sync().trial().begin(&trial).await.unwrap();
        self.bring(trial.id).await;
        self.school.sync().trial().get(NOW).await.unwrap().unwrap()
    }

    async fn bring(&self, trial: RunId) {
        let job = Job::TryMis { school: self.school.id(), trial };
        assert!(self.sync.handle(batch_of([&job])).await.batch_item_failures.is_empty());
    }
}

#[tokio::test]
async fn the_school_itself_is_read_and_named() {
    let town = Town::start(Outside::InternetAndLoopback).await;
    let url = town.mis.url().to_owned();
    town.save("Another School", &url, "3281101", MIS_PASSWORD).await;
    let trial = town.trial(1).await;
    assert_eq!(trial.state, TrialState::OtherName, "{trial:?}");
    assert!(trial.said.contains("these settings are for Another School"), "{trial:?}");
    assert!(town.school.sync().runs(5).await.unwrap().is_empty(), "a trial is no run");
}

#[tokio::test]
async fn what_is_wrong_is_said_in_plain_words_without_the_secret() {
    let town = Town::start(Outside::InternetAndLoopback).await;
    let url = town.mis.url().to_owned();
    town.save("School", &url, "3281101", "not-the-password").await;
    let trial = town.trial(1).await;
    assert!(
        trial.state == TrialState::Wrong && trial.said.contains("does not accept these credentials"),
        "{trial:?}"
    );
    assert!(!format!("{trial:?}").contains("not-the-password"));
    town.vault.remove(town.school.id(), "xporter-1").await.unwrap();
    assert!(town.trial(2).await.said.contains("no credentials"));
}

#[tokio::test]
async fn nothing_inside_a_network_is_called_whatever_the_settings_say() {
    let town = Town::start(Outside::Internet).await;
    let url = town.mis.url().to_owned();
    town.save("School", &url, "3281101", MIS_PASSWORD).await;
    let trial = town.trial(1).await;
    assert!(trial.state == TrialState::Wrong && trial.said.contains("may not be called"), "{trial:?}");
}

#[tokio::test]
async fn a_trial_that_comes_twice_or_late_changes_nothing() {
    let town = Town::start(Outside::InternetAndLoopback).await;
    let url = town.mis.url().to_owned();
    town.save("School", &url, "3281101", "wrong").await;
    let ended = town.trial(1).await;
    town.bring(ended.id).await;
    town.bring(RunId::new(Ulid::from_parts(NOW as u64, 9))).await;
    assert_eq!(town.school.sync().trial().get(NOW).await.unwrap().unwrap(), ended);
    // One of before another was begun has nobody who waits for it.
    let newer = Trial::new(RunId::new(Ulid::from_parts(NOW as u64, 2)), NOW);
    town.school.sync().trial().begin(&newer).await.unwrap();
    town.bring(ended.id).await;
    assert!(!town.school.sync().trial().end(&ended).await.unwrap());
    assert_eq!(town.school.sync().trial().get(NOW).await.unwrap().unwrap(), newer);
}

#[tokio::test]
async fn every_kind_opens_with_what_its_form_asks_for() {
    let vault = Arc::new(MemoryVault::default());
    let clock = Clock::set_to(NOW);
    let opener = Opener::new(Outside::Internet, clock, Arc::clone(&vault) as Arc<dyn Vault>).unwrap();
    let school = school_id(1);
    for kind in Connector::ALL {
        let text: serde_json::Map<String, serde_json::Value> = kind
            .credentials()
            .iter()
            .map(|c| {
                (c.name.to_owned(), if c.address { "https://mis.example.org/token" } else { "x" }.into())
            })
            .collect();
        let text = SecretText::new(serde_json::Value::Object(text).to_string());
        if !kind.reads_files() {
            vault.put(school, kind.code(), &text).await.unwrap();
        }
        let mis = MisSettings {
            kind: kind.code().to_owned(),
            address: kind.usual_address().replace(".example/", ".example.org/"),
            school: if kind.needs_school() { "3281101".to_owned() } else { String::new() },
            secret: kind.code().to_owned(),
            ..MisSettings::default()
        };
        let settings = Settings { mis, ..Settings::new("School") };
        let opened = opener.open(school, &settings).await;
        if kind.reads_files() {
            assert!(matches!(opened, Err(MisError::NotCarried)), "{kind:?} is handed in");
        } else {
            assert!(opened.unwrap().is_some(), "{kind:?}");
        }
    }
    let none = Settings::new("School");
    assert!(opener.open(school, &none).await.unwrap().is_none());
}
