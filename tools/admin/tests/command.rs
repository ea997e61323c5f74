//! The command itself, against the embedded database.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::process::Output;

use api::auth::Scope;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordVerifier};
use domain::ids::SchoolId;
use dynoxide::Database;
use store::{Access, ApiToken, OneTimeKind, SecondFactor, Store};
use tokio::process::Command;
use tokio::sync::oneshot;

/// A table of its own for one test; it stops when dropped.
struct Table {
    url: String,
    store: Store,
    _stop: oneshot::Sender<()>,
}

impl Table {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let database = Database::memory().unwrap();
        tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, async {
            let _ = stopped.await;
        }));
        let store = Store::new(runtime::database_at(&url), "messenger");
        store.create_table().await.unwrap();
        Self { url, store, _stop: stop }
    }

    async fn admin(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_messenger-admin"));
        command.args(arguments).args(["--database", &self.url]).env_remove("TABLE_NAME");
        command.output().await.unwrap()
    }

    async fn create_school(&self, username: &str) -> Output {
        self.create_school_with(username, &[]).await
    }

    async fn create_school_with(&self, username: &str, more: &[&str]) -> Output {
        let named = ["create-school", "--name", "Hill Park School", "--country", "353"];
        let user = ["--username", username, "--email", "pat@hill.example"];
        self.admin(&[&named[..], &user, more].concat()).await
    }
}

/// The value that was printed after a word.
fn said(output: &Output, word: &str) -> String {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(word).map(str::trim));
    line.unwrap_or_else(|| panic!("no {word}: {output:?}")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_school_has_a_super_user_who_can_sign_in_with_the_printed_password() {
    let table = Table::start().await;
    let output = table.create_school_with("pat.marlow", &["--sign-in", "password"]).await;
    assert!(output.status.success(), "{output:?}");
    let id: SchoolId = said(&output, "school").parse().unwrap();
    let settings = table.store.school(Access::of_operator(id)).settings().await.unwrap();
    assert_eq!((settings.name.as_str(), settings.country.get()), ("Hill Park School", 353));
    assert_eq!(
        (settings.sms_sender.as_str(), settings.email_reply_to.as_str()),
        ("HillParkSch", "pat@hill.example")
    );

    let user = table.store.user_by_username("Pat.Marlow").await.unwrap().unwrap();
    let hash = PasswordHash::new(&user.password_hash).unwrap();
    let password = said(&output, "password");
    assert!(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
    let memberships = table.store.memberships(&user).await.unwrap();
    assert_eq!(memberships.iter().map(store::Membership::school).collect::<Vec<_>>(), [id]);
    assert_eq!(memberships[0].roles(), domain::people::Roles::all());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_queue_the_super_users_link_is_printed_and_works_once() {
    let table = Table::start().await;
    let output = table.create_school_with("pat", &["--url", "https://messenger.example/"]).await;
    let link = said(&output, "link");
    let secret = link.strip_prefix("https://messenger.example/password/").unwrap_or_else(|| panic!("{link}"));
    let now_ms = runtime::Clock::system().now_ms();
    let token = table.store.one_time(secret, OneTimeKind::Password, now_ms).await.unwrap().unwrap();
    let user = table.store.user_by_username("pat").await.unwrap().unwrap();
    assert_eq!((token.user(), user.password_hash.as_str()), (user.id, ""), "nobody knows a password");
    table.store.spend(&token).await.unwrap();
    assert_eq!(table.store.one_time(secret, OneTimeKind::Password, now_ms).await.unwrap(), None);
    let late = now_ms + 8 * 24 * 3_600_000;
    let other = table.create_school_with("pat2", &["--email", "p2@hill.example"]).await;
    let secret = said(&other, "link").rsplit('/').next().unwrap().to_owned();
    assert_eq!(table.store.one_time(&secret, OneTimeKind::Password, late).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_username_makes_no_second_school() {
    let table = Table::start().await;
    assert!(table.create_school("pat").await.status.success());
    let output = table.create_school("PAT").await;
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("username is taken"), "{output:?}");
    let user = table.store.user_by_username("pat").await.unwrap().unwrap();
    assert_eq!(user.schools.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_printed_key_opens_its_school_for_its_scopes_alone() {
    let table = Table::start().await;
    let school = said(&table.create_school("pat").await, "school");
    let make = async |school: &str| {
        table.admin(&["create-key", "--school", school, "--name", "MIS", "--scopes", "usage:read"]).await
    };
    let token = ApiToken::parse(&said(&make(&school).await, "key")).unwrap();
    let key = table.store.verify_api_key(&token, 0).await.unwrap().unwrap();
    assert_eq!((key.access().school().to_string(), key.name()), (school, "MIS"));
    let may = Scope::ALL.into_iter().filter(|scope| key.has_scope(scope.code())).collect::<Vec<_>>();
    assert_eq!(may, [Scope::UsageRead]);

    let output = make("01ARZ3NDEKTSV4RRFFQ69G5FAV").await;
    assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_step_is_switched_off_for_who_has_lost_the_phone_and_it_is_noted() {
    let table = Table::start().await;
    let school = said(&table.create_school("pat").await, "school").parse::<SchoolId>().unwrap();
    let before = table.store.user_by_username("pat").await.unwrap().unwrap();
    let mut on = before.clone();
    on.account.second_factor =
        Some(SecondFactor { secret: "00".repeat(20), last_step: 0, recovery: Vec::new() });
    table.store.change_user(&before, &on).await.unwrap();
    let output = table.admin(&["reset-second-factor", "--username", "PAT"]).await;
    assert!(output.status.success(), "{output:?}");
    let after = table.store.user_by_username("pat").await.unwrap().unwrap();
    assert!(after.account.second_factor.is_none() && after.account.epoch != before.account.epoch);
    let school = table.store.school(Access::of_operator(school));
    assert!(school.audit_head().await.unwrap().seq > 0);
    let nobody = table.admin(&["reset-second-factor", "--username", "nobody"]).await;
    assert!(!nobody.status.success(), "{nobody:?}");
}
