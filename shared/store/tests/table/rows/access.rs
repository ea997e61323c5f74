//! Users, what leads to them, sessions, keys and limits.

use domain::channel::Channel;
use domain::email::EmailAddress;
use domain::people::{Profile, Roles, Standing};
use domain::phone::{CountryCode, NumberMode, PhoneNumber};
use store::{
    Account, Allowance, ApiToken, CodeCheck, ComposeDefaults, KeyKind, Lifetime, OneTimeKind, Owes,
    OwnProfile, SecondFactor, Session, User,
};
use testkit::school_id;

use super::{NOW, stored, ulid, user};

const DAY_MS: i64 = 24 * 3_600_000;

fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

fn joe() -> User {
    User {
        id: user(1),
        username: "JoeBloggs".to_owned(),
        email: email("joe.bloggs@hillview.example"),
        forename: "Joe".to_owned(),
        surname: "Bloggs".to_owned(),
        password_hash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".to_owned(),
        created_ms: NOW,
        account: Account {
            version: 1,
            mobile: PhoneNumber::parse("07700 900123", CountryCode::UK, NumberMode::Simulated).ok(),
            email_confirmed: true,
            password_set_ms: NOW,
            former_hashes: vec!["$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$Zm9ybWVy".to_owned()],
            epoch: 3,
            second_factor: Some(SecondFactor {
                secret: "JBSWY3DPEHPK3PXP".to_owned(),
                last_step: 7,
                recovery: vec!["0123abcd".to_owned()],
            }),
            compose: ComposeDefaults {
                channels: vec![Channel::Sms, Channel::Email],
                header: Some("Hillview".to_owned()),
                reply_to: Some(email("office@hillview.example")),
            },
        },
        schools: vec![school_id(1)],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_found_by_name_and_address_with_what_they_may() {
    let table = stored().await;
    let (store, school) = (&table.store, table.school(1));
    let found = store.user_by_username("joebloggs").await.unwrap().unwrap();
    assert!(found == joe());
    let ann = store.user_by_email(&email("ANN@hillview.example")).await.unwrap().unwrap();
    assert_eq!(
        (ann.id, ann.full_name(), ann.account),
        (user(2), "Ann Example".to_owned(), Account::default())
    );
    assert_eq!(ann.schools, [school_id(1)]);
    assert!(store.username_taken("AnnExample").await.unwrap());

    let first = school.members().get(user(1)).await.unwrap().unwrap();
    assert_eq!((first.roles(), first.standing(), first.version()), (Roles::all(), Standing::Enabled, 1));
    assert_eq!(first.last_sign_in_ms(), Some(NOW + 5));
    let second = school.members().get(user(2)).await.unwrap().unwrap();
    assert_eq!(second.roles(), Roles::of_codes(["user", "composeMessage"]));
    assert_eq!((second.groups(), second.last_sign_in_ms()), (["Year 9".to_owned()].as_slice(), None));
    assert_eq!(store.memberships(&found).await.unwrap(), [first]);

    let profile = Profile { name: "Form tutor".to_owned(), roles: Roles::of_codes(["user"]) };
    let profile = OwnProfile { id: ulid(5), profile, version: 1 };
    assert_eq!(school.profiles().list().await.unwrap(), [profile]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lets_somebody_in_still_does() {
    let table = stored().await;
    let store = &table.store;
    let lifetime = Lifetime { idle_ms: 3_600_000, longest_ms: 36_000_000 };
    let session = store.find_session("sessiontoken", lifetime, NOW).await.unwrap().unwrap();
    assert_eq!((session.user(), session.access().school()), (user(1), school_id(1)));
    assert_eq!((session.csrf(), session.browser()), ("csrftoken", "Firefox on Windows"));
    assert_eq!((session.owes(), session.since_ms()), (Some(Owes::SecondFactor), NOW));
    assert_eq!(session.expires_ms(), NOW + 3_600_000);
    assert!(session.is_of_epoch(3));
    let listed = store.sessions_of(user(1), 3, NOW).await.unwrap();
    assert_eq!(listed.iter().map(Session::csrf).collect::<Vec<_>>(), ["csrftoken"]);

    let token = store.one_time("onetimesecret", OneTimeKind::Password, NOW).await.unwrap();
    let (token, whose) = token.unwrap();
    assert!(whose == joe());
    assert_eq!((token.user(), token.access().school()), (user(1), school_id(1)));
    assert!(token.was_mailed_to(&joe().email));
    assert_eq!(store.try_code(user(1), "123456", NOW).await.unwrap(), CodeCheck::Right);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_work_with_their_new_secret_and_for_a_while_with_the_former_one() {
    let table = stored().await;
    let (store, school) = (&table.store, table.school(1));
    let listed = school.api_keys().list().await.unwrap();
    let key = &listed[0];
    assert_eq!((listed.len(), key.id(), key.name()), (1, "hk7f3k2p9q4r", "Office system"));
    assert_eq!((key.scopes(), key.kind()), (["send", "report"].map(str::to_owned).as_slice(), KeyKind::Caci));
    assert_eq!((key.cap(), key.created_ms()), (Some(500), NOW));
    assert_eq!((key.former_until_ms(NOW), key.last_used_ms()), (Some(NOW + DAY_MS), None));
    let token = |secret| ApiToken::new("hk7f3k2p9q4r", secret).unwrap();
    let (former, next) =
        (token("secretsecretsecretsecretsecretse"), token("othersecretothersecretothersecre"));
    assert!(store.verify_api_key(&former, NOW).await.unwrap().is_some());
    assert!(store.verify_api_key(&next, NOW + 2 * DAY_MS).await.unwrap().is_some());
    assert!(store.verify_api_key(&former, NOW + 2 * DAY_MS).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn tries_and_reserved_time_still_count() {
    let table = stored().await;
    let store = &table.store;
    let blocked = store.hit("sign-in 192.0.2.1", 1, 3_600, NOW).await.unwrap();
    assert!(matches!(blocked, Allowance::Blocked { .. }));
    assert_eq!(store.sender_free_at("+447700900999").await.unwrap(), Some(NOW + 100));
}
