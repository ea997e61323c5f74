//! Changing an imported contact: kept apart, shown as such, dropped again.

use serde_json::json;

use crate::kit::{Answer, House};
use crate::settings::{change, office};

const ANN: &str = "title=&forename=Anna&surname=Ash&mobile=07700+900999&home=&work=&email=ann%40example.com";

async fn push(house: &House, surname: &str) {
    house
        .contacts(json!([{"id": "ann", "forename": "Ann", "surname": surname, "role": "parent",
                           "mobile": "07700 900123", "email": "ann@example.com", "groups": ["Year 9"]}]))
        .await;
}

async fn to(house: &House) -> serde_json::Value {
    let body = json!({"purpose": "service", "channels": ["sms"], "to": {"everyone": true},
                      "sms": {"header": "", "text": "$forename$ $surname$"}});
    let answer: Answer = house.post("/api/v1/messages/preview", &body).await;
    answer.json()["deliveries"][0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_imported_contact_is_grey_until_the_setting_is_on() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    push(&house, "Ash").await;
    assert!(by.ask("GET", "/contacts/ann").await.text.contains("readonly"));
    let refused = by.post("/contacts/ann", &format!("rev=1&{ANN}")).await;
    assert_eq!(refused.status, 403);
    change(&by, "contacts", "edit_imported=on").await;
    let page = by.ask("GET", "/contacts/ann").await.text;
    assert!(page.contains("Save changes") && page.contains("kept beside"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_counts_survives_the_source_and_can_be_dropped() {
    let house = House::start().await;
    let by = office(&house, &house.school).await;
    push(&house, "Ash").await;
    change(&by, "contacts", "edit_imported=on").await;
    let wrong = by.post("/contacts/ann", &format!("rev=1&{}", ANN.replace("07700+900999", "12"))).await;
    assert!(wrong.status == 422 && wrong.text.contains("too few digits"), "{wrong:?}");
    let saved = by.post("/contacts/ann", &format!("rev=1&{ANN}")).await;
    assert_eq!(saved.header("location"), "/contacts/ann?done=saved", "{saved:?}");
    assert_eq!(
        (to(&house).await["to"].clone(), to(&house).await["text"].clone()),
        (json!("+447700900999"), json!("Anna Ash"))
    );
    let late = by.post("/contacts/ann", &format!("rev=1&{}", ANN.replace("Anna", "Late"))).await;
    assert!(late.status == 422 && late.text.contains("Somebody else changed this contact"), "{late:?}");

    // The source speaks again: what it says is kept, what was changed here counts.
    push(&house, "Ashworth").await;
    assert_eq!(
        (to(&house).await["to"].clone(), to(&house).await["text"].clone()),
        (json!("+447700900999"), json!("Anna Ashworth"))
    );
    let page = by.ask("GET", "/contacts/ann").await.text;
    assert!(
        page.contains("Changed here") && page.contains("07700 900123") && page.contains("07700 900999"),
        "{page}"
    );

    let dropped = by.post("/contacts/ann/overrides", "field=mobile").await;
    assert_eq!(dropped.header("location"), "/contacts/ann?done=saved", "{dropped:?}");
    assert_eq!(
        (to(&house).await["to"].clone(), to(&house).await["text"].clone()),
        (json!("+447700900123"), json!("Anna Ashworth"))
    );
    by.post("/contacts/ann/overrides", "field=mobile").await;
    by.post("/contacts/ann/overrides", "field=groups").await;
    by.post("/contacts/ann/overrides", "field=forename").await;
    assert_eq!(to(&house).await["text"], "Ann Ashworth");
    assert!(!by.ask("GET", "/contacts/ann").await.text.contains("Changed here"));

    let log = house.school.audit().month(store::AuditMonth::of_ms(crate::kit::NOON)).await.unwrap();
    let changes: Vec<_> = log.iter().filter(|e| e.act == "contact.changed").collect();
    assert_eq!(changes.len(), 3);
    assert!(
        changes.iter().all(|e| !e.changes.contains("Anna") && !e.changes.contains("7700")),
        "{changes:?}"
    );
}
