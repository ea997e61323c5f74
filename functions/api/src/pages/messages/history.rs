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

use crate::auth::SignedIn;
use crate::error::Result;
use crate::pages::kit::components::Pager;
use crate::pages::kit::context::PageContext;
use crate::pages::kit::frame::Frame;
use crate::pages::kit::lines::Line;
use crate::pages::kit::places::NavItem;
use crate::pages::kit::reply::html;
use crate::pages::kit::words::LocalTime;
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
    let context = PageContext::load(&state, &by, NavItem::HISTORY).await?;
    let before = match (&asked.before, asked.day.as_deref().and_then(|d| d.parse::<Date>().ok())) {
        (Some(id), _) => id.parse().ok(),
        (None, Some(day)) => end_of(day, &context),
        (None, None) => None,
    };
    // One more than is shown tells whether there are more.
    let summaries = by.school.messages().summaries(before, i32::from(LISTED) + 1).await?;
    html(&HistoryPage::new(context.frame, &context.local, &summaries, before.is_some()))
}

/// An id before which every message of the day and of earlier ones stands.
fn end_of(day: Date, context: &PageContext) -> Option<MessageId> {
    let midnight = day.tomorrow().ok()?.to_zoned(context.settings.time_zone()).ok()?;
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
        let summaries = crate::pages::kit::lines::samples::summaries();
        Self::new(
            Frame::sample(NavItem::HISTORY),
            &crate::pages::kit::lines::samples::local(),
            &summaries,
            false,
        )
    }

    pub(crate) fn sample_empty() -> Self {
        Self::new(Frame::sample(NavItem::HISTORY), &crate::pages::kit::lines::samples::local(), &[], false)
    }
}
