//! Runs of a school whose MIS is read from files: from a file that is handed in to the address book.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use domain::contact::ContactRole;
use domain::ids::SyncFileId;
use domain::job::Job;
use domain::report::{ReportField as F, ReportMapping};
use domain::settings::Settings;
use domain::sync::{Asked, Changes, FileState, MisSettings, Run, RunState, SyncFile, sync_file_key};
use jiff::civil::Date;
use runtime::{BoxFuture, FileError, Files, MemoryFiles};
use testkit::batch_of;
use ulid::Ulid;

use super::feed::Feed;
use super::town::Town;

fn by() -> Asked {
    Asked::User("u1".to_owned())
}

/// A report of a made-up school, with so many pupils from the first.
fn report(first: usize, pupils: usize) -> String {
    let mut text =
        "Adno,Forename,Surname,Year,Contact id,Contact surname,Mobile,Priority,Court order\n".to_owned();
    for n in first..first + pupils {
        let _ = writeln!(text, "PL-{n},Ann{n},Example,{},PC-{n},Example,07700 900{n:03},1,No", 7 + n % 5);
    }
    text
}

fn columns() -> ReportMapping {
    let named = [
        (F::PupilId, "Adno"),
        (F::PupilForename, "Forename"),
        (F::PupilSurname, "Surname"),
        (F::Year, "Year"),
        (F::ContactId, "Contact id"),
        (F::ContactSurname, "Contact surname"),
        (F::Mobile, "Mobile"),
        (F::Priority, "Priority"),
        (F::CourtOrder, "Court order"),
    ];
    named.into_iter().map(|(field, heading)| (field, heading.to_owned())).collect()
}

impl Town {
    /// A school whose MIS is read from reports.
    async fn with_reports(mis: MisSettings) -> Self {
        let town = Self::of(Feed::of(1, Date::ZERO)).await;
        town.set_mis(MisSettings { kind: "report".to_owned(), system: "sims".to_owned(), ..mis }).await;
        town
    }

    async fn set_mis(&self, mis: MisSettings) {
        let before = self.school.settings().get().await.unwrap();
        let event = domain::audit::AuditEvent::of_system(domain::audit::Act::SettingsChanged, "");
        let after = Settings { mis, ..before.clone() };
        self.school.settings().change(&before, after, &event, self.clock.now_ms()).await.unwrap();
    }

    /// Hands a file in, a minute later than the last.
    async fn hand_in(&self, bytes: impl Into<Vec<u8>>) -> SyncFileId {
        self.clock.advance(std::time::Duration::from_mins(1));
        let now_ms = self.clock.now_ms();
        let id = SyncFileId::new(Ulid::from_parts(now_ms.cast_unsigned(), 1));
        self.files.put(&sync_file_key(self.school.id(), id), bytes);
        let file = SyncFile::new(id, "contacts.csv".to_owned(), 1, by(), now_ms);
        self.school.sync().files().create(&file).await.unwrap();
        id
    }

    async fn read_file(&self, id: Option<SyncFileId>) -> Run {
        self.clock.advance(std::time::Duration::from_mins(1));
        let (run, _) = self.ask_for(by(), None, id).await;
        self.work(run).await
    }

    async fn file(&self, id: SyncFileId) -> SyncFile {
        self.school.sync().files().get(id, self.clock.now_ms()).await.unwrap().unwrap()
    }

    /// Has the sync look at a file, by a job as it comes from the queue.
    async fn look(&self, id: SyncFileId) -> SyncFile {
        let seen = self.file(id).await;
        let since_ms = self.clock.now_ms();
        let looking = SyncFile { state: FileState::Looking { since_ms }, ..seen.clone() };
        assert!(self.school.sync().files().replace(&seen, &looking).await.unwrap());
        let job = Job::LookAtFile { school: self.school.id(), file: id };
        assert!(self.syncer.handle(batch_of([&job])).await.batch_item_failures.is_empty());
        self.file(id).await
    }

    async fn people(&self) -> Vec<String> {
        self.book().await.contacts().iter().map(|c| c.id.to_string()).collect()
    }
}

/// Files whose store answers with errors so often, before it is well again.
#[derive(Debug)]
struct Unwell(Arc<MemoryFiles>, AtomicU32);

impl Files for Unwell {
    fn upload_url(&self, key: &str, bytes: u64, valid: Duration) -> BoxFuture<'_, Result<String, FileError>> {
        self.0.upload_url(key, bytes, valid)
    }

    fn read(&self, key: &str) -> BoxFuture<'_, Result<Vec<u8>, FileError>> {
        let fails =
            self.1.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        if fails {
            return Box::pin(async { Err(FileError::Failed("503".to_owned())) });
        }
        self.0.read(key)
    }

    fn remove(&self, key: &str) -> BoxFuture<'_, Result<(), FileError>> {
        self.0.remove(key)
    }
}

#[tokio::test]
async fn a_run_that_breaks_off_goes_on_soon_and_is_ended_after_a_few_tries() {
    for (times, state) in [(3, RunState::Finished), (50, RunState::Failed)] {
        let mut town = Town::with_reports(MisSettings { columns: columns(), ..MisSettings::default() }).await;
        let file = town.hand_in(report(0, 20)).await;
        town.syncer.files = Arc::new(Unwell(Arc::clone(&town.files), AtomicU32::new(times)));
        let run = town.read_file(Some(file)).await;
        assert_eq!(run.state, state, "{times}: {:?}", run.why);
        let standing = town.school.sync().status().await.unwrap();
        assert_eq!(standing.last.map(|last| last.state), Some(state));
    }
}

fn why(run: &Run) -> &str {
    run.why.as_deref().unwrap_or_default()
}

#[tokio::test]
async fn a_file_is_looked_at_first_and_changes_nothing_by_that() {
    let town = Town::with_reports(MisSettings::default()).await;
    let id = town.hand_in(report(0, 3)).await;
    let seen = town.look(id).await;
    assert_eq!(seen.state, FileState::Columns { why: String::new() });
    assert_eq!(seen.columns[0].heading, "Adno");
    let mis = town.school.settings().get().await.unwrap().mis;
    town.set_mis(MisSettings { columns: columns(), ..mis }).await;
    let FileState::Good(counts) = town.look(id).await.state else { panic!("not understood") };
    assert_eq!((counts.pupils, counts.contacts, counts.ties), (3, 3, 3));
    assert!(town.people().await.is_empty());
    let run = town.read_file(Some(id)).await;
    assert_eq!((run.state, town.people().await.len()), (RunState::Finished, 6));
    let book = town.book().await;
    assert!(book.groups().iter().any(|group| group.name == "Year 7"));
}

#[tokio::test]
async fn a_file_that_is_wrong_is_refused_before_anything_is_changed_and_says_where() {
    let town = Town::with_reports(MisSettings { columns: columns(), ..MisSettings::default() }).await;
    let good = town.hand_in(report(0, 30)).await;
    assert_eq!(town.read_file(Some(good)).await.state, RunState::Finished);
    let table = [
        (
            "a court order in words",
            report(0, 30).replacen(",No", ",ask the office", 1),
            "Row 2: This must be yes or no",
        ),
        ("cut off", report(0, 30)[..900].to_owned(), "the file may have been cut off"),
        ("another report", report(0, 30).replace("Mobile", "Landline"), "“Mobile” is missing"),
        ("a picture", "\u{0}\u{1}".to_owned(), "This is not a list."),
        ("nothing", String::new(), "The file is empty."),
    ];
    for (what, text, said) in table {
        let id = town.hand_in(text).await;
        let run = town.read_file(Some(id)).await;
        assert!(run.state == RunState::Failed && why(&run).contains(said), "{what}: {run:?}");
        assert!(!matches!(town.file(id).await.state, FileState::Good(_)), "{what}");
        assert_eq!(town.people().await.len(), 60, "{what}");
    }
    let id = town.hand_in("x").await;
    runtime::Files::remove(&*town.files, &sync_file_key(town.school.id(), id)).await.unwrap();
    let run = town.read_file(Some(id)).await;
    assert!(run.state == RunState::Failed && why(&run).contains("did not arrive"), "{run:?}");
}

#[tokio::test]
async fn a_run_without_a_new_file_reads_the_last_one_again_and_an_older_one_is_never_read_after_a_later() {
    let town = Town::with_reports(MisSettings { columns: columns(), ..MisSettings::default() }).await;
    let run = town.read_file(None).await;
    assert!(run.state == RunState::Failed && why(&run).contains("No file has been handed in yet"), "{run:?}");
    let first = town.hand_in(report(0, 30)).await;
    assert_eq!(town.read_file(Some(first)).await.state, RunState::Finished);
    let second = town.hand_in(report(0, 31)).await;
    assert_eq!(town.read_file(Some(second)).await.changes.people, 2);
    assert_eq!(town.school.sync().status().await.unwrap().file, Some(second));
    assert!(!town.files.has(&sync_file_key(town.school.id(), first)), "only the last one is kept");
    let again = town.read_file(Some(second)).await;
    assert!(again.state == RunState::Finished && again.changes == Changes::default(), "{again:?}");
    let old = town.read_file(Some(first)).await;
    assert!(old.state == RunState::Failed && why(&old).contains("A later file has been read"), "{old:?}");
    assert_eq!(town.people().await.len(), 62);
}

#[tokio::test]
async fn a_file_without_many_people_is_held_and_the_same_file_is_applied() {
    let town = Town::with_reports(MisSettings { columns: columns(), ..MisSettings::default() }).await;
    let whole = town.hand_in(report(0, 30)).await;
    town.read_file(Some(whole)).await;
    let half = town.hand_in(report(0, 15)).await;
    let held = town.read_file(Some(half)).await;
    assert_eq!((held.state, held.changes.left), (RunState::Held, 30));
    assert_eq!(
        town.school.sync().status().await.unwrap().file,
        Some(whole),
        "what is held is not what was read"
    );
    assert_eq!(town.people().await.len(), 60);
    town.clock.advance(std::time::Duration::from_mins(1));
    let (id, _) = town.ask_for(by(), Some(held.id), held.file).await;
    assert_eq!(town.work(id).await.state, RunState::Finished);
    assert_eq!(town.book().await.contacts().iter().filter(|c| c.away.is_none()).count(), 30);
}

#[tokio::test]
async fn where_contacts_are_left_pupils_are_read_and_contacts_stay_as_they_are() {
    let mis = MisSettings { columns: columns(), leaves_contacts: true, ..MisSettings::default() };
    let town = Town::with_reports(mis.clone()).await;
    let file = town.hand_in(report(0, 3)).await;
    let run = town.read_file(Some(file)).await;
    assert_eq!(run.state, RunState::Finished);
    let roles: Vec<ContactRole> = town.book().await.contacts().iter().map(|c| c.role).collect();
    assert_eq!(roles, [ContactRole::Pupil; 3]);
    let taken = MisSettings { leaves_contacts: false, ..town.school.settings().get().await.unwrap().mis };
    town.set_mis(taken.clone()).await;
    town.read_file(Some(file)).await;
    assert_eq!(town.people().await.len(), 6);
    // Off again: they do not leave with the setting.
    town.set_mis(MisSettings { leaves_contacts: true, ..taken }).await;
    let without = town.hand_in(report(0, 3).replace("07700 900", "07700 901")).await;
    let run = town.read_file(Some(without)).await;
    assert_eq!((run.state, run.changes.people, run.changes.left), (RunState::Finished, 0, 0));
}

#[tokio::test]
async fn seemis_keeps_its_stages_and_other_systems_number_their_years() {
    for (system, wanted) in [("seemis", "7"), ("sims", "Year 7")] {
        let mis = MisSettings { columns: columns(), ..MisSettings::default() };
        let town = Town::with_reports(mis).await;
        let mis = town.school.settings().get().await.unwrap().mis;
        town.set_mis(MisSettings { system: system.to_owned(), ..mis }).await;
        let file = town.hand_in(report(0, 3)).await;
        town.read_file(Some(file)).await;
        let names: Vec<String> = town.book().await.groups().iter().map(|g| g.name.clone()).collect();
        assert!(names.contains(&wanted.to_owned()), "{system}: {names:?}");
    }
}

#[tokio::test]
async fn a_package_that_is_not_whole_is_refused_in_words_and_one_bomb_does_no_harm() {
    let town = Town::of(Feed::of(1, Date::ZERO)).await;
    town.set_mis(MisSettings { kind: "oneroster_csv".to_owned(), ..MisSettings::default() }).await;
    let zipped = |files: &[(&str, String)]| {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, text) in files {
            zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            std::io::Write::write_all(&mut zip, text.as_bytes()).unwrap();
        }
        zip.finish().unwrap().into_inner()
    };
    let named = |name: &'static str, text: &str| (name, text.to_owned());
    let manifest = named("manifest.csv", "propertyName,value\nfile.users,bulk\nfile.orgs,bulk\n");
    let orgs =
        named("orgs.csv", "sourcedId,status,dateLastModified,name,type\no1,,,Hillview School,school\n");
    let people = "sourcedId,status,role,givenName,familyName,agentSourcedIds\n1,,student,Ada,Okafor,9\n9,,parent,Grace,Okafor,\n";
    let users = named("users.csv", people);
    let table = [
        (zipped(&[manifest.clone(), orgs.clone()]), "not whole"),
        (zipped(&[named("readme.txt", "hello")]), "not whole"),
        (b"Adno,Forename".to_vec(), "not whole"),
        (zipped(&[manifest.clone(), orgs.clone(), named("users.csv", &" ".repeat(65 << 20))]), "far more"),
        (
            zipped(&[
                manifest.clone(),
                orgs.clone(),
                named("users.csv", &format!("{people}1,,student,Ann,Other,")),
            ]),
            "twice",
        ),
    ];
    for (bytes, said) in table {
        let id = town.hand_in(bytes).await;
        let FileState::Wrong { why, .. } = town.look(id).await.state else { panic!("{said}") };
        assert!(why.contains(said), "{said}: {why}");
    }
    let good = town.hand_in(zipped(&[manifest, orgs, users])).await;
    let FileState::Good(counts) = town.look(good).await.state else { panic!("not understood") };
    assert_eq!((counts.pupils, counts.contacts, counts.ties), (1, 1, 1));
    assert_eq!(town.read_file(Some(good)).await.state, RunState::Finished);
    assert_eq!(town.people().await, ["1", "9"]);
}
