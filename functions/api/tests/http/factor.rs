//! The second step of signing in.

use std::time::Duration;

use domain::audit::Act;
use domain::job::Job;
use domain::notice::Notice;
use domain::people::Roles;
use domain::security::Security;
use domain::totp::TotpSecret;
use store::SecondFactor;

use crate::kit::{Answer, House};
use crate::visitor::{PASSWORD, Visitor, acts, add, ask_for, hidden, id, leads_to};

const PAGE: &str = "/preferences/second-factor";

/// The secret that the page shows for typing in.
fn shown_secret(page: &Answer) -> TotpSecret {
    let typed = page.text.split_once("secret\">").unwrap().1.split('<').next().unwrap();
    let mut bits = typed.chars().filter(|c| !c.is_whitespace()).flat_map(|c| {
        let value = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(c).unwrap();
        (0..5).rev().map(move |at| value >> at & 1)
    });
    TotpSecret::new([(); 20].map(|()| (0..8).fold(0, |byte, _| byte << 1 | bits.next().unwrap() as u8)))
}

/// Sets an app up on the pages; its secret and the recovery codes.
async fn set_up(house: &House, visitor: &Visitor<'_>) -> (TotpSecret, Vec<String>) {
    let page = visitor.get(PAGE).await;
    let (csrf, sealed, secret) = (hidden(&page, "csrf"), hidden(&page, "sealed"), shown_secret(&page));
    let code = secret.code_at(house.clock.now_ms());
    let prove = async |code: &str, password: &str| {
        let fields = [("csrf", &*csrf), ("sealed", &*sealed), ("code", code), ("current", password)];
        visitor.post(PAGE, &fields).await
    };
    assert_eq!(prove("000000", PASSWORD).await.status.as_u16(), 422, "an app that was not set up");
    assert_eq!(prove(&code, "wrong").await.status.as_u16(), 422, "somebody else at the desk");
    let page = prove(&code, PASSWORD).await;
    assert_eq!(page.status, 200, "{page:?}");
    let list = page.text.split_once("class=\"codes\"").unwrap().1;
    let codes: Vec<String> =
        list.split("<li>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect();
    assert_eq!(codes.len(), 10);
    (secret, codes)
}

/// The first step; the token for the second.
async fn first_step(visitor: &Visitor<'_>, name: &str) -> String {
    let page = visitor.sign_in(name, PASSWORD).await;
    assert!(page.status == 200 && visitor.session().is_empty(), "no session yet: {page:?}");
    hidden(&page, "step")
}

async fn second(visitor: &Visitor<'_>, step: &str, code: &str) -> Answer {
    visitor.post("/sign-in/second", &[("step", step), ("code", code), ("next", "/tools")]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_set_up_and_then_asked_for_and_a_code_works_once() {
    let house = House::start().await;
    add(&house, &house.school, 1, "olive", "user").await;
    let desk = Visitor::signed_in(&house, "olive").await;
    let (secret, _) = set_up(&house, &desk).await;
    assert!(desk.is_in().await);
    let proving = secret.code_at(house.clock.now_ms());
    let visitor = Visitor::new(&house);
    let step = first_step(&visitor, "olive").await;
    assert_eq!(second(&visitor, &step, &proving).await.status.as_u16(), 422, "used when it was set up");
    house.clock.advance(Duration::from_secs(30));
    let code = secret.code_at(house.clock.now_ms());
    leads_to(&second(&visitor, &step, &code).await, "/tools");
    assert!(visitor.is_in().await);
    let replay = Visitor::new(&house);
    let spent = second(&replay, &step, &code).await;
    assert!(spent.status == 410 && spent.text.contains("no longer works"), "the step is used: {spent:?}");
    let step = first_step(&replay, "olive").await;
    assert_eq!(second(&replay, &step, &code).await.status.as_u16(), 422, "read over a shoulder");
    house.clock.advance(Duration::from_mins(10));
    let late = secret.code_at(house.clock.now_ms());
    assert!(second(&replay, &step, &late).await.text.contains("longer than ten minutes"));
    assert!(!replay.is_in().await);
    assert!(acts(&house.school).await.contains(&Act::SecondFactorOn));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_code_signs_in_once_and_new_ones_end_the_old() {
    let house = House::start().await;
    add(&house, &house.school, 1, "olive", "user").await;
    let desk = Visitor::signed_in(&house, "olive").await;
    let (_, codes) = set_up(&house, &desk).await;
    let visitor = Visitor::new(&house);
    let step = first_step(&visitor, "olive").await;
    let typed = codes[3].replace('-', " ").to_uppercase();
    leads_to(&second(&visitor, &step, &typed).await, "/tools");
    let again = Visitor::new(&house);
    let step = first_step(&again, "olive").await;
    assert_eq!(second(&again, &step, &codes[3]).await.status.as_u16(), 422);
    let fields = [("for_factor", PASSWORD)];
    let page = desk.fill_in("/preferences", "/preferences/second-factor/codes", &fields).await;
    assert!(page.status == 200 && !page.text.contains(&codes[4]), "{page:?}");
    assert_eq!(second(&again, &step, &codes[4]).await.status.as_u16(), 422);
    let acts = acts(&house.school).await;
    assert!(acts.contains(&Act::RecoveryCodeUsed) && acts.contains(&Act::RecoveryCodesMade), "{acts:?}");
    let user = id(1);
    let is_told =
        |job: &Job| matches!(job, Job::Notify { notice, .. } if *notice == Notice::RecoveryCodes { user });
    assert!(house.queued().iter().any(|(_, job)| is_told(job)));
    let stored = house.store.user(id(1)).await.unwrap().unwrap().account.second_factor.unwrap();
    assert!(stored.recovery.iter().all(|hash| hash.len() == 64 && !codes.contains(hash)));
}

/// A user whose app has never been used, and what is in it.
async fn with_app(house: &House) -> TotpSecret {
    let user = add(house, &house.school, 1, "olive", "user").await;
    let secret = TotpSecret::new([9; 20]);
    let mut after = user.clone();
    after.account.second_factor =
        Some(SecondFactor { secret: secret.hex(), last_step: 0, recovery: Vec::new() });
    house.store.change_user(&house.store.user(user.id).await.unwrap().unwrap(), &after).await.unwrap();
    secret
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_uses_of_one_code_at_once_one_works() {
    let house = House::start().await;
    let code = with_app(&house).await.code_at(house.clock.now_ms());
    let (one, two) = (Visitor::new(&house), Visitor::new(&house));
    let step = first_step(&one, "olive").await;
    let (a, b) = tokio::join!(second(&one, &step, &code), second(&two, &step, &code));
    let worked = [&a, &b].iter().filter(|answer| answer.status == 303).count();
    assert_eq!(worked, 1, "{a:?} {b:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_step_ends_with_its_password_and_second_steps_that_are_right_use_up_no_address() {
    let house = House::start().await;
    let secret = with_app(&house).await;
    let visitor = Visitor::new(&house);
    let step = first_step(&visitor, "olive").await;
    let before = house.store.user(id(1)).await.unwrap().unwrap();
    let mut after = before.clone();
    after.account.epoch += 1;
    house.store.change_user(&before, &after).await.unwrap();
    let code = || secret.code_at(house.clock.now_ms());
    assert_eq!(second(&visitor, &step, &code()).await.status.as_u16(), 410);
    assert!(!visitor.is_in().await);
    for _ in 0..2 {
        house.clock.advance(Duration::from_secs(30));
        let visitor = Visitor::new(&house);
        let step = first_step(&visitor, "olive").await;
        leads_to(&second(&visitor, &step, &code()).await, "/tools");
    }
    // What was counted is the one that failed: 99 more may.
    let guesser = Visitor::new(&house);
    for _ in 0..98 {
        guesser.sign_in("pupil", "guess").await;
    }
    assert_eq!(guesser.sign_in("another", "guess").await.status.as_u16(), 422, "the hundredth that failed");
    assert_eq!(guesser.sign_in("another", "guess").await.status.as_u16(), 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_codes_ends_after_five_even_with_the_right_one() {
    let house = House::start().await;
    let secret = with_app(&house).await;
    let step = first_step(&Visitor::new(&house), "olive").await;
    let guesser = Visitor::new(&house);
    for _ in 0..5 {
        assert_eq!(second(&guesser, &step, "000000").await.status.as_u16(), 422);
    }
    house.clock.advance(Duration::from_mins(1));
    let code = secret.code_at(house.clock.now_ms());
    assert_eq!(second(&guesser, &step, &code).await.status.as_u16(), 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_school_that_requires_it_of_administrators_has_it_set_up_first() {
    let house = House::start().await;
    let admin = add(&house, &house.school, 1, "olive", "user admin").await;
    add(&house, &house.school, 2, "robin", "user").await;
    let (olive, robin) =
        (Visitor::signed_in(&house, "olive").await, Visitor::signed_in(&house, "robin").await);
    assert!(olive.is_in().await);
    ask_for(&house.school, Security { require_second_factor_for_admin: true, ..Security::default() }).await;
    for path in ["/", "/preferences", "/usage"] {
        leads_to(&olive.get(path).await, PAGE);
    }
    assert!(robin.is_in().await, "not of others");
    set_up(&house, &olive).await;
    assert!(olive.is_in().await);
    assert!(!olive.get("/preferences").await.text.contains("Switch it off"));
    let off = [("for_factor", PASSWORD)];
    leads_to(
        &olive.fill_in("/preferences", "/preferences/second-factor/off", &off).await,
        "/preferences?done=off",
    );
    leads_to(&olive.get("/").await, PAGE);
    house.school.members().add(admin.id, Roles::of_codes(["user"])).await.unwrap();
    assert!(olive.is_in().await, "no administrator any more");
    assert!(acts(&house.school).await.contains(&Act::SecondFactorOff));
}
