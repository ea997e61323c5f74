//! The log's page and its files.

use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::audit::Act;
use domain::people::Standing;
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde::Deserialize;
use store::{AuditMonth, Membership};

use super::{AuditPage, sheet};
use crate::auth::SignedIn;
use crate::error::{ApiError, Result};
use crate::pages::kit::context::PageContext;
use crate::pages::kit::places::NavItem;
use crate::pages::kit::reply::html;
use crate::services::audit::{Filter, Found, Names, Place, find};
use crate::state::ApiState;

/// Rows of a page.
const LISTED: usize = 50;
/// Rows of a file: more would not fit into one answer. A month at a time is small.
const EXPORTED: usize = 10_000;
/// Longest id that is looked for.
const LONGEST: usize = 100;

pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/audit", get(show))
        .route("/audit.xlsx", get(workbook))
        .route("/audit.csv", get(text))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    who: String,
    #[serde(default)]
    act: String,
    #[serde(default)]
    month: String,
    #[serde(default)]
    about: String,
    #[serde(default)]
    from: String,
}

impl Asked {
    fn filter(&self) -> Filter {
        let text = |text: &str| {
            let text: String = text.trim().chars().take(LONGEST).collect();
            (!text.is_empty()).then_some(text)
        };
        Filter {
            who: text(&self.who),
            act: Act::from_code(&self.act),
            month: AuditMonth::from_code(&self.month),
            about: text(&self.about),
        }
    }
}

async fn show(State(state): State<ApiState>, by: SignedIn, Query(asked): Query<Asked>) -> Result<Response> {
    let context = PageContext::load(&state, &by, NavItem::AUDIT).await?;
    let (filter, from) = (asked.filter(), Place::from_code(&asked.from));
    let found = find(&by.school, &filter, from, LISTED).await?;
    let (members, keys) = tokio::try_join!(by.school.members().list(), by.school.api_keys().list())?;
    let spelled = |member: &Membership| format!("user:{}", member.user());
    let here = members.iter().filter(|member| member.standing() != Standing::Deleted);
    let here: Vec<String> = here.map(spelled).collect();
    // People who were removed stay in the audit log; so are keys that were revoked, as far as these rows go back.
    let mut doers = found.who.clone();
    doers.extend(members.iter().map(spelled));
    doers.extend(keys.iter().map(|key| format!("key:{}", key.id())));
    let doers: Vec<String> = doers.into_iter().filter(|who| who.contains(':')).collect();
    let book = context.book(&state, &by.school).await?;
    let names = Names::of_rows(&state, &by.school, &found.entries, &here, &doers, &book).await?;
    html(&AuditPage::new(context.frame, &context.local, &filter, &found, &names, &doers, from.is_some()))
}

async fn exported(
    state: &ApiState,
    by: &SignedIn,
    asked: &Asked,
) -> Result<(Found, Vec<[String; 12]>, String)> {
    let context = PageContext::load(state, by, NavItem::AUDIT).await?;
    let filter = asked.filter();
    let found = find(&by.school, &filter, Place::from_code(&asked.from), EXPORTED).await?;
    let who = found.entries.iter().map(|entry| entry.who.as_str());
    let names = Names::of_doers(state, &by.school, who).await?;
    let zone = context.settings.time_zone();
    let rows = found.entries.iter().map(|entry| sheet::cells(entry, &zone, &names)).collect();
    let month = filter.month.map_or_else(|| "all".to_owned(), AuditMonth::code);
    Ok((found, rows, month))
}

async fn workbook(
    State(state): State<ApiState>,
    by: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let (_, rows, month) = exported(&state, &by, &asked).await?;
    let bytes = sheet::workbook(&rows).map_err(ApiError::internal)?;
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    file(bytes, kind, &format!("audit-{month}.xlsx"))
}

async fn text(State(state): State<ApiState>, by: SignedIn, Query(asked): Query<Asked>) -> Result<Response> {
    let (_, rows, month) = exported(&state, &by, &asked).await?;
    file(sheet::csv(&rows).into_bytes(), "text/csv; charset=utf-8", &format!("audit-{month}.csv"))
}

fn file(bytes: Vec<u8>, kind: &'static str, name: &str) -> Result<Response> {
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (CONTENT_DISPOSITION, HeaderValue::try_from(disposition).map_err(ApiError::internal)?),
    ];
    Ok((headers, bytes).into_response())
}
