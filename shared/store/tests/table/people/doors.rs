//! Settings, users, sessions, API keys: who gets in, and to what.

use domain::audit::{Act, AuditEvent};
use domain::people::Roles;
use domain::settings::Settings;
use store::{ApiToken, Lifetime, StoreError, User};
use testkit::school_id;

use super::book::NOW;
use crate::common::TestTable;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const LIFETIME: Lifetime = Lifetime { idle_ms: HOUR, longest_ms: 12 * HOUR };

fn settings(name: &str) -> Settings {
    Settings { name: name.to_owned(), ..testkit::settings() }
}

fn user(number: u128, username: &str) -> User {
    let made = testkit::user(number, username, &format!("joe{number}@example.org"));
    User { password_hash: "$argon2id$example".to_owned(), ..made }
}

fn roles() -> Roles {
    Roles::of_codes(["user", "admin"])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_school_is_made_once_and_its_settings_replaced() {
    let table = TestTable::start().await;
    let school = table.school(1);
    assert!(matches!(school.settings().get().await, Err(StoreError::NotFound("school"))));
    school.settings().create(&settings("First")).await.unwrap();
    assert!(matches!(school.settings().create(&settings("Second")).await, Err(StoreError::Conflict)));
    table.calls.take();
    assert_eq!(school.settings().get().await.unwrap(), settings("First"));
    assert_eq!(table.calls.take(), ["GetItem"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_change_the_settings_at_once_the_second_is_told() {
    let table = TestTable::start().await;
    let school = table.school(1);
    school.settings().create(&settings("First")).await.unwrap();
    let before = school.settings().get().await.unwrap();
    let second = school.settings().change(&before, settings("Second"), &changed(), NOW).await.unwrap();
    assert_eq!((school.settings().get().await.unwrap().name.as_str(), second.version), ("Second", 1));
    let late = school.settings().change(&before, settings("Third"), &changed(), NOW).await;
    assert!(matches!(late, Err(StoreError::Conflict)), "{late:?}");
    assert_eq!(school.settings().get().await.unwrap(), second);
    school.settings().change(&second, settings("Third"), &changed(), NOW).await.unwrap();
    assert_eq!(school.audit().head().await.unwrap().seq, 2, "a change that was refused is no event");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_in_the_settings_is_the_schools_until_it_is_taken_out() {
    let table = TestTable::start().await;
    let (ours, theirs) = (table.school(1), table.school(2));
    let number = "+447700900123";
    let with = |name: &str| Settings { reply_number: number.into(), ..settings(name) };
    for school in [&ours, &theirs] {
        school.settings().create(&settings("Plain")).await.unwrap();
    }
    let plain = settings("Plain");
    let taken = ours.settings().change(&plain, with("Ours"), &changed(), NOW).await.unwrap();
    assert_eq!(table.store.owner_of_number(number).await.unwrap(), Some(ours.id()));
    let theft = theirs.settings().change(&plain, with("Theirs"), &changed(), NOW).await;
    assert!(matches!(theft, Err(StoreError::Conflict)), "{theft:?}");
    ours.settings().change(&taken, settings("Plain"), &changed(), NOW).await.unwrap();
    assert_eq!(table.store.owner_of_number(number).await.unwrap(), None);
    theirs.settings().change(&plain, with("Theirs"), &changed(), NOW).await.unwrap();
    assert_eq!(table.store.owner_of_number(number).await.unwrap(), Some(theirs.id()));
}

fn changed() -> AuditEvent {
    AuditEvent::of_system(Act::SettingsChanged, "")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_username_is_one_persons_in_whatever_capitals() {
    let table = TestTable::start().await;
    let store = &table.store;
    store.create_user(&user(1, "5976.Joe.Bloggs")).await.unwrap();
    let taken = store.create_user(&user(2, " 5976.JOE.bloggs ")).await;
    assert!(matches!(taken, Err(StoreError::Conflict)), "{taken:?}");
    assert_eq!(store.user(user(2, "").id).await.unwrap(), None, "nothing is half made");

    let found = store.user_by_username(" 5976.joe.BLOGGS\n").await.unwrap();
    assert_eq!(found, Some(user(1, "5976.Joe.Bloggs")));
    for unknown in ["", " ", "nobody", &"x".repeat(5_000)] {
        assert_eq!(store.user_by_username(unknown).await.unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_username_takes_as_many_reads_as_a_known_one() {
    let table = TestTable::start().await;
    table.store.create_user(&user(1, "joe")).await.unwrap();
    table.calls.take();
    table.store.user_by_username("joe").await.unwrap();
    let known = table.calls.take();
    table.store.user_by_username("nobody").await.unwrap();
    assert_eq!(table.calls.take(), known);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_may_be_a_member_of_several_schools() {
    let table = TestTable::start().await;
    let store = &table.store;
    store.create_user(&user(1, "joe")).await.unwrap();
    let joe = async || store.user_by_username("joe").await.unwrap().unwrap();
    assert!(store.memberships(&joe().await).await.unwrap().is_empty());

    let id = joe().await.id;
    table.school(2).members().add(id, Roles::of_codes(["user"])).await.unwrap();
    table.school(1).members().add(id, Roles::of_codes(["user"])).await.unwrap();
    table.school(1).members().add(id, roles()).await.unwrap();
    let memberships = store.memberships(&joe().await).await.unwrap();
    let found: Vec<_> =
        memberships.iter().map(|m| (m.school(), m.user(), m.roles().iter().count())).collect();
    assert_eq!(found, [(school_id(1), id, 2), (school_id(2), id, 1)]);

    let nobody = table.school(1).members().add(user(9, "").id, roles()).await;
    assert!(matches!(nobody, Err(StoreError::Conflict)), "{nobody:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_lives_while_it_is_used_and_no_longer_than_a_day_at_work() {
    let table = TestTable::start().await;
    let store = &table.store;
    store.create_user(&user(1, "joe")).await.unwrap();
    table.school(1).members().add(user(1, "").id, roles()).await.unwrap();
    let joe = store.user_by_username("joe").await.unwrap().unwrap();
    let membership = store.memberships(&joe).await.unwrap().remove(0);
    let made = store.create_session("token", &membership, "csrf", LIFETIME, NOW).await.unwrap();
    assert_eq!((made.user(), made.access().school(), made.csrf()), (joe.id, school_id(1), "csrf"));

    let find = async |token: &str, now| store.find_session(token, LIFETIME, now).await.unwrap();
    assert_eq!(find("other", NOW).await, None);
    table.calls.take();
    assert_eq!(find("token", NOW + MINUTE - 1).await, Some(made.clone()));
    assert_eq!(table.calls.take(), ["GetItem"], "not renewed within a minute");
    let renewed = find("token", NOW + 59 * MINUTE).await.unwrap();
    assert_eq!(renewed.expires_ms(), NOW + 59 * MINUTE + HOUR);
    assert!(find("token", NOW + 90 * MINUTE).await.is_some());
    assert_eq!(find("token", NOW + 90 * MINUTE + HOUR).await, None, "idle for too long");

    for half_hours in 4..24 {
        find("token", NOW + half_hours * HOUR / 2).await.expect("still at work");
    }
    assert_eq!(find("token", NOW + 12 * HOUR).await, None, "used all day, and over");
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_holds_even_against_a_request_under_way() {
    let table = TestTable::start().await;
    let store = &table.store;
    store.create_user(&user(1, "joe")).await.unwrap();
    table.school(1).members().add(user(1, "").id, roles()).await.unwrap();
    let joe = store.user_by_username("joe").await.unwrap().unwrap();
    let membership = store.memberships(&joe).await.unwrap().remove(0);
    store.create_session("token", &membership, "csrf", LIFETIME, NOW).await.unwrap();

    let other = store::Store::new(table.client.clone(), testkit::TABLE);
    table.calls.before("UpdateItem", 1, async move { other.delete_session("token").await.unwrap() });
    let later = NOW + 30 * MINUTE;
    assert_eq!(store.find_session("token", LIFETIME, later).await.unwrap(), None);
    assert_eq!(store.find_session("token", LIFETIME, later).await.unwrap(), None);
    store.delete_session("token").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_and_secrets_are_not_in_the_table() {
    let table = TestTable::start().await;
    let store = &table.store;
    store.create_user(&user(1, "joe")).await.unwrap();
    table.school(1).members().add(user(1, "").id, roles()).await.unwrap();
    let joe = store.user_by_username("joe").await.unwrap().unwrap();
    let membership = store.memberships(&joe).await.unwrap().remove(0);
    store.create_session("session-token", &membership, "csrf", LIFETIME, NOW).await.unwrap();
    let token = ApiToken::new("K1", &"secret0".repeat(5)).unwrap();
    table.school(1).api_keys().create(&token, "Partner", &[], NOW).await.unwrap();

    let rows = table.client.scan().table_name(testkit::TABLE).send().await.unwrap();
    let rows = format!("{:?}", rows.items());
    assert!(rows.contains("SESS#") && rows.contains("KEY#K1"));
    assert!(!rows.contains("session-token") && !rows.contains("secret0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_key_opens_its_own_school_to_its_own_secret() {
    let table = TestTable::start().await;
    let store = &table.store;
    let token = ApiToken::new("K1", &"a".repeat(40)).unwrap();
    assert_eq!(store.verify_api_key(&token, NOW).await.unwrap(), None);
    let made = table.school(1).api_keys().create(&token, "Partner", &["messages".into()], NOW).await.unwrap();
    assert_eq!(made.last_used_ms(), None);
    let taken = table.school(2).api_keys().create(&token, "Thief", &[], NOW).await;
    assert!(matches!(taken, Err(StoreError::Conflict)), "{taken:?}");

    let wrong = ApiToken::new("K1", &"b".repeat(40)).unwrap();
    assert_eq!(store.verify_api_key(&wrong, NOW).await.unwrap(), None);
    let key = store.verify_api_key(&token, NOW).await.unwrap().unwrap();
    assert_eq!((key.id(), key.name(), key.access().school()), ("K1", "Partner", school_id(1)));
    assert!(key.has_scope("messages") && !key.has_scope("contacts"));

    // The last use is written once an hour.
    let used = async |now| store.verify_api_key(&token, now).await.unwrap().unwrap().last_used_ms();
    assert_eq!(used(NOW + HOUR - 1).await, Some(NOW));
    assert_eq!(used(NOW + HOUR).await, Some(NOW + HOUR));
}
