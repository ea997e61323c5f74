//! Reading a list to its end, page by page, and noticing when that was not the end.

use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Xporter;
use crate::mis::fetch::Ask;
use crate::mis::{MisError, Progress};

/// Rows of a page.
const PAGE_SIZE: usize = 500;
/// Characters of the service's own reason that are kept.
const SAID: usize = 200;

/// A row of a list, and the names under which the service gives the list.
pub(super) trait Row: DeserializeOwned {
    const KEYS: &'static [&'static str];
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Pagination {
    page_number: u32,
    page_count: u32,
    row_count: usize,
}

/// A list that is about to be read.
pub(super) struct List<'a> {
    xporter: &'a Xporter,
    endpoint: &'a str,
    query: Vec<(&'static str, String)>,
    progress: &'a dyn Progress,
}

impl<'a> List<'a> {
    pub(super) const fn new(xporter: &'a Xporter, endpoint: &'a str, progress: &'a dyn Progress) -> Self {
        Self { xporter, endpoint, query: Vec::new(), progress }
    }

    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.query.push((name, value.to_owned()));
        self
    }

    /// Only what changed since then.
    pub(super) fn since(self, since: Option<Timestamp>) -> Self {
        match since {
            Some(since) => self.with("updatedSince", &since.strftime("%Y-%m-%dT%H:%M:%S").to_string()),
            None => self,
        }
    }

    /// Every row. The pages end where the service says: it answers beyond the last one too.
    pub(super) async fn rows<T: Row>(self) -> Result<Vec<T>, MisError> {
        let policy = self.xporter.fetcher.policy;
        let mut rows = Vec::new();
        let mut announced: Option<Pagination> = None;
        for number in 1..=policy.pages {
            let mut page = self.page(number).await?;
            let more: Vec<T> = rows_of(&mut page, T::KEYS)?;
            let Some(told) = pagination(&mut page)? else {
                // Endpoints that are not lists say nothing about pages.
                if number == 1 && more.len() < PAGE_SIZE {
                    return Ok(more);
                }
                return Err(MisError::Malformed("a page without its number".to_owned()));
            };
            if told.page_number != number {
                return Err(MisError::Malformed("another page than the one asked for".to_owned()));
            }
            let first = announced.get_or_insert(Pagination { page_number: 1, ..told });
            if (first.page_count, first.row_count) != (told.page_count, told.row_count) {
                return Err(MisError::Truncated("the list changed while it was read"));
            }
            if more.is_empty() && told.row_count > 0 {
                return Err(MisError::Truncated("an empty page"));
            }
            if told.row_count > policy.rows || rows.len() + more.len() > policy.rows {
                return Err(MisError::TooLarge("a list"));
            }
            rows.extend(more);
            self.progress.rows(rows.len() as u64, Some(told.row_count as u64));
            if number >= told.page_count {
                return if rows.len() == told.row_count {
                    Ok(rows)
                } else {
                    Err(MisError::Truncated("another number of rows than announced"))
                };
            }
        }
        Err(MisError::TooLarge("too many pages"))
    }

    /// A page; a token that has expired before its time is replaced once.
    async fn page(&self, number: u32) -> Result<Map<String, Value>, MisError> {
        match self.asked(number, false).await {
            Err(MisError::Unauthorised { .. }) => self.asked(number, true).await,
            other => other,
        }
    }

    async fn asked(&self, number: u32, anew: bool) -> Result<Map<String, Value>, MisError> {
        let Xporter { fetcher, base, estab, token } = self.xporter;
        let path = format!("api/v1/School/{estab}/{}", self.endpoint);
        let mut url =
            base.join(&path).map_err(|_| MisError::Malformed("an address that is none".to_owned()))?;
        url.query_pairs_mut()
            .extend_pairs(&self.query)
            .append_pair("page", &number.to_string())
            .append_pair("pageSize", &PAGE_SIZE.to_string());
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, token.header(fetcher, anew).await?);
        let page: Map<String, Value> = fetcher.fetch(&Ask::get(url, headers)).await?.json()?;
        match page.get("ExceptionMessage").and_then(Value::as_str) {
            Some(said) => Err(refusal(said)),
            None => Ok(page),
        }
    }
}

/// An error that stands in the body.
fn refusal(said: &str) -> MisError {
    let lower = said.to_lowercase();
    if ["token", "authori", "authentic", "consent", "permission"].iter().any(|word| lower.contains(word)) {
        return MisError::Unauthorised { status: 200 };
    }
    MisError::Refused { status: 200, said: said.chars().filter(|c| !c.is_control()).take(SAID).collect() }
}

/// The rows of a page. A page without the list is not an empty one.
pub(super) fn rows_of<T: DeserializeOwned>(
    page: &mut Map<String, Value>,
    keys: &[&str],
) -> Result<Vec<T>, MisError> {
    let rows = keys.iter().find_map(|key| page.remove(*key));
    let rows = rows.ok_or_else(|| MisError::Malformed("a page without its list".to_owned()))?;
    serde_json::from_value(rows).map_err(|_| MisError::Malformed("a row of another form".to_owned()))
}

fn pagination(page: &mut Map<String, Value>) -> Result<Option<Pagination>, MisError> {
    let Some(told) = page.remove("__pagination__") else { return Ok(None) };
    let told: Vec<Pagination> = serde_json::from_value(told)
        .map_err(|_| MisError::Malformed("page numbers of another form".to_owned()))?;
    Ok(told.into_iter().next())
}
