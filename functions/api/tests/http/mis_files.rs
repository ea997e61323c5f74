//! Files of a school's MIS: handed in by people and by partners, their columns matched, and read by a run.

use domain::ids::{RunId, SyncFileId};
use domain::job::Job;
use domain::report::ReportField;
use domain::sync::{
    Asked, FileCounts, FileState, LEASE_MS, MisSettings, Run, RunState, SyncFile, sync_file_key,
};
use runtime::QueueName;
use serde_json::json;
use store::Begun;
use ulid::Ulid;

use crate::kit::{Answer, House, NOON};
use crate::rights::Browser;
use crate::settings::office;

/// Saves the form of the MIS page.
async fn save(by: &Browser<'_>, fields: &str) -> Answer {
    let page = by.ask("GET", "/settings/mis").await.text;
    let seen = page.split("name=\"seen\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    by.post("/settings/mis", &format!("seen={seen}&sure=yes&{fields}")).await
}

pub(crate) async fn with_reports(by: &Browser<'_>) {
    let saved = save(by, "kind=report&system=sims&contacts=on").await;
    assert_eq!(saved.header("location"), "/settings/mis?done=hand-in", "{saved:?}");
}

async fn hand_in(by: &Browser<'_>, bytes: &str) -> String {
    let answer = by.post("/settings/mis/files", &format!("name=report.csv&bytes={bytes}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["id"].as_str().unwrap().to_owned()
}

async fn mis(house: &House) -> MisSettings {
    house.school.settings().get().await.unwrap().mis
}

/// The sync has looked at the file, and found this.
async fn found(house: &House, id: &str, state: FileState) {
    let now_ms = house.clock.now_ms();
    let seen = house.school.sync().files().get(id.parse().unwrap(), now_ms).await.unwrap().unwrap();
    let column = |heading: &str| domain::report::ReportColumn {
        heading: heading.to_owned(),
        samples: vec!["sample".to_owned()],
    };
    let columns = ["Adno", "Forename", "Contact person ID", "Mobile", "Notes"].map(column).to_vec();
    let file = SyncFile { state, columns, ..seen.clone() };
    assert!(house.school.sync().files().replace(&seen, &file).await.unwrap());
}

fn looked_at(house: &House) -> Vec<SyncFileId> {
    let of = |(queue, job)| match job {
        Job::LookAtFile { file, .. } => {
            assert_eq!(queue, QueueName::Sync);
            Some(file)
        }
        _ => None,
    };
    house.queued().into_iter().filter_map(of).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn choosing_a_kind_of_file_asks_first_is_logged_and_has_no_schedule() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    let page = by.ask("GET", "/settings/mis?kind=report").await.text;
    for words in ["SIMS", "SEEMIS", "e1", "Progresso", "Take contacts from the MIS"] {
        assert!(page.contains(words), "{words}");
    }
    assert!(!page.contains("name=\"address\"") && !page.contains("name=\"overnight\""));
    let unsure = by.post("/settings/mis", "seen=&kind=report&system=sims&contacts=on").await;
    assert_eq!(unsure.status, 409, "the form is out of date");
    assert_eq!(save(&by, "kind=report&system=typewriter&contacts=on").await.status, 422);
    save(&by, "kind=report&system=seemis").await;
    let saved = mis(&house).await;
    assert_eq!(
        (saved.kind.as_str(), saved.system.as_str(), saved.leaves_contacts),
        ("report", "seemis", true)
    );
    assert!(house.store.scheduled_schools().await.unwrap().is_empty(), "it is read when it comes");
    let log = format!("{:?}", house.school.audit().month(store::AuditMonth::of_ms(NOON)).await.unwrap());
    assert!(log.contains("mis_system") && log.contains("mis_contacts"), "{log}");
    let now = by.ask("GET", "/settings/mis").await.text;
    assert!(now.contains("written by SEEMIS") && now.contains("Contacts and their relationships are left"));
    assert!(!now.contains("Test connection"), "there is nothing to connect to");
    assert_eq!(by.post("/settings/mis/test", "").await.status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_handed_in_its_columns_are_matched_once_and_a_run_reads_it() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    let nowhere = by.post("/settings/mis/files", "name=a.csv&bytes=10").await;
    assert!(nowhere.status == 422 && nowhere.text.contains("not read from files"), "{nowhere:?}");
    with_reports(&by).await;
    for (bytes, why) in [("0", "empty"), ("20971521", "up to 20 MB")] {
        let refused = by.post("/settings/mis/files", &format!("name=a.csv&bytes={bytes}")).await;
        assert!(refused.status == 422 && refused.text.contains(why), "{refused:?}");
    }
    let id = hand_in(&by, "1000").await;
    let page = format!("/settings/mis/files/{id}");
    assert!(by.ask("GET", &page).await.text.contains("has not arrived"));
    assert_eq!(by.post(&format!("{page}/uploaded"), "").await.header("location"), page);
    by.post(&format!("{page}/uploaded"), "").await;
    assert_eq!(looked_at(&house).len(), 1, "looked at once");
    assert!(by.ask("GET", &page).await.text.contains("Every row is looked at"));

    found(&house, &id, FileState::Columns { why: String::new() }).await;
    let columns = by.ask("GET", &page).await.text;
    let chosen = |name: &str| {
        let select = columns.split(&format!("<select id=\"{name}\"")).nth(1).unwrap();
        let select = select.split("</select>").next().unwrap();
        select.split("selected>").nth(1).unwrap().split('<').next().unwrap().to_owned()
    };
    let suggested = ["c0", "c1", "c2", "c3", "c4"].map(chosen);
    assert_eq!(suggested, ["Pupil’s ID", "Pupil’s forename", "Contact’s ID", "Mobile", "Leave out"]);
    let twice = by.post(&format!("{page}/columns"), "c0=pupil_id&c1=mobile&c3=mobile").await;
    assert_eq!(twice.status, 422);
    for words in ["Two columns are marked", "Contact’s ID", "names of the pupil"] {
        assert!(twice.text.contains(words), "{words}: {}", twice.text);
    }
    assert!(mis(&house).await.columns.is_empty());
    let right = "c0=pupil_id&c1=pupil_forename&c2=contact_id&c3=mobile&c4=";
    assert_eq!(by.post(&format!("{page}/columns"), right).await.header("location"), page);
    let saved = mis(&house).await.columns;
    assert_eq!(saved.len(), 4);
    assert_eq!(saved[&ReportField::ContactId], "Contact person ID");
    assert_eq!(looked_at(&house).len(), 1, "with the columns");
    let log = format!("{:?}", house.school.audit().month(store::AuditMonth::of_ms(NOON)).await.unwrap());
    assert!(log.contains("mis_columns"), "{log}");

    assert_eq!(by.post(&format!("{page}/run"), "").await.status, 409, "not understood yet");
    found(&house, &id, FileState::Good(FileCounts { pupils: 900, contacts: 1_600, ties: 1_750, staff: 0 }))
        .await;
    let good = by.ask("GET", &page).await.text;
    assert!(good.contains("1,600") && good.contains("Nothing has changed yet"), "{good}");
    assert_eq!(by.post(&format!("{page}/run"), "").await.header("location"), "/sync");
    let jobs = house.queued();
    let [(_, Job::Sync { run, .. })] = jobs.as_slice() else { panic!("{jobs:?}") };
    let run = house.school.sync().run(*run).await.unwrap().unwrap();
    assert_eq!(run.file.map(|file| file.to_string()), Some(id));
    assert!(mis(&house).await.windows == MisSettings::default().windows);

    // Without the column of court orders it asks first.
    let with_orders = format!("{right}court_order");
    assert_eq!(by.post(&format!("{page}/columns"), &with_orders).await.status, 303);
    let asked = by.post(&format!("{page}/columns"), right).await;
    assert!(asked.status == 200 && asked.text.contains("Read no court orders any more?"), "{asked:?}");
    assert!(mis(&house).await.columns.contains_key(&ReportField::CourtOrder));
    assert_eq!(by.post(&format!("{page}/columns"), &format!("{right}&sure=yes")).await.status, 303);
    assert!(!mis(&house).await.columns.contains_key(&ReportField::CourtOrder));
    // The columns of one system say nothing of another's reports.
    save(&by, "kind=report&system=e1&contacts=on").await;
    assert!(mis(&house).await.columns.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_file_is_listed_with_row_and_column() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    with_reports(&by).await;
    let id = hand_in(&by, "1000").await;
    let finding = domain::import::Finding {
        row: 14,
        column: Some(3),
        value: "<b>see file</b>".into(),
        message: "This must be yes or no.".into(),
    };
    let why = "1 thing is wrong with the rows of the file.".to_owned();
    found(&house, &id, FileState::Wrong { why, findings: vec![finding] }).await;
    let page = by.ask("GET", &format!("/settings/mis/files/{id}")).await.text;
    for words in
        ["cannot be used", "1 thing is wrong", "D (Mobile)", "This must be yes or no.", "Change the columns"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("<b>see file"), "what a file says is text");
    let list = by.ask("GET", "/settings/mis").await.text;
    assert!(list.contains("Cannot be used") && list.contains("report.csv"));
    // Another school's file is not there.
    let (other, _) = house.another(9, &[]).await;
    let stranger = Browser::of(&house, &other, 700, domain::people::Roles::all()).await;
    assert_eq!(stranger.ask("GET", &format!("/settings/mis/files/{id}")).await.status, 404);
    assert_eq!(stranger.post(&format!("/settings/mis/files/{id}/uploaded"), "").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_gets_an_address_and_has_its_file_read() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    let file = json!({"name": "nightly.csv", "bytes": 1000});
    house.post("/api/v1/sync-files", &file).await.problem(409);
    let nobody = house.another(3, &["contacts:write"]).await.1;
    let request = http::Request::post("/api/v1/sync-files")
        .header("authorization", format!("Bearer {nobody}"))
        .header("content-type", "application/json");
    house.send(request.body(file.to_string().into()).unwrap()).await.problem(403);
    with_reports(&by).await;
    assert_eq!(
        house.post("/api/v1/sync-files", &json!({"name": "a", "bytes": 0})).await.problem(422),
        ["bytes"]
    );
    let answer = house.post("/api/v1/sync-files", &file).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let key = sync_file_key(house.school.id(), id.parse().unwrap());
    assert!(answer.json()["url"].as_str().unwrap().contains(&key));
    let read = json!({"file": id});
    let unmatched = house.post("/api/v1/sync-runs", &read).await;
    assert!(unmatched.text.contains("which column"), "{unmatched:?}");
    unmatched.problem(409);
    found(&house, &id, FileState::Columns { why: String::new() }).await;
    let right = "c0=pupil_id&c1=pupil_forename&c2=contact_id&c3=mobile";
    by.post(&format!("/settings/mis/files/{id}/columns"), right).await;
    house.queued();

    house.post("/api/v1/sync-runs", &json!({})).await.problem(409);
    house.post("/api/v1/sync-runs", &json!({"file": "01JD3V4K8M0000000000000000"})).await.problem(404);
    house.post("/api/v1/sync-runs", &json!({"files": id})).await.problem(422);
    let first = house.post("/api/v1/sync-runs", &read).await;
    assert_eq!(first.status, 202, "{first:?}");
    assert_eq!(house.post("/api/v1/sync-runs", &read).await.json()["id"], first.json()["id"], "joined");
    let later = house.post("/api/v1/sync-files", &file).await.json()["id"].as_str().unwrap().to_owned();
    // A run that reads another file would leave this one unread.
    house.post("/api/v1/sync-runs", &json!({"file": later})).await.problem(409);
    let run: RunId = first.json()["id"].as_str().unwrap().parse().unwrap();
    let mut run = house.school.sync().run(run).await.unwrap().unwrap();
    run.end(RunState::Finished, None, NOON);
    house.school.sync().end(&run, NOON).await.unwrap();
    assert_eq!(house.post("/api/v1/sync-runs", &json!({})).await.status, 202, "the last one again");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_file_is_not_read_after_a_later_one_and_another_kind_of_mis_forgets_it() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    assert_eq!(save(&by, "kind=oneroster_csv").await.header("location"), "/settings/mis?done=hand-in");
    let old = hand_in(&by, "10").await;
    house.clock.advance(std::time::Duration::from_secs(1));
    let new = hand_in(&by, "10").await;
    let now_ms = house.clock.now_ms();
    let id = RunId::new(Ulid::from_parts(now_ms.cast_unsigned(), 1));
    let mut run = Run { file: Some(new.parse().unwrap()), ..Run::new(id, Asked::Schedule, now_ms) };
    assert_eq!(house.school.sync().begin(&run, LEASE_MS, now_ms).await.unwrap(), Begun::New);
    run.end(RunState::Finished, None, now_ms);
    house.school.sync().end(&run, now_ms).await.unwrap();
    house.clock.advance(std::time::Duration::from_mins(30));
    let footer = by.ask("GET", "/sync/live").await.text;
    assert!(footer.contains("As in the file of") && !footer.contains("Up to date"), "{footer}");
    let older = house.post("/api/v1/sync-runs", &json!({"file": old})).await;
    assert!(older.text.contains("A later file has been read"), "{older:?}");
    assert_eq!(older.status, 409);
    assert_eq!(house.post("/api/v1/sync-runs", &json!({"file": new})).await.status, 202);
}
