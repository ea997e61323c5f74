//! What every answer has in common.

use axum::body::Body;
use axum::body::Bytes;
use domain::phone::NumberMode;
use http::Request;
use serde_json::{Value, json};

use crate::kit::House;

#[tokio::test(flavor = "multi_thread")]
async fn health_needs_no_key() {
    let house = House::start().await;
    let answer = house.send(Request::get("/healthz").body(Body::empty()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({"status": "ok"})));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_guarded_and_named() {
    let house = House::start().await;
    let mut ids = Vec::new();
    for path in ["/healthz", "/api/openapi.json", "/api/v1/usage", "/api/nothing", "/nothing"] {
        let answer = house.get(path).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "same-origin"),
            ("strict-transport-security", "max-age=31536000; includeSubDomains"),
        ] {
            assert_eq!(answer.header(name), value, "{path} {name}");
        }
        let policy = answer.header("content-security-policy").to_owned();
        for part in [
            "default-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "connect-src 'self' https://files.example.com",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"));
        assert!(!answer.header("cache-control").is_empty());
        ids.push(answer.header("x-request-id").to_owned());
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 5);
    let plain = House::start_as("http://127.0.0.1:8080", NumberMode::Simulated).await;
    assert_eq!(plain.get("/healthz").await.header("strict-transport-security"), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_a_problem_for_machines_and_a_page_for_people() {
    let house = House::start().await;
    for path in ["/api", "/api/", "/api/v1/nothing", "/api/v2/messages", "/hooks/twilio/other"] {
        if path != "/api" {
            house.get(path).await.problem(404);
        }
    }
    let page = house.get("/nothing-here").await;
    assert_eq!(page.status, 404);
    assert!(page.header("content-type").starts_with("text/html"), "{page:?}");
    for (method, path, allow) in [
        ("GET", "/api/v1/contacts/batch", "POST"),
        ("DELETE", "/api/v1/messages", "POST"),
        ("POST", "/api/v1/usage", "GET,HEAD"),
        ("PUT", "/api/v1/messages/x/stop", "POST"),
    ] {
        let answer = house.send(house.request(method, path).body(Body::empty()).unwrap()).await;
        answer.problem(405);
        assert_eq!(answer.header("allow"), allow, "{method} {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_over_six_megabytes_is_refused_clearly() {
    let house = House::start().await;
    let big = Bytes::from(vec![b' '; 6 * 1024 * 1024 + 1]);
    let json = |length: bool| {
        let request =
            house.request("POST", "/api/v1/contacts/batch").header("content-type", "application/json");
        if length { request.header("content-length", big.len()) } else { request }
    };
    for length in [true, false] {
        house.send(json(length).body(Body::from(big.clone())).unwrap()).await.problem(413);
    }
    // Just under the limit it is read.
    house.send(json(false).body(Body::from(big.slice(2..))).unwrap()).await.problem(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_covers_every_route_and_every_reference_holds() {
    let house = House::start().await;
    let request = Request::get("/api/openapi.json").body(Body::empty()).unwrap();
    let answer = house.send(request).await;
    assert_eq!(answer.header("content-type"), "application/json");
    let api = answer.json();
    let routes: Vec<(String, String)> = api["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().unwrap().keys().map(move |method| (path.clone(), method.clone()))
        })
        .collect();
    assert_eq!(routes.len(), 11, "{routes:?}");
    for (path, method) in &routes {
        let operation = &api["paths"][path][method];
        assert!(operation["summary"].as_str().is_some_and(|s| !s.is_empty()), "{path}");
        assert!(operation["responses"]["401"]["content"]["application/problem+json"].is_object(), "{path}");
        // Each described route exists: without a key it is a 401, not a 404 or 405.
        let path = path.replace("{id}", "01JD3V4K8M0000000000000000");
        let request = Request::builder().method(method.to_uppercase().as_str()).uri(&path);
        house.send(request.body(Body::empty()).unwrap()).await.problem(401);
    }
    assert_eq!(api["security"], json!([{"api_key": []}]));
    assert_eq!(api["components"]["securitySchemes"]["api_key"]["scheme"], "bearer");
    let mut references = Vec::new();
    collect_references(&api, &mut references);
    assert!(references.len() > 20);
    for reference in references {
        assert!(api.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    }
    let row = &api["components"]["schemas"]["ContactRow"];
    assert_eq!(row["additionalProperties"], json!(false), "{row}");
    assert_eq!(row["required"], json!(["id", "forename", "surname", "role"]));
}

fn collect_references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(reference)) = map.get("$ref") {
                found.push(reference.clone());
            }
            map.values().for_each(|v| collect_references(v, found));
        }
        Value::Array(list) => list.iter().for_each(|v| collect_references(v, found)),
        _ => {}
    }
}
