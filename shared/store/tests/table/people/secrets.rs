//! Links and codes that users are sent, and the e-mail address that is theirs alone.

use domain::audit::{Act, AuditEvent};
use domain::email::EmailAddress;
use store::{CODE_TRIES, CodeCheck, Mint, OneTimeKind, StoreError, User};
use testkit::{school_id, user};

use super::book::NOW;
use crate::common::TestTable;

const HOUR: i64 = 3_600_000;

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

fn mint(user: &User, kind: OneTimeKind) -> Mint<'_> {
    Mint { user, kind, school: school_id(1), mailed_to: Some(&user.email), expires_ms: NOW + HOUR }
}

fn audit_event() -> AuditEvent {
    AuditEvent::of_system(Act::PreferencesChanged, "")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_found_by_their_address_in_any_capitals_and_it_is_theirs_alone() {
    let table = TestTable::start().await;
    let store = &table.store;
    let joe = user(1, "joe", "Joe.Bloggs@Example.org");
    store.create_user(&joe).await.unwrap();
    assert_eq!(store.user_by_email(&address("joe.bloggs@example.org")).await.unwrap(), Some(joe.clone()));
    assert_eq!(store.user_by_email(&address("other@example.org")).await.unwrap(), None);
    let second = store.create_user(&user(2, "jo", "JOE.BLOGGS@example.org")).await;
    assert!(matches!(second, Err(StoreError::Conflict)), "{second:?}");

    store.create_user(&user(3, "ann", "ann@example.org")).await.unwrap();
    let moved = User { email: address("new@example.org"), ..joe.clone() };
    let school = table.school(1);
    school.members().change_user(&joe, &moved, None, &audit_event(), NOW).await.unwrap();
    assert_eq!(store.user_by_email(&address("new@example.org")).await.unwrap().map(|u| u.id), Some(joe.id));
    assert_eq!(store.user_by_email(&joe.email).await.unwrap(), None, "the old address is free");
    let now = store.user(joe.id).await.unwrap().unwrap();
    let theirs = User { email: address("ANN@example.org"), ..now.clone() };
    let taken = school.members().change_user(&now, &theirs, None, &audit_event(), NOW).await;
    assert!(matches!(taken, Err(StoreError::Conflict)), "{taken:?}");
    let stale = school.members().change_user(&joe, &moved, None, &audit_event(), NOW).await;
    assert!(matches!(stale, Err(StoreError::Conflict)), "{stale:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_username_that_looks_like_anothers_is_taken_and_signs_nobody_in() {
    let table = TestTable::start().await;
    let store = &table.store;
    store.create_user(&user(1, "5976.joe.bloggs", "joe@example.org")).await.unwrap();
    for alike in
        ["5976.jоe.bloggs", "5976.JOE.BLOGGS", "5976.joe.b1oggs", "5976.joe.bIoggs", " 5976.joe.bloggs"]
    {
        assert!(store.username_taken(alike).await.unwrap(), "{alike}");
        let added = store.create_user(&user(2, alike, "other@example.org")).await;
        assert!(matches!(added, Err(StoreError::Conflict)), "{alike}: {added:?}");
    }
    assert_eq!(store.user_by_username("5976.jоe.bloggs").await.unwrap(), None);
    assert!(!store.username_taken("5976.ann.bloggs").await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_works_once_until_it_ends_or_a_newer_one_is_made() {
    let table = TestTable::start().await;
    let store = &table.store;
    let joe = user(1, "joe", "joe@example.org");
    store.create_user(&joe).await.unwrap();
    let found = async |secret: &str, at| {
        store.one_time(secret, OneTimeKind::Password, at).await.unwrap().map(|(token, _)| token)
    };

    store.mint("first", mint(&joe, OneTimeKind::Password)).await.unwrap();
    assert!(
        found("first", NOW).await.is_some() && found("first", NOW).await.is_some(),
        "looking uses nothing up"
    );
    assert_eq!(found("first", NOW + HOUR).await, None, "it ends");
    assert_eq!(found("other", NOW).await, None);
    assert_eq!(store.one_time("first", OneTimeKind::Email, NOW).await.unwrap(), None, "for its purpose only");

    store.mint("second", mint(&joe, OneTimeKind::Password)).await.unwrap();
    store.mint("mail", mint(&joe, OneTimeKind::Email)).await.unwrap();
    assert_eq!(found("first", NOW).await, None, "the newer ended it");
    let token = found("second", NOW).await.unwrap();
    assert_eq!((token.user(), token.access().school()), (joe.id, school_id(1)));
    assert!(
        token.was_mailed_to(&address("JOE@example.org")) && !token.was_mailed_to(&address("x@example.org"))
    );
    let (one, two) = tokio::join!(store.spend(&token), store.spend(&token));
    assert!(one.is_ok() != two.is_ok(), "used twice at once: {one:?} {two:?}");
    assert_eq!(found("second", NOW).await, None);
    assert!(store.one_time("mail", OneTimeKind::Email, NOW).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_ends_with_the_password_and_with_the_address_that_it_was_mailed_to() {
    use OneTimeKind::{Email, Password, SecondStep};
    let table = TestTable::start().await;
    let (store, school) = (&table.store, table.school(1));
    let works = async |secret: &str, kind| store.one_time(secret, kind, NOW).await.unwrap().is_some();
    let joe = user(1, "joe", "joe@example.org");
    store.create_user(&joe).await.unwrap();
    let change = async |what: &dyn Fn(&mut User)| {
        let before = store.user(joe.id).await.unwrap().unwrap();
        let mut after = before.clone();
        what(&mut after);
        school.members().change_user(&before, &after, None, &audit_event(), NOW).await.unwrap();
        store.user(joe.id).await.unwrap().unwrap()
    };
    store.mint("password", mint(&joe, Password)).await.unwrap();
    store.mint("step", Mint { mailed_to: None, ..mint(&joe, SecondStep) }).await.unwrap();
    store.mint("mail", mint(&joe, Email)).await.unwrap();
    let joe = change(&|joe| joe.forename = "Joseph".into()).await;
    assert!(
        works("password", Password).await && works("step", SecondStep).await && works("mail", Email).await
    );
    let joe_now = change(&|joe| joe.account.epoch += 1).await;
    assert!(!works("password", Password).await && !works("step", SecondStep).await, "another password since");
    assert!(works("mail", Email).await, "of an address the password says nothing");

    store.mint("later", mint(&joe_now, Password)).await.unwrap();
    store.mint("step 2", Mint { mailed_to: None, ..mint(&joe_now, SecondStep) }).await.unwrap();
    change(&|joe| joe.email = address("new@example.org")).await;
    assert!(
        !works("later", Password).await && !works("mail", Email).await,
        "the mailbox is not theirs any more"
    );
    assert!(works("step 2", SecondStep).await, "that one was mailed nowhere");
    change(&|after| after.email = joe.email.clone()).await;
    assert!(works("later", Password).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_guesses_at_once_five_are_looked_at() {
    let table = TestTable::start().await;
    let (store, joe) = (&table.store, user(1, "joe", "joe@example.org"));
    store.set_code(joe.id, "123456", NOW + HOUR).await.unwrap();
    let guesses = (0..100).map(|n| async move {
        let code = format!("{n:06}");
        store.try_code(joe.id, &code, NOW).await.unwrap()
    });
    let answers = futures_util::future::join_all(guesses).await;
    let looked_at = answers.iter().filter(|a| matches!(a, CodeCheck::Wrong { .. })).count();
    assert_eq!(looked_at, CODE_TRIES as usize);
    let late = store.try_code(joe.id, "123456", NOW).await.unwrap();
    assert_eq!(late, CodeCheck::Gone, "the right one comes too late");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_right_once_in_its_time_and_for_whom_it_was_sent_to() {
    let table = TestTable::start().await;
    let (store, joe) = (&table.store, user(1, "joe", "joe@example.org"));
    let tried = async |code: &str, at| store.try_code(joe.id, code, at).await.unwrap();

    store.set_code(joe.id, "123456", NOW + HOUR).await.unwrap();
    let eve = user(2, "eve", "eve@example.org");
    assert_eq!(store.try_code(eve.id, "123456", NOW).await.unwrap(), CodeCheck::Gone);
    assert_eq!(tried("000000", NOW).await, CodeCheck::Wrong { left: 4 });
    assert_eq!(tried("123456", NOW + HOUR).await, CodeCheck::Gone, "over");
    let (one, two) = tokio::join!(tried("123456", NOW), tried(" 123456 ", NOW));
    let rights = [one, two].iter().filter(|a| **a == CodeCheck::Right).count();
    assert_eq!(rights, 1, "{one:?} {two:?}");
    assert_eq!(tried("123456", NOW).await, CodeCheck::Gone, "used");
    store.set_code(joe.id, "654321", NOW + HOUR).await.unwrap();
    assert_eq!(tried("123456", NOW).await, CodeCheck::Wrong { left: 4 });
    assert_eq!(tried("654321", NOW).await, CodeCheck::Right);
}
