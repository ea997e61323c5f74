//! Preferences, sessions, addresses and schools: the life of a sign-in, from outside.

use std::time::Duration;

use domain::audit::Act;
use domain::job::Job;
use domain::notice::Notice;
use domain::people::{Roles, Scope};
use domain::settings::Settings;
use runtime::QueueName;
use serde_json::json;
use store::OneTimeKind;

use crate::kit::{Answer, House, NOON};
use crate::passwords::twice;
use crate::visitor::{OTHER, PASSWORD, Visitor, acts, add, audit_event, hidden, id, leads_to, mail};

pub(crate) const DAY: Duration = Duration::from_hours(24);

/// The notices that were queued since the last time.
pub(crate) fn notices(house: &House) -> Vec<Notice> {
    let jobs = house.queued().into_iter();
    let notices = jobs.filter_map(|(queue, job)| match job {
        Job::Notify { notice, .. } => {
            assert_eq!(queue, QueueName::Emergency, "somebody waits for it");
            Some(notice)
        }
        _ => None,
    });
    notices.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_ends_anothers_session_or_is_given_one_beforehand() {
    let house = House::start().await;
    add(&house, &house.school, 1, "olive", "user").await;
    add(&house, &house.school, 2, "robin", "user").await;
    let (olive, robin) =
        (Visitor::signed_in(&house, "olive").await, Visitor::signed_in(&house, "robin").await);
    let second = Visitor::signed_in(&house, "robin").await;
    let theirs = hidden(&robin.get("/preferences").await, "session");
    olive.fill_in("/preferences", "/preferences/sessions/end", &[("session", &theirs)]).await;
    assert!(robin.is_in().await && second.is_in().await);

    let victim = Visitor::new(&house);
    victim.plant(&olive.session());
    leads_to(&victim.sign_in("robin", PASSWORD).await, "/");
    assert!(victim.session() != olive.session() && !olive.is_in().await);
    let forged = victim.post("/preferences/password", &[("csrf", "x"), ("current", PASSWORD)]).await;
    assert_eq!(forged.status.as_u16(), 403);
    let csrf = hidden(&victim.get("/preferences").await, "csrf");
    let all = [("csrf", &*csrf), ("all", "1")];
    let elsewhere = victim.post_from("https://evil.example", "/preferences/sessions/end", &all).await;
    assert_eq!(elsewhere.status.as_u16(), 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_changed_with_the_password_and_confirmed_by_its_own_link() {
    let house = House::start().await;
    let user = add(&house, &house.school, 1, "olive", "user").await;
    add(&house, &house.school, 2, "robin", "user").await;
    let visitor = Visitor::signed_in(&house, "olive").await;
    let save = async |email: &str, mobile: &str, password: &str| {
        let fields = [("email", email), ("mobile", mobile), ("for_email", password)];
        visitor.fill_in("/preferences", "/preferences/details", &fields).await
    };
    let email = || async { house.store.user(user.id).await.unwrap().unwrap() };
    mail(&house, &user, OneTimeKind::Email, "old").await;
    assert_eq!(visitor.get("/confirm-email/old").await.status, 200);
    assert!(!email().await.account.email_confirmed, "looking confirms nothing");
    assert_eq!(visitor.post("/confirm-email/old", &[]).await.status, 200);
    assert!(email().await.account.email_confirmed);
    assert_eq!(visitor.post("/confirm-email/old", &[]).await.status.as_u16(), 410);
    assert!(acts(&house.school).await.contains(&Act::EmailConfirmed));

    for (to, mobile, password) in [
        ("new@hillview.example", "", ""),
        ("new@hillview.example", "", "wrong"),
        ("", "", PASSWORD),
        ("no address", "", PASSWORD),
        ("ROBIN@hillview.example", "", PASSWORD),
        ("olive@hillview.example", "01632 960100", PASSWORD),
    ] {
        assert_eq!(save(to, mobile, password).await.status.as_u16(), 422, "{to} {mobile}");
    }
    assert_eq!(email().await.email.as_str(), "olive@hillview.example");
    mail(&house, &user, OneTimeKind::Email, "late").await;
    house.queued();
    leads_to(&save("new@hillview.example", "07700 900123", PASSWORD).await, "/preferences?done=email");
    let told = notices(&house);
    let [Notice::EmailMoved { user: who, before }, Notice::ConfirmEmail { .. }] = &told[..] else {
        panic!("{told:?}")
    };
    assert_eq!((*who, before.as_str()), (user.id, "olive@hillview.example"), "the address before is told");
    let now = email().await;
    assert_eq!((now.email.as_str(), now.account.email_confirmed), ("new@hillview.example", false));
    assert_eq!(now.account.mobile.map(domain::phone::PhoneNumber::e164).as_deref(), Some("+447700900123"));
    assert_eq!(
        visitor.post("/confirm-email/late", &[]).await.status.as_u16(),
        410,
        "mailed to the old address"
    );
    leads_to(&save("new@hillview.example", "", PASSWORD).await, "/preferences?done=details");
    leads_to(
        &visitor.fill_in("/preferences", "/preferences/confirm-email", &[]).await,
        "/preferences?done=link",
    );
    assert!(matches!(notices(&house)[..], [Notice::ConfirmEmail { .. }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_works_for_several_schools_chooses_one_and_switches() {
    let house = House::start().await;
    let user = add(&house, &house.school, 1, "olive", "user").await;
    let (other, _) = house.another(2, &[Scope::UsageRead.code()]).await;
    let (third, _) = house.another(3, &[Scope::UsageRead.code()]).await;
    let before = other.settings().get().await.unwrap();
    let after = Settings { name: "Valley School".to_owned(), ..before.clone() };
    other.settings().change(&before, after, &audit_event(), NOON).await.unwrap();
    other.members().add(user.id, Roles::of_codes(["user", "admin"])).await.unwrap();

    let visitor = Visitor::new(&house);
    leads_to(&visitor.sign_in("olive", PASSWORD).await, "/");
    for path in ["/", "/preferences", "/history"] {
        leads_to(&visitor.get(path).await, "/school");
    }
    let page = visitor.get("/school").await;
    assert!(page.text.contains("Valley School") && page.text.contains("Hillview School"), "{page:?}");
    let choose = async |school: &str| visitor.fill_in("/school", "/school", &[("school", school)]).await;
    for wrong in [third.id().to_string(), "nonsense".to_owned(), String::new()] {
        assert_eq!(choose(&wrong).await.status.as_u16(), 404, "{wrong}");
    }
    let before = visitor.session();
    leads_to(&choose(&other.id().to_string()).await, "/");
    assert!(visitor.get("/").await.text.contains("Valley School"));
    assert!(visitor.get("/").await.text.contains("Work for another school"), "the menu switches");
    leads_to(&choose(&house.school.id().to_string()).await, "/");
    assert!(visitor.get("/").await.text.contains("Hillview School"));
    visitor.plant(&before);
    assert!(!visitor.is_in().await, "no session of before is left");
    assert_eq!(
        acts(&other).await,
        [Act::KeyCreated, Act::SettingsChanged, Act::SignedIn],
        "noted in the school that was entered"
    );
    let member = other.members().get(id(1)).await.unwrap().unwrap();
    assert!(member.last_sign_in_ms().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_cannot_lock_out_the_browser_that_is_known() {
    let house = House::start().await;
    let user = add(&house, &house.school, 1, "olive", "user").await;
    let known = Visitor::signed_in(&house, "olive").await;
    let stranger = Visitor::new(&house);
    for _ in 0..10 {
        assert_eq!(stranger.sign_in("olive", "wrong").await.status.as_u16(), 422);
    }
    house.queued();
    for _ in 0..3 {
        assert_eq!(stranger.sign_in("olive", PASSWORD).await.status.as_u16(), 429);
        assert_eq!(stranger.sign_in("nobody", "x").await.status.as_u16(), 422);
    }
    assert!(matches!(notices(&house)[..], [Notice::LockedOut { .. }]), "told once");
    leads_to(&known.sign_in("olive", PASSWORD).await, "/");
    // A lock ends with a new password by link.
    mail(&house, &user, OneTimeKind::Password, "link").await;
    leads_to(&stranger.post("/password/link", &twice(OTHER)).await, "/sign-in?set=1");
    leads_to(&stranger.sign_in("olive", OTHER).await, "/");
}

/// Sends an e-mail from the page; where replies to it go.
async fn sent_with_reply_to(house: &House, visitor: &Visitor<'_>, reply_to: &str) -> String {
    let ann = json!([{"id": "ann", "forename": "Ann", "surname": "Other", "role": "parent", "email": "ann@example.org"}]);
    house.contacts(ann).await;
    let fields = [
        ("to", "contact:ann"),
        ("email", "yes"),
        ("email_subject", "Trip"),
        ("email_text", "We go."),
        ("email_reply_to", reply_to),
        ("purpose", "service"),
        ("do", "send"),
        ("expect", "1-0-0-0-0-1-0"),
    ];
    let sent = visitor.fill_in("/send", "/send", &fields).await;
    let path = sent.header("location");
    let id = path.trim_start_matches("/messages/").split('?').next().unwrap();
    let id = id.parse().unwrap_or_else(|_| panic!("not sent: {sent:?}"));
    house.school.messages().body(id).await.unwrap().settings.email_reply_to
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_message_begins_as_its_writer_likes() {
    let house = House::start().await;
    add(&house, &house.school, 1, "olive", "user composeMessage authoriseMessage").await;
    let visitor = Visitor::signed_in(&house, "olive").await;
    let ticked = |page: &Answer, channel: &str| {
        let box_ =
            page.text.split(&format!("name=\"{channel}\"")).nth(1).unwrap_or_else(|| panic!("{channel}"));
        box_.split('>').next().unwrap().contains("checked")
    };
    let page = visitor.get("/send").await;
    assert!(ticked(&page, "sms") && !ticked(&page, "email"));
    let save =
        async |fields: &[(&str, &str)]| visitor.fill_in("/preferences", "/preferences/compose", fields).await;
    let fields =
        [("channel", "email"), ("channel", "voice"), ("header", "Yr 9"), ("reply_to", "y9@hillview.example")];
    leads_to(&save(&fields).await, "/preferences?done=compose");
    let page = visitor.get("/send").await;
    assert!(!ticked(&page, "sms") && ticked(&page, "email") && ticked(&page, "voice"));
    assert!(page.text.contains("value=\"Yr 9\"") && page.text.contains("value=\"y9@hillview.example\""));
    assert_eq!(sent_with_reply_to(&house, &visitor, "y9@hillview.example").await, "y9@hillview.example");
    assert_eq!(sent_with_reply_to(&house, &visitor, "").await, "office@hillview.example");
    for wrong in [&[("header", &*"x".repeat(31))][..], &[("reply_to", "nobody")], &[("header", "a\nb")]] {
        assert_eq!(save(wrong).await.status.as_u16(), 422, "{wrong:?}");
    }
    leads_to(&save(&[("channel", "sms"), ("header", "Hillview")]).await, "/preferences?done=compose");
    let kept = house.store.user(id(1)).await.unwrap().unwrap().account.compose;
    assert_eq!((kept.header, kept.reply_to), (None, None), "the school's own is followed, not copied");
}
