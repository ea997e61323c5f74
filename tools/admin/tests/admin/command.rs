//! The command itself, against the embedded database.

use std::ops::Deref;
use std::process::Output;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordVerifier};
use domain::audit::{Act, AuditEvent};
use domain::ids::SchoolId;
use domain::people::Scope;
use store::{Access, ApiToken, OneTimeKind, SecondFactor};
use testkit::World;
use tokio::process::Command;

/// What the command works on.
struct Table(World);

impl Deref for Table {
    type Target = World;

    fn deref(&self) -> &World {
        &self.0
    }
}

impl Table {
    async fn start() -> Self {
        Self(World::start().await)
    }

    async fn admin(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_messenger-admin"));
        command.args(arguments).args(["--database", self.database.url()]).env_remove("TABLE_NAME");
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
    let settings = table.store.school(Access::of_operator(id)).settings().get().await.unwrap();
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
    let (token, user) = table.store.one_time(secret, OneTimeKind::Password, now_ms).await.unwrap().unwrap();
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
async fn what_cannot_be_is_said_before_anything_is_made() {
    let table = Table::start().await;
    assert!(table.create_school("pat").await.status.success());
    for (username, email, code, said) in [
        ("pat/marlow", "new@hill.example", 2, "--username: A username may have letters"),
        ("p4t", "PAT@hill.example", 1, "known by that e-mail address already"),
        ("pаt", "new@hill.example", 1, "username is taken"),
    ] {
        let (ended, out, wrong) = ended(&table.create_school_with(username, &["--email", email]).await);
        assert_eq!((ended, out.as_str()), (Some(code), ""), "{username}");
        assert!(wrong.contains(said), "{wrong}");
    }
    // Neither name nor address is taken by what failed.
    assert!(table.create_school_with("p4t", &["--email", "new@hill.example"]).await.status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schools_log_begins_with_its_making_and_the_link_that_went_out() {
    let table = Table::start().await;
    let id = said(&table.create_school("pat").await, "school");
    let school = table.store.school(Access::of_operator(id.parse().unwrap()));
    let rows =
        school.audit().month(store::AuditMonth::of_ms(runtime::Clock::system().now_ms())).await.unwrap();
    let acts: Vec<(&str, &str)> = rows.iter().map(|row| (row.who.as_str(), row.act.as_str())).collect();
    assert_eq!(acts, [("operator", "school.created"), ("operator", "password.link")]);
    let (code, out, _) = ended(&table.admin(&["verify-audit", "--school", &id]).await);
    assert!(code == Some(0) && out.contains("whole"), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_school_that_is_not_there_or_has_no_log_is_not_whole() {
    let table = Table::start().await;
    let id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    let verify = async || ended(&table.admin(&["verify-audit", "--school", id]).await);
    let (code, out, wrong) = verify().await;
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(wrong.contains("there is no school of that id"), "{wrong}");
    let school = table.store.school(Access::of_operator(id.parse().unwrap()));
    school.settings().create(&domain::settings::Settings::new("Hill Park School")).await.unwrap();
    let (code, out, wrong) = verify().await;
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(wrong.contains("the log is not there"), "{wrong}");
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
    assert!(school.audit().head().await.unwrap().seq > 0);
    let nobody = table.admin(&["reset-second-factor", "--username", "nobody"]).await;
    assert!(!nobody.status.success(), "{nobody:?}");
}

/// What was written to the terminal's two ends, and how it ended.
fn ended(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_log_ends_well_and_one_that_was_tampered_with_ends_with_one_and_names_the_row() {
    let table = Table::start().await;
    let id = said(&table.create_school("pat").await, "school");
    let school = table.store.school(Access::of_operator(id.parse().unwrap()));
    let now_ms = runtime::Clock::system().now_ms();
    for n in 0..3 {
        school
            .audit()
            .record(&AuditEvent::of_system(Act::MessageSent, format!("m{n}")), now_ms)
            .await
            .unwrap();
    }
    let verify = async |more: &[&str]| {
        let output = table.admin(&[&["verify-audit", "--school", &id][..], more].concat()).await;
        ended(&output)
    };
    let (code, said, wrong) = verify(&[]).await;
    assert!(code == Some(0) && said.contains("audit     whole") && wrong.is_empty(), "{said}{wrong}");
    let head = school.audit().head().await.unwrap();
    assert!(
        said.lines().any(|line| line.starts_with("rows") && line.ends_with(&head.seq.to_string())),
        "{said}"
    );

    // The anchors of a folder count too.
    let folder = std::env::temp_dir().join(format!("anchors-{id}"));
    std::fs::create_dir_all(folder.join(&id)).unwrap();
    let anchor = |hash: &str| {
        format!(r#"{{"school":"{id}","seq":{},"hash":"{hash}","at":"2026-10-09T02:00:00Z"}}"#, head.seq)
    };
    let write = |hash: &str| std::fs::write(folder.join(&id).join("2026-10-09.json"), anchor(hash)).unwrap();
    let anchors = ["--anchors", folder.to_str().unwrap()];
    write(&head.hash);
    let (code, said, _) = verify(&anchors).await;
    assert!(code == Some(0) && said.contains("2026-10-09T02:00:00Z"), "{said}");
    write(&"0".repeat(64));
    let (code, said, wrong) = verify(&anchors).await;
    assert_eq!((code, said.as_str()), (Some(1), ""));
    assert!(wrong.contains(&format!("row {} is not the one that was sealed", head.seq)), "{wrong}");
    std::fs::remove_dir_all(&folder).unwrap();

    // Somebody who may write to the table changes the second row.
    let client = runtime::database_at(table.database.url());
    let month = store::AuditMonth::of_ms(now_ms).code();
    let text = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
    let forge = client.update_item().table_name("messenger").key("pk", text(&format!("S#{id}#A#{month}")));
    let forge = forge.key("sk", text("000000000002")).update_expression("SET who = :w");
    forge.expression_attribute_values(":w", text("user:somebody")).send().await.unwrap();
    let (code, said, wrong) = verify(&[]).await;
    assert_eq!((code, said.as_str()), (Some(1), ""));
    assert!(wrong.contains("row 2 was changed"), "{wrong}");

    // What is no id is said to be none, before anything is read.
    let (code, _, wrong) = ended(&table.admin(&["verify-audit", "--school", "hillview"]).await);
    assert!(code == Some(2) && wrong.contains("--school"), "{wrong}");
}
