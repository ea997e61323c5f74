//! Xporter on Demand, as far as a message system asks it.

use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};

use super::lists::{self, Row};
use super::state::{Breakage, Changes, Mis};
use crate::app::Shared;
use crate::clock;

/// The one password of the made-up service; it guards made-up people.
pub(crate) const PASSWORD: &str = "demo-mis";
const TOKEN: &str = "demo-token";
/// Tokens last four days, as the real ones do.
const TOKEN_MS: i64 = 4 * 24 * 3_600_000;
const MOST_ROWS: usize = 2_000;
/// How long an answer is kept back at most: less than a caller waits.
const KEPT_BACK: Duration = Duration::from_secs(20);
/// Between two looks whether it still is.
const LOOK: Duration = Duration::from_millis(25);

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/idaas/sts/STS/GetToken", post(token))
        .route("/api/v1/School/{estab}/{endpoint}", get(list))
        .route("/api/v1/School/{estab}/{endpoint}/", get(list))
}

fn time(ms: i64) -> String {
    Timestamp::from_millisecond(ms).unwrap_or_default().to_string()
}

/// An error as the service tells it: with status 200.
fn error(said: &str) -> Response {
    Json(json!({ "Message": null, "ExceptionType": null, "ExceptionMessage": said, "InnerException": null }))
        .into_response()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credentials {
    estab: String,
    password: String,
}

async fn token(State(app): State<Shared>, Json(given): Json<Credentials>) -> Response {
    app.answer_slowly().await;
    if given.password != PASSWORD || given.estab != app.mis.school.estab {
        return error("The credentials are not valid");
    }
    let expires = time(clock::now() + TOKEN_MS);
    Json(json!({ "Message": null, "ExceptionMessage": null, "token": TOKEN, "expires": expires }))
        .into_response()
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    #[serde(default = "one")]
    page: usize,
    #[serde(default = "fifty")]
    page_size: usize,
    #[serde(default)]
    updated_since: Option<String>,
    #[serde(default)]
    date: Option<Date>,
    #[serde(default)]
    options: String,
}

const fn one() -> usize {
    1
}

const fn fifty() -> usize {
    50
}

async fn list(
    State(app): State<Shared>,
    Path((estab, endpoint)): Path<(String, String)>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    app.answer_slowly().await;
    kept_back(&app.mis).await;
    let changes = app.mis.changes();
    let authorised =
        headers.get(header::AUTHORIZATION).is_some_and(|h| h == format!("Idaas {TOKEN}").as_str());
    match changes.breakage {
        Breakage::Unauthorised => return StatusCode::UNAUTHORIZED.into_response(),
        Breakage::Error200 => return error("Something went wrong"),
        Breakage::DiesOnPage2 if asked.page > 1 => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        _ if !authorised => return StatusCode::UNAUTHORIZED.into_response(),
        _ if estab != app.mis.school.estab => return error("No such establishment"),
        _ => {}
    }
    let body = if endpoint == "SchoolInfo" {
        let rows = json!([{ "Id": "1", "Name": app.mis.school.name }]);
        json!({ "SchoolInfo": rows, "meta": meta() })
    } else {
        let Some((key, rows)) = rows(&app.mis, &changes, &endpoint, &asked) else {
            return StatusCode::NOT_FOUND.into_response();
        };
        page(key, &rows, &asked, changes.breakage)
    };
    let mut text = body.to_string();
    if changes.breakage == Breakage::Truncated {
        let middle = (0..=text.len() / 2).rev().find(|n| text.is_char_boundary(*n)).unwrap_or_default();
        text.truncate(middle);
    }
    ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], text).into_response()
}

/// Waits as long as the feed says, if it says so.
async fn kept_back(mis: &Mis) {
    let waits = async {
        while mis.breakage() == Breakage::Waits {
            tokio::time::sleep(LOOK).await;
        }
    };
    // Patience that ends is an answer that comes late.
    let _ = tokio::time::timeout(KEPT_BACK, waits).await;
}

/// The rows of an endpoint, those that changed since then if only they are asked for.
fn rows<'a>(
    mis: &'a Mis,
    changes: &'a Changes,
    endpoint: &str,
    asked: &Asked,
) -> Option<(&'static str, Vec<Row<'a>>)> {
    let (key, mut rows) = match endpoint {
        "Students" => ("Students", lists::students(mis)),
        "Contacts" => ("Contacts", lists::contacts(mis, changes)),
        "StudentContacts" => ("StudentContacts", lists::student_contacts(mis)),
        "Staff" => ("Staff", lists::staff(mis, changes)),
        "Groups" => ("Group", lists::groups(mis, asked.options.contains("includeMembersIds"))),
        "AttendanceForDate" => ("AttendMarks", lists::marks(mis, changes, asked.date?)),
        _ => return None,
    };
    // Marks are asked for by their day.
    if let Some(since) = asked.updated_since.as_ref().filter(|_| key != "AttendMarks") {
        rows.retain(|row| row.is_newer_than(since));
    }
    match changes.breakage {
        Breakage::Half => rows.truncate(rows.len() / 2),
        Breakage::Empty => rows.clear(),
        _ => {}
    }
    Some((key, rows))
}

fn meta() -> Value {
    json!([{ "Id": 1, "MIS": "simulated", "Version": "4", "DateTime": time(clock::now()) }])
}

/// One page. Beyond the last comes the last again, as from the real service.
fn page(key: &str, rows: &[Row<'_>], asked: &Asked, breakage: Breakage) -> Value {
    let size = asked.page_size.clamp(1, MOST_ROWS);
    let (count, pages) = (rows.len(), rows.len().div_ceil(size));
    let number = asked.page.clamp(1, pages.max(1));
    let mut some: Vec<Value> = rows.iter().skip((number - 1) * size).take(size).map(Row::write).collect();
    if breakage == Breakage::Duplicates
        && let Some(first) = some.first().cloned()
        && let Some(last) = some.last_mut()
    {
        *last = first;
    }
    let next = (number < pages).then(|| format!("?page={}&pageSize={size}", number + 1));
    json!({
        key: some,
        "meta": meta(),
        "__pagination__": [{
            "PageSize": size, "PageNumber": number, "PageCount": pages, "RowCount": count, "NextPage": next,
        }],
    })
}
