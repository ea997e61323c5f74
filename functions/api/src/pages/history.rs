//! Every message, newest first.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use domain::ids::MessageId;
use jiff::civil::Date;
use serde::Deserialize;
use store::Summary;
use ulid::Ulid;

use super::desk::{Desk, html};
use super::frame::{Frame, Here};
use super::kit::Pager;
use super::lines::Line;
use super::words::LocalTime;
use crate::auth::SignedIn;
use crate::error::Result;
use crate::state::ApiState;

/// Messages on one page.
const LISTED: u8 = 25;

pub(crate) fn routes() -> Router<ApiState> {
    Router::new().route("/history", get(show))
}

#[derive(Template)]
#[template(path = "history.html")]
pub(crate) struct HistoryPage {
    frame: Frame,
    days: Vec<DayOfLines>,
    pager: Pager,
}

/// The messages of one day.
struct DayOfLines {
    words: String,
    lines: Vec<Line>,
}

#[derive(Deserialize)]
struct Asked {
    before: Option<String>,
    /// Starts with the last message of this day.
    day: Option<String>,
}

async fn show(State(state): State<ApiState>, by: SignedIn, Query(asked): Query<Asked>) -> Result<Response> {
    let desk = Desk::open(&state, &by, Here::History).await?;
    let before = match (&asked.before, asked.day.as_deref().and_then(|d| d.parse::<Date>().ok())) {
        (Some(id), _) => id.parse().ok(),
        (None, Some(day)) => end_of(day, &desk),
        (None, None) => None,
    };
    // One more than is shown tells whether there are more.
    let summaries = by.school.summaries(before, i32::from(LISTED) + 1).await?;
    html(&HistoryPage::new(desk.frame, &desk.local, &summaries, before.is_some()))
}

/// An id before which every message of the day and of earlier ones stands.
fn end_of(day: Date, desk: &Desk) -> Option<MessageId> {
    let midnight = day.tomorrow().ok()?.to_zoned(desk.settings.time_zone()).ok()?;
    let ms = u64::try_from(midnight.timestamp().as_millisecond()).ok()?;
    Some(MessageId::new(Ulid::from_parts(ms, 0)))
}

impl HistoryPage {
    fn new(frame: Frame, local: &LocalTime, summaries: &[Summary], later: bool) -> Self {
        let shown = summaries.get(..usize::from(LISTED)).unwrap_or(summaries);
        let mut days: Vec<DayOfLines> = Vec::new();
        for summary in shown {
            let words = local.heading(summary.created_ms);
            if days.last().is_none_or(|day| day.words != words) {
                days.push(DayOfLines { words, lines: Vec::new() });
            }
            if let Some(day) = days.last_mut() {
                day.lines.push(Line::new(summary, local));
            }
        }
        let more = summaries.len() > shown.len();
        let next = shown.last().filter(|_| more).map(|last| format!("/history?before={}", last.id));
        let pager = Pager {
            words: if more { String::new() } else { "That is all.".to_owned() },
            previous: later.then(|| "/history".to_owned()),
            previous_words: "Newest",
            next,
            next_words: "Older messages",
        };
        Self { frame, days, pager }
    }
}

#[cfg(test)]
impl HistoryPage {
    pub(crate) fn sample() -> Self {
        let summaries = super::lines::samples::summaries();
        Self::new(Frame::sample(Here::History), &super::lines::samples::local(), &summaries, false)
    }

    pub(crate) fn sample_empty() -> Self {
        Self::new(Frame::sample(Here::History), &super::lines::samples::local(), &[], false)
    }
}
