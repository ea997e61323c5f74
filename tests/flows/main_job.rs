//! The main job: from an address book to a parent's phone, and the day's usage.

use crate::judge::Verdict;
use crate::product::{InProcess, message, total};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn everybody_gets_a_text_an_email_and_a_call_and_usage_counts_what_the_providers_saw() {
    let town = InProcess::start(120).await;
    let partner = &town.partner;
    // With both chosen, SMS has priority; a second message calls everybody.
    let first = partner.send(&["sms", "email"], "service").await;
    let second = partner.send(&["voice"], "service").await;
    let done = partner.until_settled(&first).await;
    assert_eq!(total(&done, "delivered"), 240, "{done}");
    assert_eq!(done["sms_units"], 120);
    let done = partner.until_settled(&second).await;
    assert_eq!(total(&done, "delivered"), 120, "{done}");
    Verdict::of(partner, &first).await.assert_clean(240);
    Verdict::of(partner, &second).await.assert_clean(120);

    let counts = partner.counts().await;
    let saw = ["email", "sms", "sms_units", "voice_minutes"].map(|name| counts[name].as_i64().unwrap());
    let began = std::time::Instant::now();
    while partner.usage().await != saw {
        assert!(
            began.elapsed() < crate::product::PATIENCE,
            "usage {:?}, providers {saw:?}",
            partner.usage().await
        );
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let recount =
        usage::Usage::new(town.system.store().clone()).recount(partner.school.parse().unwrap()).await;
    assert_eq!(recount.unwrap(), [], "a recount finds nothing to mend");

    let school = town.system.store().school(store::Access::of_operator(partner.school.parse().unwrap()));
    let told =
        school.messages().ids_to_contact(&domain::ids::ContactId::parse("p7").unwrap(), 30).await.unwrap();
    assert_eq!(
        told.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [second, first],
        "a contact's messages"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_failure_is_told_in_plain_words() {
    let town = InProcess::start(0).await;
    let partner = &town.partner;
    let people = ["901", "902", "903", "904", "905"].map(|end| {
        json!({ "id": end, "forename": "Pat", "surname": end, "role": "parent",
                "mobile": format!("07700 900{end}"), "email": format!("bounce+{end}@example.com") })
    });
    partner.post("/api/v1/contacts/batch", &json!({ "contacts": people })).await;
    let id = partner.send(&["sms", "email"], "service").await;
    partner.until_settled(&id).await;
    let mut told: Vec<String> = partner
        .deliveries(&id)
        .await
        .iter()
        .map(|d| format!("{} {} {} {}", d["channel"], d["to"], d["state"], d["reason"]).replace('"', ""))
        .collect();
    told.sort();
    assert_eq!(
        told,
        [
            "email bounce+901@example.com permanent_failure Address does not exist",
            "email bounce+902@example.com permanent_failure Address does not exist",
            "email bounce+903@example.com permanent_failure Address does not exist",
            "email bounce+904@example.com permanent_failure Address does not exist",
            "email bounce+905@example.com permanent_failure Address does not exist",
            "sms +447700900901 permanent_failure Number does not exist",
            "sms +447700900902 permanent_failure Asked not to be messaged",
            "sms +447700900903 temporary_failure Phone off or out of reach",
            "sms +447700900904 permanent_failure Number does not exist",
            "sms +447700900905 permanent_failure Blocked by the network",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_sends_nothing_and_says_what_the_send_then_does() {
    let town = InProcess::start(30).await;
    let partner = &town.partner;
    let message = message(&["sms", "email"], "service");
    let (status, preview) = partner.post("/api/v1/messages/preview", &message).await;
    assert_eq!(status, 200, "{preview}");
    assert_eq!((&preview["recipients"], &preview["unreachable"]), (&json!(30), &json!(0)));
    assert_eq!(preview["sms"]["units"], 30);
    assert_eq!(partner.counts().await["sms"], 0);
    let id = partner.send(&["sms", "email"], "service").await;
    partner.until_settled(&id).await;
    let counts = partner.counts().await;
    assert_eq!(
        (&counts["sms"], &counts["email"]),
        (&preview["sms"]["messages"], &preview["email"]["messages"])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_twice_is_one_message() {
    let town = InProcess::start(10).await;
    let body = message(&["sms"], "service");
    let (a, b) =
        tokio::join!(town.partner.send_with_key("k1", &body), town.partner.send_with_key("k1", &body));
    let ((first, a), (second, b)) = (a.unwrap(), b.unwrap());
    assert_eq!((first, second), (202, 202), "{a} {b}");
    assert_eq!(a["id"], b["id"]);
    town.partner.until_settled(a["id"].as_str().unwrap()).await;
    assert_eq!(town.partner.counts().await["sms"], 10);
    let (status, _) = town.partner.send_with_key("k1", &message(&["email"], "service")).await.unwrap();
    assert_eq!(status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_is_answered_alike_though_the_address_book_has_changed() {
    let town = InProcess::start(1).await;
    let titled = |title: Option<&str>| {
        let mut pat = crate::product::person(0);
        pat["title"] = json!(title);
        json!({ "contacts": [pat] })
    };
    town.partner.post("/api/v1/contacts/batch", &titled(Some("Dr"))).await;
    let mut body = message(&["sms"], "service");
    body["sms"]["text"] = json!("Dear $title$ Number");
    let (status, first) = town.partner.send_with_key("k", &body).await.unwrap();
    assert_eq!(status, 202, "{first}");
    town.partner.until_settled(first["id"].as_str().unwrap()).await;
    town.partner.post("/api/v1/contacts/batch", &titled(None)).await;
    let (status, again) = town.partner.send_with_key("k", &body).await.unwrap();
    assert_eq!((status, &again["id"]), (202, &first["id"]), "{again}");
    let (status, _) = town.partner.send_with_key("other", &body).await.unwrap();
    assert_eq!(status, 422, "a new request would have nothing to say for the title");
}
