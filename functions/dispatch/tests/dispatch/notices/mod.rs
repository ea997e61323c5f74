//! E-mails and texts to staff: what arrives, at whose address, and that the link or code in it works.

mod office;

use domain::approval::{Figures, Held, Recipients};
use domain::audit::Act;
use domain::ids::{MessageId, UserId};
use domain::job::Job;
use domain::notice::Notice;
use domain::people::Standing;
use domain::phone::PhoneNumber;
use store::{Author, Body, CodeCheck, Entrance, Hold, MemberChange, Meta, NewMessage, OneTimeKind};
use testkit::{HOUR, user_id};
use ulid::Ulid;

use office::{Office, secret_in};

fn forgotten(username: &str, email: &str, by_sms: bool) -> Notice {
    Notice::ForgottenPassword { username: username.to_owned(), email: email.to_owned(), by_sms }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_user_is_mailed_their_username_and_a_link_that_works_for_a_week() {
    let office = Office::open().await;
    let user = office.add("5976.olive.field", "olive@hillview.example").await;
    office.tell(Notice::Welcome { user }).await;
    let mail = office.mail();
    assert_eq!(mail.len(), 1);
    assert_eq!(mail[0].to, "olive@hillview.example");
    assert!(mail[0].text.contains("Hillview School") && mail[0].text.contains("5976"), "{}", mail[0].text);
    let secret = secret_in(&mail[0], "/password/");
    let found =
        office.store.one_time(&secret, OneTimeKind::Password, office.now() + 167 * HOUR).await.unwrap();
    assert_eq!(found.map(|(token, _)| token.user()), Some(user));
    let over =
        office.store.one_time(&secret, OneTimeKind::Password, office.now() + 168 * HOUR).await.unwrap();
    assert_eq!(over, None);
    // The job came twice: the newer link is the one that works.
    office.tell(Notice::Welcome { user }).await;
    let newer = secret_in(&office.mail()[0], "/password/");
    let works = async |secret: &str| {
        office.store.one_time(secret, OneTimeKind::Password, office.now()).await.unwrap().is_some()
    };
    assert!(works(&newer).await && !works(&secret).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_password_is_written_to_its_user_only() {
    let office = Office::open().await;
    let user = office.add("olive", "olive@hillview.example").await;
    for wrong in [
        forgotten("olive", "other@example.org", false),
        forgotten("nobody", "olive@hillview.example", false),
        forgotten("olive", "", false),
        forgotten("", "olive@hillview.example", true),
    ] {
        office.tell_as(Job::NO_SCHOOL, wrong).await;
    }
    assert!(office.mail().is_empty() && office.texts().is_empty());
    office.tell_as(Job::NO_SCHOOL, forgotten(" OLIVE", "Olive@Hillview.example", false)).await;
    let mail = office.mail();
    assert_eq!((mail.len(), mail[0].to.as_str()), (1, "olive@hillview.example"));
    let secret = secret_in(&mail[0], "/password/");
    let (found, _) =
        office.store.one_time(&secret, OneTimeKind::Password, office.now()).await.unwrap().unwrap();
    assert_eq!(found.access().school(), office.school.id());
    assert_eq!(office.acts().await, [Act::PasswordLinkSent]);

    // Without a mobile a code cannot be sent: the link comes by mail all the same.
    office.tell_as(Job::NO_SCHOOL, forgotten("olive", "olive@hillview.example", true)).await;
    assert_eq!((office.mail().len(), office.texts().len()), (1, 0));
    office.set_mobile(user, Some(PhoneNumber::from_e164("+447700900123").unwrap())).await;
    office.tell_as(Job::NO_SCHOOL, forgotten("olive", "olive@hillview.example", true)).await;
    let texts = office.texts();
    assert!(office.mail().is_empty() && texts.len() == 1);
    let (to, text) = &texts[0];
    assert!(to == "+447700900123" && !text.contains("olive"), "{text}");
    let code: String = text.chars().take(6).collect();
    let tried = office.store.try_code(user, &code, office.now()).await.unwrap();
    assert_eq!(tried, CodeCheck::Right);

    let (by, of) = (office.member(office.admin().await).await, office.member(user).await);
    let disabled = MemberChange { standing: Standing::Disabled, ..of.as_change() };
    office.school.members().change(&by, &of, disabled, &office::audit_event(), office.now()).await.unwrap();
    office.tell_as(Job::NO_SCHOOL, forgotten("olive", "olive@hillview.example", false)).await;
    assert!(office.mail().is_empty(), "nobody who was disabled gets back in");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_confirmed_by_what_was_mailed_to_it() {
    let office = Office::open().await;
    let user = office.add("olive", "olive@hillview.example").await;
    office.tell(Notice::ConfirmEmail { user }).await;
    let secret = secret_in(&office.mail()[0], "/confirm-email/");
    let (found, _) = office.store.one_time(&secret, OneTimeKind::Email, office.now()).await.unwrap().unwrap();
    let address = |text| domain::email::EmailAddress::parse(text).unwrap();
    assert!(found.was_mailed_to(&address("olive@hillview.example")));
    assert!(!found.was_mailed_to(&address("other@hillview.example")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_that_an_account_had_is_told_that_it_has_another_and_gets_no_link() {
    let office = Office::open().await;
    let user = office.add("olive", "new@hillview.example").await;
    let before = domain::email::EmailAddress::parse("old@hillview.example").unwrap();
    office.tell(Notice::EmailMoved { user, before }).await;
    let mail = office.mail();
    assert_eq!(mail.len(), 1);
    assert_eq!(mail[0].to, "old@hillview.example");
    assert!(mail[0].text.contains("olive") && !mail[0].text.contains("new@"), "{}", mail[0].text);
    assert!(!mail[0].text.contains("http"), "{}", mail[0].text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lockout_is_noted_and_told_and_for_a_strangers_name_nothing_is() {
    let office = Office::open().await;
    let user = office.add("olive", "olive@hillview.example").await;
    for name in ["nobody", "olive"] {
        office.tell_as(Job::NO_SCHOOL, Notice::LockedOut { username: name.to_owned() }).await;
    }
    assert_eq!(office.mail().len(), 1);
    assert_eq!(office.acts().await, [Act::SignInLocked]);
    for notice in [Notice::PasswordChanged { user }, Notice::Linked { user }, Notice::PasswordLink { user }] {
        office.tell(notice).await;
    }
    let message = MessageId::new(Ulid::from_parts(1, 1));
    office.tell(Notice::Rejected { user, message }).await;
    office.tell(Notice::RecoveryCodes { user }).await;
    assert_eq!(office.mail().len(), 5);
    office.tell(Notice::Pin { user, message }).await;
    assert!(office.mail().is_empty(), "no code goes to an address that is not confirmed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_in_trouble_is_tried_again_and_a_user_who_is_gone_is_not() {
    let office = Office::open().await;
    let user = office.add("olive", "olive@hillview.example").await;
    office.provider_fails(true);
    assert!(!office.took(Notice::Welcome { user }).await, "the queue brings it again");
    office.provider_fails(false);
    assert!(office.took(Notice::Welcome { user }).await);
    assert!(!office.took(Notice::Welcome { user: user_id(99) }).await);
    assert_eq!(office.mail().len(), 1);
}

/// A message of this user that waits, edited by Sam Okoro.
async fn edited(office: &Office, author: UserId) -> Meta {
    let id = MessageId::new(Ulid::from_parts(1, 2));
    let text = |text: &str| {
        let sms = serde_json::json!({"header": "", "text": text});
        let message = serde_json::json!({"purpose": "service", "to": {"everyone": true}, "sms": sms});
        Body {
            message: serde_json::from_value(message).unwrap(),
            settings: domain::settings::Settings::new("Hillview School"),
        }
    };
    let name = |id: UserId, name: &str| Author { id: id.to_string(), name: name.to_owned() };
    let new = NewMessage { id, body: text("Half past"), author: name(author, "Olive Field"), cap: None };
    let hold = Hold { why: Held::Role, figures: Figures::default(), recipients: Recipients::default() };
    let (event, now) = (office::audit_event(), office.now());
    office
        .school
        .messages()
        .accept_recorded(&new, None, Entrance::Waits(&hold), None, &event, now, now)
        .await
        .unwrap();
    let meta = office.school.messages().meta(id).await.unwrap().unwrap();
    let by = name(user_id(99), "Sam Okoro");
    let after = text("Four");
    assert!(office.school.approvals().edit(&meta, &by, &new.body, &after, &event, now).await.unwrap());
    office.school.messages().meta(id).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_is_told_who_changed_their_message_and_why_it_was_rejected() {
    let office = Office::open().await;
    let user = office.add("olive", "olive@hillview.example").await;
    let meta = edited(&office, user).await;
    office.tell(Notice::Edited { user, message: meta.id }).await;
    let mail = office.mail();
    assert!(mail[0].text.contains("Sam Okoro: the text message"), "{}", mail[0].text);
    let why = "Sam Okoro did not authorise it: wrong year";
    assert!(
        office.school.approvals().reject(&meta, why, &office::audit_event(), office.now()).await.unwrap()
    );
    office.tell(Notice::Rejected { user, message: meta.id }).await;
    let mail = office.mail();
    assert_eq!((mail.len(), mail[0].to.as_str()), (1, "olive@hillview.example"));
    for said in ["wrong year", "Sam Okoro: the text message", "Nothing was sent"] {
        assert!(mail[0].text.contains(said), "{said}: {}", mail[0].text);
    }
}
