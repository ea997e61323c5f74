//! The MIS is the truth: what is changed there is what goes out, also when it changes while a message is confirmed.

use domain::audit::{Act, AuditEvent};
use domain::ids::{MessageId, RunId, SchoolId};
use domain::job::Job;
use domain::phone::{CountryCode, NumberMode};
use domain::report::ReportField;
use domain::settings::Settings;
use domain::sync::{Asked, LEASE_MS, MisSettings, Run, RunState};
use local::{Options, ProviderUrls, System};
use runtime::{Clock, Ids, Queue, QueueName};
use serde_json::{Value, json};
use store::{Access, Begun, School};
use tokio::time::{Duration, Instant, sleep};

use crate::product::{PATIENCE, Partner, http};

/// The demo school and its MIS.
struct Town {
    system: System,
    partner: Partner,
    school: School,
}

impl Town {
    async fn start() -> Self {
        let options = Options {
            listen: "127.0.0.1:0".parse().unwrap(),
            data: None,
            empty: false,
            access: None,
            providers: ProviderUrls::default(),
        };
        let system = System::start(options).await.unwrap();
        let partner = Partner::new(&serde_json::to_value(system.access()).unwrap(), None);
        let id: SchoolId = partner.school.parse().unwrap();
        let school = system.store().school(Access::of_operator(id));
        Self { system, partner, school }
    }

    /// Has the MIS read, and waits for the end.
    async fn refresh(&self) -> Value {
        let (status, run) = self.partner.post("/api/v1/sync-runs", &json!({})).await;
        assert_eq!(status, 202, "{run}");
        self.until_ended(run["id"].as_str().unwrap()).await
    }

    async fn until_ended(&self, id: &str) -> Value {
        let began = Instant::now();
        loop {
            let (_, run) = self.partner.get(&format!("/api/v1/sync-runs/{id}")).await;
            if !matches!(run["state"].as_str(), Some("queued" | "running")) {
                return run;
            }
            assert!(began.elapsed() < PATIENCE, "{run}");
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// A run that is at work as far as anybody can see, and that nobody does yet.
    async fn begin(&self) -> Run {
        let now_ms = Clock::system().now_ms();
        let run = Run::new(RunId::new(Ids::system().ulid(now_ms)), Asked::Schedule, now_ms);
        assert_eq!(self.school.sync().begin(&run, LEASE_MS, now_ms).await.unwrap(), Begun::New);
        run
    }

    /// A pupil, and the adult who is asked first: their id in the MIS and mobile.
    async fn family(&self) -> (String, String, String) {
        let now_ms = Clock::system().now_ms();
        let book = self.school.book().load(CountryCode::UK, NumberMode::Simulated, now_ms).await.unwrap();
        for place in 0..book.len() {
            let Some(first) = book.adults_of(place).first().filter(|pair| !pair.court_order) else {
                continue;
            };
            let (adult, reach) = book.at(first.contact()).unwrap();
            if let Some((_, number)) = reach.numbers.iter().find(|(_, number)| number.can_sms()) {
                let bare = adult.id.as_str().trim_start_matches("PC-").to_owned();
                return (book.contacts()[place].id.to_string(), bare, number.as_str().to_owned());
            }
        }
        panic!("no pupil has an adult with a mobile");
    }

    async fn send(&self, pupil: &str, purpose: &str) -> String {
        let message = json!({
            "purpose": purpose, "channels": ["sms"], "to": {"pupils": [pupil], "send_to": "priority_1"},
            "sms": {"text": "Please call the office"},
        });
        let (status, sent) = self.partner.post("/api/v1/messages", &message).await;
        assert_eq!(status, 202, "{sent}");
        sent["id"].as_str().unwrap().to_owned()
    }

    /// Waits until the message says that it waits; whether it was let down.
    async fn until_waiting(&self, id: &str, let_down: bool) {
        let id: MessageId = id.parse().unwrap();
        let began = Instant::now();
        loop {
            let unsynced = self.school.messages().meta(id).await.unwrap().unwrap().unsynced;
            if unsynced.since_ms.is_some() && unsynced.let_down == let_down {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{unsynced:?}");
            sleep(Duration::from_millis(50)).await;
        }
    }

    async fn texts(&self) -> Vec<String> {
        let seen = self.partner.seen("sms").await;
        seen.iter().map(|text| text["to"].as_str().unwrap().to_owned()).collect()
    }

    async fn says(&self, path: &str, form: &[(&str, &str)]) {
        let sent = http().post(format!("{}{path}", self.partner.simulators)).form(form).send().await.unwrap();
        assert!(sent.status().is_redirection(), "{path}: {}", sent.status());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_confirmed_while_the_mis_is_read_waits_and_goes_to_the_new_number() {
    let town = Town::start().await;
    let first = town.refresh().await;
    assert_eq!(first["state"], "finished", "{first}");
    assert!(first["changes"]["people"].as_u64().unwrap() > 2_000, "{first}");
    let (pupil, adult, old) = town.family().await;
    let new = "07700 900999";
    assert_ne!(old, "+447700900999");

    town.says("/mis/mobile", &[("contact", &adult), ("mobile", new)]).await;
    let run = town.begin().await;
    let id = town.send(&pupil, "service").await;
    town.until_waiting(&id, false).await;
    assert_eq!(town.partner.message(&id).await["state"], "queued");
    // An emergency never waits, and goes to the number that is known.
    let emergency = town.send(&pupil, "emergency").await;
    town.partner.until_settled(&emergency).await;
    assert_eq!(town.texts().await, [old]);

    let job = Job::Sync { school: town.school.id(), run: run.id };
    town.system.queue().send(QueueName::Sync, vec![(job, 0)]).await.unwrap();
    assert_eq!(town.until_ended(&run.id.to_string()).await["state"], "finished");
    town.partner.until_settled(&id).await;
    assert!(town.texts().await.contains(&"+447700900999".to_owned()), "{:?}", town.texts().await);
    town.system.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_refresh_failed_goes_with_the_next_one_or_at_somebodys_word() {
    let town = Town::start().await;
    town.refresh().await;
    let (pupil, ..) = town.family().await;
    let (one, other) = {
        let mut run = town.begin().await;
        let both = (town.send(&pupil, "service").await, town.send(&pupil, "service").await);
        town.until_waiting(&both.0, false).await;
        town.until_waiting(&both.1, false).await;
        let now_ms = Clock::system().now_ms();
        run.end(RunState::Failed, None, now_ms);
        town.school.sync().end(&run, now_ms).await.unwrap();
        both
    };
    town.until_waiting(&one, true).await;
    town.until_waiting(&other, true).await;
    assert_eq!(town.texts().await.len(), 0);

    let access = town.system.access();
    let sign_in = [("username", &access.username), ("password", &access.password)];
    let entered = http().post(format!("{}/sign-in", access.url)).form(&sign_in).send().await.unwrap();
    let cookie = entered.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let path = format!("{}/messages/{one}", access.url);
    let page = http().get(&path).header("cookie", &cookie).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("Send it all the same"), "{page}");
    let csrf = page.split_once("name=\"csrf\" value=\"").unwrap().1.split('"').next().unwrap();
    let form = [("csrf", csrf), ("sure", "yes")];
    for status in [303, 409] {
        let post = http().post(format!("{path}/send-unsynced")).header("cookie", &cookie).form(&form);
        let answer = post.send().await.unwrap().status().as_u16();
        // The second press of a double click finds it waiting still, or gone.
        assert!(answer == 303 || answer == status, "{answer}");
    }
    town.partner.until_settled(&one).await;
    assert_eq!(town.texts().await.len(), 1);
    assert_eq!(town.partner.message(&other).await["state"], "queued");
    town.system.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_feed_is_held_and_the_school_stays_as_it_is() {
    let town = Town::start().await;
    town.refresh().await;
    let (pupil, ..) = town.family().await;
    for breakage in ["half", "empty", "truncated", "duplicates", "dies_on_page2"] {
        town.says("/mis/feed", &[("breakage", breakage)]).await;
        let run = town.refresh().await;
        assert!(matches!(run["state"].as_str(), Some("held" | "failed")), "{breakage}: {run}");
        assert!(run["reason"].as_str().is_some_and(|why| why.len() > 20), "{breakage}: {run}");
    }
    town.says("/mis/feed", &[("breakage", "none")]).await;
    let run = town.refresh().await;
    assert_eq!((&run["state"], &run["changes"]["left"]), (&"finished".into(), &0.into()), "{run}");
    let sent = town.send(&pupil, "service").await;
    town.partner.until_settled(&sent).await;
    assert_eq!(town.texts().await.len(), 1);
    town.system.stop().await;
}

/// A school without people, whose MIS writes reports with these columns.
async fn school_of_reports() -> Town {
    let options = Options {
        listen: "127.0.0.1:0".parse().unwrap(),
        data: None,
        empty: true,
        access: None,
        providers: ProviderUrls::default(),
    };
    let system = System::start(options).await.unwrap();
    let partner = Partner::new(&serde_json::to_value(system.access()).unwrap(), None);
    let school = system.store().school(Access::of_operator(partner.school.parse().unwrap()));
    let before = school.settings().get().await.unwrap();
    let columns = [
        (ReportField::PupilId, "Adno"),
        (ReportField::PupilForename, "Forename"),
        (ReportField::ContactId, "Contact id"),
        (ReportField::ContactForename, "Contact forename"),
        (ReportField::Mobile, "Mobile"),
        (ReportField::Priority, "Priority"),
    ];
    let mis = MisSettings {
        kind: "report".to_owned(),
        system: "sims".to_owned(),
        columns: columns.into_iter().map(|(field, heading)| (field, heading.to_owned())).collect(),
        ..MisSettings::default()
    };
    let event = AuditEvent::of_system(Act::SettingsChanged, "");
    let after = Settings { mis, ..before.clone() };
    school.settings().change(&before, after, &event, Clock::system().now_ms()).await.unwrap();
    Town { system, partner, school }
}

impl Town {
    /// Sends a file as a nightly job does, and has it read.
    async fn drop_file(&self, text: &str) -> Value {
        let place = json!({"name": "nightly.csv", "bytes": text.len()});
        let (status, place) = self.partner.post("/api/v1/sync-files", &place).await;
        assert_eq!(status, 201, "{place}");
        let put = |body: String| {
            let put =
                http().put(place["url"].as_str().unwrap()).header("content-type", "application/octet-stream");
            put.body(body).send()
        };
        assert_eq!(
            put(format!("{text} and more")).await.unwrap().status(),
            400,
            "the size that was said, and no other"
        );
        assert!(put(text.to_owned()).await.unwrap().status().is_success());
        let (status, run) = self.partner.post("/api/v1/sync-runs", &json!({"file": place["id"]})).await;
        assert_eq!(status, 202, "{run}");
        self.until_ended(run["id"].as_str().unwrap()).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nightly_job_drops_a_file_and_a_changed_number_in_the_next_one_is_the_one_that_is_written_to() {
    let town = school_of_reports().await;
    let headings = "Adno,Forename,Contact id,Contact forename,Mobile,Priority";
    let first = format!("{headings}\n100,Ada,9,Grace,07700 900111,1\n");
    let run = town.drop_file(&first).await;
    assert_eq!((&run["state"], &run["changes"]["people"]), (&json!("finished"), &json!(2)), "{run}");
    // Cut off on its way out of the MIS: nobody is lost, and the reason names the row.
    let run = town.drop_file(&format!("{headings}\n100,Ada,9,Gra")).await;
    assert_eq!(run["state"], "failed", "{run}");
    assert!(run["reason"].as_str().unwrap().contains("Row 2"), "{run}");
    let run = town.drop_file(&first.replace("900111", "900222")).await;
    assert_eq!((&run["state"], &run["changes"]["people"]), (&json!("finished"), &json!(1)), "{run}");
    let again = town.refresh().await;
    assert_eq!((&again["state"], &again["changes"]["people"]), (&json!("finished"), &json!(0)), "{again}");
    let id = town.send("100", "service").await;
    town.partner.until_settled(&id).await;
    assert_eq!(town.texts().await, ["+447700900222"]);
    town.system.stop().await;
}
