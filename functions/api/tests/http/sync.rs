//! Asking for a refresh, by key and by page, and deciding about one that is held.

use domain::audit::{Act, AuditEvent};
use domain::ids::{ContactId, RunId};
use domain::job::Job;
use domain::people::Roles;
use domain::settings::Settings;
use domain::sync::{Asked, LEASE_MS, MisSettings, OutlineLine, Outlined, Run, RunState, Would};
use runtime::QueueName;
use store::Begun;
use ulid::Ulid;

use crate::kit::{House, NOON};
use crate::rights::Browser;

async fn with_mis(house: &House) {
    let before = house.school.settings().get().await.unwrap();
    let mis = MisSettings { kind: "xporter".to_owned(), ..MisSettings::default() };
    let event = AuditEvent::of_system(Act::SettingsChanged, "");
    let after = Settings { mis, ..before.clone() };
    house.school.settings().change(&before, after, &event, NOON).await.unwrap();
}

/// A run that ended so.
async fn ended(house: &House, number: u128, state: RunState, left: u32) -> RunId {
    let id = RunId::new(Ulid::from_parts(u64::try_from(house.clock.now_ms()).unwrap(), number));
    let mut run = Run::new(id, Asked::Schedule, house.clock.now_ms());
    assert_eq!(house.school.sync().begin(&run, LEASE_MS, house.clock.now_ms()).await.unwrap(), Begun::New);
    run.changes.left = left;
    run.end(state, Some("124 of 310 people are missing.".to_owned()), house.clock.now_ms());
    house.school.sync().put_held_people(id, &[ContactId::parse("PL-1").unwrap()], NOON).await.unwrap();
    house.school.sync().end(&run, house.clock.now_ms()).await.unwrap();
    id
}

fn runs(house: &House) -> Vec<RunId> {
    let jobs = house.queued();
    let of = |(queue, job)| match job {
        Job::Sync { run, .. } => {
            assert_eq!(queue, QueueName::Sync);
            Some(run)
        }
        _ => None,
    };
    jobs.into_iter().filter_map(of).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_asks_for_a_run_joins_the_one_at_work_and_sees_how_it_goes() {
    let house = House::start().await;
    let nothing = house.post("/api/v1/sync-runs", &serde_json::json!({})).await;
    assert!(nothing.problem(409).is_empty());
    with_mis(&house).await;
    let first = house.post("/api/v1/sync-runs", &serde_json::json!({})).await;
    let again = house.post("/api/v1/sync-runs", &serde_json::json!({})).await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (202, 202));
    assert_eq!(first.json()["id"], again.json()["id"]);
    let id = first.json()["id"].as_str().unwrap().to_owned();
    let queued: Vec<String> = runs(&house).iter().map(ToString::to_string).collect();
    assert_eq!(queued, std::slice::from_ref(&id));

    let run = house.get(&format!("/api/v1/sync-runs/{id}")).await.json();
    assert_eq!((&run["id"], &run["state"]), (&id.into(), &"queued".into()));
    let parts: Vec<&str> =
        run["jobs"].as_array().unwrap().iter().map(|j| j["part"].as_str().unwrap()).collect();
    assert_eq!(parts, ["school", "pupils", "contacts", "staff", "groups", "attendance"]);
    house.get("/api/v1/sync-runs/01JD3V4K8M0000000000000000").await.problem(404);
    house.get("/api/v1/sync-runs/nonsense").await.problem(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_cannot_be_queued_does_not_stand_in_the_way_of_the_next() {
    let house = House::start().await;
    with_mis(&house).await;
    house.queue.break_down();
    house.post("/api/v1/sync-runs", &serde_json::json!({})).await.problem(503);
    house.queue.repair();
    let next = house.post("/api/v1/sync-runs", &serde_json::json!({})).await;
    assert_eq!(next.status.as_u16(), 202);
    assert_eq!(runs(&house).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn anybody_may_ask_for_a_refresh_and_the_footer_says_how_it_stands() {
    let house = House::start().await;
    let anybody = Browser::of(&house, &house.school, 1, Roles::of_codes(["user"])).await;
    assert!(!anybody.ask("GET", "/").await.text.contains("sync-line"), "without an MIS there is none");
    with_mis(&house).await;
    assert!(anybody.ask("GET", "/").await.text.contains("Not refreshed yet"));
    assert_eq!(anybody.post("/sync", "").await.status.as_u16(), 303);
    assert_eq!(anybody.post("/sync", "").await.status.as_u16(), 303);
    assert_eq!(runs(&house).len(), 1);
    assert!(anybody.ask("GET", "/").await.text.contains("Refreshing now"));
    assert!(anybody.ask("GET", "/sync/live").await.text.contains("data-working"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_run_is_shown_and_applied_once_or_discarded_by_an_administrator() {
    let house = House::start().await;
    with_mis(&house).await;
    let held = ended(&house, 1, RunState::Held, 124).await;
    let anybody = Browser::of(&house, &house.school, 1, Roles::of_codes(["user"])).await;
    let admin = Browser::of(&house, &house.school, 2, Roles::of_codes(["user", "admin"])).await;
    assert!(anybody.ask("GET", "/sync").await.text.contains("An administrator decides"));
    let shown = admin.ask("GET", "/sync").await.text;
    assert!(shown.contains("124 people would be removed") && shown.contains("Apply: remove 124 people"));

    let path = format!("/sync/{held}/apply");
    assert_eq!(anybody.post(&path, "sure=yes").await.status.as_u16(), 403);
    assert!(admin.post(&path, "").await.text.contains("Apply what the MIS sent?"), "it asks first");
    assert!(runs(&house).is_empty());
    assert_eq!(admin.post(&path, "sure=yes").await.status.as_u16(), 303);
    let applying = runs(&house);
    let standing = house.school.sync().status().await.unwrap();
    assert_eq!(standing.running.map(|run| (run.id, run.approves)), Some((applying[0], Some(held))));
    // A double click: the run that applies it is at work.
    assert_eq!(admin.post(&path, "sure=yes").await.status.as_u16(), 409);

    let done = Run { id: applying[0], ..Run::new(applying[0], Asked::Schedule, NOON) };
    let mut done = done;
    done.end(RunState::Finished, None, NOON);
    house.school.sync().end(&done, NOON).await.unwrap();
    house.clock.advance(std::time::Duration::from_mins(5));
    let second = ended(&house, 2, RunState::Held, 124).await;
    assert!(admin.ask("GET", "/").await.text.contains("Refresh held: have a look"));
    assert_eq!(admin.post(&format!("/sync/{second}/discard"), "").await.status.as_u16(), 303);
    // Nothing points to it any more.
    assert!(!admin.ask("GET", "/").await.text.contains("Refresh held"));
    assert!(!admin.ask("GET", "/sync/live").await.text.contains("is held"));
    assert_eq!(admin.post(&format!("/sync/{second}/discard"), "").await.status.as_u16(), 409);
    assert_eq!(admin.post(&format!("/sync/{second}/apply"), "sure=yes").await.status.as_u16(), 409);
    assert!(admin.ask("GET", "/sync").await.text.contains("Discarded"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_worker_is_lost_is_not_shown_as_the_one_before_it() {
    let house = House::start().await;
    with_mis(&house).await;
    ended(&house, 1, RunState::Finished, 0).await;
    let anybody = Browser::of(&house, &house.school, 1, Roles::of_codes(["user"])).await;
    assert!(anybody.ask("GET", "/").await.text.contains("Up to date"));
    assert_eq!(anybody.post("/sync", "").await.status.as_u16(), 303);
    house.clock.advance(std::time::Duration::from_secs(61));
    let home = anybody.ask("GET", "/").await.text;
    assert!(home.contains("The refresh broke off") && !home.contains("Up to date"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_broke_off_leaves_nothing_to_apply() {
    let house = House::start().await;
    with_mis(&house).await;
    let held = ended(&house, 1, RunState::Held, 0).await;
    let admin = Browser::of(&house, &house.school, 2, Roles::all()).await;
    assert!(admin.ask("GET", "/sync").await.text.contains("There is nothing to apply"));
    assert_eq!(admin.post(&format!("/sync/{held}/apply"), "sure=yes").await.status.as_u16(), 409);
    assert!(runs(&house).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_seen_while_a_run_writes_them() {
    let house = House::start().await;
    house
        .contacts(serde_json::json!([{"id": "ann", "forename": "Ann", "surname": "Other", "role": "parent"}]))
        .await;
    let office = Browser::of(&house, &house.school, 1, Roles::all()).await;
    let bulk = house.school.book().begin_bulk("run", 60_000, house.clock.now_ms()).await.unwrap();
    for path in ["/", "/contacts", "/send"] {
        assert_eq!(office.ask("GET", path).await.status.as_u16(), 200, "{path}");
    }
    assert!(office.ask("GET", "/contacts").await.text.contains("Ann"));
    bulk.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_decides_about_a_held_run_sees_by_name_what_it_would_do() {
    let house = House::start().await;
    with_mis(&house).await;
    let held = ended(&house, 1, RunState::Held, 124).await;
    let line = |name: &str, what: &str| OutlineLine { name: name.to_owned(), what: what.to_owned() };
    let outline = [
        Outlined { would: Would::Remove, of: 124, lines: vec![line("Ben Abbot", "")] },
        Outlined { would: Would::Change, of: 1, lines: vec![line("Eve Marlow", "telephone numbers")] },
    ];
    house.school.sync().put_outline(held, &outline, NOON).await.unwrap();
    let anybody = Browser::of(&house, &house.school, 1, Roles::of_codes(["user"])).await;
    let admin = Browser::of(&house, &house.school, 2, Roles::of_codes(["user", "admin"])).await;
    assert!(!anybody.ask("GET", "/sync").await.text.contains("Ben Abbot"));
    let shown = admin.ask("GET", "/sync").await.text;
    for words in
        ["124 people would be removed", "Ben Abbot", "and 123 more", "Eve Marlow", "telephone numbers"]
    {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    admin.post(&format!("/sync/{held}/discard"), "").await;
    assert_eq!(house.school.sync().outline(held).await.unwrap(), [], "the names are forgotten");
}

#[tokio::test(flavor = "multi_thread")]
async fn bars_that_would_hold_for_nobody_are_checked_first_and_can_be_deleted_afterwards() {
    let house = House::start().await;
    with_mis(&house).await;
    crate::pupils::family(&house).await;
    let [ben, mother, gone] = ["ben", "mother", "PL-1"].map(|id| ContactId::parse(id).unwrap());
    let event = AuditEvent::of_system(Act::PairBarred, "mother");
    for pupil in [&ben, &gone] {
        house.school.ties().bar(pupil, &mother, &event, NOON).await.unwrap();
    }
    // The held run would remove PL-1.
    let held = ended(&house, 1, RunState::Held, 1).await;
    let admin = Browser::of(&house, &house.school, 2, Roles::of_codes(["user", "admin"])).await;
    let path = format!("/sync/{held}/apply");
    let asked = admin.post(&path, "").await;
    assert!(asked.status == 200 && asked.text.contains("These bars fall away"), "{asked:?}");
    assert!(!asked.text.contains("about Ben"), "that one stays: {}", asked.text);
    let unchecked = admin.post(&path, "sure=yes").await;
    assert!(unchecked.status == 422 && unchecked.text.contains("There is a problem"), "{unchecked:?}");
    assert!(runs(&house).is_empty());
    assert_eq!(admin.post(&path, "sure=yes&bars=yes").await.status, 303);
    assert_eq!(runs(&house).len(), 1);
    let log = format!("{:?}", house.school.audit().month(store::AuditMonth::of_ms(NOON)).await.unwrap());
    assert!(log.contains("bars_checked") && log.contains("mother about PL-1"), "{log}");

    let page = admin.ask("GET", "/sync").await.text;
    assert!(page.contains("Bars of people who are not in the address book") && page.contains("about PL-1"));
    let drop = "pupil=PL-1&adult=mother";
    assert!(admin.post("/sync/bars", drop).await.text.contains("Delete the bar?"), "it asks first");
    assert_eq!(admin.post("/sync/bars", &format!("{drop}&sure=yes")).await.status, 303);
    assert!(!admin.ask("GET", "/sync").await.text.contains("about PL-1"));
    // One between two who are there is lifted on their pages only.
    assert_eq!(admin.post("/sync/bars", "pupil=ben&adult=mother&sure=yes").await.status, 404);
    assert_eq!(house.school.ties().bars().await.unwrap(), [(ben, mother)].into());
}
