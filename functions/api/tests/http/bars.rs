//! A pair that the school barred itself: never reached by any way of choosing people, whatever a source says, until
//! somebody lifts it here.

use domain::audit::Act;
use domain::people::{Role, Roles};
use serde_json::json;

use crate::kit::{House, NOON};
use crate::pupils::{PREVIEW, family, reached, text_to};
use crate::rights::Browser;
use crate::settings::office;

/// Every way to choose people that could lead to Ben's mother, and to whom it leads once she is barred from him.
fn ways() -> [(serde_json::Value, &'static [&'static str]); 9] {
    [
        (json!({"pupils": ["ben"]}), &[]),
        (json!({"pupils": ["ben"], "send_to": "priority_1"}), &[]),
        (json!({"pupils": ["ben"], "send_to": "priorities_1_2"}), &[]),
        (json!({"pupils": ["ben"], "send_to": "responsibility"}), &[]),
        (json!({"pupils": ["ben"], "send_to": "all"}), &[]),
        (json!({"pupils": ["ben"], "send_to": "all", "contacts": ["mother", "father"]}), &[]),
        (json!({"groups": ["9A"], "send_to": "all"}), &[]),
        (json!({"groups": ["Year 9"]}), &[]),
        (json!({"pupils": ["ben", "cat"], "send_to": "all", "contacts": ["mother"]}), &["father", "mother"]),
    ]
}

async fn nobody_is_told_about_ben(house: &House) {
    for (to, wanted) in ways() {
        if wanted.is_empty() {
            let answer = house.post(PREVIEW, &text_to(&to)).await;
            assert_eq!(answer.problem(422), ["to"], "nobody is left: {to}");
            continue;
        }
        assert_eq!(reached(house, to.clone()).await, wanted, "{to}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bar_set_here_holds_for_every_way_of_choosing_people_and_against_every_source() {
    let house = House::start().await;
    family(&house).await;
    let by = office(&house, &house.school).await;
    assert_eq!(reached(&house, json!({"pupils": ["ben"]})).await, ["mother"]);
    let done = by.post("/contacts/mother/bar", "bar=ben").await;
    assert_eq!(done.header("location"), "/contacts/mother?done=barred", "{done:?}");
    nobody_is_told_about_ben(&house).await;
    assert_eq!(reached(&house, json!({"pupils": ["cat"], "send_to": "all"})).await, ["father", "mother"]);

    // A partner says that there is no bar, ends the tie, makes it again, deletes the adult and brings her back.
    family(&house).await;
    nobody_is_told_about_ben(&house).await;
    let end = json!({"deletions": [{"pupil": "ben", "contact": "mother"}]});
    assert_eq!(house.post("/api/v1/contacts/batch", &end).await.status, 200);
    nobody_is_told_about_ben(&house).await;
    by.post("/contacts/mother/delete", "sure=yes").await;
    family(&house).await;
    nobody_is_told_about_ben(&house).await;
    let page = by.ask("GET", "/contacts/mother").await.text;
    assert!(
        page.contains("Barred here") && page.contains("Mother · priority 2 · parental responsibility"),
        "{page}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_lifted_only_by_somebody_who_is_sure_and_a_sources_own_bar_stays() {
    let house = House::start().await;
    family(&house).await;
    let by = office(&house, &house.school).await;
    for contact in ["mother", "father"] {
        // Pressed twice it is done once. From the pupil's page it is the same pair.
        by.post(&format!("/contacts/{contact}/bar"), "bar=ben").await;
        by.post("/contacts/ben/bar", &format!("bar={contact}")).await;
    }
    assert_eq!(house.school.ties().bars().await.unwrap().len(), 2);
    let asked = by.post("/contacts/mother/bar", "lift=ben").await;
    assert!(asked.status == 200 && asked.text.contains("Lift the bar?"), "{asked:?}");
    nobody_is_told_about_ben(&house).await;
    for contact in ["mother", "father"] {
        let lifted = by.post(&format!("/contacts/{contact}/bar"), "lift=ben&sure=yes").await;
        assert_eq!(lifted.status, 303, "{lifted:?}");
    }
    assert_eq!(reached(&house, json!({"pupils": ["ben"], "send_to": "all"})).await, ["mother"]);
    let page = by.ask("GET", "/contacts/father").await.text;
    assert!(page.contains("Barred by the source") && !page.contains("Barred here"), "{page}");
    let log = house.school.audit().month(store::AuditMonth::of_ms(NOON)).await.unwrap();
    let count = |act: Act| log.iter().filter(|e| e.act == act.code()).count();
    assert_eq!((count(Act::PairBarred), count(Act::BarLifted)), (4, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn any_adult_may_be_barred_from_any_pupil_and_is_found_by_name() {
    let house = House::start().await;
    family(&house).await;
    let more = json!({
        "contacts": [
            {"id": "uncle", "forename": "Ivo", "surname": "Marlow", "role": "parent", "mobile": "07700900008"},
            {"id": "head", "forename": "Ida", "surname": "Marsh", "role": "staff", "mobile": "07700900009"},
        ],
    });
    assert_eq!(house.post("/api/v1/contacts/batch", &more).await.status, 200);
    let by = office(&house, &house.school).await;
    // From either side, by what is typed, and only those who could be a pair and are none.
    let found = by.ask("GET", "/contacts/uncle/bar?q=marl").await.text;
    assert!(found.contains("value=\"ben\"") && found.contains("value=\"cat\""), "{found}");
    assert!(!found.contains("mother") && !found.contains("uncle"), "{found}");
    let found = by.ask("GET", "/contacts/ben/bar?q=mar").await.text;
    assert!(found.contains("value=\"uncle\"") && found.contains("value=\"head\""), "{found}");
    assert!(!found.contains("mother") && !found.contains("cat"), "tied already, or a pupil: {found}");
    let page = by.ask("GET", "/contacts/uncle?bar=ben").await.text;
    assert!(
        page.contains("Bar from another pupil") && page.contains("value=\"ben\""),
        "without a script: {page}"
    );
    assert!(by.ask("GET", "/contacts/uncle/bar?q=zzz").await.text.contains("Nobody else called"));

    let done = by.post("/contacts/uncle/bar", "bar=ben").await;
    assert_eq!(done.header("location"), "/contacts/uncle?done=barred", "{done:?}");
    by.post("/contacts/ben/bar", "bar=head").await;
    assert_eq!(house.school.ties().bars().await.unwrap().len(), 2);
    for (to, wanted) in [
        (json!({"pupils": ["ben"], "send_to": "all", "contacts": ["uncle", "head"]}), &["mother"][..]),
        (json!({"pupils": ["ben", "cat"], "contacts": ["uncle"]}), &["mother"]),
        (json!({"pupils": ["cat"], "send_to": "all", "contacts": ["uncle"]}), &["father", "mother", "uncle"]),
        (json!({"contacts": ["ben", "uncle", "mother"]}), &["mother"]),
        // Staff get what goes to everyone as staff; the uncle is none, and barred from one whom it is about.
        (json!({"everyone": true, "send_to": "all"}), &["father", "head", "mother"]),
    ] {
        assert_eq!(reached(&house, to.clone()).await, wanted, "{to}");
    }
    // A source that ties them later undoes nothing.
    let tie = json!({"relationships": [{"pupil": "ben", "contact": "uncle", "priority": 1, "responsibility": true}]});
    assert_eq!(house.post("/api/v1/contacts/batch", &tie).await.status, 200);
    assert_eq!(reached(&house, json!({"pupils": ["ben"], "send_to": "all"})).await, ["mother"]);
    let page = by.ask("GET", "/contacts/head").await.text;
    assert!(page.contains("Ben Marlow") && page.contains("No source ties them"), "{page}");
    assert_eq!(by.post("/contacts/head/bar", "lift=ben&sure=yes").await.status, 303);
    assert!(!by.ask("GET", "/contacts/head").await.text.contains("Ben Marlow"));
    assert_eq!(by.post("/contacts/head/bar", "lift=ben&sure=yes").await.status, 404, "there is none to lift");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_may_edit_contacts_bars_and_only_an_adult_from_a_pupil() {
    let house = House::start().await;
    family(&house).await;
    let by = office(&house, &house.school).await;
    for (path, fields) in [
        ("/contacts/mother/bar", "bar=nobody"),
        ("/contacts/mother/bar", "bar=father"),
        ("/contacts/ben/bar", "bar=cat"),
        ("/contacts/ben/bar", "bar=ben"),
        ("/contacts/mother/bar", "bar="),
        ("/contacts/nobody/bar", "bar=ben"),
    ] {
        assert_eq!(by.post(path, fields).await.status, 404, "{path} {fields}");
    }
    let reader: Roles = [Role::User, Role::AddContact].into_iter().collect();
    let reader = Browser::of(&house, &house.school, 600, reader).await;
    assert_eq!(reader.post("/contacts/mother/bar", "bar=ben").await.status, 403);
    let page = reader.ask("GET", "/contacts/mother").await.text;
    assert!(
        page.contains("Ben Marlow") && !page.contains("name=\"bar\"") && !page.contains("bar-find"),
        "they see it and cannot change it"
    );
    assert!(house.school.ties().bars().await.unwrap().is_empty());
}
