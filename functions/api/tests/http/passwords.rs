//! Passwords: links, codes, the rules of a school, and what a new one ends.

use std::time::Duration;

use domain::audit::Act;
use domain::notice::Notice;
use domain::security::{Reuse, Security, Strength};
use store::OneTimeKind;

use crate::account::{DAY, notices};
use crate::kit::House;
use crate::visitor::{OTHER, PASSWORD, Visitor, acts, add, ask_for, hidden, leads_to, mail};

pub(crate) fn twice(password: &str) -> [(&str, &str); 2] {
    [("password", password), ("again", password)]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_sets_a_password_once_and_looking_at_it_uses_nothing_up() {
    let house = House::start().await;
    let user = add(&house, &house.school, 1, "olive", "user").await;
    let signed_in = Visitor::signed_in(&house, "olive").await;
    let visitor = Visitor::new(&house);
    mail(&house, &user, OneTimeKind::Password, "link").await;
    for _ in 0..3 {
        let page = visitor.get("/password/link").await;
        assert!(page.status == 200 && page.text.contains("olive"), "{page:?}");
    }
    let weak = visitor.post("/password/link", &twice("Summer24")).await;
    assert_eq!(weak.status.as_u16(), 422);
    assert!(weak.text.contains("has 8 characters and needs at least 12"), "{weak:?}");
    let other = [("password", OTHER), ("again", PASSWORD)];
    assert_eq!(visitor.post("/password/link", &other).await.status.as_u16(), 422);
    assert!(signed_in.is_in().await, "nothing was changed so far");

    house.queued();
    leads_to(&visitor.post("/password/link", &twice(OTHER)).await, "/sign-in?set=1");
    assert!(matches!(notices(&house)[..], [Notice::PasswordChanged { .. }]));
    assert!(!signed_in.is_in().await, "every session has ended");
    assert_eq!(visitor.sign_in("olive", PASSWORD).await.status.as_u16(), 422);
    leads_to(&visitor.sign_in("olive", OTHER).await, "/");
    let again = visitor.post("/password/link", &twice(PASSWORD)).await;
    assert_eq!(again.status.as_u16(), 410);
    assert!(again.text.contains("no longer works") && again.text.contains("/forgotten"), "{again:?}");
    assert_eq!(visitor.get("/password/link").await.status.as_u16(), 410);
    let after = house.store.user(user.id).await.unwrap().unwrap();
    assert!(after.account.email_confirmed, "the link was read in their mailbox");
    assert!(acts(&house.school).await.contains(&Act::PasswordChanged));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_old_superseded_forged_or_for_something_else_does_nothing() {
    let house = House::start().await;
    let user = add(&house, &house.school, 1, "olive", "user").await;
    let visitor = Visitor::new(&house);
    mail(&house, &user, OneTimeKind::Password, "first").await;
    mail(&house, &user, OneTimeKind::Password, "second").await;
    mail(&house, &user, OneTimeKind::Email, "email").await;
    for dead in ["first", "email", "nonsense", "%00"] {
        let answer = visitor.post(&format!("/password/{dead}"), &twice(OTHER)).await;
        assert_eq!(answer.status.as_u16(), 410, "{dead}: {answer:?}");
    }
    house.clock.advance(Duration::from_hours(1));
    assert_eq!(visitor.post("/password/second", &twice(OTHER)).await.status.as_u16(), 410, "over");
    leads_to(&visitor.sign_in("olive", PASSWORD).await, "/");
    mail(&house, &user, OneTimeKind::Password, "third").await;
    let elsewhere = visitor.post_from("https://evil.example", "/password/third", &twice(OTHER)).await;
    assert_eq!(elsewhere.status.as_u16(), 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_password_is_answered_alike_whoever_asks() {
    let house = House::start().await;
    add(&house, &house.school, 1, "olive", "user").await;
    let visitor = Visitor::new(&house);
    let ask = async |name: &str, email: &str| {
        visitor.post("/forgotten", &[("username", name), ("email", email), ("by", "email")]).await
    };
    let known = ask("olive", "olive@hillview.example").await;
    for (name, email) in
        [("olive", "other@example.org"), ("nobody", "olive@hillview.example"), ("x", "no address")]
    {
        let answer = ask(name, email).await;
        assert_eq!((answer.status, &answer.text), (known.status, &known.text), "{name} {email}");
    }
    let queued = notices(&house);
    assert_eq!(queued.len(), 4, "whoever it is, a job is queued and nothing else is done");
    assert!(queued.iter().all(|notice| matches!(notice, Notice::ForgottenPassword { by_sms: false, .. })));

    for _ in 0..10 {
        assert_eq!(ask("OLIVE ", "olive@hillview.example").await.text, known.text);
    }
    assert_eq!(notices(&house).len(), 4, "five an hour for one name and address, in any capitals");
    assert_eq!(ask("", "").await.status.as_u16(), 422);
    let elsewhere = [("username", "olive"), ("email", "olive@hillview.example")];
    let answer = visitor.post_from("https://evil.example", "/forgotten", &elsewhere).await;
    assert_eq!(answer.status.as_u16(), 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_who_knows_a_name_cannot_use_up_its_owners_letters() {
    let house = House::start().await;
    add(&house, &house.school, 1, "olive", "user").await;
    let visitor = Visitor::new(&house);
    let ask =
        async |email: &str| visitor.post("/forgotten", &[("username", "olive"), ("email", email)]).await;
    for n in 0..8 {
        ask(&format!("guess{n}@example.org")).await;
        ask("guess@example.org").await;
    }
    house.queued();
    ask("Olive@Hillview.example").await;
    let queued = notices(&house);
    let [Notice::ForgottenPassword { email, .. }] = &queued[..] else { panic!("{queued:?}") };
    assert_eq!(email, "Olive@Hillview.example");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_lies_about_sets_no_password_once_there_is_another_or_the_mail_goes_elsewhere() {
    let house = House::start().await;
    let user = add(&house, &house.school, 1, "olive", "user").await;
    let (desk, finder) = (Visitor::signed_in(&house, "olive").await, Visitor::new(&house));
    mail(&house, &user, OneTimeKind::Password, "before").await;
    let change = [("current", PASSWORD), ("password", OTHER), ("again", OTHER)];
    leads_to(
        &desk.fill_in("/preferences", "/preferences/password", &change).await,
        "/preferences?done=password",
    );
    let looked = finder.get("/password/before").await;
    assert!(looked.status.as_u16() == 410 && looked.text.contains("has changed since"), "{looked:?}");
    assert_eq!(finder.post("/password/before", &twice(PASSWORD)).await.status.as_u16(), 410);

    mail(&house, &house.store.user(user.id).await.unwrap().unwrap(), OneTimeKind::Password, "old box").await;
    assert_eq!(finder.get("/password/old%20box").await.status, 200);
    let moved = [("email", "new@hillview.example"), ("mobile", ""), ("for_email", OTHER)];
    leads_to(&desk.fill_in("/preferences", "/preferences/details", &moved).await, "/preferences?done=email");
    assert_eq!(finder.get("/password/old%20box").await.status.as_u16(), 410);
    assert_eq!(finder.post("/password/old%20box", &twice(PASSWORD)).await.status.as_u16(), 410);
    leads_to(&finder.sign_in("olive", OTHER).await, "/");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_school_signs_in_from_one_address_and_a_guesser_there_stops_no_browser_that_is_known() {
    let house = House::start().await;
    add(&house, &house.school, 1, "olive", "user").await;
    let known = Visitor::signed_in(&house, "olive").await;
    // After ten of them nobody looks at the password any more, and each still counts for the address.
    let guesser = Visitor::new(&house);
    for _ in 0..90 {
        guesser.sign_in("pupil", "guess").await;
    }
    for _ in 0..11 {
        leads_to(&Visitor::new(&house).sign_in("olive", PASSWORD).await, "/");
    }
    for _ in 0..9 {
        guesser.sign_in("pupil", "guess").await;
    }
    assert_eq!(guesser.sign_in("another", "guess").await.status.as_u16(), 422, "the hundredth that failed");
    assert_eq!(guesser.sign_in("another", "guess").await.status.as_u16(), 429);
    assert_eq!(guesser.sign_in("olive", PASSWORD).await.status.as_u16(), 429, "a right one might be a guess");
    leads_to(&known.sign_in("olive", PASSWORD).await, "/");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_by_text_leads_to_a_new_password_and_guessing_does_not() {
    let house = House::start().await;
    let user = add(&house, &house.school, 1, "olive", "user").await;
    let visitor = Visitor::new(&house);
    let until = house.clock.now_ms() + 600_000;
    house.store.set_code(user.id, "123456", until).await.unwrap();
    let try_code = async |name: &str, code: &str| {
        visitor.post("/forgotten/code", &[("username", name), ("code", code)]).await
    };
    let wrong = try_code("olive", "654321").await;
    let nobody = try_code("nobody", "123456").await;
    assert_eq!((wrong.status.as_u16(), nobody.status.as_u16()), (422, 422));
    assert_eq!(wrong.text.replace("olive", ""), nobody.text.replace("nobody", ""));
    let right = try_code("Olive", "123456").await;
    let link = right.header("location").to_owned();
    assert!(link.starts_with("/password/"), "{right:?}");
    assert_eq!(try_code("olive", "123456").await.status.as_u16(), 422, "once");
    leads_to(&visitor.post(&link, &twice(OTHER)).await, "/sign-in?set=1");
    leads_to(&visitor.sign_in("olive", OTHER).await, "/");
    let after = house.store.user(user.id).await.unwrap().unwrap();
    assert!(!after.account.email_confirmed, "a text says nothing about mail");

    house.store.set_code(user.id, "123456", until).await.unwrap();
    for _ in 0..5 {
        assert_eq!(try_code("olive", "000000").await.status.as_u16(), 422);
    }
    let late = try_code("olive", "123456").await;
    assert!(late.header("location").is_empty(), "five tries and no more: {late:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn long_passwords_and_emoji_work_whole_and_as_other_keyboards_type_them() {
    let house = House::start().await;
    add(&house, &house.school, 1, "olive", "user").await;
    let long = format!("{}!", "vocabel Tundra 4 oslo ".repeat(9));
    assert!(long.len() > 190);
    let visitor = Visitor::signed_in(&house, "olive").await;
    let change = async |current: &str, new: &str| {
        let fields = [("current", current), ("password", new), ("again", new)];
        visitor.fill_in("/preferences", "/preferences/password", &fields).await
    };
    leads_to(&change(PASSWORD, &long).await, "/preferences?done=password");
    let cut = &long[..long.len() - 1];
    assert_eq!(Visitor::new(&house).sign_in("olive", cut).await.status.as_u16(), 422, "the whole counts");
    leads_to(&Visitor::new(&house).sign_in("olive", &long).await, "/");
    leads_to(&change(&long, "🦉 Vocabel caf\u{e9} 🚲 4").await, "/preferences?done=password");
    leads_to(&Visitor::new(&house).sign_in("olive", "🦉 Vocabel cafe\u{301} 🚲 4").await, "/");
    let too_long = "x".repeat(1_001);
    assert_eq!(change("🦉 Vocabel caf\u{e9} 🚲 4", &too_long).await.status.as_u16(), 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schools_level_and_policy_govern_a_new_password() {
    let house = House::start().await;
    add(&house, &house.school, 1, "olive", "user").await;
    let visitor = Visitor::signed_in(&house, "olive").await;
    let change = async |current: &str, new: &str, sure: bool| {
        let mut fields = vec![("current", current), ("password", new), ("again", new)];
        if sure {
            fields.push(("sure", "yes"));
        }
        visitor.fill_in("/preferences", "/preferences/password", &fields).await
    };
    for common in ["Password1234!", "olive.field", "qwertyuiop12"] {
        assert_eq!(change(PASSWORD, common, true).await.status.as_u16(), 422, "{common}");
    }
    let same = change(PASSWORD, PASSWORD, false).await;
    assert!(same.text.contains("This is your present password"), "{same:?}");

    ask_for(&house.school, Security { policy: Reuse::LastFive, ..Security::default() }).await;
    let mut current = PASSWORD.to_owned();
    for n in 0..4 {
        let next = format!("{OTHER} {n}");
        leads_to(&change(&current, &next, false).await, "/preferences?done=password");
        current = next;
    }
    let fifth = change(&current, PASSWORD, false).await;
    assert!(fifth.text.contains("one of your last 5 passwords"), "{fifth:?}");
    leads_to(&change(&current, &format!("{OTHER} 9"), false).await, "/preferences?done=password");
    current = format!("{OTHER} 9");
    leads_to(&change(&current, PASSWORD, false).await, "/preferences?done=password");

    ask_for(&house.school, Security { strength: Strength::Any, ..Security::default() }).await;
    let warned = change(PASSWORD, "password", false).await;
    assert!(
        warned.status.as_u16() == 422 && warned.text.contains("Use it although it is unsafe"),
        "{warned:?}"
    );
    leads_to(&change(PASSWORD, "password", true).await, "/preferences?done=password");
    assert_eq!(change("password", "short", true).await.status.as_u16(), 422, "eight characters at least");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_password_is_changed_before_anything_else_opens() {
    let house = House::start().await;
    add(&house, &house.school, 1, "olive", "user composeMessage").await;
    add(&house, &house.school, 2, "robin", "user passwordNeverExpires").await;
    let expiry = Security { enforce_change: true, days: 30, ..Security::default() };
    house.clock.advance(31 * DAY);
    let visitor = Visitor::signed_in(&house, "olive").await;
    assert!(visitor.is_in().await, "off by default");
    ask_for(&house.school, expiry).await;
    for path in ["/", "/send", "/preferences", "/tools"] {
        leads_to(&visitor.get(path).await, "/change-password");
    }
    let page = visitor.get("/change-password").await;
    let csrf = hidden(&page, "csrf");
    let refused = visitor.post("/preferences/compose", &[("csrf", &csrf)]).await;
    leads_to(&refused, "/change-password");
    let same = [("csrf", &*csrf), ("password", PASSWORD), ("again", PASSWORD)];
    assert_eq!(visitor.post("/change-password", &same).await.status.as_u16(), 422);
    let before = visitor.session();
    let new = [("csrf", &*csrf), ("password", OTHER), ("again", OTHER)];
    leads_to(&visitor.post("/change-password", &new).await, "/");
    assert!(visitor.is_in().await && visitor.session() != before);
    assert!(Visitor::signed_in(&house, "robin").await.is_in().await, "exempt");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_password_and_signing_out_everywhere_end_the_other_sessions() {
    let house = House::start().await;
    add(&house, &house.school, 1, "olive", "user").await;
    let (here, there, third) = (
        Visitor::signed_in(&house, "olive").await,
        Visitor::signed_in(&house, "olive").await,
        Visitor::signed_in(&house, "olive").await,
    );
    let page = here.get("/preferences").await;
    assert_eq!(page.text.matches("Firefox on Windows").count(), 3 + 2, "three lines, two buttons' labels");
    // Ended one by one: by an id from the page.
    let session = hidden(&page, "session");
    let end = [("session", &*session)];
    leads_to(
        &here.fill_in("/preferences", "/preferences/sessions/end", &end).await,
        "/preferences?done=session",
    );
    assert_eq!([there.is_in().await, third.is_in().await].iter().filter(|on| **on).count(), 1);

    leads_to(
        &here.fill_in("/preferences", "/preferences/sessions/end", &[("all", "yes")]).await,
        "/preferences?done=everywhere",
    );
    assert!(here.is_in().await && !there.is_in().await && !third.is_in().await);
    let there = Visitor::signed_in(&house, "olive").await;
    let old = here.session();
    let change = [("current", PASSWORD), ("password", OTHER), ("again", OTHER)];
    leads_to(
        &here.fill_in("/preferences", "/preferences/password", &change).await,
        "/preferences?done=password",
    );
    assert!(here.is_in().await && !there.is_in().await);
    there.plant(&old);
    assert!(!there.is_in().await, "this one goes on under a new token");
    let acts = acts(&house.school).await;
    for one in [Act::SessionsEnded, Act::SessionEnded] {
        assert_eq!(acts.iter().filter(|act| **act == one).count(), 1, "{one:?}");
    }
}
