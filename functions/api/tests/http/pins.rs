//! PINs for large messages.

use domain::audit::Act;
use domain::ids::MessageId;
use domain::job::Job;
use domain::message::MessageState;
use domain::notice::Notice;
use domain::totp::TotpSecret;
use futures_util::future::join_all;
use serde_json::json;
use sha2::{Digest, Sha256};
use store::SecondFactor;

use crate::control::{
    AUTHORISER, OFFICE, YEAR_9, acts, made, person, plans, press, press_for, school, set_threshold, state,
};
use crate::kit::{Answer, House, REFERENCE_KEY};
use crate::people::{Staff, hidden};

/// The PIN that was sent for a message, as its e-mail has it.
async fn pin_of(house: &House, id: MessageId) -> String {
    let asked = house.school.pins().get(id, house.clock.now_ms()).await.unwrap().unwrap();
    let key = channels::reference::ReferenceKey::new(&REFERENCE_KEY).unwrap();
    key.code("pin", &asked.text(house.school.id(), id))
}

/// Asks for a PIN and gives the id that the message takes.
async fn ask(house: &House, staff: &Staff<'_>, key: &str) -> MessageId {
    let page = press(staff, key, &[]).await;
    assert_eq!(page.status, 200, "{page:?}");
    let id = hidden(&page.text, "pin_for").parse().unwrap();
    let notice = Notice::Pin { user: staff.id, message: id };
    let jobs = house.queued();
    assert!(jobs.iter().any(|(_, job)| matches!(job, Job::Notify { notice: n, .. } if *n == notice)));
    assert!(house.school.messages().meta(id).await.unwrap().is_none(), "nothing is accepted yet");
    id
}

async fn give(staff: &Staff<'_>, key: &str, id: MessageId, pin: &str) -> Answer {
    press(staff, key, &[("do", "pin"), ("pin_for", &id.to_string()), ("pin", pin)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_message_goes_with_its_pin_and_only_once() {
    let house = school(2).await;
    let office = Staff::with(&house, 1, OFFICE, true).await;
    let id = ask(&house, &office, "k").await;
    let pin = pin_of(&house, id).await;
    let wrong = if pin == "000000" { "000001" } else { "000000" };
    let answer = give(&office, "k", id, wrong).await;
    assert_eq!(answer.status, 422);
    assert!(answer.text.contains("4 more times"), "{answer:?}");
    assert_eq!(made(&give(&office, "k", id, &format!(" {} {} ", &pin[..3], &pin[3..])).await), id);
    assert_eq!((state(&house, id).await, plans(&house)), (MessageState::Queued, 1));
    // A double click finds the message that there is; the PIN serves no other.
    assert_eq!(made(&give(&office, "k", id, &pin).await), id);
    assert_eq!(give(&office, "another", id, &pin).await.status, 422);
    assert_eq!(plans(&house), 0);
    let codes = [Act::PinAsked, Act::PinWrong, Act::PinRight, Act::MessageSent].map(Act::code);
    assert_eq!(acts(&house).await, codes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_is_for_one_text_and_one_set_of_people_of_one_person_for_ten_minutes() {
    let house = school(2).await;
    let office = Staff::with(&house, 1, OFFICE, true).await;
    let thief = Staff::with(&house, 2, OFFICE, true).await;
    let id = ask(&house, &office, "k").await;
    let pin = pin_of(&house, id).await;
    // Somebody else's.
    assert_eq!(give(&thief, "t", id, &pin).await.status, 422);
    // Another text.
    let other = [("do", "pin"), ("pin_for", &id.to_string()), ("pin", &pin), ("sms_text", "x")];
    let fields = [
        ("to", "group:Year 9"),
        ("sms", "yes"),
        ("sms_text", "Quite another text"),
        ("purpose", "service"),
        ("key", "k"),
    ];
    let page = office.post("/send", &[&fields[..], &[("do", "check")]].concat()).await;
    let expect = hidden(&page.text, "expect");
    let answer =
        office.post("/send", &[&fields[..], &[("expect", expect.as_str())], &other[..3]].concat()).await;
    assert_eq!(answer.status, 422, "{answer:?}");
    assert!(answer.text.contains("is not what this PIN was sent for"), "{answer:?}");
    // Other people: as many, at as much cost, but not the same.
    house
        .contacts(json!([
            {"id": "p3", "forename": "Pat", "surname": "Number3", "role": "parent", "mobile": "07700900003", "groups": ["Year 8"]},
            person(7, "Year 9"),
        ]))
        .await;
    let answer = give(&office, "k", id, &pin).await;
    assert_eq!(answer.status, 422);
    assert!(answer.text.contains("is not what this PIN was sent for"), "{answer:?}");
    // A new one serves, until ten minutes are over.
    let id = ask(&house, &office, "k").await;
    let pin = pin_of(&house, id).await;
    house.clock.advance(std::time::Duration::from_mins(10));
    let answer = give(&office, "k", id, &pin).await;
    assert!(answer.status == 422 && answer.text.contains("too old"), "{answer:?}");
    assert_eq!(plans(&house), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_an_emergency_the_code_of_an_app_serves_as_the_pin_once_and_for_nothing_else() {
    let house = school(2).await;
    let secret = TotpSecret::new([7; 20]);
    // Without a confirmed address nobody gets a PIN by e-mail: the app alone has to serve.
    let office = Staff::with(&house, 1, OFFICE, false).await;
    let before = house.store.user(office.id).await.unwrap().unwrap();
    let mut with_app = before.clone();
    let recovery = vec![hex::encode(Sha256::digest("aaaabbbbccccdddd"))];
    with_app.account.second_factor = Some(SecondFactor { secret: secret.hex(), last_step: 0, recovery });
    house.store.change_user(&before, &with_app).await.unwrap();
    let code = || secret.code_at(house.clock.now_ms());
    let ask = async |purpose: &str, key: &str| press_for(&office, purpose, key, &[]).await;
    let give = async |purpose: &str, key: &str, id: &str, pin: &str| {
        press_for(&office, purpose, key, &[("do", "pin"), ("pin_for", id), ("pin", pin)]).await
    };

    // A routine message waits: the app is for emergencies.
    let routine = made(&ask("service", "k1").await);
    assert_eq!(state(&house, routine).await, MessageState::AwaitingAuthorisation);
    assert_eq!(plans(&house), 0);

    let page = ask("emergency", "k2").await;
    assert_eq!(page.status, 200, "{page:?}");
    let id = hidden(&page.text, "pin_for");
    for wrong in ["000000", "aaaa-bbbb-cccc-dddd"] {
        assert_eq!(give("emergency", "k2", &id, wrong).await.status, 422, "{wrong}");
    }
    let left = house.store.user(office.id).await.unwrap().unwrap().account.second_factor.unwrap().recovery;
    assert_eq!(left.len(), 1, "a recovery code is for signing in, and is not used up here");
    let used = code();
    assert_eq!(made(&give("emergency", "k2", &id, &used).await).to_string(), id);
    assert_eq!(plans(&house), 1);

    // The same code lets no second message go; the next one does.
    let page = ask("emergency", "k3").await;
    let id = hidden(&page.text, "pin_for");
    assert_eq!(give("emergency", "k3", &id, &used).await.status, 422, "used");
    house.clock.advance(std::time::Duration::from_secs(30));
    made(&give("emergency", "k3", &id, &code()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_guesses_at_once_five_are_looked_at() {
    let house = school(2).await;
    let office = Staff::with(&house, 1, OFFICE, true).await;
    let id = ask(&house, &office, "k").await;
    let pin: u32 = pin_of(&house, id).await.parse().unwrap();
    // The right one is not among them.
    let guesses: Vec<String> = (1..=100).map(|n| format!("{:06}", (pin + n) % 1_000_000)).collect();
    let answers = join_all(guesses.iter().map(|guess| give(&office, "k", id, guess))).await;
    assert!(answers.iter().all(|answer| answer.status == 422));
    let looked_at = answers.iter().filter(|a| a.text.contains("This is not the PIN that was sent")).count();
    // The fifth says that there were too many, like those after it.
    assert_eq!(looked_at, 4);
    let wrong = acts(&house).await.into_iter().filter(|act| act == Act::PinWrong.code()).count();
    assert_eq!(wrong, 5, "compared and logged");
    // The right one comes too late.
    let answer = give(&office, "k", id, &format!("{pin:06}")).await;
    assert!(answer.text.contains("Too many PINs"), "{answer:?}");
    assert_eq!(plans(&house), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_right_pins_at_once_one_sends() {
    let house = school(2).await;
    let office = Staff::with(&house, 1, OFFICE, true).await;
    let id = ask(&house, &office, "k").await;
    let pin = pin_of(&house, id).await;
    let keys: Vec<String> = (0..4).map(|n| format!("k{n}")).collect();
    let answers = join_all(keys.iter().map(|key| give(&office, key, id, &pin))).await;
    let sent = answers.iter().filter(|answer| answer.status == 303).count();
    assert_eq!((sent, plans(&house)), (1, 1), "{answers:?}");
    assert_eq!(house.school.messages().summaries(None, 10).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_confirmed_address_a_large_message_waits_and_its_author_cannot_let_it_go() {
    let house = school(2).await;
    let office = Staff::with(&house, 1, OFFICE, false).await;
    let other = Staff::with(&house, 2, AUTHORISER, false).await;
    let page = office.post("/send", &[&YEAR_9[..], &[("do", "check")]].concat()).await.text;
    assert!(
        page.contains("a PIN needs a confirmed e-mail address") && page.contains("Submit 3 texts"),
        "{page}"
    );
    let id = made(&press(&office, "k", &[]).await);
    assert_eq!(state(&house, id).await, MessageState::AwaitingAuthorisation);
    let page = office.get(&format!("/authorise/{id}")).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("larger than may go without a PIN") && !page.text.contains("/approve"));
    let seen = hidden(&other.get(&format!("/authorise/{id}")).await.text, "seen");
    let approve = format!("/authorise/{id}/approve");
    assert_eq!(office.post(&approve, &[("seen", &seen)]).await.status, 403);
    assert_eq!(office.get(&format!("/authorise/{id}/edit")).await.status, 403);
    assert_eq!(other.post(&approve, &[("seen", &seen)]).await.status, 303);
    assert_eq!(state(&house, id).await, MessageState::Queued);
}

#[tokio::test(flavor = "multi_thread")]
async fn pins_cannot_be_asked_for_without_end() {
    let house = school(2).await;
    let office = Staff::with(&house, 1, OFFICE, true).await;
    for n in 0..10 {
        assert_eq!(press(&office, &format!("k{n}"), &[]).await.status, 200);
    }
    assert_eq!(press(&office, "k10", &[]).await.status, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_under_the_threshold_goes_at_once_and_an_api_key_needs_no_pin() {
    let house = school(3).await;
    let office = Staff::with(&house, 1, OFFICE, false).await;
    let id = made(&press(&office, "k", &[]).await);
    assert_eq!((state(&house, id).await, plans(&house)), (MessageState::Queued, 1));
    assert_eq!(acts(&house).await, [Act::MessageSent.code()]);
    set_threshold(&house, 0).await;
    let message =
        json!({"purpose": "service", "channels": ["sms"], "to": {"everyone": true}, "sms": {"text": "Hi"}});
    let answer = house.post("/api/v1/messages", &message).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["state"]), (202, &json!("queued")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_a_pin_is_set_on_the_page_by_number_or_by_cost() {
    let house = school(1_000).await;
    let (office, settings) =
        (Staff::with(&house, 1, OFFICE, true).await, crate::settings::office(&house, &house.school).await);
    made(&press(&office, "k1", &[]).await);
    crate::settings::change(&settings, "large", "pin_threshold=2&pin_price=").await;
    assert!(office.get("/preferences").await.text.contains("more than 2 texts"));
    ask(&house, &office, "k2").await;
    crate::settings::change(&settings, "large", "pin_threshold=1000&pin_price=0").await;
    ask(&house, &office, "k3").await;
}
