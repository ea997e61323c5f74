//! Usage figures.

use domain::usage::{DayCounts, Days, Totals};
use jiff::civil::date;
use serde_json::json;

use crate::kit::House;

#[tokio::test(flavor = "multi_thread")]
async fn days_of_this_month_are_shown_and_others_on_request() {
    let house = House::start().await;
    house
        .contacts(json!([{"id": "A", "forename": "Ada", "surname": "M", "role": "parent", "mobile": "07700900001"}]))
        .await;
    let message =
        json!({"purpose": "service", "channels": ["sms"], "to": {"everyone": true}, "sms": {"text": "Hi"}});
    let id = house.post("/api/v1/messages", &message).await.json()["id"].as_str().unwrap().parse().unwrap();
    let meta = house.school.messages().meta(id).await.unwrap().unwrap();
    // The guide's own example.
    let day =
        |email_count, sms_count, sms_units| DayCounts { email_count, sms_count, sms_units, voice_minutes: 0 };
    let days = Days::from([(date(2026, 8, 31), day(2, 3, 15)), (date(2026, 9, 1), day(2, 3, 4))]);
    house.school.usage().record(&meta, &days, &Totals::new()).await.unwrap();

    let september =
        json!({"date": "2026-09-01", "email_count": 2, "sms_count": 3, "sms_units": 4, "voice_minutes": 0});
    let august =
        json!({"date": "2026-08-31", "email_count": 2, "sms_count": 3, "sms_units": 15, "voice_minutes": 0});
    assert_eq!(house.get("/api/v1/usage").await.json(), json!({"days": [september]}));
    let both = house.get("/api/v1/usage?from=2026-08-01&to=2026-09-30").await.json();
    assert_eq!(both, json!({"days": [august, september]}));
    assert_eq!(house.get("/api/v1/usage?to=2026-07-31").await.json(), json!({"days": []}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_that_makes_no_sense_is_refused() {
    let house = House::start().await;
    for (query, field) in [
        ("from=2026-09-02&to=2026-09-01", "to"),
        ("from=2024-01-01&to=2026-09-01", "to"),
        ("from=yesterday", "from"),
        ("to=2026-13-01", "to"),
        ("form=2026-09-01", "form"),
        ("from=2026-09-01&to=", "to"),
        ("to=2026-09-01&to=2026-09-30", "to"),
    ] {
        assert_eq!(house.get(&format!("/api/v1/usage?{query}")).await.problem(422), [field], "{query}");
    }
}
