//! The compose page where a pupil, a group of pupils or everyone is chosen: which adults get it, and who is left out.

use serde_json::json;

use crate::kit::House;
use crate::pupils::family;
use crate::settings::office;

/// A form that sends a text to these.
fn form(fields: &str) -> String {
    format!("key=k{}&sms=yes&sms_text=Hello&purpose=service&{fields}", fields.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pupil_stands_for_their_adults_and_the_barred_one_is_reached_by_no_path() {
    let house = House::start().await;
    family(&house).await;
    let by = office(&house, &house.school).await;
    let one = "1</strong> <span>person gets it";
    for to in [
        "to=pupil%3Aben&send_to=priority_1",
        "to=pupil%3Aben&send_to=all",
        "to=contact%3Aben&send_to=all",
        "to=group%3A9A",
        "to=group%3A9A&send_to=all",
        "to=group%3AYear+9&send_to=priorities_1_2",
        "to=pupil%3Aben&send_to=all&to=contact%3Afather",
        "to=pupil%3Aben&send_to=nonsense",
        "to=everyone&send_to=priority_1",
        "to=pupil%3Aben&to=pupil%3Aben&send_to=priorities_1_2",
    ] {
        let live = by.post("/send/live", &form(to)).await.text;
        assert!(live.contains(one), "{to}: {live}");
        assert!(live.contains("mother Marlow"), "{to}: {live}");
        assert!(!live.contains("father Marlow"), "{to}: {live}");
    }
    let live = by.post("/send/live", &form("to=pupil%3Aben&send_to=all")).await.text;
    assert!(live.contains("Left out because of a court order: 1"), "{live}");

    // An override changes a number, never a tie.
    crate::settings::change(&by, "contacts", "edit_imported=on").await;
    let moved = "rev=1&title=&forename=father&surname=Marlow&mobile=07700+900001&home=&work=&email=";
    assert_eq!(by.post("/contacts/father", moved).await.header("location"), "/contacts/father?done=saved");
    let live = by.post("/send/live", &form("to=pupil%3Aben&send_to=all")).await.text;
    assert!(live.contains(one) && live.contains("court order: 1"), "{live}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pupils_are_written_to_only_by_somebodys_own_choice() {
    let house = House::start().await;
    family(&house).await;
    let by = office(&house, &house.school).await;
    let page = by.ask("GET", "/send?to=contact%3Acat").await.text;
    assert!(page.contains("For pupils, send to") && page.contains("value=\"pupil:cat\""), "{page}");
    let found = by.ask("GET", "/send/find?q=cat").await.text;
    assert!(found.contains("data-add=\"pupil:cat\""), "{found}");
    let live = by.post("/send/live", &form("to=pupil%3Acat&send_to=themselves")).await.text;
    assert!(live.contains("cat Marlow") || live.contains("Cat Marlow"), "{live}");
    let none = by.post("/send/live", &form("to=group%3AYear+7&send_to=themselves")).await.text;
    assert!(none.contains("Cat Marlow") && !none.contains("mother Marlow"), "{none}");
}

#[tokio::test(flavor = "multi_thread")]
async fn why_somebody_gets_it_or_does_not_is_said_for_whoever_is_named() {
    let house = House::start().await;
    family(&house).await;
    let by = office(&house, &house.school).await;
    let ben = "to=pupil%3Aben&send_to=all";
    for (to, name, wanted) in [
        (ben, "mother", &["Gets it", "text to 07700 900001: for Ben Marlow"][..]),
        (ben, "father", &["Does not get it", "barred from what concerns Ben Marlow"]),
        (ben, "ben", &["Does not get it", "a pupil, whose adults are written to instead"]),
        (
            "to=pupil%3Acat&send_to=priority_1",
            "father",
            &["an adult of Cat Marlow, but not one of “Priority 1”"],
        ),
        ("to=group%3AYear+7&send_to=themselves", "cat", &["Gets it", "in Year 7"]),
        ("to=group%3AYear+7&send_to=themselves", "ben", &["not chosen, and in no group that was"]),
        (ben, "zebedee", &["Nobody called “zebedee”"]),
    ] {
        let live = by.post("/send/live", &form(&format!("{to}&why={name}"))).await.text;
        let said = live.split("data-part=\"why\"").nth(1).unwrap().split("data-part").next().unwrap();
        for words in wanted {
            assert!(said.contains(words), "{to} {name}: {said}");
        }
    }
    // Without a script a button asks.
    let page = by.post("/send", &form(&format!("{ben}&why=father&do=why"))).await.text;
    assert!(page.contains("barred from what concerns Ben Marlow"), "{page}");
    let quiet = by.post("/send/live", &form(ben)).await.text;
    assert!(!quiet.contains("barred from what concerns"), "nobody is asked about");
}

#[tokio::test(flavor = "multi_thread")]
async fn pupils_for_whom_nobody_is_written_to_are_named() {
    let house = House::start().await;
    family(&house).await;
    let end = json!({"deletions": [{"pupil": "ben", "contact": "mother"}]});
    assert_eq!(house.post("/api/v1/contacts/batch", &end).await.status, 200);
    let by = office(&house, &house.school).await;
    let live = by.post("/send/live", &form("to=everyone&send_to=all")).await.text;
    assert!(
        live.contains("1 pupil with nobody to write to")
            && live.contains("Ben Marlow")
            && live.contains("a court order bars everybody known"),
        "{live}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_text_names_both_of_two_siblings_and_none_who_is_barred() {
    let house = House::start().await;
    family(&house).await;
    let text = json!({"purpose": "service", "channels": ["sms"],
        "to": {"pupils": ["ben", "cat"], "send_to": "all"},
        "sms": {"header": "", "text": "About $pupilname|your child$"}});
    let answer = house.post("/api/v1/messages/preview", &text).await.json();
    let mut texts: Vec<&str> =
        answer["deliveries"].as_array().unwrap().iter().map(|d| d["text"].as_str().unwrap()).collect();
    texts.sort_unstable();
    assert_eq!(texts, ["About Ben Marlow and Cat Marlow", "About Cat Marlow"], "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_school_that_knows_no_families_is_asked_nothing_about_them() {
    let house = House::start().await;
    house
        .contacts(json!([{"id": "a", "forename": "Ada", "surname": "Ash", "role": "pupil",
                          "mobile": "07700 900123", "groups": ["Year 9"]}]))
        .await;
    let by = office(&house, &house.school).await;
    assert!(!by.ask("GET", "/send").await.text.contains("For pupils"));
    let live = by.post("/send/live", &form("to=group%3AYear+9")).await.text;
    assert!(live.contains("Ada Ash"), "{live}");
}
