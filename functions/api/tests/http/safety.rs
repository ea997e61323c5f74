//! Account settings about signing in and large messages: what each row asks of people, once it is set on its page.

use std::time::Duration;

use domain::settings::Settings;

use crate::kit::{Answer, House};
use crate::rights::Browser;
use crate::settings::{change, office};
use crate::visitor::{OTHER, PASSWORD, Visitor, add, leads_to};

const DAY: Duration = Duration::from_hours(24);

async fn new_password(visitor: &Visitor<'_>, current: &str, new: &str) -> Answer {
    let fields = [("current", current), ("password", new), ("again", new)];
    visitor.fill_in("/preferences", "/preferences/password", &fields).await
}

async fn refused(house: &House, by: &Browser<'_>, group: &str, fields: &str, settings: &Settings) {
    let page = by.ask("GET", "/settings").await.text;
    let form = page.split(&format!("action=\"/settings/{group}\"")).nth(1).unwrap();
    let seen = form.split("name=\"seen\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let answer = by.post(&format!("/settings/{group}"), &format!("seen={seen}&{fields}")).await;
    assert_eq!(answer.status, 422, "{fields}: {answer:?}");
    assert_eq!(house.school.settings().get().await.unwrap(), *settings, "{fields}");
}

#[tokio::test(flavor = "multi_thread")]
async fn how_hard_a_password_must_be_and_which_may_not_come_back_is_set_on_the_page() {
    let house = House::start().await;
    add(&house, &house.school, 1, "olive", "user").await;
    let (by, olive) = (office(&house, &house.school).await, Visitor::signed_in(&house, "olive").await);
    assert_eq!(new_password(&olive, PASSWORD, "password").await.status, 422);

    change(&by, "signing-in", "strength=any").await;
    let warned = new_password(&olive, PASSWORD, "password").await;
    assert!(warned.text.contains("Use it although it is unsafe"), "{warned:?}");

    leads_to(&new_password(&olive, PASSWORD, OTHER).await, "/preferences?done=password");
    change(&by, "signing-in", "strength=strong&policy=last_five").await;
    let again = new_password(&olive, OTHER, PASSWORD).await;
    assert!(again.text.contains("one of your last 5 passwords"), "{again:?}");
    change(&by, "signing-in", "policy=old_one").await;
    leads_to(&new_password(&olive, OTHER, PASSWORD).await, "/preferences?done=password");
}

#[tokio::test(flavor = "multi_thread")]
async fn expiry_and_the_administrators_second_step_are_set_on_the_page() {
    let house = House::start().await;
    add(&house, &house.school, 1, "olive", "user").await;
    add(&house, &house.school, 2, "robin", "user admin").await;
    let by = office(&house, &house.school).await;
    change(&by, "signing-in", "enforce_change=on&days=90").await;
    let page = by.ask("GET", "/settings").await.text;
    assert!(page.contains("National guidance now advises against it"), "said beside the switch");

    let robin = Visitor::signed_in(&house, "robin").await;
    assert!(robin.is_in().await);
    change(&by, "signing-in", "factor_for_admin=on").await;
    leads_to(&robin.get("/").await, "/preferences/second-factor");

    house.clock.advance(89 * DAY);
    assert!(Visitor::signed_in(&house, "olive").await.is_in().await);
    house.clock.advance(DAY);
    leads_to(&Visitor::signed_in(&house, "olive").await.get("/").await, "/change-password");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_values_are_refused_and_nothing_changes() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    let before = house.school.settings().get().await.unwrap();
    for fields in ["strength=weak", "policy=none", "days=0", "days=367", "days=soon", "enforce_change=maybe"]
    {
        refused(&house, &by, "signing-in", fields, &before).await;
    }
    for fields in ["pin_threshold=", "pin_threshold=-1", "pin_threshold=1000001", "pin_price=9.50"] {
        refused(&house, &by, "large", fields, &before).await;
    }
}
