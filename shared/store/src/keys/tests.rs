//! What keys must be, and that ARCHITECTURE has every one of them.

use std::collections::{BTreeMap, BTreeSet};

use domain::attendance::{About, Matter};
use domain::feed::{Mark, Session};
use domain::ids::{ContactId, Epoch, ImportId, MessageId, RunId, SchoolId, SyncFileId, UserId};
use domain::job::PageRef;
use jiff::civil::date;
use serde_json::Value;
use ulid::Ulid;

use super::*;

/// The functions that make keys.
const SOURCES: [&str; 5] = [
    include_str!("access.rs"),
    include_str!("message.rs"),
    include_str!("people.rs"),
    include_str!("school.rs"),
    include_str!("sync.rs"),
];
const ARCHITECTURE: &str = include_str!("../../../../docs/ARCHITECTURE.md");
/// Rows of every kind, as DynamoDB JSON.
const ROWS: &str = include_str!("../../tests/table/rows.json");

fn ulid(number: u128) -> Ulid {
    Ulid::from_parts(1, number)
}

fn school() -> SchoolId {
    SchoolId::new(ulid(1))
}

fn message() -> MessageId {
    MessageId::new(ulid(2))
}

fn user() -> UserId {
    UserId::new(ulid(3))
}

fn import() -> ImportId {
    ImportId::new(ulid(4))
}

fn run() -> RunId {
    RunId::new(ulid(5))
}

fn file() -> SyncFileId {
    SyncFileId::new(ulid(6))
}

fn person(id: &str) -> ContactId {
    ContactId::parse(id).unwrap()
}

fn page() -> PageRef {
    PageRef { school: school(), message: message(), epoch: Epoch::new(ulid(8)), page: 123 }
}

fn of_schools() -> Vec<(&'static str, Key)> {
    let day = date(2001, 2, 3);
    vec![
        ("settings", settings(school())),
        ("x_access", x_access(school())),
        ("x_request", x_request(school(), user())),
        ("inbound", inbound(Some(school()), 7, "<sid>")),
        ("inbound", inbound(None, 7, "<sid>")),
        ("usage_day", usage_day(school(), day)),
        ("audit_head", audit_head(school())),
        ("audit_entry", audit_entry(school(), "<month>", 123)),
        ("reply_number", reply_number("<number>")),
        ("inbound_seen", inbound_seen("<sid>")),
    ]
}

fn of_access() -> Vec<(&'static str, Key)> {
    vec![
        ("membership", membership(school(), user())),
        ("profile", profile(school(), ulid(7))),
        ("user", super::user(user())),
        ("username", username("<skeleton>")),
        ("email", email("<address>")),
        ("one_time", one_time("<sha256>")),
        ("newest_one_time", newest_one_time(user(), "<kind>")),
        ("code", code(user())),
        ("session", session("<sha256>")),
        ("session_of", session_of(user(), "<sha256>")),
        ("api_key", api_key("<key>")),
        ("key_of_school", key_of_school(school(), "<key>")),
        ("rate", rate("<sha256>#<seconds>#<window>")),
        ("bucket", bucket("<sender>")),
    ]
}

fn of_messages() -> Vec<(&'static str, Key)> {
    let day = date(2001, 2, 3);
    let about = About { date: day, session: Session::Am, matter: Matter::Absence, all_the_same: None };
    vec![
        ("summary", summary(school(), message())),
        ("waiting", waiting(school(), message())),
        ("again", again(school(), 7, message())),
        ("told", told(school(), about)),
        ("idempotency", idempotency(school(), "<sha256>")),
        ("history", history(school(), message(), 123)),
        ("message_meta", message_meta(school(), message())),
        ("message_body", message_body(school(), message())),
        ("message_held", message_held(school(), message())),
        ("message_first", message_first(school(), message())),
        ("message_people", message_people(school(), message(), WROTE_PREFIX, 123)),
        ("message_people", message_people(school(), message(), APPROVED_PREFIX, 123)),
        ("message_pin", message_pin(school(), message())),
        ("page_content", page_content(&page())),
        ("page_state", page_state(&page())),
    ]
}

fn of_people() -> Vec<(&'static str, Key)> {
    let (pupil, adult) = (person("<pupil>"), person("<adult>"));
    vec![
        ("contact", contact(school(), &person("<contact>"))),
        ("tie", tie(school(), &pupil, &adult)),
        ("bar", bar(school(), &pupil, &adult)),
        ("group_kinds", group_kinds(school())),
        ("book_version", book_version(school())),
        ("import_meta", import_meta(school(), import())),
        ("import_part", import_part(school(), import(), 123)),
        ("import_findings", import_findings(school(), import(), "<kind>", 123)),
        ("import_summary", import_summary(school(), import())),
    ]
}

fn of_sync() -> Vec<(&'static str, Key)> {
    let late = Mark {
        pupil: person("<pupil>"),
        date: date(2001, 2, 3),
        session: Session::Am,
        code: "L".to_owned(),
        minutes_late: None,
    };
    vec![
        ("sync_lock", sync_lock(school())),
        ("mis_trial", mis_trial(school())),
        ("register_look", register_look(school(), message())),
        ("sync_file", sync_file(school(), file())),
        ("sync_run", sync_run(school(), run())),
        ("held_part", held_part(school(), run(), 123)),
        ("outline", outline(school(), run())),
        ("manifest_head", manifest_head(school(), "<list>")),
        ("manifest_bucket", manifest_bucket(school(), "<list>", 45)),
        ("stale", stale(school(), &person("<contact>"))),
        ("mark", mark(school(), &late)),
        ("scheduled", scheduled(school())),
    ]
}

/// A key of every kind, with the name of the function that makes it.
fn every_kind() -> Vec<(&'static str, Key)> {
    [of_schools(), of_access(), of_messages(), of_people(), of_sync()].concat()
}

/// A sample as the table in ARCHITECTURE writes it.
fn pattern(sample: &str) -> String {
    let ulids = [
        (school().to_string(), "<s>"),
        (message().to_string(), "<message>"),
        (user().to_string(), "<user>"),
        (import().to_string(), "<import>"),
        (run().to_string(), "<run>"),
        (file().to_string(), "<file>"),
        (ulid(7).to_string(), "<profile>"),
    ];
    let whole = ulids.iter().fold(sample.to_owned(), |text, (id, name)| text.replace(id, name));
    let epoch = Epoch::new(ulid(8));
    let pages = whole.contains(epoch.as_str());
    let part = |part: &str| match part {
        text if text == epoch.as_str() => "<epoch>".to_owned(),
        "2001-02-03" => "<day>".to_owned(),
        "00000000000007" => "<ms>".to_owned(),
        "000000000123" => "<seq>".to_owned(),
        "0003" => "<shard>".to_owned(),
        "000123" if pages => "<page>".to_owned(),
        "00123" | "123" => "<part>".to_owned(),
        "45" => "<bucket>".to_owned(),
        "AM" => "<session>".to_owned(),
        "absence" => "<matter>".to_owned(),
        text => text.to_owned(),
    };
    whole.split('#').map(part).collect::<Vec<_>>().join("#")
}

fn patterns() -> BTreeSet<(String, String)> {
    every_kind().into_iter().map(|(_, key)| (pattern(&key.pk), pattern(&key.sk))).collect()
}

/// What stands in backquotes.
fn codes(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

#[test]
fn architecture_lists_every_key_and_no_other() {
    let section = ARCHITECTURE.split("\n## ").find(|section| section.starts_with("3. ")).unwrap();
    let mut listed = BTreeSet::new();
    for line in section.lines().filter(|line| line.starts_with("| ")).skip(1) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
        let [_, pk, sk] = cells[..] else { panic!("a row of three cells: {line}") };
        for pk in codes(pk) {
            listed.extend(codes(sk).map(|sk| (pk.to_owned(), sk.to_owned())));
        }
    }
    let made = patterns();
    assert_eq!(made.difference(&listed).collect::<Vec<_>>(), Vec::<&(String, String)>::new(), "not listed");
    assert_eq!(listed.difference(&made).collect::<Vec<_>>(), Vec::<&(String, String)>::new(), "no such key");
}

#[test]
fn every_function_that_makes_a_key_has_a_sample() {
    let functions = SOURCES.iter().flat_map(|source| source.split("\npub(crate) fn ").skip(1));
    let makers = functions.filter_map(|text| {
        let (signature, _) = text.split_once('{')?;
        signature.trim_end().ends_with("-> Key").then(|| signature.split('(').next())?
    });
    let sampled: BTreeSet<&str> = every_kind().into_iter().map(|(name, _)| name).collect();
    assert_eq!(makers.collect::<BTreeSet<_>>(), sampled);
}

#[test]
fn rows_of_every_kind_are_kept_for_the_tests_of_reading_them() {
    let fits = |pattern: &str, text: &str| {
        let (wanted, parts): (Vec<_>, Vec<_>) = (pattern.split('#').collect(), text.split('#').collect());
        let fit =
            |(wanted, part): (&&str, &&str)| wanted == part || (wanted.starts_with('<') && !part.is_empty());
        wanted.len() == parts.len() && wanted.iter().zip(&parts).all(fit)
    };
    let rows: Vec<BTreeMap<String, Value>> = serde_json::from_str(ROWS).unwrap();
    let keys: Vec<(&str, &str)> =
        rows.iter().map(|row| (row["pk"]["S"].as_str().unwrap(), row["sk"]["S"].as_str().unwrap())).collect();
    for (pk, sk) in patterns() {
        assert!(keys.iter().any(|key| fits(&pk, key.0) && fits(&sk, key.1)), "no row of {pk} {sk}");
    }
}

#[test]
fn pages_of_a_message_spread_over_partitions_and_sort_by_number() {
    let page = |page| PageRef {
        school: SchoolId::new(Ulid::from_parts(1, 1)),
        message: MessageId::new(Ulid::from_parts(2, 2)),
        epoch: Epoch::new(Ulid::from_parts(3, 3)),
        page,
    };
    assert_eq!(page_state(&page(0)).pk, page_state(&page(39)).pk);
    assert_ne!(page_state(&page(39)).pk, page_state(&page(40)).pk);
    assert!(page_state(&page(9)).sk < page_state(&page(10)).sk);
    assert_eq!(page_content(&page(7)).pk, page_state(&page(7)).pk);
}

#[test]
fn two_ties_have_two_keys_whatever_the_ids_hold() {
    let school = school();
    let id = |text: &str| ContactId::parse(text).unwrap();
    assert_ne!(tie(school, &id("a#b"), &id("c")), tie(school, &id("a"), &id("b#c")));
    assert_ne!(tie(school, &id("a%23b"), &id("c")), tie(school, &id("a#b"), &id("c")));
    assert!(!ties_of(&id("12")).starts_with(&ties_of(&id("1"))));
}

#[test]
fn due_times_sort_as_numbers() {
    let (s, m) = (SchoolId::new(Ulid::from_parts(1, 1)), MessageId::new(Ulid::from_parts(2, 2)));
    assert!(work_sk(999, s, m) < work_sk(1_000, s, m));
    assert!(work_sk(-5, s, m) <= work_sk(0, s, m));
}
