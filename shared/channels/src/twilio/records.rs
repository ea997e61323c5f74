//! What Twilio has on record: single messages and calls, and lists of them.

use std::ops::RangeInclusive;

use domain::delivery::Evidence;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::Url;
use serde::Deserialize;

use super::status::{self, Report};
use super::{Twilio, is_sid};
use crate::port::{ChannelError, Record};

/// Records in a page of a list.
const PAGE_SIZE: &str = "200";
/// Most pages that are read for one question.
const MOST_PAGES: usize = 25;

static DATES: DateTimeParser = DateTimeParser::new();

/// Texts or calls.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Message,
    Call,
}

/// A message or a call; what is not used of it is left out.
#[derive(Deserialize)]
pub(super) struct Resource {
    sid: String,
    status: Option<String>,
    body: Option<String>,
    error_code: Option<u32>,
    date_created: Option<String>,
    direction: Option<String>,
    pub(super) messaging_service_sid: Option<String>,
    duration: Option<String>,
}

#[derive(Deserialize)]
struct Page {
    #[serde(alias = "messages", alias = "calls")]
    records: Vec<Resource>,
    next_page_uri: Option<String>,
}

impl Resource {
    /// When Twilio took it; `None` where it says nothing or nothing readable.
    fn created_ms(&self) -> Option<i64> {
        let date = self.date_created.as_deref()?;
        DATES.parse_timestamp(date).ok().map(jiff::Timestamp::as_millisecond)
    }

    fn is_inbound(&self) -> bool {
        self.direction.as_deref().is_some_and(|d| d.starts_with("inbound"))
    }

    pub(super) fn evidence(&self, kind: Kind) -> Result<Evidence, ChannelError> {
        let at_ms = self.created_ms().ok_or(ChannelError::Garbled("a record without a date"))?;
        self.evidence_at(kind, at_ms).ok_or(ChannelError::Garbled("a record without a status that we know"))
    }

    fn evidence_at(&self, kind: Kind, at_ms: i64) -> Option<Evidence> {
        let word = self.status.as_deref()?;
        let code = self.error_code;
        let report = match kind {
            Kind::Message => status::of_message(word, code)?,
            Kind::Call => status::of_call(word, code, None)?,
        };
        let seconds = match report {
            Report::DELIVERED => self.duration.as_deref().and_then(|d| d.parse().ok()),
            _ => None,
        };
        Some(report.evidence(code, seconds, at_ms, &self.sid))
    }

    /// A record without a date is taken for the newest: it cannot be ruled out.
    pub(super) fn into_record(self, kind: Kind, newest_ms: i64) -> Record {
        let created_ms = self.created_ms().unwrap_or(newest_ms);
        Record { state: self.evidence_at(kind, created_ms), id: self.sid, body: self.body, created_ms }
    }
}

impl Twilio {
    /// One message or call by its id.
    pub(super) async fn one(
        &self,
        name: &str,
        id: &str,
        prefixes: &[&str],
    ) -> Result<Option<Resource>, ChannelError> {
        if !is_sid(id, prefixes) {
            return Err(ChannelError::BadId);
        }
        let url = Url::parse(&self.resource(&format!("{name}/{id}"))).map_err(|_| ChannelError::BadId)?;
        self.read(url).await
    }

    /// What we sent within a window of time, newest first. Twilio's own date filters are by whole days and by the time
    /// of sending, so that they would miss what is still queued: pages are read until one lies before the window.
    pub(super) async fn list(
        &self,
        name: &str,
        filters: &[(&str, &str)],
        window: RangeInclusive<i64>,
    ) -> Result<Vec<Resource>, ChannelError> {
        let query = filters.iter().copied().chain([("PageSize", PAGE_SIZE)]);
        let mut url = Url::parse_with_params(&self.resource(name), query).map_err(|_| ChannelError::BadId)?;
        let mut found = Vec::new();
        for _ in 0..MOST_PAGES {
            let page: Page = self.read(url).await?.ok_or(ChannelError::Refused { status: 404 })?;
            let is_old = |r: &Resource| r.created_ms().is_some_and(|t| t < *window.start());
            let over = page.records.iter().all(is_old);
            found.extend(
                page.records
                    .into_iter()
                    .filter(|r| !r.is_inbound() && r.created_ms().is_none_or(|t| window.contains(&t))),
            );
            match page.next_page_uri.filter(|_| !over) {
                None => return Ok(found),
                Some(next) => url = self.next_page(&next)?,
            }
        }
        Err(ChannelError::TooMany)
    }

    /// The next page, on the same host only: our token goes along with the request.
    fn next_page(&self, uri: &str) -> Result<Url, ChannelError> {
        let base = &self.config.base;
        base.join(uri)
            .ok()
            .filter(|url| url.origin() == base.origin())
            .ok_or(ChannelError::Garbled("a next page elsewhere"))
    }
}
