//! Lists of messages and calls, page by page, and single ones.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, Uri};
use serde::Serialize;
use serde_json::value::RawValue;

use super::refusal::{Refusal, Twilio};
use super::{authorise, resource};
use crate::app::{App, Shared};
use crate::book::{Line, Number, Wanted};
use crate::clock;
use crate::faults::{On, Target};
use crate::kind::Kind;
use crate::server;
use crate::sid::Sid;

const TEXTS: &[Kind] = &[Kind::Sms, Kind::Inbound];
const CALLS: &[Kind] = &[Kind::Call];

/// A list's query. A filter that is not simulated is refused, so that nobody trusts a list that ignored it.
#[derive(Default)]
struct Query {
    to: Option<String>,
    from: Option<String>,
    page_size: usize,
    page: usize,
    token: Option<String>,
}

impl Query {
    fn parse(query: &str) -> Result<Self, Refusal> {
        let mut parsed = Self { page_size: 50, ..Self::default() };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "To" => parsed.to = Some(value.into_owned()),
                "From" => parsed.from = Some(value.into_owned()),
                "PageSize" => parsed.page_size = number(&name, &value)?.clamp(1, 1000),
                "Page" => parsed.page = number(&name, &value)?,
                "PageToken" => parsed.token = Some(value.into_owned()),
                _ => {
                    return Err(Refusal::new(20001, format!("This simulator has no filter '{name}'")));
                }
            }
        }
        Ok(parsed)
    }

    fn uri(&self, path: &str, page: usize, token: Option<&str>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("To", &self.to), ("From", &self.from)] {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        query.append_pair("PageSize", &self.page_size.to_string());
        query.append_pair("Page", &page.to_string());
        if let Some(token) = token {
            query.append_pair("PageToken", token);
        }
        format!("{path}?{}", query.finish())
    }

    /// The record after which this page begins.
    fn before(&self, app: &App) -> Result<Option<Number>, Refusal> {
        let Some(token) = &self.token else {
            return if self.page == 0 { Ok(None) } else { Err(bad("PageToken")) };
        };
        let sid = token.strip_prefix("PA").and_then(Sid::parse);
        let number = sid.and_then(|sid| app.book.find(sid));
        number.map(Some).ok_or_else(|| bad("PageToken"))
    }
}

fn bad(name: &str) -> Refusal {
    Refusal::new(20001, format!("The '{name}' is not valid"))
}

fn number(name: &str, value: &str) -> Result<usize, Refusal> {
    value.parse().map_err(|_| bad(name))
}

#[derive(Serialize)]
#[allow(clippy::struct_field_names, reason = "named as on the wire")]
struct Page {
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<Vec<Box<RawValue>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    calls: Option<Vec<Box<RawValue>>>,
    first_page_uri: String,
    next_page_uri: Option<String>,
    /// Pages are asked for by what they follow, so there is no way back.
    previous_page_uri: Option<String>,
    uri: String,
    page: usize,
    page_size: usize,
    start: usize,
    end: usize,
}

fn page(app: &App, kinds: &[Kind], path: &str, query: &str) -> Result<Page, Refusal> {
    let query = Query::parse(query)?;
    let lag = i64::try_from(app.latency.listing.as_millis()).unwrap_or(i64::MAX);
    let wanted = Wanted {
        kinds,
        to: query.to.as_deref(),
        from: query.from.as_deref(),
        party: None,
        before: query.before(app)?,
        until: (lag > 0).then(|| clock::now() - lag),
    };
    let mut found = app.book.list(&wanted, query.page_size + 1);
    let more = found.len() > query.page_size;
    found.truncate(query.page_size);
    let last = found.last().and_then(|(_, line)| line.record().map(|record| record.public_sid()));
    let next = last.filter(|_| more).map(|sid| query.uri(path, query.page + 1, Some(&format!("PA{sid}"))));
    let shown: Vec<_> = found.iter().filter_map(|(_, line)| resource::now(app, &line.record()?)).collect();
    let start = query.page * query.page_size;
    let (count, texts) = (shown.len(), kinds == TEXTS);
    let (messages, calls) = if texts { (Some(shown), None) } else { (None, Some(shown)) };
    Ok(Page {
        messages,
        calls,
        first_page_uri: query.uri(path, 0, None),
        next_page_uri: next,
        previous_page_uri: None,
        uri: query.uri(path, query.page, query.token.as_deref()),
        page: query.page,
        page_size: query.page_size,
        start,
        end: (start + count).saturating_sub(1),
    })
}

fn show(app: &App, kinds: &[Kind], file: &str) -> Response {
    let sid = file.strip_suffix(".json").and_then(Sid::parse);
    let line = sid.and_then(|sid| app.book.read(app.book.find(sid)?));
    let record = line.as_ref().and_then(Line::record).filter(|record| kinds.contains(&record.kind));
    match record.and_then(|record| resource::now(app, &record)) {
        Some(resource) => server::as_json(StatusCode::OK, &resource),
        None => Refusal::not_found().into_response(),
    }
}

async fn read(
    app: &App,
    (account, headers): (&str, &HeaderMap),
    target: Target,
    act: impl FnOnce() -> Response,
) -> Response {
    if let Err(refusal) = authorise(app, account, headers) {
        return refusal.into_response();
    }
    app.answer_slowly().await;
    app.faults.pass::<Twilio>(target, On::Read, act).await
}

/// Lists texts.
pub(crate) async fn messages(
    State(app): State<Shared>,
    Path(account): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let act = || match page(&app, TEXTS, uri.path(), uri.query().unwrap_or_default()) {
        Ok(page) => server::as_json(StatusCode::OK, &page),
        Err(refusal) => refusal.into_response(),
    };
    read(&app, (&account, &headers), Target::Sms, act).await
}

/// Lists calls.
pub(crate) async fn calls(
    State(app): State<Shared>,
    Path(account): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let act = || match page(&app, CALLS, uri.path(), uri.query().unwrap_or_default()) {
        Ok(page) => server::as_json(StatusCode::OK, &page),
        Err(refusal) => refusal.into_response(),
    };
    read(&app, (&account, &headers), Target::Call, act).await
}

/// Shows one text.
pub(crate) async fn message(
    State(app): State<Shared>,
    Path((account, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    read(&app, (&account, &headers), Target::Sms, || show(&app, TEXTS, &file)).await
}

/// Shows one call.
pub(crate) async fn call(
    State(app): State<Shared>,
    Path((account, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    read(&app, (&account, &headers), Target::Call, || show(&app, CALLS, &file)).await
}
